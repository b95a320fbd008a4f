"""Recording what happened. Callers are inside a transaction, the one that records the fact itself."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

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
from metrics.scoring import Achievement, accuracy_of, earned_by, points_of
from ops import cache, statements


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """One graded answer, as the totals see it. `day` is the learner's own date."""

    theme: str
    theme_key: str
    level: str
    day: date
    is_correct: bool


@dataclass(frozen=True, slots=True)
class SessionFact:
    """One finished session, as the totals see it. `day` is the learner's own date; times are in seconds."""

    session_id: uuid.UUID
    game_mode: str
    theme: str
    theme_key: str
    answered: int
    correct: int
    time_spent: int
    day: date
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class SessionResult:
    points: int
    accuracy: Decimal
    achievements: list[Achievement]


def lock_totals(user_id: int) -> UserMetrics:
    """The user's totals row, locked until the transaction ends: two writers at once both count, one after the other.

    Take it before anything else is written for the user, so that no two transactions wait for each other.
    """
    assert transaction.get_connection().in_atomic_block
    if row := statements.first(UserMetrics, lock=True, user_id=user_id):
        return row
    return UserMetrics.objects.select_for_update().get_or_create(user_id=user_id)[0]


def record_answers(user_id: int, facts: Iterable[AnswerFact]) -> None:
    """Add graded answers to the totals. The caller holds `lock_totals` and has stored the answers."""
    for (theme_key, level, day), (theme, answered, correct) in _sums(facts).items():
        added = {"answered": answered, "correct": correct}
        where = {"user_id": user_id, "theme_key": theme_key, "level": level}
        _add(AnswerTotal, where, added)
        _add(AnswerDay, where | {"day": day}, added, theme=theme)
    figures_changed(user_id)


def unrecord_answers(user_id: int, facts: Iterable[AnswerFact]) -> None:
    """Take single answers out of the totals again. The caller holds `lock_totals` and deletes the answers."""
    for (theme_key, level, day), (_theme, answered, correct) in _sums(facts).items():
        where = {"user_id": user_id, "theme_key": theme_key, "level": level}
        for rows in (AnswerTotal.objects.filter(**where), AnswerDay.objects.filter(**where, day=day)):
            rows.update(answered=F("answered") - answered, correct=F("correct") - correct)
            rows.filter(answered=0).delete()
    figures_changed(user_id)


def _sums(facts: Iterable[AnswerFact]) -> dict[tuple[str, str, date], tuple[str, int, int]]:
    """{(theme key, level, day): (theme, answered, correct)}"""
    sums: dict[tuple[str, str, date], tuple[str, int, int]] = {}
    for fact in facts:
        key = (fact.theme_key, fact.level, fact.day)
        _theme, answered, correct = sums.get(key, ("", 0, 0))
        sums[key] = (fact.theme, answered + 1, correct + fact.is_correct)
    return sums


def record_session(user_id: int, fact: SessionFact) -> SessionResult:
    """Score a finished session and add it to the totals, once; the caller closes the session in the same
    transaction. Returns what it earned."""
    totals = lock_totals(user_id)
    counted: dict[str, Any] = {"game_mode": fact.game_mode, "correct": fact.correct, "answered": fact.answered}
    points = points_of(**counted, seconds=fact.time_spent)
    accuracy = accuracy_of(fact.correct, fact.answered)
    score = SessionScore(
        user_id=user_id,
        session_id=fact.session_id,
        points=points,
        accuracy=accuracy,
        time_spent=fact.time_spent,
        theme=fact.theme,
        theme_key=fact.theme_key,
        day=fact.day,
        created_at=fact.ended_at,
        **counted,
    )
    statements.insert(score)
    added = {"sessions": 1, "points": points, "accuracy_sum": accuracy, "time_spent": fact.time_spent}
    _add_to_user(totals, added | {"answered": fact.answered, "correct": fact.correct})
    _add(ThemeTotal, {"user_id": user_id, "theme_key": fact.theme_key}, added, theme=fact.theme)
    _add(ModeTotal, {"user_id": user_id, "game_mode": fact.game_mode}, added)
    _add(DayTotal, {"user_id": user_id, "day": fact.day}, added)
    earned = earned_by(**counted, total_sessions=totals.sessions, total_points=totals.points)
    achievements = _award(user_id, list(earned), fact.ended_at)
    figures_changed(user_id)
    return SessionResult(points, accuracy, achievements)


