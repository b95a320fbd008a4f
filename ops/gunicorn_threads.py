"""Whose turn it is: the threads of a gunicorn worker, and the requests that wait for one."""

import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Generic, Protocol, TypeVar

PATIENCE = 1.0  # seconds that a request may wait for a thread; who would wait longer is refused
ABREAST = 2  # requests that are worked on at a time, of those that take no longer than
BRIEF = 0.02  # seconds


class Waiting(Protocol):
    arrived: float  # when, by the monotonic clock


Request = TypeVar("Request", bound=Waiting)


class Threads(Generic[Request]):
    """gunicorn's `tpool`.

    Few of them work abreast: Python runs one at a time, and those that take turns lose more by it than they win. Who
    has been at a request for longer waits for something else than for Python (the model, a lock, a slow query) and no
    longer counts, so that another begins.
    """

    def __init__(self, serve: Callable[[Request], None], count: int) -> None:
        self.serve, self.count = serve, count
        self.waiting: deque[Request] = deque()
        self.pace = 0.0  # seconds from one beginning to the next while requests wait, on the average of late
        self._began = [0.0] * count  # when each thread took its request; 0: it has none
        self._last = 0.0  # when a thread took one
        self._lock = Lock()
        self._bell: SimpleQueue[bool] = SimpleQueue()
        for number in range(count):
            Thread(target=self._work, args=(number,), daemon=True).start()

    def submit(self, request: Request) -> None:
        with self._lock:
            self.waiting.append(request)
        self.see_to_it()

    def see_to_it(self) -> None:
        """Wake a thread if one should begin now. Nobody else does when those at work have turned out to be waiting."""
        if self.waiting and self._may_begin(time.monotonic()):
            self._bell.put(True)

    def is_full(self) -> bool:
        """Whether one more would wait too long."""
        ahead = len(self.waiting)
        return ahead >= self.count and ahead * self.pace > PATIENCE

    def late(self, now: float) -> Request | None:
        """Takes out one who has waited too long."""
        with self._lock:
            if self.waiting and now - self.waiting[0].arrived > PATIENCE:
                return self.waiting.popleft()
        return None

    def shutdown(self, wait: bool = False) -> None:
        for _ in range(self.count):
            self._bell.put(False)

    def _work(self, number: int) -> None:
        while self._bell.get():
            while request := self._next(number):
                self.serve(request)

    def _next(self, number: int) -> Request | None:
        with self._lock:
            now = time.monotonic()
            self._began[number] = 0.0
            if not self.waiting or not self._may_begin(now):
                return None
            request = self.waiting.popleft()
            if request.arrived < self._last:
                self.pace += 0.05 * (now - self._last - self.pace)
            self._began[number] = self._last = now
            return request

    def _may_begin(self, now: float) -> bool:
        return sum(began > now - BRIEF for began in self._began) < ABREAST
