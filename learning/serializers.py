"""Bodies about challenges and sessions, as clients send and read them (contract sections 3 and 4)."""

from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from learning.models import LETTERS, Challenge, ChallengeSchedule, QuestionReport
from learning.words import (
    GAME_MODE_NAMES,
    LEVEL_NAMES,
    MAX_THEME,
    GameMode,
    Level,
    game_mode_named,
    level_named,
    theme_key,
)
from ops.fields import Choice, Clock, Day, Flag, Id, Seconds, Text, UserId, Uuid

NOTES_LENGTH = (10, 5000)  # characters
MAX_LIST = 1000
LEVEL_SPELLINGS = [*LEVEL_NAMES, "básico", "fácil", "difícil"]  # capitals are taken, too
GAME_MODE_SPELLINGS = list(GAME_MODE_NAMES)


def read(serializer: Any, request: Request) -> dict[str, Any]:
    """The checked body."""
    try:
        # DRF copies every field for each body, which takes longer than to check it.
        checked: dict[str, Any] = checker(serializer).run_validation(request.data)
    except serializers.ValidationError:
        # Said by a fresh one: some of DRF's messages stay in the language in which they were said first.
        body = serializer(data=request.data)
        body.is_valid(raise_exception=True)
        raise
    return checked


@cache
def checker(serializer: Any) -> Any:
    """One of its kind for all requests: checking leaves no trace in it."""
    return serializer()


class ThemeField(Text):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_length": 1, "max_length": MAX_THEME} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        theme = " ".join(super().to_internal_value(data).split())
        if not theme_key(theme):
            raise serializers.ValidationError(_("El tema necesita letras o números."))
        return theme


@extend_schema_field({"type": "string", "enum": LEVEL_SPELLINGS})
class LevelField(Text):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 30} | kwargs)

    def to_internal_value(self, data: Any) -> Level:
        level = level_named(super().to_internal_value(data))
        if level is None:
            levels = ", ".join(Level.values)
            raise serializers.ValidationError(_("Usa uno de estos niveles: %(levels)s.") % {"levels": levels})
        return level


@extend_schema_field({"type": "string", "enum": GAME_MODE_SPELLINGS})
class GameModeField(Text):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 30} | kwargs)

    def to_internal_value(self, data: Any) -> GameMode:
        mode = game_mode_named(super().to_internal_value(data))
        if mode is None:
            modes = ", ".join(GameMode.values)
            raise serializers.ValidationError(_("Usa uno de estos modos: %(modes)s.") % {"modes": modes})
        return mode


@extend_schema_field({"type": "string", "pattern": "^[A-Da-d]$"})
class LetterField(Text):
    def to_internal_value(self, data: Any) -> str:
        letter = super().to_internal_value(data).upper()
        if len(letter) != 1 or letter not in LETTERS:
            raise serializers.ValidationError(_("Usa una de estas letras: A, B, C, D."))
        return letter


class PreferencesSerializer(serializers.Serializer[Any]):
    deliveryTime = Clock(required=False, source="delivery_time")
    frequency = Choice(choices=ChallengeSchedule.Frequency.choices, required=False)
    isActive = Flag(required=False, source="is_active")


class NotesPreferencesSerializer(PreferencesSerializer):
    scheduleType = Choice(choices=["immediate", "scheduled"], default="immediate")
    deliveryDate = Day(required=False)


def with_level(data: Any) -> Any:
    """The body with the level where we look for it."""
    if "level" not in data and "difficulty" in data:
        return {**data, "level": data["difficulty"]}
    return data


class ThemeAndLevelSerializer(serializers.Serializer[Any]):
    userId = UserId()
    theme = ThemeField()
    level = LevelField(help_text="In any capitals; as `difficulty`, too")

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(with_level(data))


class GenerateSerializer(ThemeAndLevelSerializer):
    previousQuestions = serializers.ListField(
        child=Text(max_length=2000, allow_blank=True), required=False, max_length=MAX_LIST
    )
    preferences = PreferencesSerializer(required=False)


class FromNotesSerializer(ThemeAndLevelSerializer):
    notes = Text(min_length=NOTES_LENGTH[0], max_length=NOTES_LENGTH[1])
    preferences = NotesPreferencesSerializer(required=False)


class AnswerSerializer(serializers.Serializer[Any]):
    questionId = Id()
    selectedAnswer = LetterField()
    responseTime = Seconds(default=0.0)


class SessionAnswerSerializer(AnswerSerializer):
    sessionId = Uuid()


class PendingRequestSerializer(serializers.Serializer[Any]):
    userId = UserId()


class StartChallengeSerializer(serializers.Serializer[Any]):
    challengeId = Id()


class ReportSerializer(serializers.Serializer[Any]):
    reason = Choice(choices=QuestionReport.Reason.choices)
    comment = Text(max_length=1000, required=False, allow_blank=True, default="")


class StartSessionSerializer(serializers.Serializer[Any]):
    theme = ThemeField(min_length=2)
    gameMode = GameModeField()


class SaveResultsSerializer(serializers.Serializer[Any]):
    sessionId = Uuid()
    correctAnswers = serializers.ListField(child=Id(), required=False, default=list, max_length=MAX_LIST)
    incorrectAnswers = serializers.ListField(child=Id(), required=False, default=list, max_length=MAX_LIST)
    gameMode = GameModeField(required=False)
    timeUsed = Seconds(required=False, allow_null=True)
    theme = ThemeField(required=False)


class ContinueSurvivalSerializer(serializers.Serializer[Any]):
    sessionId = Uuid()
    theme = ThemeField(required=False)
    usedChallengeIds = serializers.ListField(child=Id(), required=False, default=list, max_length=MAX_LIST)


