"""A learner's themes: listed from their shelf, deleted with all that is in them."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.tokens import TokenUser
from learning.models import Challenge, ChallengeSchedule, IntensiveSession, ThemeShelf
from learning.services.schedules import lock_schedules
from learning.words import theme_key
from metrics.models import AnswerTotal
from metrics.scoring import accuracy_of
from metrics.services import forget_answers, lock_totals
from ops.database import in_transaction
from persenaut.errors import NotFound


@dataclass(frozen=True, slots=True)
class Deleted:
    questions: int
    sessions: int


def themes_of(user_id: int) -> list[dict[str, Any]]:
    """One dictionary per theme and level as the contract has it, latest first."""
    totals = {(row.theme_key, row.level): row for row in AnswerTotal.objects.filter(user_id=user_id)}
    rows = []
    for shelf in ThemeShelf.objects.of_user(user_id).order_by("-last_created", "-id"):
        total = totals.get((shelf.theme_key, shelf.level))
        answered, correct = (total.answered, total.correct) if total else (0, 0)
        rows.append(
            {
                "theme": shelf.theme,
                "level": shelf.level,
                "total_questions": shelf.questions,
                "accuracy": accuracy_of(correct, answered),
                "correct_answers": correct,
                "first_created": shelf.first_created,
                "last_created": shelf.last_created,
            }
        )
    return rows


def theme_names(user_id: int) -> list[str]:
    """Distinct names, sorted; of several spellings of one theme the one typed last."""
    latest = {shelf.theme_key: shelf.theme for shelf in ThemeShelf.objects.of_user(user_id).order_by("last_created")}
    return sorted(latest.values(), key=lambda name: (theme_key(name), name))


@in_transaction
def delete_themes(user: TokenUser, themes: list[str]) -> Deleted:
    """Delete whole themes, all or none: NotFound names the first that is not there. Points earned are kept."""
    lock_totals(user.pk)
    done = [_delete_theme(user.pk, theme) for theme in {theme_key(theme): theme for theme in themes}.values()]
    return Deleted(sum(one.questions for one in done), sum(one.sessions for one in done))


def _delete_theme(user_id: int, theme: str) -> Deleted:
    key = theme_key(theme)
    shelf = ThemeShelf.objects.of_user(user_id).in_theme(key)
    if not shelf.exists():
        raise NotFound(_('Tema "%(theme)s" no encontrado') % {"theme": theme})
    shelf.delete()
    return Deleted(_delete_questions(user_id, key), _delete_sessions(user_id, key))


@in_transaction
def delete_theme_level(user: TokenUser, theme: str, level: str) -> Deleted:
    """Delete one level of a theme. Its sessions, which have no level, go with the theme's last one."""
    lock_totals(user.pk)
    key = theme_key(theme)
    shelf = ThemeShelf.objects.of_user(user.pk).in_theme(key)
    if not shelf.filter(level=level).exists():
        raise level_not_found(theme, level)
    shelf.filter(level=level).delete()
    questions = _delete_questions(user.pk, key, level)
    return Deleted(questions, 0 if shelf.exists() else _delete_sessions(user.pk, key))


def level_not_found(theme: str, level: str) -> NotFound:
    return NotFound(_('Tema "%(theme)s" en nivel "%(level)s" no encontrado') % {"theme": theme, "level": level})


def _delete_questions(user_id: int, key: str, level: str | None = None) -> int:
    forget_answers(user_id, key, level)
    lock_schedules(user_id, key, level)  # a delivery recorded meanwhile would keep its schedule from being deleted
    ChallengeSchedule.objects.of_user(user_id).in_theme(key, level).delete()
    _total, by_model = Challenge.objects.of_user(user_id).in_theme(key, level).delete()
    return by_model.get(Challenge._meta.label, 0)


def _delete_sessions(user_id: int, key: str) -> int:
    _total, by_model = IntensiveSession.objects.of_user(user_id).in_theme(key).delete()
    return by_model.get(IntensiveSession._meta.label, 0)
