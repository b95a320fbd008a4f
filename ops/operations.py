"""The staff's page of operations: what the service did in the last hour or day, mostly drawn.

What is counted by the minute comes from ops.pulse; what stands in the database, from queries on indexes that read the
same however large it is. Other apps add sections of theirs with `register`.
"""

import time
from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ops import cache, pulse
from ops.charts import section
from ops.operations_sections import Section, Span, Window, cached, limits, mail, model, sizes, traffic
from ops.redis_client import UNAVAILABLE

KEPT = 5  # seconds that one document serves everybody who looks
EVERY = 10  # seconds between two looks of a page that is open
_more: list[Callable[[], Section]] = []


SPANS = {"hour": Span("hour", 60, 1, KEPT), "day": Span("day", pulse.DAY, 10, 60)}


def register(make: Callable[[], Section]) -> None:
    """Add a section; it is made every few seconds while somebody looks, and must not read more as the site grows."""
    _more.append(make)


# --- Pages -----------------------------------------------------------------------------------------------------------


def page(request: HttpRequest) -> HttpResponse:
    """GET /admin/operations/: the frame, which fetches the rest."""
    from django.contrib import admin

    context = admin.site.each_context(request) | {
        "title": _("Operaciones"),
        "source": reverse("admin:operations-data"),
        "every": EVERY,
    }
    return TemplateResponse(request, "ops/operations.html", context)


def data(request: HttpRequest) -> HttpResponse:
    """GET /admin/operations/data?span=hour|day: all figures, in one document."""
    span = SPANS.get(request.GET.get("span", ""), SPANS["hour"])
    key = f"operations:{span.name}:{get_language()}"
    found = cache.get_or_set(key, lambda: orjson.dumps(document(span)), span.kept)
    return HttpResponse(found.value, content_type="application/json")


def document(span: Span) -> dict[str, Any]:
    try:
        seen = window(span)
    except UNAVAILABLE:
        trouble = _("Redis no responde: lo que se cuenta por minutos se verá cuando vuelva.")
        counted = [section("traffic", _("Peticiones"), note=trouble)]
    else:
        counted = [traffic(seen), cached(seen), limits(seen), model(seen)]
    return {"at": int(time.time()), "sections": [*counted, *(make() for make in _more), mail(), sizes()]}


def window(span: Span) -> Window:
    now = int(time.time()) // 60
    first = (now // span.step + 1) * span.step - span.minutes
    rows = pulse.minutes(first, now)
    points = [pulse.total(rows[start : start + span.step]) for start in range(0, span.minutes, span.step)]
    x = [60 * (first + start) for start in range(0, span.minutes, span.step)]
    return Window(span, x, points, pulse.routes(first, now))
