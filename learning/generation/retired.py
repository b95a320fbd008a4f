"""Questions that staff have taken out of circulation."""

from collections.abc import Iterable

from learning.models import RetiredQuestion


def retired_among(fingerprints: Iterable[str]) -> set[str]:
    """Those of the fingerprints that no learner may get again."""
    rows = RetiredQuestion.objects.filter(fingerprint__in=list(fingerprints))
    return set(rows.values_list("fingerprint", flat=True))
