"""The rules by which a session earns points and achievements (contract section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

TIMED, SURVIVAL, NORMAL = "timed", "survival", "normal"

POINTS_PER_CORRECT = 10
ACCURACY_BONUS, ACCURACY_BONUS_FROM = 50, 80  # points, per cent
FAST_SECONDS = 100  # a timed session earns a point for each second under this


@dataclass(frozen=True, slots=True)
class Achievement:
    id: str
    points: int
    name: Any
    description: Any


FIRST_SESSION = Achievement("first_session", 50, _("🚀 Primeros Pasos"), _("Completaste tu primera sesión de repaso"))
SURVIVAL_MASTER = Achievement(
    "survival_master", 200, _("🔝 Maestro del Supervivencia"), _("Completaste un modo supervivencia sin fallar")
)
PERFECT_ACCURACY = Achievement(
    "perfect_accuracy", 100, _("⭐ ¡Perfecto!"), _("Lograste 100% de precisión en una sesión")
)
DEDICATED_LEARNER = Achievement(
    "dedicated_learner", 150, _("📚 Aprendiz Constante"), _("Completaste 5 sesiones de repaso")
)
POINT_MASTER = Achievement("point_master", 50, _("💰 Maestro de Puntos"), _("Alcanzaste 100 puntos totales"))

ACHIEVEMENTS = {
    achievement.id: achievement
    for achievement in (FIRST_SESSION, SURVIVAL_MASTER, PERFECT_ACCURACY, DEDICATED_LEARNER, POINT_MASTER)
}


def accuracy_of(correct: int, answered: int) -> Decimal:
    """Per cent of the answers that were right, two decimals; 0 when nothing was answered."""
    if not answered:
        return Decimal("0.00")
    return (Decimal(100 * correct) / answered).quantize(Decimal("0.01"), ROUND_HALF_UP)


def points_of(*, game_mode: str, correct: int, answered: int, seconds: int) -> int:
    points = POINTS_PER_CORRECT * correct
    if accuracy_of(correct, answered) >= ACCURACY_BONUS_FROM:
        points += ACCURACY_BONUS
    if game_mode == TIMED:
        points += max(0, FAST_SECONDS - seconds)
    return points


def earned_by(
    *, game_mode: str, correct: int, answered: int, total_sessions: int, total_points: int
) -> Iterable[Achievement]:
    """What a session earns; the totals include the session itself. Whoever has one already does not get it again."""
    all_right = answered > 0 and correct == answered
    if total_sessions >= 1:
        yield FIRST_SESSION
    if game_mode == SURVIVAL and all_right and answered >= 3:
        yield SURVIVAL_MASTER
    if game_mode != SURVIVAL and all_right and answered >= 5:
        yield PERFECT_ACCURACY
    if total_sessions >= 5:
        yield DEDICATED_LEARNER
    if total_points >= 100:
        yield POINT_MASTER
