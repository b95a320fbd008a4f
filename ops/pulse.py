"""What happened in each minute of the last day, for the staff's page of operations.

A request pays for one addition in memory; a thread writes the sums every few seconds, in one round trip however many
requests there were. A process that is killed takes with it what it had not written. What is counted:

* `minute:<minutes since 1970>`: requests by class of status (`s2` ... `s5`) and by time (`b<bucket>`, ops.histogram),
  `hit`, `miss`, `cache_error`, `limit:<class>`, `model:<outcome>`, `tokens`, `cost` (in millionths) and
  `delivered:<outcome>`;
* `routes:<tens of minutes since 1970>`: the same two for each route, and its microseconds: `<method> <route>|s2`,
  `...|b<bucket>`, `...|us`.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ops import pulse_store
from ops.histogram import bucket_of
from ops.redis_client import UNAVAILABLE
from ops.tally import Tally

logger = logging.getLogger(__name__)

SECONDS = 5.0  # between two writes
BLOCK = 10  # minutes that figures by route are kept for
DAY = 24 * 60  # minutes
MOST = 20_000  # sums that wait for Redis; what comes on top is lost
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

Requests = dict[tuple[int, str, str, int, int], list[int]]  # (minute, method, route, class, bucket): [how many, us]
Events = dict[tuple[int, str], int]


class Pulse:
    """The sums of this process that are not written yet."""

    def __init__(self) -> None:
        self.is_on = False
        self._begin()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def _begin(self) -> None:
        self._requests: Requests = {}
        self._events: Events = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def request(self, method: str, route: str, status: int, seconds: float, cost: Tally) -> None:
        if not self.is_on:
            return
        minute, spent = int(time.time()) // 60, int(seconds * 1e6)
        key = minute, method if method in METHODS else "other", route, status // 100, bucket_of(spent)
        with self._lock:
            if sums := self._requests.get(key):
                sums[0] += 1
                sums[1] += spent
            elif len(self._requests) < MOST:
                self._requests[key] = [1, spent]
            if route.startswith("admin/"):
                return  # what staff look at is not what the cache is for
            if cost.cache_hits:
                self._count(minute, "hit", cost.cache_hits)
            if cost.cache_misses:
                self._count(minute, "miss", cost.cache_misses)
            if cost.cache_errors:
                self._count(minute, "cache_error", cost.cache_errors)

    def event(self, name: str, count: int = 1) -> None:
        if self.is_on and count:
            with self._lock:
                self._count(int(time.time()) // 60, name, count)

    def _count(self, minute: int, name: str, count: int) -> None:
        if (minute, name) in self._events or len(self._events) < MOST:
            self._events[minute, name] = self._events.get((minute, name), 0) + count

    def flush(self) -> bool:
        """Write what is not written; False when it must wait, since Redis is away."""
        with self._writing:
            with self._lock:
                requests, self._requests = self._requests, {}
                events, self._events = self._events, {}
            hashes = _hashes(requests, events)
            if not hashes:
                return True
            try:
                pulse_store.add(hashes)
            except UNAVAILABLE:
                self._take_back(requests, events)
                return False
            return True

    def _take_back(self, requests: Requests, events: Events) -> None:
        oldest = int(time.time()) // 60 - DAY
        with self._lock:
            for key, (count, spent) in requests.items():
                if key[0] > oldest and (key in self._requests or len(self._requests) < MOST):
                    sums = self._requests.setdefault(key, [0, 0])
                    sums[0] += count
                    sums[1] += spent
            for (minute, name), count in events.items():
                if minute > oldest:
                    self._count(minute, name, count)

    def start(self) -> None:
        """Count in this process from now on, and write every few seconds and at its end."""
        if self._thread is not None:
            return
        self.is_on = True
        self._thread = threading.Thread(target=self._write_on, name="pulse", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        self._stop.set()
        self.flush()

    def _write_on(self) -> None:
        while not self._stop.wait(SECONDS):
            try:
                self.flush()
            except Exception:
                logger.exception("the pulse was not written", extra={"component": "pulse"})

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what happens inside and write it at the end: for a command that does one thing."""
        was_on, self.is_on = self.is_on, True
        try:
            yield
        finally:
            self.flush()
            self.is_on = was_on

    def after_fork(self) -> None:
        """What the parent has counted, the parent writes."""
        self._begin()
        self.is_on, self._thread, self._stop = False, None, threading.Event()


def _hashes(requests: Requests, events: Events) -> dict[str, pulse_store.Counts]:
    hashes: dict[str, pulse_store.Counts] = {}

    def count(name: str, field: str, number: int) -> None:
        counts = hashes.setdefault(name, {})
        counts[field] = counts.get(field, 0) + number

    for (minute, method, route, status, bucket), (number, spent) in requests.items():
        for name, prefix in ((f"minute:{minute}", ""), (f"routes:{minute // BLOCK}", f"{method} {route}|")):
            count(name, f"{prefix}s{status}", number)
            count(name, f"{prefix}b{bucket}", number)
        count(f"routes:{minute // BLOCK}", f"{method} {route}|us", spent)
    for (minute, field), number in events.items():
        count(f"minute:{minute}", field, number)
    return hashes


pulse = Pulse()
os.register_at_fork(after_in_child=pulse.after_fork)


# --- Reading ---------------------------------------------------------------------------------------------------------


def minutes(first: int, last: int) -> list[pulse_store.Counts]:
    """What happened in each minute from `first` to `last`, minutes since 1970. Raises UNAVAILABLE."""
    return pulse_store.read([f"minute:{minute}" for minute in range(first, last + 1)])


def routes(first: int, last: int) -> pulse_store.Counts:
    """What was asked of each route in the blocks of ten minutes that have any of these minutes. Raises UNAVAILABLE."""
    return total(pulse_store.read([f"routes:{block}" for block in range(first // BLOCK, last // BLOCK + 1)]))


def total(rows: list[pulse_store.Counts]) -> pulse_store.Counts:
    sums: pulse_store.Counts = {}
    for row in rows:
        for field, number in row.items():
            sums[field] = sums.get(field, 0) + number
    return sums
