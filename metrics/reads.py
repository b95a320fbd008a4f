"""The six metric reads (contract section 7), each from totals: none grows with a learner's history."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Sum

from metrics.models import (
    AnswerTotal,
    DayTotal,
    ModeTotal,
    SessionScore,
    SessionSums,
    ThemeTotal,
    UserAchievement,
    UserMetrics,
)
from metrics.scoring import ACHIEVEMENTS


def overall(user_id: int) -> dict[str, Any]:
    row = UserMetrics.objects.filter(user_id=user_id, sessions__gt=0).first()
    if row is None:
        return {}
    return {
        "id": row.pk,
        "user_id": user_id,
        "total_points": row.points,
        "total_sessions": row.sessions,
        "total_correct_answers": row.correct,
        "total_time_spent": row.time_spent,
        "average_accuracy": mean(row.accuracy_sum, row.sessions),
        "updated_at": row.updated_at,
    }


def sessions(user_id: int, limit: int) -> list[dict[str, Any]]:
    rows = SessionScore.objects.filter(user_id=user_id).order_by("-created_at", "-id")[:limit]
    return [
        {
            "id": row.pk,
            "user_id": user_id,
            "session_id": row.session_id,
            "points_earned": row.points,
            "accuracy": row.accuracy,
            "time_spent": row.time_spent,
            "game_mode": row.game_mode,
            "theme": row.theme,
            "created_at": row.created_at,
        }
        for row in rows
    ]


def achievements(user_id: int) -> list[dict[str, Any]]:
    rows = UserAchievement.objects.filter(user_id=user_id).order_by("-achieved_at", "-id")
    return [
        {
            "id": row.pk,
            "user_id": user_id,
            "achievement_id": row.achievement_id,
            "achievement_name": str(ACHIEVEMENTS[row.achievement_id].name),
            "achievement_description": str(ACHIEVEMENTS[row.achievement_id].description),
            "points_earned": row.points_earned,
            "achieved_at": row.achieved_at,
        }
        for row in rows
    ]


def themes(user_id: int) -> list[dict[str, Any]]:
    rows = [
        {
            "theme": row.theme,
            "total_sessions": row.sessions,
            "average_accuracy": mean(row.accuracy_sum, row.sessions),
            "total_points": row.points,
            "total_time": row.time_spent,
        }
        for row in ThemeTotal.objects.filter(user_id=user_id)
    ]
    return sorted(rows, key=lambda row: (-row["average_accuracy"], row["theme"]))


def timeline(user_id: int, days: int, today: date) -> list[dict[str, Any]]:
    """The last `days` days up to the learner's own today; only days with sessions."""
    rows = DayTotal.objects.filter(user_id=user_id, day__gt=today - timedelta(days=days)).order_by("day")
    return [
        {
            "date": row.day,
            "sessions_count": row.sessions,
            "daily_accuracy": mean(row.accuracy_sum, row.sessions),
            "daily_points": row.points,
        }
        for row in rows
    ]


def game_modes(user_id: int) -> list[dict[str, Any]]:
    rows: list[SessionSums] = list(ModeTotal.objects.filter(user_id=user_id).order_by("game_mode"))
    return [
        {
            "game_mode": row.game_mode,  # type: ignore[attr-defined]
            "total_sessions": row.sessions,
            "average_accuracy": mean(row.accuracy_sum, row.sessions),
            "average_points": mean(row.points, row.sessions),
            "total_time": row.time_spent,
        }
        for row in rows
    ]


def mean(total: Decimal | int, count: int) -> Decimal:
    """Two decimals, half up; 0 for nothing."""
    if not count:
        return Decimal(0)
    return (Decimal(total) / count).quantize(Decimal("0.01"), ROUND_HALF_UP)


def answer_sums(user_ids: Sequence[int], theme_keys: Sequence[str]) -> dict[tuple[int, str], tuple[int, int]]:
    """{(user, theme): (answered, correct)} of these users in these themes, over all levels; for staff's statistics."""
    rows = AnswerTotal.objects.filter(user_id__in=user_ids, theme_key__in=theme_keys).order_by()
    sums = rows.values("user_id", "theme_key").annotate(all_answered=Sum("answered"), all_correct=Sum("correct"))
    return {(row["user_id"], row["theme_key"]): (row["all_answered"], row["all_correct"]) for row in sums}
