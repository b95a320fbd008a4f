"""/api/schedules: a learner's standing orders for challenges (contract section 5)."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.views import asking
from learning import serializers as bodies
from learning.models import ChallengeSchedule
from learning.services import schedules as services
from learning.services.challenges import language_of
from ops.api import ApiViewSet, refuses
from ops.limits import limited
from ops.pages import Pages
from persenaut.errors import NotFound


class ByTheme(Pages):
    ordering = ("theme_key", "level")


class ScheduleViewSet(ApiViewSet):
    """Standing orders for challenges: one per theme and level."""

    pagination_class = ByTheme

    @extend_schema(
        responses=bodies.ScheduleSerializer(many=True),
        summary="One's own schedules, by theme",
    )
    @limited("api")
    @refuses(NotFound)
    def list(self, request: Request) -> Response:
        """A cursor that is no good is a 404."""
        pages = ByTheme()
        page = pages.paginate_queryset(ChallengeSchedule.objects.of_user(asking(request).pk), request, view=self) or []
        return pages.get_paginated_response(bodies.ScheduleSerializer(page, many=True).data)

    @extend_schema(
        request=bodies.NewScheduleSerializer,
        responses={201: bodies.ScheduleSerializer},
        summary="Order challenges of a theme and level; 409 when there is such a schedule",
    )
    @limited("api")
    @refuses(services.ScheduleExists)
    def create(self, request: Request) -> Response:
        """Its first challenge comes at the next `deliveryTime`, by the clock of the learner's time zone."""
        body = bodies.NewScheduleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = asking(request)
        schedule = services.create_schedule(user, language=language_of(user), **body.validated_data)
        return Response(bodies.ScheduleSerializer(schedule).data, status=201)

    @extend_schema(responses=bodies.ScheduleSerializer, summary="One schedule of one's own")
    @limited("api")
    @refuses(services.ScheduleNotFound)
    def retrieve(self, request: Request, pk: int) -> Response:
        """When its next challenge comes, among others."""
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
    @refuses(services.ScheduleNotFound, services.ScheduleExists)
    def partial_update(self, request: Request, pk: int) -> Response:
        """What is absent stays as it is."""
        body = bodies.ScheduleChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        schedule = services.change_schedule(asking(request), pk, body.validated_data)
        return Response(bodies.ScheduleSerializer(schedule).data)

    @extend_schema(responses={200: bodies.DoneSerializer}, summary="End a schedule; its questions stay")
    @limited("api")
    @refuses(services.ScheduleNotFound)
    def destroy(self, request: Request, pk: int) -> Response:
        """No more challenges come of it."""
        services.delete_schedule(asking(request), pk)
        return Response({"success": True, "message": _("Programación eliminada correctamente")})
