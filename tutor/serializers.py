"""Bodies of the tutor, as clients send and read them (contract section 6)."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from ops.fields import Choice, UserId
from tutor.advice import AI, PRIORITIES, RULES, TYPES
from tutor.figures import RANGES

DEFAULT_RANGE = "week"


class AdviceRequestSerializer(serializers.Serializer[Any]):
    timeRange = Choice(
        choices=list(RANGES),
        required=False,
        allow_null=True,
        help_text=f"{DEFAULT_RANGE} when absent",
        error_messages={"invalid_choice": _("Usa uno de estos períodos: day, week, month, quarter o year.")},
    )
    userId = UserId()


class RecommendationSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=list(TYPES))
    title = serializers.CharField()
    description = serializers.CharField()
    priority = serializers.ChoiceField(choices=list(PRIORITIES))


class AdviceSerializer(serializers.Serializer[Any]):
    analysis = serializers.CharField()
    strengths = serializers.ListField(child=serializers.CharField())
    weaknesses = serializers.ListField(child=serializers.CharField())
    recommendations = RecommendationSerializer(many=True)
    weekly_goals = serializers.ListField(child=serializers.CharField())
    encouragement = serializers.CharField()
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field of that name, not the field's argument
        choices=[AI, RULES], help_text="who said it: a language model, or our rules"
    )
