"""One request: its id, its cost, its line in the log."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from ops import logs, tally
from ops.address import client_address

http_log = logging.getLogger("persenaut.http")
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET = {"/livez", "/readyz", "/health"}  # probes ask every few seconds


class RequestMiddleware:
    """Ties a request's log lines together by an id, says where its time went, and writes one line when it is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        # A header is user input, and this one ends up in log lines.
        ident = given if SANE_ID.fullmatch(given) else uuid.uuid4().hex
        id_token = logs.request_id.set(ident)
        cost, cost_token = tally.begin()
        try:
            response = self.get_response(request)
            duration = (time.perf_counter() - started) * 1000
            response["X-Request-ID"] = ident
            response["Server-Timing"] = (
                f"total;dur={duration:.2f}, db;dur={cost.sql_time * 1000:.2f}, cache;dur={cost.cache_time * 1000:.2f}"
            )
            write_line(request, response, duration, cost)
            return response
        finally:
            translation.deactivate()
            tally.end(cost_token)
            logs.request_id.reset(id_token)


def write_line(request: HttpRequest, response: HttpResponse, duration: float, cost: tally.Tally) -> None:
    """The request's one line. Its level follows its speed; the path is cut, the query string is not ours to keep."""
    if request.path_info in QUIET and response.status_code < 400:
        return
    speed, level = logs.speed_class(duration)
    level = max(level, logging.ERROR if response.status_code >= 500 else logs.HTTP)
    if not http_log.isEnabledFor(level):
        return
    match = request.resolver_match
    http_log.log(
        level,
        "request" if speed in ("fast", "normal") else "slow request",
        extra={
            "method": request.method,
            "path": request.path_info[:200],
            "route": match.route if match else "",
            "status": response.status_code,
            "duration": round(duration, 2),
            "speed": speed,
            "ip": client_address(request),
            "userAgent": request.META.get("HTTP_USER_AGENT", "")[:120],
            "userId": getattr(request, "user_id", None),
            "sql": cost.sql_count,
            "sqlMs": round(cost.sql_time * 1000, 2),
            "cacheHits": cost.cache_hits,
            "cacheMisses": cost.cache_misses,
        },
    )
