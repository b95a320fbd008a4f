"""What can be computed again, kept where it is quick to reach.

One place owns keys, lifetimes and forgetting. A value that belongs to somebody is stored with the *generation* of
its owner under which it was computed; the current generation is one small key. A read fetches value and generation in
one round trip and rejects a value of another generation. Forgetting all that an owner has is one SET of a new random
generation: nothing is enumerated, and a figure computed before a write can never be served after it.

On a cold key one caller computes; the others wait briefly and, failing that, compute without storing. Shortly before
a value expires one caller computes it anew while the others are still served. With Redis away every read computes.
"""

import atexit
import mmap
import os
import secrets
import struct
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.core.cache import caches

from ops.redis_client import UNAVAILABLE, guard
from ops.tally import tally

# Lifetimes in seconds. A lost forgetting (which nothing here is known to do) would be healed after as much.
SHORT, MEDIUM, LONG, VERY_LONG, DAY = 60, 300, 1800, 3600, 86400

USER_METRICS = "metrics:user:"
USER_SESSIONS = "sessions:user:"
USER_THEMES = "themes:user:"
TUTOR_ADVICE = "tutor:advice:"
CHALLENGE = "challenge:"

EPOCH_KEY, GENERATION = "epoch", "generation:"
EPOCH_SECONDS, GENERATION_SECONDS = 7 * DAY, 2 * DAY  # longer than any value lives
LOCK_SECONDS = 10  # the longest time that one computation keeps others waiting for its key
WAIT_SECONDS = 1.0
EARLY = 0.9  # of the lifetime: from then on one caller refreshes

PLACES = 10_000  # for `look_ahead`, of a process; some 4 MB

_HEADER = struct.Struct(">d")  # when to refresh early, seconds since 1970


_led_to: dict[str, tuple[str, str]] = {}


class Cached(NamedTuple):
    value: Any
    hit: bool


def user(user_id: int) -> str:
    """The owner of everything computed from what a user did."""
    return f"user:{user_id}"


def get_or_set(key: str, compute: Callable[[], Any], ttl: int, *, owner: str = "") -> Cached:
    """The value under `key`, computed when absent (or forgotten with its owner), and whether it was there.

    `compute` returns bytes (a finished body, stored as it is) or anything that JSON can hold.
    """
    looked = _look(key, owner)
    if looked is None:
        tally().cache_misses += 1
        return Cached(compute(), hit=False)
    stamp, found = looked
    if found is not None:
        refresh_at, value = found
        if time.time() < refresh_at or not _lock(key):
            tally().cache_hits += 1
            return Cached(value, hit=True)
        tally().cache_misses += 1
        return Cached(_compute_and_store(key, compute, ttl, stamp), hit=False)
    tally().cache_misses += 1
    return _fill(key, compute, ttl, owner)


def look_ahead(place: str) -> None:
    """The request at hand will probably ask for what this place (an address) led to last time, after its next look:
    fetch both together, a round trip less.

    A guess. What comes along counts only if this very key of this very owner is asked for, once, by this request, and
    under its owner's current generation like everything else.
    """
    cost = tally()
    cost.place, cost.ahead = place, _led_to.get(place)


def found_here(key: str, owner: str) -> None:
    """The request at hand, which has called `look_ahead`, found what it wanted under this key."""
    if place := tally().place:
        if len(_led_to) >= PLACES:
            _led_to.clear()
        _led_to[place] = (key, owner)


def get(key: str, *, owner: str = "") -> Any:
    """The stored value, or None."""
    looked = _look(key, owner)
    return looked[1][1] if looked and looked[1] else None


def set(key: str, value: Any, ttl: int, *, owner: str = "") -> bool:
    """Store a value that belongs to `owner` as it is now; False when it could not be stored.

    A value computed from the database belongs through `get_or_set`: it alone knows the generation from *before* the
    computation.
    """
    looked = _look(key, owner)
    return looked is not None and _store(key, value, ttl, looked[0])


def delete(key: str) -> bool:
    try:
        return bool(_backend().delete(key))
    except UNAVAILABLE:
        return False


