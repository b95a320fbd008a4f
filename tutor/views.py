"""/api/tutor (contract section 6)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.views import asking
from ops import cache, llm
from ops.api import ApiView, own_id, refuses
from ops.json import dumps, json_bytes
from ops.limits import limited
from persenaut.errors import NotFound
from tutor.advice import AI, RULES
from tutor.figures import load, local_today
from tutor.serializers import DEFAULT_RANGE, AdviceRequestSerializer, AdviceSerializer
from tutor.services import StandIn, advise


class Asked(NamedTuple):
    """What one learner asks for, the key it is kept under, and how it is made."""

    user_id: int
    key: str
    make: Callable[[], bytes]


def asked_in(request: Request) -> Asked:
    """ValidationError for another range, NotFound for another user."""
    body = AdviceRequestSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    user_id = own_id(request, body.validated_data.get("userId"))
    time_range = body.validated_data.get("timeRange") or DEFAULT_RANGE
    # Advice is about the days up to today, so at the learner's midnight it is another question; and it is another one,
    # too, as soon as there is a model to ask.
    today = local_today(asking(request).time_zone or str(settings.DEFAULT_TIME_ZONE), datetime.now(UTC))
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    source = AI if llm.is_configured() else RULES
    key = f"{cache.TUTOR_ADVICE}{user_id}:{time_range}:{language}:{today}:{source}"
    return Asked(user_id, key, lambda: dumps(advise(load(user_id, time_range, today), language).body()))


def kept_advice(view: "AdviceView", request: Request) -> HttpResponse | None:
    """The advice that is still good: it costs no budget, no query and no model call."""
    try:
        asked = asked_in(request)
    except (ValidationError, NotFound):
        return None  # the handler refuses it, and that counts
    body = cache.get(asked.key, owner=cache.user(asked.user_id))
    return None if body is None else answer(body, hit=True)


def answer(body: bytes, *, hit: bool) -> HttpResponse:
    response = json_bytes(body)
    response["X-Cache"] = "HIT" if hit else "MISS"
    return response


class AdviceView(ApiView):
    """What to do next, by a learner's own figures."""

    @extend_schema(
        request=AdviceRequestSerializer,
        responses=AdviceSerializer,
        summary="Advice for a learner",
    )
    @limited("tutor", free=kept_advice)
    @refuses(NotFound, free_calls="An answer from the cache costs nothing.", answers_with=("X-Cache",))
    def post(self, request: Request) -> HttpResponse:
        """Always complete. It is kept until the learner's figures or date change: then `X-Cache` is `HIT`."""
        asked = asked_in(request)
        try:
            kept = cache.get_or_set(asked.key, asked.make, cache.DAY, owner=cache.user(asked.user_id))
            return answer(kept.value, hit=kept.hit)
        except StandIn as stand_in:
            # Not kept at all, since the next try may get what the model has to say. What a broken model can cost is
            # bounded by the learner's limit here and by the door's breaker and budget.
            return answer(dumps(stand_in.advice.body()), hit=False)
