"""/api/schedules: a learner's standing orders for challenges (contract section 5)."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.views import asking
from learning import serializers as bodies
from learning.models import ChallengeSchedule
from learning.services import schedules as services
from learning.services.challenges import language_of
from ops.api import ApiViewSet
from ops.limits import limited


class ByTheme(CursorPagination):
    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100
    ordering = ("theme_key", "level")


class ScheduleViewSet(ApiViewSet):
    """Standing orders for challenges: one per theme and level."""

    @extend_schema(
        responses=bodies.ScheduleSerializer(many=True),
        parameters=[
            OpenApiParameter("limit", int, description="1-100, 20 when absent"),
            OpenApiParameter("cursor", str),
        ],
        summary="One's own schedules, by theme",
    )
    @limited("api")
    def list(self, request: Request) -> Response:
        pages = ByTheme()
        page = pages.paginate_queryset(ChallengeSchedule.objects.of_user(asking(request).pk), request, view=self) or []
        return pages.get_paginated_response(bodies.ScheduleSerializer(page, many=True).data)

    @extend_schema(
        request=bodies.NewScheduleSerializer,
        responses={201: bodies.ScheduleSerializer},
        summary="Order challenges of a theme and level; 409 when there is such a schedule",
    )
    @limited("api")
    def create(self, request: Request) -> Response:
        body = bodies.NewScheduleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = asking(request)
        schedule = services.create_schedule(user, language=language_of(user), **body.validated_data)
        return Response(bodies.ScheduleSerializer(schedule).data, status=201)

    @extend_schema(responses=bodies.ScheduleSerializer, summary="One schedule of one's own")
    @limited("api")
    def retrieve(self, request: Request, pk: int) -> Response:
        schedule = ChallengeSchedule.objects.of_user(asking(request).pk).filter(pk=pk).first()
        if schedule is None:
            raise services.ScheduleNotFound
        return Response(bodies.ScheduleSerializer(schedule).data)

    @extend_schema(
        request=bodies.ScheduleChangeSerializer,
        responses=bodies.ScheduleSerializer,
        summary="Pause or resume it; change its hour, frequency, theme or level",
    )
    @limited("api")
    def partial_update(self, request: Request, pk: int) -> Response:
        body = bodies.ScheduleChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        schedule = services.change_schedule(asking(request), pk, body.validated_data)
        return Response(bodies.ScheduleSerializer(schedule).data)

    @extend_schema(responses=bodies.DoneSerializer, summary="End a schedule; its questions stay")
    @limited("api")
    def destroy(self, request: Request, pk: int) -> Response:
        services.delete_schedule(asking(request), pk)
        return Response({"success": True, "message": _("Programación eliminada correctamente")})
