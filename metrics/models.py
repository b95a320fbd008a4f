"""What the answers add up to. Facts are written once; totals are kept beside them in the same transaction.

Totals keep sums and counts; an average is made when it is read. An average accuracy is the mean of the accuracies of
the sessions, each counting once.
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def owner() -> "models.ForeignKey[Any, Any]":
    # No index of its own: each table has one that begins with the user.
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("usuario"), on_delete=models.CASCADE, related_name="+", db_index=False
    )


class SessionScore(models.Model):
    """The score of one finished session: the fact from which every session total can be rebuilt. Edited only when one
    of its questions turns out to be wrong.

    It outlives its session (a learner keeps the points when a theme is deleted), hence no foreign key to it.
    """

    user = owner()
    session_id = models.UUIDField(_("sesión"))
    points = models.PositiveIntegerField(_("puntos"))
    answered = models.PositiveIntegerField(_("respondidas"))
    correct = models.PositiveIntegerField(_("correctas"))
    accuracy = models.DecimalField(_("acierto (%)"), max_digits=5, decimal_places=2)  # per cent
    time_spent = models.PositiveIntegerField(_("segundos"))  # seconds
    game_mode = models.CharField(_("modo"), max_length=10)
    theme = models.CharField(_("tema"), max_length=100)
    theme_key = models.CharField(_("tema, para comparar"), max_length=100)
    day = models.DateField(_("día"))  # the learner's own date when the session ended
    created_at = models.DateTimeField(_("terminada"), default=timezone.now)

    class Meta:
        db_table = "session_scores"
        verbose_name = _("puntuación de sesión")
        verbose_name_plural = _("puntuaciones de sesión")
        constraints = [
            # A session is scored once, whatever happens.
            models.UniqueConstraint(fields=["session_id"], name="session_scores_session"),
        ]
        indexes = [
            # metrics/sessions: a user's last ones; rebuild_metrics: a user's all.
            models.Index(fields=["user", "-created_at", "-id"], name="session_scores_user_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.points}"


class SessionSums(models.Model):
    """The sums over sessions that every kind of total keeps."""

    sessions = models.PositiveIntegerField(_("sesiones"), default=0)
    points = models.PositiveBigIntegerField(_("puntos"), default=0)
    accuracy_sum = models.DecimalField(_("suma de aciertos"), max_digits=14, decimal_places=2, default=Decimal(0))
    time_spent = models.PositiveBigIntegerField(_("segundos"), default=0)  # seconds

    class Meta:
        abstract = True


class UserMetrics(SessionSums):
    """A user's totals over all sessions. Its row is also the lock under which all of a user's totals are written."""

    user = owner()
    answered = models.PositiveBigIntegerField(_("respondidas"), default=0)
    correct = models.PositiveBigIntegerField(_("correctas"), default=0)
    updated_at = models.DateTimeField(_("cambiado"), default=timezone.now)

    class Meta:
        db_table = "user_metrics"
        verbose_name = _("totales de usuario")
        verbose_name_plural = _("totales de usuario")
        constraints = [
            # metrics/overall, and the lock of whoever writes: a user's one row.
            models.UniqueConstraint(fields=["user"], name="idx_user_metrics_user_id"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.points}"


class ThemeTotal(SessionSums):
    """A user's sessions of one theme."""

    user = owner()
    theme_key = models.CharField(_("tema, para comparar"), max_length=100)
    theme = models.CharField(_("tema"), max_length=100)  # as the learner typed it last

    class Meta:
        db_table = "theme_totals"
        verbose_name = _("total por tema")
        verbose_name_plural = _("totales por tema")
        constraints = [
            # metrics/themes: a user's themes.
            models.UniqueConstraint(fields=["user", "theme_key"], name="theme_totals_user_theme"),
        ]


class ModeTotal(SessionSums):
    """A user's sessions in one game mode."""

    user = owner()
    game_mode = models.CharField(_("modo"), max_length=10)

    class Meta:
        db_table = "mode_totals"
        verbose_name = _("total por modo")
        verbose_name_plural = _("totales por modo")
        constraints = [
            # metrics/game-modes: a user's modes.
            models.UniqueConstraint(fields=["user", "game_mode"], name="mode_totals_user_mode"),
        ]


class DayTotal(SessionSums):
    """A user's sessions of one day, by the date where the learner lives."""

    user = owner()
    day = models.DateField(_("día"))

    class Meta:
        db_table = "day_totals"
        verbose_name = _("total por día")
        verbose_name_plural = _("totales por día")
        constraints = [
            # metrics/timeline and the tutor: a user's days within a range.
            models.UniqueConstraint(fields=["user", "day"], name="day_totals_user_day"),
        ]


class AnswerSums(models.Model):
    """Answers of a theme and level, in sessions or outside."""

    user = owner()
    theme_key = models.CharField(_("tema, para comparar"), max_length=100)
    level = models.CharField(_("nivel"), max_length=12)
    answered = models.PositiveIntegerField(_("respondidas"), default=0)
    correct = models.PositiveIntegerField(_("correctas"), default=0)

    class Meta:
        abstract = True


class AnswerTotal(AnswerSums):
    """A user's answers of one theme and level since the beginning."""

    class Meta:
        db_table = "answer_totals"
        verbose_name = _("respuestas por tema")
        verbose_name_plural = _("respuestas por tema")
        constraints = [
            # The list of themes: a user's accuracy by theme and level.
            models.UniqueConstraint(fields=["user", "theme_key", "level"], name="answer_totals_user_theme"),
        ]


class AnswerDay(AnswerSums):
    """A user's answers of one theme and level on one day."""

    day = models.DateField(_("día"))  # the learner's own date
    theme = models.CharField(_("tema"), max_length=100)

    class Meta:
        db_table = "answer_days"
        verbose_name = _("respuestas por día")
        verbose_name_plural = _("respuestas por día")
        constraints = [
            # The tutor: a user's answers by theme within a range of days.
            models.UniqueConstraint(fields=["user", "day", "theme_key", "level"], name="answer_days_user_day"),
        ]


class UserAchievement(models.Model):
    """An achievement that a user earned: once, for ever."""

    user = owner()
    achievement_id = models.CharField(_("logro"), max_length=32)
    points_earned = models.PositiveIntegerField(_("puntos"))
    achieved_at = models.DateTimeField(_("conseguido"), default=timezone.now)

    class Meta:
        db_table = "user_achievements"
        verbose_name = _("logro")
        verbose_name_plural = _("logros")
        constraints = [
            # Each achievement once per user; metrics/achievements: a user's all.
            models.UniqueConstraint(fields=["user", "achievement_id"], name="user_achievements_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.achievement_id}"
