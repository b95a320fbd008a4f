"""The helpers of the first generation: errors, durations and what happened in the domain."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ops.logs.redaction import as_text

Context = Mapping[str, Any]

# Below how many milliseconds, its name, and the level it is logged at.
_SPEEDS = ((100, "fast", logging.DEBUG), (500, "normal", logging.INFO), (3000, "slow", logging.WARNING))

# logging raises KeyError for an extra that would overwrite one of these.
_TAKEN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}

_errors = logging.getLogger("persenaut.errors")
_performance = logging.getLogger("persenaut.performance")
_business = logging.getLogger("persenaut.business")


def speed_class(duration_ms: float) -> tuple[str, int]:
    """The class of a duration and the level its line deserves: fast, normal, slow or very_slow."""
    for below, name, level in _SPEEDS:
        if duration_ms < below:
            return name, level
    return "very_slow", logging.ERROR


def log_error(error: BaseException, context: Context | None = None) -> None:
    """One error line: `Type: text` as message, `errorType`, the traceback in `stack`, and the context."""
    name = type(error).__name__
    _errors.error("%s: %s", name, as_text(error), exc_info=error, extra=_extra(context, errorType=name))


def log_performance(operation: str, duration_ms: float, context: Context | None = None) -> None:
    """One line with `operation`, `duration` (ms), `speed` and the context, at the level of its speed."""
    speed, level = speed_class(duration_ms)
    facts = _extra(context, operation=operation, duration=round(duration_ms, 1), speed=speed)
    _performance.log(level, "operation timed", extra=facts)


def log_business_event(event: str, context: Context | None = None) -> None:
    """One info line with `event` (USER_REGISTERED, SESSION_FINISHED, ...) and the context."""
    _business.info("business event", extra=_extra(context, event=event))


@contextmanager
def measure(operation: str, **context: Any) -> Iterator[dict[str, Any]]:
    """Time a block (`with measure("x") as facts:`) or a function (`@measure("x")`) with log_performance.

    What the block puts into `facts` is logged too; an exception adds `failed` and goes on its way.
    """
    start = time.perf_counter()
    try:
        yield context
    except BaseException as error:
        context["failed"] = type(error).__name__
        raise
    finally:
        log_performance(operation, (time.perf_counter() - start) * 1000, context)


def _extra(context: Context | None, **facts: Any) -> dict[str, Any]:
    fields = {str(key): value for key, value in (context or {}).items()} | facts
    return {f"{key}_" if key in _TAKEN else key: value for key, value in fields.items()}
