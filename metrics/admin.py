"""What staff see of scores and totals: all of it is counted from answers, so none of it is edited."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from metrics.models import (
    AnswerDay,
    AnswerTotal,
    DayTotal,
    ModeTotal,
    SessionScore,
    ThemeTotal,
    UserAchievement,
    UserMetrics,
)
from ops.admin_lists import UUID, UserFactAdmin, Way, by_number, by_user


@admin.register(SessionScore)
class SessionScoreAdmin(UserFactAdmin):
    list_display = ["id", "user", "theme", "game_mode", "points", "accuracy", "answered", "time_spent", "created_at"]
    ways = [
        by_number(),
        by_user("-created_at", "-id"),
        Way(UUID, lambda term: {"session_id": term}, ["pk"]),
    ]
    search_help_text = _("Un usuario (su número, su correo o @nombre), una sesión o una fila (#número).")


@admin.register(UserMetrics)
class UserMetricsAdmin(UserFactAdmin):
    list_display = ["id", "user", "sessions", "points", "answered", "correct", "time_spent", "updated_at"]
    ways = [by_number(), by_user("pk")]


@admin.register(ThemeTotal)
class ThemeTotalAdmin(UserFactAdmin):
    list_display = ["id", "user", "theme", "sessions", "points", "time_spent"]
    ways = [by_number(), by_user("theme_key")]


@admin.register(ModeTotal)
class ModeTotalAdmin(UserFactAdmin):
    list_display = ["id", "user", "game_mode", "sessions", "points", "time_spent"]
    ways = [by_number(), by_user("game_mode")]


@admin.register(DayTotal)
class DayTotalAdmin(UserFactAdmin):
    list_display = ["id", "user", "day", "sessions", "points", "time_spent"]
    ways = [by_number(), by_user("-day")]


@admin.register(AnswerTotal)
class AnswerTotalAdmin(UserFactAdmin):
    list_display = ["id", "user", "theme_key", "level", "answered", "correct"]
    ways = [by_number(), by_user("theme_key", "level")]


@admin.register(AnswerDay)
class AnswerDayAdmin(UserFactAdmin):
    list_display = ["id", "user", "day", "theme", "level", "answered", "correct"]
    ways = [by_number(), by_user("-day", "-theme_key", "-level")]


@admin.register(UserAchievement)
class UserAchievementAdmin(UserFactAdmin):
    list_display = ["id", "user", "achievement_id", "points_earned", "achieved_at"]
    ways = [by_number(), by_user("achievement_id")]