class DeleteThemesSerializer(serializers.Serializer[Any]):
    themes = serializers.ListField(child=ThemeField(), min_length=1, max_length=MAX_LIST)


class ScheduleChangeSerializer(PreferencesSerializer):
    """What can be changed of a schedule; the rest stays as it is."""

    theme = ThemeField(required=False)
    level = LevelField(required=False, help_text="In any capitals; as `difficulty`, too")

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(with_level(data))


class NewScheduleSerializer(ScheduleChangeSerializer):
    theme = ThemeField()
    level = LevelField(help_text="In any capitals; as `difficulty`, too")


# --- What clients read ---------------------------------------------------------------------------------------------


class OptionSerializer(serializers.Serializer[Any]):
    letter = serializers.ChoiceField(choices=list(LETTERS))
    text = serializers.CharField()


class QuestionSerializer(serializers.Serializer[Any]):
    """A question whose key is sealed: only with EXPOSE_ANSWER_KEY does it carry `correct_answer`."""

    id = serializers.IntegerField()
    theme = serializers.CharField()
    level = serializers.ChoiceField(choices=Level.choices)
    question = serializers.CharField()
    options = OptionSerializer(many=True)
    correct_answer = serializers.CharField(required=False)


class PendingQuestionSerializer(QuestionSerializer):
    display_status = serializers.CharField()
    frequency = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class ChallengeSerializer(QuestionSerializer):
    """A challenge of one's own; with its key and explanation once it was answered."""

    status = serializers.ChoiceField(choices=Challenge.State.choices)
    created_at = serializers.DateTimeField()
    selected_answer = serializers.CharField(required=False)
    is_correct = serializers.BooleanField(required=False)
    explanation = serializers.CharField(required=False)


class GeneratedQuestionSerializer(serializers.Serializer[Any]):
    questionText = serializers.CharField()
    options = OptionSerializer(many=True)
    correctAnswer = serializers.CharField(required=False)
    rawText = serializers.CharField(required=False)


class GeneratedSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    question = GeneratedQuestionSerializer()
    rawResponse = serializers.CharField(required=False)
    savedQuestionId = serializers.IntegerField(required=False, allow_null=True)
    message = serializers.CharField()


class RenderedSerializer(serializers.Serializer[Any]):
    response = serializers.CharField()


class GradedSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    isCorrect = serializers.BooleanField()
    savedResponseId = serializers.IntegerField()
    correctAnswer = serializers.CharField()
    explanation = serializers.CharField(allow_blank=True)
    optionNotes = serializers.DictField(
        child=serializers.CharField(allow_blank=True), help_text="by letter, why an option is wrong; may be empty"
    )
    message = serializers.CharField(required=False)


class PendingSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    challenges = PendingQuestionSerializer(many=True)


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{2}:[0-9]{2}:[0-9]{2}$"})
class SaidClock(serializers.TimeField):
    """Without an offset, so not what JSON Schema calls a time."""


class ScheduleSerializer(serializers.ModelSerializer[ChallengeSchedule]):
    deliveryTime = SaidClock(source="delivery_time", format="%H:%M:%S", help_text="by the user's clock")
    isActive = serializers.BooleanField(source="is_active")
    nextDelivery = serializers.SerializerMethodField(help_text="null while it is paused")
    createdAt = serializers.DateTimeField(source="created_at")

    class Meta:
        model = ChallengeSchedule
        fields = ["id", "theme", "level", "frequency", "deliveryTime", "isActive", "nextDelivery", "createdAt"]

    def get_nextDelivery(self, schedule: ChallengeSchedule) -> datetime | None:
        return schedule.next_delivery if schedule.is_active else None


class DoneSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    message = serializers.CharField()


class StartedSessionSerializer(serializers.Serializer[Any]):
    sessionId = serializers.UUIDField()
    gameMode = serializers.ChoiceField(choices=GameMode.choices)
    challenges = QuestionSerializer(many=True)


class EarnedSerializer(serializers.Serializer[Any]):
    achievement_id = serializers.CharField()
    achievement_name = serializers.CharField()
    achievement_description = serializers.CharField()
    points_earned = serializers.IntegerField()


class ResultSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    points = serializers.IntegerField()
    accuracy = serializers.FloatField()
    achievements = EarnedSerializer(many=True)


class MoreChallengesSerializer(serializers.Serializer[Any]):
    newChallenges = QuestionSerializer(many=True)


class ThemeNamesSerializer(serializers.Serializer[Any]):
    themes = serializers.ListField(child=serializers.CharField())


class ThemeShelfSerializer(serializers.Serializer[Any]):
    theme = serializers.CharField()
    level = serializers.CharField()
    total_questions = serializers.IntegerField()
    accuracy = serializers.FloatField(help_text="per cent")
    correct_answers = serializers.IntegerField()
    first_created = serializers.DateTimeField()
    last_created = serializers.DateTimeField()


class ThemesSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    themes = ThemeShelfSerializer(many=True)


class DeletedThemesSerializer(DoneSerializer):
    deletedQuestions = serializers.IntegerField()
    deletedSessions = serializers.IntegerField()


def question_of(challenge: Challenge) -> dict[str, Any]:
    """A stored question as the contract has it. The key stays sealed unless the operator opened it."""
    question = {
        "id": challenge.pk,
        "theme": challenge.theme,
        "level": challenge.level,
        "question": challenge.question,
        "options": challenge.lettered_options,
    }
    if settings.EXPOSE_ANSWER_KEY:
        question["correct_answer"] = challenge.correct_letter
    return question
