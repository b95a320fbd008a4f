"""Times in logarithmic buckets, so that the percentiles of several processes can be told from their sums."""

import math
from collections.abc import Mapping

PER_OCTAVE = 4  # a bucket's upper edge is 19 % above its lower one


def bucket_of(microseconds: int) -> int:
    return int(PER_OCTAVE * math.log2(microseconds)) if microseconds > 1 else 0


def seconds_of(bucket: int) -> float:
    """The middle of a bucket: at most 9 % from every time in it."""
    return float(2 ** ((bucket + 0.5) / PER_OCTAVE) / 1e6)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The time in seconds within which `share` (0 to 1) of {bucket: how many} were done; None of nothing."""
    wanted = share * sum(counts.values())
    passed = 0
    for bucket in sorted(counts):
        passed += counts[bucket]
        if counts[bucket] and passed >= wanted:
            return seconds_of(bucket)
    return None
