"""/api/intensive-review, and the answers of its sessions (contract sections 3 and 4)."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.views import asking
from learning import serializers as bodies
from learning.serializers import question_of, read
from learning.services import sessions as services
from learning.services.challenges import QuestionNotFound
from learning.services.sessions import Claims
from learning.services.themes import theme_names
from learning.views.challenges import graded_body
from metrics.scoring import ACHIEVEMENTS
from ops.api import ApiViewSet, body_of, own_id, refuses
from ops.limits import limited
from persenaut.errors import NotFound


class IntensiveReviewViewSet(ApiViewSet):
    """Rounds of questions on one theme: timed, survival or normal."""

    @extend_schema(
        request=bodies.StartSessionSerializer, responses=bodies.StartedSessionSerializer, summary="Start a session"
    )
    @limited("intensive")
    @refuses(services.NoChallenges)
    def start(self, request: Request) -> Response:
        """Stored questions of the theme first, in random order; what is missing is generated. `timed`: 10 questions in
        180 seconds; `survival`: 15, and 5 more at a time, until the first mistake; `normal`: 10 without a clock."""
        own_id(request, body_of(request).get("userId"))
        data = read(bodies.StartSessionSerializer, request)
        session, challenges = services.start_session(asking(request), theme=data["theme"], game_mode=data["gameMode"])
        return Response(
            {
                "sessionId": session.pk,
                "gameMode": session.game_mode,
                "challenges": [question_of(challenge) for challenge in challenges],
            }
        )

    @extend_schema(
        request=bodies.SessionAnswerSerializer, responses=bodies.GradedSerializer, summary="Answer in a session"
    )
    @limited("answers")
    @refuses(services.IntensiveSessionNotFound, QuestionNotFound, services.SessionClosed)
    def save_response(self, request: Request) -> Response:
        """Graded here. A second answer to the same question changes nothing and gets the first one's result."""
        data = read(bodies.SessionAnswerSerializer, request)
        answer, challenge = services.answer_in_session(
            asking(request),
            data["sessionId"],
            data["questionId"],
            letter=data["selectedAnswer"],
            response_time=Decimal(str(data["responseTime"])),
        )
        message = {"message": _("Respuesta intensiva guardada correctamente")}
        return Response(graded_body(answer, challenge) | message)

    @extend_schema(
        request=bodies.SaveResultsSerializer, responses=bodies.ResultSerializer, summary="Close a session and score it"
    )
    @limited("intensive")
    @refuses(services.SessionNotFound)
    def save_results(self, request: Request) -> Response:
        """Counted from the recorded answers, by the server's clock: 10 points for each right one, 50 more for 80 % and
        above, and for `timed` what is left of 100 seconds. Closing it again gives the first result and adds nothing."""
        own_id(request, body_of(request).get("userId"))
        data = read(bodies.SaveResultsSerializer, request)
        seconds = data.get("timeUsed")
        claims = Claims(data["correctAnswers"], data["incorrectAnswers"], None if seconds is None else int(seconds))
        result = services.close_session(asking(request), data["sessionId"], claims)
        return Response(
            {
                "success": True,
                "points": result["points"],
                "accuracy": result["accuracy"],
                "achievements": [earned_body(achievement) for achievement in result["achievements"]],
            }
        )

    @extend_schema(responses=bodies.ThemeNamesSerializer, summary="The themes one has questions of")
    @limited("intensive")
    @refuses(NotFound)
    def user_themes(self, request: Request, user_id: str) -> Response:
        """Distinct and sorted."""
        return Response({"themes": theme_names(own_id(request, user_id))})

    @extend_schema(
        request=bodies.ContinueSurvivalSerializer,
        responses=bodies.MoreChallengesSerializer,
        summary="Further questions of a survival session",
    )
    @limited("intensive")
    @refuses(services.SessionNotFound, services.NoMoreChallenges, services.NotSurvival, services.SessionClosed)
    def continue_survival(self, request: Request) -> Response:
        """Five at a time, until the first mistake."""
        own_id(request, body_of(request).get("userId"))
        data = read(bodies.ContinueSurvivalSerializer, request)
        challenges = services.continue_survival(asking(request), data["sessionId"], data["usedChallengeIds"])
        return Response({"newChallenges": [question_of(challenge) for challenge in challenges]})


def earned_body(achievement_id: str) -> dict[str, Any]:
    achievement = ACHIEVEMENTS[achievement_id]
    return {
        "achievement_id": achievement.id,
        "achievement_name": str(achievement.name),
        "achievement_description": str(achievement.description),
        "points_earned": achievement.points,
    }
