"""The shapes of the metric reads, for the API document."""

from typing import Any

from rest_framework import serializers


class OverallSerializer(serializers.Serializer[Any]):
    """`{}` for a learner without a finished session."""

    id = serializers.IntegerField(required=False)
    user_id = serializers.IntegerField(required=False)
    total_points = serializers.IntegerField(required=False)
    total_sessions = serializers.IntegerField(required=False)
    total_correct_answers = serializers.IntegerField(required=False)
    total_time_spent = serializers.IntegerField(required=False, help_text="seconds")
    average_accuracy = serializers.FloatField(required=False, help_text="per cent, mean over the sessions")
    updated_at = serializers.DateTimeField(required=False)


class SessionScoreSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    user_id = serializers.IntegerField()
    session_id = serializers.UUIDField()
    points_earned = serializers.IntegerField()
    accuracy = serializers.FloatField(help_text="per cent")
    time_spent = serializers.IntegerField(help_text="seconds")
    game_mode = serializers.CharField()
    theme = serializers.CharField()
    created_at = serializers.DateTimeField()


class AchievementSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    user_id = serializers.IntegerField()
    achievement_id = serializers.CharField()
    achievement_name = serializers.CharField()
    achievement_description = serializers.CharField()
    points_earned = serializers.IntegerField()
    achieved_at = serializers.DateTimeField()


class ThemeSerializer(serializers.Serializer[Any]):
    theme = serializers.CharField()
    total_sessions = serializers.IntegerField()
    average_accuracy = serializers.FloatField(help_text="per cent")
    total_points = serializers.IntegerField()
    total_time = serializers.IntegerField(help_text="seconds")


class DaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    sessions_count = serializers.IntegerField()
    daily_accuracy = serializers.FloatField(help_text="per cent")
    daily_points = serializers.IntegerField()


class GameModeSerializer(serializers.Serializer[Any]):
    game_mode = serializers.CharField()
    total_sessions = serializers.IntegerField()
    average_accuracy = serializers.FloatField(help_text="per cent")
    average_points = serializers.FloatField()
    total_time = serializers.IntegerField(help_text="seconds")
