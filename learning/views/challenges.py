"""/api/challenges (contract section 3)."""

from datetime import date, time
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.tokens import TokenUser
from accounts.views import asking, require
from learning import serializers as bodies
from learning.calendar import first_delivery, instant
from learning.generation import Asked, Draft, NoQuestionSource, NotesTooThin, Order, generate
from learning.generation.excerpts import clean_notes
from learning.models import LETTERS, Challenge, UserResponse
from learning.serializers import question_of, read
from learning.services import challenges as services
from learning.services.reports import report_question
from learning.services.schedules import DEFAULT_DELIVERY_TIME, schedule_challenge
from learning.words import Level, level_named, theme_key
from ops.api import ApiViewSet, body_of, own_id, refuses
from ops.limits import limited
from ops.pages import Pages
from ops.permissions import Anyone, AnyoneButExpired
from persenaut.errors import NotFound

MAX_PENDING = 100
State = Challenge.State


class NewestFirst(Pages):
    ordering = ("-created_at", "-id")


class ChallengeViewSet(ApiViewSet):
    """A learner's challenges: generated, delivered, answered."""

    pagination_class = NewestFirst

    # --- Plain resources ---

    @extend_schema(
        responses=bodies.ChallengeSerializer(many=True),
        parameters=[
            OpenApiParameter("theme", str, description="In any capitals and accents"),
            OpenApiParameter("level", str, enum=["", *bodies.LEVEL_SPELLINGS]),
            OpenApiParameter("status", str, enum=["", *State.values]),
        ],
        summary="One's own challenges, newest first",
    )
    @limited("api")
    @refuses(NotFound)
    def list(self, request: Request) -> Response:
        """Challenges of every state. A cursor that is no good is a 404."""
        rows = Challenge.objects.of_user(asking(request).pk).visible().defer("raw_text")
        if theme := request.query_params.get("theme"):
            rows = rows.filter(theme_key=theme_key(theme))
        if level := request.query_params.get("level"):
            rows = rows.filter(level=known("level", level_named(level), Level.values))
        if status := request.query_params.get("status"):
            rows = rows.filter(state=known("status", status if status in State.values else None, State.values))
        pages = NewestFirst()
        page = pages.paginate_queryset(rows, request, view=self) or []
        answers = {answer.challenge_id: answer for answer in UserResponse.objects.filter(challenge__in=page, attempt=1)}
        return pages.get_paginated_response([challenge_body(row, answers.get(row.pk)) for row in page])

    @extend_schema(responses=bodies.ChallengeSerializer, summary="One challenge of one's own")
    @limited("api")
    @refuses(services.ChallengeNotFound)
    def retrieve(self, request: Request, pk: int) -> Response:
        """It has its key and explanation once it was answered."""
        challenge = Challenge.objects.of_user(asking(request).pk).visible().filter(pk=pk).first()
        if challenge is None:
            raise services.ChallengeNotFound
        answer = UserResponse.objects.filter(challenge=challenge, attempt=1).first()
        return Response(challenge_body(challenge, answer))

    @extend_schema(responses={200: bodies.DoneSerializer}, summary="Delete a challenge; points earned are kept")
    @limited("api")
    @refuses(services.ChallengeNotFound)
    def destroy(self, request: Request, pk: int) -> Response:
        """It is gone; points earned with it are kept."""
        services.delete_challenge(asking(request), pk)
        return Response({"success": True, "message": _("Reto eliminado correctamente")})

    @extend_schema(
        request=bodies.ReportSerializer, responses=bodies.DoneSerializer, summary="Say that a question is wrong"
    )
    @limited("api")
    @refuses(services.ChallengeNotFound)
    def report(self, request: Request, pk: int) -> Response:
        """Hides the question, voids its answers for the learner, and brings it before the staff."""
        body = bodies.ReportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        report_question(asking(request), pk, **body.validated_data)
        return Response({"success": True, "message": _("Gracias. Revisaremos la pregunta; ya no cuenta para ti.")})

    # --- Made ---

    @extend_schema(
        request=bodies.GenerateSerializer, responses=bodies.GeneratedSerializer, summary="Generate a challenge"
    )
    @limited("ai")
    @refuses(NotFound, NoQuestionSource)
    def generate(self, request: Request) -> Response:
        """A logged-in learner's question is stored, scheduled by `preferences`, and sealed: its key is told when it is
        answered. A visitor's is stored nowhere, so its key comes with it."""
        order, body = self.read_order(request, bodies.GenerateSerializer)
        if not request.user.is_authenticated:
            return Response(generated_body(generate(order)[0], _("Pregunta generada correctamente")))
        user = asking(request)
        wanted = body.get("preferences", {})
        clock = wanted.get("delivery_time", DEFAULT_DELIVERY_TIME)
        day, moment = first_delivery(clock, services.zone_of(user), timezone.now())
        challenge = self.make_scheduled(user, order, wanted, clock, day, moment)
        return Response(stored_body(challenge, _("Pregunta generada y guardada correctamente")))

    @extend_schema(
        request=bodies.GenerateSerializer, responses=bodies.RenderedSerializer, summary="A question as text (demo)"
    )
    @limited("ai")
    @refuses(NotFound, NoQuestionSource)
    def groq(self, request: Request) -> Response:
        """A checked question with its key as plain text. Nothing is stored."""
        order, _body = self.read_order(request, bodies.GenerateSerializer)
        return Response({"response": rendered(generate(order)[0])})

    @extend_schema(
        request=bodies.FromNotesSerializer, responses=bodies.GeneratedSerializer, summary="A challenge from notes"
    )
    @limited("ai")
    @refuses(NotFound, NotesTooThin, NoQuestionSource)
    def from_notes(self, request: Request) -> Response:
        """A question on what the notes say. `immediate`: it can be answered at once. `scheduled`: it comes on
        `deliveryDate`."""
        order, body = self.read_order(request, bodies.FromNotesSerializer)
        wanted = body.get("preferences", {})
        if not request.user.is_authenticated:
            message = _("Reto generado desde apuntes correctamente")
            return Response(generated_body(generate(order)[0], message))
        user = asking(request)
        if wanted.get("scheduleType") != "scheduled":
            challenge = services.make_challenges(user, order, state=State.ACTIVE)[0]
            return Response(stored_body(challenge, _("Reto generado desde apuntes correctamente")))
        clock = wanted.get("delivery_time", DEFAULT_DELIVERY_TIME)
        zone = services.zone_of(user)
        day, moment = first_delivery(clock, zone, timezone.now())
        if chosen := wanted.get("deliveryDate"):
            day, moment = not_past(chosen, timezone.now().astimezone(zone).date()), instant(chosen, clock, zone)
        challenge = self.make_scheduled(user, order, wanted, clock, day, moment)
        return Response(stored_body(challenge, _("Reto generado desde apuntes y guardado correctamente")))

    def make_scheduled(
        self, user: TokenUser, order: Order, wanted: dict[str, Any], clock: time, day: date, moment: Any
    ) -> Challenge:
        """The question first (it may fail, and then there is nothing to schedule), then its standing order."""
        challenge = services.make_challenges(user, order, state=State.UPCOMING)[0]
        chosen = {key: wanted[key] for key in ("frequency", "is_active") if key in wanted}
        schedule = chosen | {"delivery_time": clock, "anchor": day}
        schedule_challenge(user, order, challenge, schedule=schedule, moment=moment)
        return challenge

    def read_order(self, request: Request, serializer: Any) -> tuple[Order, dict[str, Any]]:
        require(request, ["theme"], _("Tema y nivel son requeridos"))
        require(
            request, ["difficulty" if "level" not in body_of(request) else "level"], _("Tema y nivel son requeridos")
        )
        body = serializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        user = request.user
        if user.is_authenticated:
            own_id(request, data.get("userId"))
        return Order(
            theme=data["theme"],
            theme_key=theme_key(data["theme"]),
            level=data["level"],
            language=services.language_of(user),
            avoid=tuple(Asked(question) for question in data.get("previousQuestions", []) if question.strip()),
            notes=clean_notes(data.get("notes", "")),
        ), data

    # --- Delivered and answered ---

    @extend_schema(
        request=bodies.PendingRequestSerializer,
        responses=bodies.PendingSerializer,
        summary="Delivered challenges, newest first",
    )
    @limited("answers")
    @refuses(NotFound)
    def pending(self, request: Request) -> Response:
        """At most 100. `start` opens one of them."""
        own_id(request, body_of(request).get("userId"))
        rows = (
            Challenge.objects.of_user(asking(request).pk)
            .visible()
            .filter(state=State.PENDING)
            .select_related("schedule")
            .defer("raw_text")
            .order_by("-created_at", "-id")[:MAX_PENDING]
        )
        return Response({"success": True, "challenges": [pending_body(row) for row in rows]})

    @extend_schema(
        request=bodies.StartChallengeSerializer, responses=bodies.DoneSerializer, summary="Open a delivered challenge"
    )
    @limited("answers")
    @refuses(services.ChallengeNotFound)
    def start(self, request: Request) -> Response:
        """It leaves the list of pending challenges."""
        body = bodies.StartChallengeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.start_challenge(asking(request), body.validated_data["challengeId"])
        return Response({"success": True, "message": _("Reto iniciado correctamente")})

    @extend_schema(request=bodies.AnswerSerializer, responses=bodies.GradedSerializer, summary="Answer a challenge")
    @limited("answers")
    @refuses(services.QuestionNotFound)
    def save_response(self, request: Request) -> Response:
        """Graded here. The letter may be in any case."""
        data = read(bodies.AnswerSerializer, request)
        answer, challenge = services.answer_challenge(
            asking(request),
            data["questionId"],
            letter=data["selectedAnswer"],
            response_time=Decimal(str(data["responseTime"])),
        )
        return Response(graded_body(answer, challenge))


