"""Work that is done again and again: each kind in a thread of its own, until somebody says stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping

from django.db import close_old_connections, connections

from ops.logs import log_error

logger = logging.getLogger(__name__)
Work = Callable[[Callable[[], bool]], None]  # is given `stopping`, to look at between two pieces of work

ENDINGS = {signal.SIGTERM, signal.SIGINT}
PATIENCE = 20.0  # seconds that a stop waits for the piece of work at hand


class Rounds:
    """`works` by name, each done every `seconds` seconds. One that is slow or fails keeps no other waiting."""

    def __init__(self, seconds: float, works: Mapping[str, Work]) -> None:
        self.seconds = seconds
        self._stop = threading.Event()
        # Daemons: a piece of work that hangs must not keep the process alive; whatever it was, it can be done again.
        self._threads = [
            threading.Thread(target=self._repeat, args=(name, work), name=name, daemon=True)
            for name, work in works.items()
        ]

    def start(self) -> "Rounds":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self, patience: float = PATIENCE) -> None:
        """Begin nothing new, and wait for what is under way."""
        self._stop.set()
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def run_until_told(self) -> None:
        """Work until SIGTERM or SIGINT. For a command, which has nothing else to do."""
        # Waited for rather than handled: a handler runs in the midst of anything, locks that it needs included.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        logger.info("rounds begin", extra={"works": [thread.name for thread in self._threads]})
        self.start()
        signal.sigwait(ENDINGS)
        self.stop()
        logger.info("rounds end")

    def _repeat(self, name: str, work: Work) -> None:
        try:
            while not self._stop.is_set():
                close_old_connections()  # one that broke since the last round
                try:
                    work(self._stop.is_set)
                except Exception as exc:  # the database was away, say: the next round finds out whether it is back
                    log_error(exc, {"component": name})
                self._stop.wait(self.seconds)
        finally:
            connections.close_all()
