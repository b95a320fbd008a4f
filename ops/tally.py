"""What one request (or one command) costs: SQL, cache and their time, counted where they happen."""

import contextvars
import time
from collections.abc import Callable
from typing import Any

from django.db.backends.signals import connection_created


class Tally:
    """Counts of one unit of work. Times are in seconds."""

    __slots__ = (
        "sql_count",
        "sql_time",
        "cache_calls",
        "cache_time",
        "cache_hits",
        "cache_misses",
        "cache_errors",
        "place",
        "ahead",
        "fetched",
    )

    def __init__(self) -> None:
        self.sql_count = self.cache_calls = self.cache_hits = self.cache_misses = self.cache_errors = 0
        self.sql_time = self.cache_time = 0.0
        self.place = ""  # of ops.cache.look_ahead: for what address this request is,
        self.ahead: tuple[str, str] | None = None  # key and owner that it will probably ask for,
        self.fetched: dict[str, bytes] | None = None  # and what is stored there

    def cache_call(self, seconds: float) -> None:
        self.cache_calls += 1
        self.cache_time += seconds

    def cache_error(self) -> None:
        self.cache_errors += 1


_current: contextvars.ContextVar[Tally] = contextvars.ContextVar("tally")


def tally() -> Tally:
    """The tally of the work at hand; a throw-away one outside of any."""
    return _current.get(None) or Tally()


def begin() -> tuple[Tally, contextvars.Token[Tally]]:
    """Start a new tally; give the token to `end` when the work is done."""
    fresh = Tally()
    return fresh, _current.set(fresh)


def end(token: contextvars.Token[Tally]) -> None:
    _current.reset(token)


def _count_query(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    started = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        current = tally()
        current.sql_count += 1
        current.sql_time += time.perf_counter() - started


def _watch_connection(sender: Any, connection: Any, **kwargs: Any) -> None:
    # Once per connection, not once per request: a request without a query pays nothing.
    if _count_query not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count_query)


def install() -> None:
    connection_created.connect(_watch_connection, dispatch_uid="ops.tally")