class DemoViewSet(ChallengeViewSet):
    """`groq`: the demo page of a visitor, who may carry a token that has expired."""

    permission_classes = [Anyone]


class GenerateViewSet(ChallengeViewSet):
    """Open to visitors too; whoever sends a token that is no good is told, since nothing would be stored."""

    permission_classes = [AnyoneButExpired]


def known(path: str, value: Any, choices: list[str]) -> Any:
    if value is None:
        raise ValidationError({path: [_("Usa uno de estos valores: %(choices)s.") % {"choices": ", ".join(choices)}]})
    return value


def not_past(day: date, today: date) -> date:
    if day < today:
        raise ValidationError({"preferences": {"deliveryDate": [_("La fecha de entrega ya ha pasado.")]}})
    return day


def generated_body(draft: Draft, message: str) -> dict[str, Any]:
    """A question that is not stored: its key travels with it, since nobody will grade it here."""
    options = [{"letter": letter, "text": text} for letter, text in zip(LETTERS, draft.options, strict=True)]
    text = rendered(draft)
    question = {
        "questionText": draft.question,
        "options": options,
        "correctAnswer": draft.correct_letter,
        "rawText": text,
    }
    return {"success": True, "question": question, "rawResponse": text, "savedQuestionId": None, "message": message}


def stored_body(challenge: Challenge, message: str) -> dict[str, Any]:
    question: dict[str, Any] = {"questionText": challenge.question, "options": challenge.lettered_options}
    body: dict[str, Any] = {"success": True, "question": question}
    if settings.EXPOSE_ANSWER_KEY:
        text = as_text(challenge.question, challenge.options, challenge.correct_letter)
        question |= {"correctAnswer": challenge.correct_letter, "rawText": text}
        body["rawResponse"] = text
    return body | {"savedQuestionId": challenge.pk, "message": message}


