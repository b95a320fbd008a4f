"""Where the pulse (ops.pulse) is kept for a day: in Redis for all processes together, else in this process."""

import threading
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.cache import caches

Counts = dict[str, int]
KEEP = 25 * 3600  # seconds
AT_ONCE = 200  # hashes that one command reads

# Everything or nothing, in one round trip: for each hash how many pairs, then field and number of each.
_ADD = """
local at = 2
for _, key in ipairs(KEYS) do
  local pairs_of_it = tonumber(ARGV[at])
  for i = 1, pairs_of_it do redis.call('HINCRBY', key, ARGV[at + 2 * i - 1], ARGV[at + 2 * i]) end
  at = at + 1 + 2 * pairs_of_it
  redis.call('EXPIRE', key, ARGV[1])
end
"""
_READ = """
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HGETALL', key) end
return found
"""


def add(hashes: dict[str, Counts]) -> None:
    """Add to the named hashes. Raises ops.redis_client.UNAVAILABLE when Redis is away; nothing is added then."""
    if not settings.REDIS_URL:
        _local.add(hashes)
        return
    arguments: list[Any] = [KEEP]
    for counts in hashes.values():
        arguments.append(len(counts))
        for pair in counts.items():
            arguments += pair
    _client().eval(_ADD, len(hashes), *map(_key, hashes), *arguments)


def read(names: Sequence[str]) -> list[Counts]:
    """The named hashes, {} for one that is not there. Raises ops.redis_client.UNAVAILABLE."""
    if not settings.REDIS_URL:
        return _local.read(names)
    found: list[Counts] = []
    for start in range(0, len(names), AT_ONCE):
        keys = [_key(name) for name in names[start : start + AT_ONCE]]
        for flat in _client().eval(_READ, len(keys), *keys):
            found.append({field.decode(): int(value) for field, value in zip(flat[::2], flat[1::2], strict=True)})
    return found


def forget() -> None:
    """For tests: what this process alone keeps."""
    _local.hashes.clear()


def _client() -> Any:
    # Beside the limits: nobody can compute these again.
    return caches["limits"].client.get_client(write=True)  # type: ignore[attr-defined]


def _key(name: str) -> str:
    return str(caches["limits"].make_key(f"pulse:{name}"))


class _Local:
    def __init__(self) -> None:
        self.hashes: dict[str, tuple[float, Counts]] = {}
        self._lock = threading.Lock()

    def add(self, hashes: dict[str, Counts]) -> None:
        now = time.time()
        with self._lock:
            for name, counts in hashes.items():
                _expires, kept = self.hashes.get(name, (0.0, {}))
                for field, value in counts.items():
                    kept[field] = kept.get(field, 0) + value
                self.hashes[name] = now + KEEP, kept
            for name in [name for name, (expires, _kept) in self.hashes.items() if expires < now]:
                del self.hashes[name]

    def read(self, names: Sequence[str]) -> list[Counts]:
        with self._lock:
            return [dict(self.hashes[name][1]) if name in self.hashes else {} for name in names]


_local = _Local()
