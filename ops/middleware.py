"""One request: its id, its cost, its line in the log and its part in the metrics."""

import logging
import os
import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from ops import logs, prometheus, tally
from ops.address import client_address
from ops.headers import set_plain

http_log = logging.getLogger("persenaut.http")
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
PROBES = {"/livez", "/readyz", "/health", "/metrics"}  # machines ask every few seconds


class RequestMiddleware:
    """Ties a request's log lines together by an id, says where its time went, and writes one line when it is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        prometheus.start()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        # A header is user input, and this one ends up in log lines.
        ident = given if SANE_ID.fullmatch(given) else secrets.token_hex(16)
        id_token = logs.request_id.set(ident)
        cost, cost_token = tally.begin()
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            duration = seconds * 1000
            sql, cache = cost.sql_time * 1000, cost.cache_time * 1000
            timing = f"total;dur={duration:.2f}, db;dur={sql:.2f}, cache;dur={cache:.2f}"
            set_plain(response, {"X-Request-ID": ident, "Server-Timing": timing})
            prometheus.request_done(request, response.status_code, seconds, cost)
            write_line(request, response, duration, cost)
            return response
        finally:
            translation.deactivate()
            tally.end(cost_token)
            logs.request_id.reset(id_token)


def write_line(request: HttpRequest, response: HttpResponse, duration: float, cost: tally.Tally) -> None:
    """The request's one line. Its level follows its speed; the path is cut, the query string is not ours to keep."""
    status = response.status_code
    if request.path_info in PROBES and (status < 400 or status == 503):  # ops.health logs what is wrong, once
        return
    speed, level = logs.speed_class(duration)
    level = max(level, logging.ERROR if status >= 500 else logs.HTTP)
    if not http_log.isEnabledFor(level):
        return
    match = request.resolver_match
    message = "request" if speed in ("fast", "normal") else "slow request"
    # As Logger.log does, less its walk up the stack for the caller, who is always this one.
    record = http_log.makeRecord(
        http_log.name,
        level,
        "",
        0,
        message,
        (),
        None,
        extra={
            "method": request.method,
            "path": request.path_info[:200],
            "route": match.route if match else "",
            "status": status,
            "duration": round(duration, 2),
            "speed": speed,
            "ip": client_address(request),
            "userAgent": request.META.get("HTTP_USER_AGENT", "")[:120],
            "userId": user_id(request),
            "sql": cost.sql_count,
            "sqlMs": round(cost.sql_time * 1000, 2),
            "cacheHits": cost.cache_hits,
            "cacheMisses": cost.cache_misses,
            "memoryGrowth": memory.grown() * PAGE,  # bytes, of the whole process, since the line before
        },
    )
    http_log.handle(record)


def user_id(request: HttpRequest) -> int | None:
    """Whose request it was, where somebody has asked already: in the API by token, in the admin by session."""
    if known := getattr(request, "user_id", None):
        return int(known)
    found: int | None = getattr(getattr(request, "_cached_user", None), "pk", None)
    return found


class _Memory:
    """/proc/self/statm, kept open: 2 us a look, where opening it each time takes 10. One look a request: what all its
    lines say adds up to what the process has grown by."""

    def __init__(self) -> None:
        self.open()
        os.register_at_fork(after_in_child=self.open)  # the parent's describes the parent

    def open(self) -> None:
        try:
            self._file = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # not on Linux
            self._file = -1
        self._pages = self._resident()

    def grown(self) -> int:
        """By how many pages since the last look."""
        before, self._pages = self._pages, self._resident()
        return self._pages - before

    def _resident(self) -> int:
        return int(os.pread(self._file, 64, 0).split()[1]) if self._file >= 0 else 0


PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
memory = _Memory()
