"""Django's WSGI handler, less what no request here needs (docs/performance.md says what that is worth).

What is left out is bookkeeping for features that this project does not use (several URL configurations, queries kept
for debugging, connections to the cache that are closed after each request) or that is done twice.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import signals
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler, get_script_name
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest
from django.urls import ResolverMatch, get_resolver, set_script_prefix
from django.utils.log import log_response

from ops.database import limit_statements

KNOWN_PATHS = 2_000  # of a process


def make_application() -> WSGIHandler:
    """What gunicorn calls, and the process around it made ready for requests."""
    limit_statements()
    drop_idle_receivers()
    return WSGIHandler() if settings.SENTRY_DSN else Handler()  # Sentry wraps Django's own, step by step


class Handler(WSGIHandler):
    """See the module."""

    _middleware_chain: Any  # Django's: all middleware, around the view

    def __init__(self) -> None:
        super().__init__()
        self._matches: dict[str, ResolverMatch] = {}
        self._resolver = get_resolver()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get("SCRIPT_NAME"):
            set_script_prefix(get_script_name(environ))
        signals.request_started.send(sender=Handler, environ=environ)
        response = self.get_response(self.request_class(environ))
        response._handler_class = Handler
        # The stored pairs: Django's own way to them looks each header up by its name again, 25 us for twenty.
        headers: list[tuple[str, str]] = list(response.headers._store.values())
        if not response.streaming and "content-length" not in response.headers._store:
            headers.append(("Content-Length", str(len(response.content))))  # else gunicorn would send it in chunks
        if response.cookies:
            headers += (("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values())
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is not None and getattr(response, "file_to_stream", None) is not None:
            response.file_to_stream.close = response.close
            return wrapper(response.file_to_stream, response.block_size)
        return response

    def get_response(self, request: HttpRequest) -> Any:
        # Without the URL configuration being set for the thread anew: there is but one. 10 us.
        response = self._middleware_chain(request)
        response._resource_closers.append(request.close)
        if response.status_code >= 400:
            log_response(
                "%s: %s", response.reason_phrase, request.path, response=response, request=request,
            )  # fmt: skip
        return response

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The view of this path, remembered: 40 us of patterns tried one after the other."""
        path = request.path_info
        match = self._matches.get(path)
        if match is None:
            match = self._resolver.resolve(path)
            if len(self._matches) >= KNOWN_PATHS:
                self._matches.clear()
            self._matches[path] = match
        request.resolver_match = match
        return match


def drop_idle_receivers() -> None:
    """Disconnect what does nothing here at the start and the end of each request: 70 us."""
    if not settings.DEBUG:
        signals.request_started.disconnect(reset_queries)  # none are kept
    # A connection to the database is seen to at a request's end; whether it is alive still, when it is used next.
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_caches)  # each thread keeps its connection to Redis
    signals.request_finished.disconnect(reset_urlconf)