def correct_session(user_id: int, session_id: uuid.UUID, *, answered: int, correct: int) -> None:
    """Change what a finished session counts by so many answers, right ones among them, since one of its questions
    turned out to be wrong; points and totals follow. Achievements stay: they are given for ever.

    The change, not the whole, is what the caller knows: an imported session has a score without all of its answers.
    Nothing happens for a session that is not finished.
    """
    totals = lock_totals(user_id)
    score = SessionScore.objects.filter(user_id=user_id, session_id=session_id).first()
    if score is None:
        return
    before: dict[str, Any] = {"game_mode": score.game_mode, "correct": score.correct, "answered": score.answered}
    after = before | {"correct": max(0, score.correct + correct), "answered": max(0, score.answered + answered)}
    points, was = (points_of(**counts, seconds=score.time_spent) for counts in (after, before))
    changed: dict[str, Any] = {
        "points": max(0, score.points + points - was),
        "accuracy": accuracy_of(after["correct"], after["answered"]),
        "answered": after["answered"],
        "correct": after["correct"],
    }
    added = {"points": changed["points"] - score.points, "accuracy_sum": changed["accuracy"] - score.accuracy}
    counted = {name: changed[name] - getattr(score, name) for name in ("answered", "correct")}
    _add_to_user(totals, added | counted)
    _add(ThemeTotal, {"user_id": user_id, "theme_key": score.theme_key}, added)
    _add(ModeTotal, {"user_id": user_id, "game_mode": score.game_mode}, added)
    _add(DayTotal, {"user_id": user_id, "day": score.day}, added)
    SessionScore.objects.filter(pk=score.pk).update(**changed)
    figures_changed(user_id)


def forget_answers(user_id: int, theme_key: str, level: str | None = None) -> None:
    """Take the answers of a deleted theme (or one level of it) out of the totals. Sessions keep their points."""
    where = {"user_id": user_id, "theme_key": theme_key} | ({"level": level} if level else {})
    AnswerTotal.objects.filter(**where).delete()
    AnswerDay.objects.filter(**where).delete()
    figures_changed(user_id)


def figures_changed(user_id: int) -> None:
    """Make the user's cached figures old, once what changed them is committed."""
    transaction.on_commit(lambda: cache.invalidate_user(user_id))


def _add_to_user(totals: UserMetrics, added: dict[str, Any]) -> None:
    """The row is locked: what was read, and is added to here as well, is what the database adds to."""
    for field, value in added.items():
        setattr(totals, field, getattr(totals, field) + value)
    totals.updated_at = timezone.now()
    statements.update(UserMetrics, {"id": totals.pk}, added, updated_at=totals.updated_at)


def _add(model: type[models.Model], where: dict[str, Any], added: dict[str, Any], **latest: Any) -> None:
    """Add to the total that `where` names, or begin it. The user's lock is held: nobody begins it beside us."""
    if not statements.update(model, where, added, **latest):
        statements.insert(model(**where, **added, **latest))


def _award(user_id: int, earned: list[Achievement], when: datetime) -> list[Achievement]:
    """Store those that the user does not have yet, and return them."""
    if not earned:
        return []
    have = {mine.achievement_id for mine in statements.rows(UserAchievement, user_id=user_id)}
    fresh = [achievement for achievement in earned if achievement.id not in have]
    if not fresh:
        return []
    UserAchievement.objects.bulk_create(
        UserAchievement(user_id=user_id, achievement_id=a.id, points_earned=a.points, achieved_at=when) for a in fresh
    )
    return fresh
