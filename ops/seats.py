"""Seats for those who wait for the language model: two fewer than a process has threads, so that however slow it is,
some threads are left for everybody else. Who finds no seat is told at once, and gets what the project can do alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

_lock = threading.Lock()
_taken = 0
_ours: ContextVar[bool | None] = ContextVar("seat", default=None)


@contextmanager
def seat() -> Iterator[bool]:
    """Whether one is free; it is ours until the end. Within another `seat` the answer is that one's: who has written
    questions must not be refused their check."""
    if (outer := _ours.get()) is not None:
        yield outer
        return
    is_seated = _take()
    token = _ours.set(is_seated)
    try:
        yield is_seated
    finally:
        _ours.reset(token)
        if is_seated:
            _give_back()


def _take() -> bool:
    global _taken
    with _lock:
        if _taken >= settings.AI_SEATS:
            return False
        _taken += 1
        return True


def _give_back() -> None:
    global _taken
    with _lock:
        _taken -= 1