def delete_pattern(pattern: str, *, dry_run: bool = False) -> int:
    """Delete the keys that match a glob such as `metrics:user:12:*`; how many there were. For people at a console:
    it walks over all keys (SCAN, never KEYS), where `forget` touches one."""
    if not settings.REDIS_URL:
        raise NotImplementedError("the in-process cache of another process cannot be walked")
    cache = _backend()
    keys = list(cache.iter_keys(pattern, itersize=1000))
    if not dry_run:
        for start in range(0, len(keys), 500):
            cache.delete_many(keys[start : start + 500])
    return len(keys)


def forget(owner: str) -> None:
    """Make everything old that was computed for `owner`. Call it when the write is committed, before answering.

    When Redis cannot be told now, the owner is remembered, and this process tells it before it trusts it again.
    """
    tally().fetched = None
    if not _new_generation(owner):
        _debts.add(owner)


def invalidate_user(user_id: int) -> None:
    """Forget all that was computed from what a user did."""
    forget(user(user_id))


class _Debts:
    """Owners whose new generation could not be stored yet, kept until it is.

    Until then no worker of this host trusts the cache, since one that has not noticed the outage would go on serving
    what is old: they share a moment, in memory that gunicorn's workers have in common, before which they do without.
    A worker on another host can serve it for as long as Redis cannot be reached from here but can from there.
    """

    DOUBT = 3.0  # seconds; said again each second while there are debts

    def __init__(self) -> None:
        self._owners: dict[str, None] = {}
        self._lock = threading.Lock()
        self._payer: threading.Thread | None = None
        self._shared = mmap.mmap(-1, _MOMENT.size)  # made before the workers are forked

    def add(self, owner: str) -> None:
        self._doubt()
        with self._lock:
            self._owners[owner] = None
            if self._payer is None or not self._payer.is_alive():
                self._payer = threading.Thread(target=self._pay_soon, name="cache-debts", daemon=True)
                self._payer.start()
        guard.look_now()

    def in_doubt(self) -> bool:
        """Whether Redis may hold what is old without our knowing which."""
        (moment,) = _MOMENT.unpack_from(self._shared)
        return bool(moment) and time.monotonic() < moment

    def pay(self) -> bool:
        """Tell Redis of every owner it has not heard of; False when it still cannot be told."""
        for owner in list(self._owners):
            if not _new_generation(owner):
                return False
            with self._lock:
                self._owners.pop(owner, None)
        return True

    def _doubt(self) -> None:
        _MOMENT.pack_into(self._shared, 0, time.monotonic() + self.DOUBT)

    def _pay_soon(self) -> None:
        wait = 0.05
        while True:
            if self.pay():
                with self._lock:  # nobody adds a debt between our last look and our end
                    if not self._owners:
                        self._payer = None
                        return
            self._doubt()
            time.sleep(wait)
            wait = min(2 * wait, 1.0)


_MOMENT = struct.Struct("d")  # of the clock that all processes of a host share
_debts = _Debts()


def _begin_again() -> bool:
    """After an outage: other processes may have written meanwhile, so everything stored before it is old."""
    return _backend().set(EPOCH_KEY, _random_stamp(), EPOCH_SECONDS) is not False and _debts.pay()


def install() -> None:
    """Let the breaker of the cache's Redis call us before it closes."""
    guard.before_closing.append(_begin_again)
    atexit.register(_close)


def _close() -> None:
    """Leave Redis in order when the process ends: gunicorn turns SIGTERM and SIGINT into an ordinary exit."""
    if settings.REDIS_URL:
        for alias in ("default", "limits"):
            client: Any = caches[alias]
            client.client.do_close_clients()


class _Kept(threading.local):
    connections: Any = None  # what Django keeps its backends in: it begins anew when the settings change
    backend: Any = None


_kept = _Kept()


def _backend() -> Any:
    """Django's cache for all this; typed loosely, since django-redis says of a `set` whether it was stored.

    This thread's, kept at hand: Django's own way to it takes 8 us.
    """
    connections: Any = caches._connections  # type: ignore[attr-defined]
    if _kept.connections is not connections:
        _kept.connections, _kept.backend = connections, caches["default"]
    return _kept.backend


