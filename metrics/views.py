"""/api/metrics (contract section 7): finished bodies from the cache, a 304 for a client that has them already."""

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import parse_etags
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.services import get_user
from metrics import reads
from metrics import serializers as bodies
from ops import cache
from ops.api import ApiViewSet, refuses
from ops.cache import MEDIUM, SHORT, USER_METRICS, USER_SESSIONS, Cached
from ops.headers import set_plain
from ops.json import dumps, json_bytes
from ops.limits import limited
from persenaut.errors import NotFound

MAX_DAYS, MAX_SESSIONS = 365, 100
# What the API document says of all of them.
FRESH: dict[str, Any] = {
    "free_calls": "An unchanged answer, 304, costs nothing.",
    "answers_with": ("ETag", "X-Cache", "Cache-Control"),
    "not_modified": True,
}


def whole(most: int, *, default: int) -> dict[str, Any]:
    """The schema of what `whole_number` takes."""
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default}


def unchanged(view: "MetricsViewSet", request: Request, user_id: int) -> HttpResponse | None:
    """304 when the client's copy is current: that costs no budget."""
    if "HTTP_IF_NONE_MATCH" not in request._request.META:
        return None
    response = view.answer(request, user_id)
    return response if response.status_code == 304 else None


class MetricsViewSet(ApiViewSet):
    """One learner's figures, for the learner and for staff."""

    @extend_schema(responses=bodies.OverallSerializer, summary="Totals over all sessions")
    @limited("metrics", free=unchanged)
    @refuses(NotFound, **FRESH)
    def overall(self, request: Request, user_id: int) -> HttpResponse:
        """`{}` for a learner without a finished session."""
        return self.answer(request, user_id)

    @extend_schema(
        responses=bodies.SessionScoreSerializer(many=True),
        parameters=[OpenApiParameter("limit", whole(MAX_SESSIONS, default=20))],
        summary="The last sessions, newest first",
    )
    @limited("metrics", free=unchanged)
    @refuses(NotFound, **FRESH)
    def sessions(self, request: Request, user_id: int) -> HttpResponse:
        """What each of them earned."""
        return self.answer(request, user_id)

    @extend_schema(responses=bodies.AchievementSerializer(many=True), summary="Achievements, newest first")
    @limited("metrics", free=unchanged)
    @refuses(NotFound, **FRESH)
    def achievements(self, request: Request, user_id: int) -> HttpResponse:
        """Each is given once."""
        return self.answer(request, user_id)

    @extend_schema(responses=bodies.ThemeSerializer(many=True), summary="Totals by theme, best accuracy first")
    @limited("metrics", free=unchanged)
    @refuses(NotFound, **FRESH)
    def themes(self, request: Request, user_id: int) -> HttpResponse:
        """Over finished sessions."""
        return self.answer(request, user_id)

    @extend_schema(
        responses=bodies.DaySerializer(many=True),
        parameters=[OpenApiParameter("days", whole(MAX_DAYS, default=30))],
        summary="Totals by day, oldest first; only days with sessions",
    )
    @limited("metrics", free=unchanged)
    @refuses(NotFound, **FRESH)
    def timeline(self, request: Request, user_id: int) -> HttpResponse:
        """Days of the learner's own time zone."""
        return self.answer(request, user_id)

    @extend_schema(responses=bodies.GameModeSerializer(many=True), summary="Totals by game mode")
    @limited("metrics", free=unchanged)
    @refuses(NotFound, **FRESH)
    def game_modes(self, request: Request, user_id: int) -> HttpResponse:
        """Over finished sessions."""
        return self.answer(request, user_id)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Saves a round trip: the body comes with the token's standing.
        meta = request._request.META
        cache.look_ahead(f"{meta['PATH_INFO']}?{meta['QUERY_STRING']}")
        super().initial(request, *args, **kwargs)

    def answer(self, request: Request, user_id: int) -> HttpResponse:
        time_zone = zone_of_readable_user(request, user_id)
        body, hit = self.load(request, user_id, time_zone)
        etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
        asked = request._request.META.get("HTTP_IF_NONE_MATCH")
        if asked and not {etag, f"W/{etag}", "*"}.isdisjoint(parse_etags(asked)):
            response = HttpResponse(status=304)
        else:
            response = json_bytes(body)
        said = {"ETag": etag, "Cache-Control": "private, no-cache", "X-Cache": "HIT" if hit else "MISS"}
        set_plain(response, said)
        return response

    def load(self, request: Request, user_id: int, time_zone: str) -> Cached:
        """The finished body of the action's figures."""
        match self.action:
            case "overall":
                return figures(user_id, "overall", lambda: reads.overall(user_id))
            case "sessions":
                limit = whole_number(request, "limit", 20, MAX_SESSIONS)
                key = f"{USER_SESSIONS}{user_id}:{limit}"
                return cached_body(key, user_id, SHORT, lambda: reads.sessions(user_id, limit))
            case "achievements":
                return figures(user_id, f"achievements:{get_language()}", lambda: reads.achievements(user_id))
            case "themes":
                return figures(user_id, "themes", lambda: reads.themes(user_id))
            case "timeline":
                days = whole_number(request, "days", 30, MAX_DAYS)
                # The days that count change at the learner's midnight.
                today = datetime.now(ZoneInfo(time_zone)).date()
                return figures(user_id, f"timeline:{days}:{today}", lambda: reads.timeline(user_id, days, today))
            case _:
                return figures(user_id, "game-modes", lambda: reads.game_modes(user_id))


def figures(user_id: int, name: str, read: Callable[[], Any]) -> Cached:
    return cached_body(f"{USER_METRICS}{user_id}:{name}", user_id, MEDIUM, read)


def cached_body(key: str, user_id: int, ttl: int, read: Callable[[], Any]) -> Cached:
    owner = cache.user(user_id)
    cached = cache.get_or_set(key, lambda: dumps(read()), ttl, owner=owner)
    if cached.hit:
        cache.found_here(key, owner)
    return cached


def zone_of_readable_user(request: Request, user_id: int) -> str:
    """The time zone of the user whose figures these are: one's own, or anybody's for staff; else NotFound."""
    asking = request.user
    if asking.pk == user_id:
        zone = asking.time_zone
    elif asking.is_staff and user_id < 2**63:
        zone = get_user(user_id).time_zone
    else:
        raise NotFound(_("Usuario no encontrado"))
    return zone or str(settings.DEFAULT_TIME_ZONE)


def whole_number(request: Request, name: str, default: int, maximum: int) -> int:
    """The query parameter as a whole number from 1 to `maximum`; a ValidationError otherwise."""
    # Without a query there is none to be read: 15 us.
    given = request.query_params.get(name) if request._request.META["QUERY_STRING"] else None
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 6 and 1 <= int(given) <= maximum):
        raise ValidationError({name: [_("Usa un número entero entre 1 y %(maximum)d.") % {"maximum": maximum}]})
    return int(given)