def rendered(draft: Draft) -> str:
    return as_text(draft.question, draft.options, draft.correct_letter)


def as_text(question: str, options: Any, letter: str) -> str:
    """A question as the first generation's clients parse it: in Spanish whatever the language."""
    lines = "\n".join(f"{name}) {text}" for name, text in zip(LETTERS, options, strict=True))
    return f"Pregunta: {question}\n\n{lines}\n\nRespuesta correcta: {letter}"


def challenge_body(challenge: Challenge, answer: UserResponse | None) -> dict[str, Any]:
    body = question_of(challenge) | {"status": challenge.state, "created_at": challenge.created_at}
    if answer is not None:
        body |= {
            "selected_answer": answer.selected_letter,
            "is_correct": answer.is_correct,
            "correct_answer": challenge.correct_letter,
            "explanation": challenge.explanation,
        }
    return body


def pending_body(challenge: Challenge) -> dict[str, Any]:
    return question_of(challenge) | {
        "display_status": challenge.state,
        "frequency": challenge.schedule.frequency if challenge.schedule else None,
        "created_at": challenge.created_at,
    }


def graded_body(answer: Any, challenge: Challenge) -> dict[str, Any]:
    return {
        "success": True,
        "isCorrect": answer.is_correct,
        "savedResponseId": answer.pk,
        "correctAnswer": challenge.correct_letter,
        "explanation": challenge.explanation,
        "optionNotes": dict(zip(LETTERS, challenge.option_notes, strict=False)),
    }