def _generation_key(owner: str) -> str:
    return f"{GENERATION}{owner}"


def _random_stamp() -> bytes:
    return b"g" + secrets.token_hex(8).encode()


def _new_generation(owner: str) -> bool:
    try:
        # LocMemCache.set returns None, django-redis False when it could not store.
        return _backend().set(_generation_key(owner), _random_stamp(), GENERATION_SECONDS) is not False
    except UNAVAILABLE:
        return False


def _look(key: str, owner: str) -> tuple[bytes, tuple[float, Any] | None] | None:
    """(stamp, what is stored under it), in one round trip; None when the cache cannot be asked.

    The stamp is epoch and generation; a stored value counts only under the very same stamp.
    """
    if _debts.in_doubt():  # Redis has not heard of somebody's last write
        return None
    names = [key, EPOCH_KEY, f"{GENERATION}{owner}"] if owner else [key, EPOCH_KEY]
    try:
        rows = _rows(names)
        stamps = [rows.get(name) or _first_stamp(name) for name in names[1:]]
    except UNAVAILABLE:
        return None
    stamp = b"".join(stamps)
    entry = rows.get(key)
    if not entry or not entry.startswith(stamp):
        return stamp, None
    (refresh_at,) = _HEADER.unpack_from(entry, len(stamp))
    kind, payload = entry[len(stamp) + 8 : len(stamp) + 9], entry[len(stamp) + 9 :]
    return stamp, (refresh_at, payload if kind == b"b" else orjson.loads(payload))


def _rows(names: list[str]) -> dict[str, bytes]:
    """What is stored under the names: fetched now, or with the request's look before this one."""
    cost = tally()
    if (fetched := cost.fetched) is not None:
        cost.fetched = None
        if all(name in fetched for name in names):
            return fetched
    if (ahead := cost.ahead) is None:
        found: dict[str, bytes] = _backend().get_many(names)
        return found
    cost.ahead = None
    further = [ahead[0], EPOCH_KEY, f"{GENERATION}{ahead[1]}"]
    found = _backend().get_many([*names, ahead[0], further[2]])
    cost.fetched = {name: found.get(name, b"") for name in further}
    return found


def _first_stamp(name: str) -> bytes:
    """Store a first generation; of two that do so at once, the first one's counts for both."""
    cache = _backend()
    stamp = _random_stamp()
    if cache.add(name, stamp, EPOCH_SECONDS if name == EPOCH_KEY else GENERATION_SECONDS):
        return stamp
    stored: bytes = cache.get(name) or stamp
    return stored


def _store(key: str, value: Any, ttl: int, stamp: bytes) -> bool:
    kind, payload = (b"b", value) if isinstance(value, bytes) else (b"j", orjson.dumps(value))
    entry = stamp + _HEADER.pack(time.time() + ttl * EARLY) + kind + payload
    try:
        return _backend().set(key, entry, ttl) is not False
    except UNAVAILABLE:
        return False


def _lock(key: str) -> bool:
    try:
        return bool(_backend().add(f"lock:{key}", f"g{os.getpid()}".encode(), LOCK_SECONDS))
    except UNAVAILABLE:
        return False


def _compute_and_store(key: str, compute: Callable[[], Any], ttl: int, stamp: bytes) -> Any:
    try:
        value = compute()
        _store(key, value, ttl, stamp)
        return value
    finally:
        delete(f"lock:{key}")


def _fill(key: str, compute: Callable[[], Any], ttl: int, owner: str) -> Cached:
    """A cold key: compute it, or wait for the one who does."""
    deadline = time.monotonic() + WAIT_SECONDS
    pause = 0.005
    while time.monotonic() < deadline:
        is_ours = _lock(key)
        # Look again, now that we have the lock or somebody else has it: the value may have come in between, and the
        # generation to store under must be read before the computation starts.
        looked = _look(key, owner)
        if looked is None:
            return Cached(compute(), hit=False)
        stamp, found = looked
        if found is not None:
            if is_ours:
                delete(f"lock:{key}")
            return Cached(found[1], hit=True)
        if is_ours:
            return Cached(_compute_and_store(key, compute, ttl, stamp), hit=False)
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return Cached(compute(), hit=False)
