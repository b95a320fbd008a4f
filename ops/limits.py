"""Limits: how often one client may call each class of endpoint (contract section 9).

A view names its class, `@limited("metrics")`, and `ops.api` spends from the budget before anything else is done. The
count is django-ratelimit's (a fixed window per key, shared by all processes through Redis). One budget per class and
client, whatever the path. With Redis away each process counts strictly for itself.
"""

import functools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django_ratelimit import ALL
from django_ratelimit.core import _get_window, _make_cache_key, get_usage

from ops import prometheus
from ops.address import client_address, limit_network
from ops.redis_client import UNAVAILABLE
from persenaut.errors import DomainError

logger = logging.getLogger(__name__)
Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Usage:
    """What is left of a budget. `reset` is in seconds."""

    name: str
    limit: int
    remaining: int
    reset: int
    window: int
    refused: bool

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.limit};w={self.window}",
        }


class LimitExceeded(DomainError):
    status = 429
    code = "rate_limited"
    message = _("Demasiadas peticiones")

    def __init__(self, usage: Usage) -> None:
        super().__init__()
        self.usage = usage
        self.retry_after = usage.reset
        self.more = {
            "message": _("Has excedido el límite de peticiones. Por favor intenta más tarde."),
            "retryAfter": str(usage.reset),
        }


def limited(name: str, *, free: Callable[..., Any] | None = None) -> Callable[[Handler], Handler]:
    """Count calls of this handler against the budget of class `name`.

    `free(view, request, **kwargs)` may answer without spending: it returns a response, or None to go on.
    """
    assert name in settings.RATE_LIMITS, name

    def mark(handler: Handler) -> Handler:
        marked: Any = handler
        if free:

            @functools.wraps(handler)
            def marked(view: Any, request: Any, **kwargs: Any) -> Any:
                return view.answer_for_free or handler(view, request, **kwargs)

        marked.limit_class = name
        marked.limit_free = free
        return marked  # type: ignore[no-any-return]

    return mark


def spend(request: HttpRequest, name: str, key: str) -> Usage:
    """Count one call by `key` (`client_key`) against class `name`; raises LimitExceeded when the budget is used up."""
    usage = _usage(request, name, key)
    if usage.refused:
        prometheus.limit_refused(name)
        logger.warning(
            "limit exceeded",
            extra={"limit": name, "key": key if key.startswith("u:") else "", "ip": client_address(request)},
        )
        raise LimitExceeded(usage)
    return usage


def client_key(request: HttpRequest, user_id: int | None) -> str:
    """Who is counted: the user, or the address of whoever is not logged in."""
    return f"u:{user_id}" if user_id else f"ip:{limit_network(client_address(request))}"


def reset(name: str, key: str) -> bool:
    """Give `key` the whole budget of class `name` again; whether any of it was used. Raises UNAVAILABLE."""
    limit, window = settings.RATE_LIMITS[name]
    # Only the running window's counter can be in the way, and its key can be computed: no need to look for it.
    counter = _make_cache_key(name, _get_window(key, window), (limit, window), key, ALL)
    return bool(caches[settings.RATELIMIT_USE_CACHE].delete(counter))


def account_key(email: str) -> str:
    """How an account is counted before anybody is logged in: by the address that was typed."""
    return f"account:{email.strip().lower()[:255]}"


def keys_of_user(user_id: int, email: str) -> list[str]:
    """What a user is counted by: the id when logged in, the account's address at login."""
    return [f"u:{user_id}", account_key(email)]


def reset_user(user_id: int, email: str) -> list[str]:
    """Give a user their whole limits again; the classes of which something was used. Raises UNAVAILABLE."""
    keys = keys_of_user(user_id, email)
    # Not any(): each of the counters must go.
    return [name for name in settings.RATE_LIMITS if sum([reset(name, key) for key in keys])]


def look(request: HttpRequest, name: str, key: str) -> Usage:
    """What is left of a budget of which nothing is spent now; `refused` when it is used up. For what is counted only
    once it has failed (`spend` counts it then)."""
    usage = _usage(request, name, key, increment=False)
    return replace(usage, refused=usage.remaining == 0)


def skipped() -> bool:
    return bool(settings.SKIP_RATE_LIMIT and settings.DEBUG)


def add_headers(response: HttpResponseBase, usage: Usage) -> None:
    for name, value in usage.headers().items():
        response[name] = value


def _usage(request: HttpRequest, name: str, key: str, *, increment: bool = True) -> Usage:
    limit, window = settings.RATE_LIMITS[name]
    try:
        counted = get_usage(
            request, group=name, key=lambda group, request: key, rate=(limit, window), increment=increment
        )
    except UNAVAILABLE:
        return _local.spend(name, key, limit, window, 1 if increment else 0)
    assert counted is not None
    left = counted["time_left"] + 1  # the second that django-ratelimit names still belongs to the window
    return Usage(name, limit, max(0, limit - counted["count"]), left, window, counted["should_limit"])


class _LocalCounter:
    """The strict counter of one process, for when Redis is away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], tuple[float, int]] = {}  # (class, key) -> (window's end, count)

    def spend(self, name: str, key: str, limit: int, window: int, calls: int = 1) -> Usage:
        now = time.monotonic()
        with self._lock:
            if len(self._counts) > 50_000:
                self._counts = {k: v for k, v in self._counts.items() if v[0] > now}
            ends, count = self._counts.get((name, key), (0.0, 0))
            if ends <= now:
                ends, count = now + window, 0
            count += calls
            self._counts[name, key] = ends, count
        left = max(1, int(ends - now))
        return Usage(name, limit, max(0, limit - count), left, window, count > limit)


_local = _LocalCounter()
