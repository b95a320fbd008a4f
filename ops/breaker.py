"""A breaker: after too many failures nobody tries any more for a while; then one does, for all."""

import logging
import threading
import time
from collections import deque

logger = logging.getLogger(__name__)


class Breaker:
    """Closed, open, or half-open with one trial under way; of this process.

    `failures` within `window` seconds open it; after `rest` seconds one caller is let through, whose success closes it
    and whose failure opens it again.
    """

    def __init__(self, name: str, *, failures: int, window: float, rest: float) -> None:
        self.name, self.failures, self.window, self.rest = name, failures, window, rest
        self._lock = threading.Lock()
        self._failed: deque[float] = deque()
        self._opened_at: float | None = None
        self._trial_since: float | None = None

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        with self._lock:
            if self._opened_at is None:
                return "closed"
            return "open" if time.monotonic() - self._opened_at < self.rest else "half-open"

    def allows(self) -> bool:
        """Whether this caller may try; whoever is told yes reports how it ended."""
        with self._lock:
            if self._opened_at is None:
                return True
            now = time.monotonic()
            if now - self._opened_at < self.rest:
                return False
            # A trial that never reported back (its thread died) does not keep the breaker open for ever.
            if self._trial_since is not None and now - self._trial_since < 2 * self.rest:
                return False
            self._trial_since = now
            return True

    def abandoned(self) -> None:
        """Whoever was let through did not try after all."""
        with self._lock:
            self._trial_since = None

    def succeeded(self) -> None:
        with self._lock:
            was_open, self._opened_at, self._trial_since = self._opened_at is not None, None, None
            self._failed.clear()
        if was_open:
            logger.warning("breaker closed", extra={"component": self.name})

    def failed(self, *, at_once: bool = False, reason: str = "") -> None:
        """Note a failure; `at_once` opens the breaker whatever went before."""
        now = time.monotonic()
        with self._lock:
            self._failed.append(now)
            while self._failed and self._failed[0] < now - self.window:
                self._failed.popleft()
            was_open = self._opened_at is not None
            if not (at_once or was_open or len(self._failed) >= self.failures):
                return
            self._opened_at, self._trial_since = now, None
        if not was_open:
            logger.warning("breaker opened", extra={"component": self.name, "reason": reason})
