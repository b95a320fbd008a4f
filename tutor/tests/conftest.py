"""Learners with a history, and figures built by hand."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import TestCase

from accounts.models import User
from metrics.services import AnswerFact, SessionFact, lock_totals, record_answers, record_session
from tutor.figures import Area, Figures, Latest, Score
from tutor.truth.text import fold

TODAY = date(2026, 3, 18)  # a Wednesday


def utc_today() -> date:
    return datetime.now(UTC).date()


def days_ago(days: int, today: date | None = None) -> date:
    return (today or utc_today()) - timedelta(days=days)


@contextmanager
def committed() -> Iterator[None]:
    """What waits for the commit runs when the block ends, and waits no longer, as it is on a server."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        yield
    transaction.get_connection().run_on_commit.clear()


@pytest.fixture
def answers(learner: User) -> Callable[..., None]:
    """Record graded answers of the learner, as learning does it."""

    def record(theme: str, level: str, right: int, wrong: int, *, day: date | None = None, user: Any = None) -> None:
        owner = user or learner
        facts = [
            AnswerFact(theme, fold(theme), level, day or utc_today(), is_correct)
            for is_correct in [True] * right + [False] * wrong
        ]
        with committed(), transaction.atomic():
            lock_totals(owner.pk)
            record_answers(owner.pk, facts)

    return record


@pytest.fixture
def session(learner: User) -> Callable[..., None]:
    """Record a finished session of the learner, without its answers."""

    def record(theme: str, right: int, answered: int, *, day: date | None = None) -> None:
        with committed(), transaction.atomic():
            record_session(
                learner.pk,
                SessionFact(
                    session_id=uuid.uuid4(),
                    game_mode="normal",
                    theme=theme,
                    theme_key=fold(theme),
                    answered=answered,
                    correct=right,
                    time_spent=60,
                    day=day or utc_today(),
                    ended_at=datetime.now(UTC),
                ),
            )

    return record


def area(theme: str, level: str, answered: int, correct: int, before: tuple[int, int] = (0, 0)) -> Area:
    return Area(theme, fold(theme), level, Score(answered, correct), Score(*before))


def figures(*areas: Area, time_range: str = "week", **fields: Any) -> Figures:
    """Figures as of a Wednesday, of somebody who practised today unless told otherwise."""
    latest = max(areas, key=lambda one: one.now.answered, default=None)
    defaults: dict[str, Any] = {"active_days": 1, "first_day": TODAY, "streak": 1, "practised_today": True}
    if latest and latest.now.answered:
        defaults["latest"] = Latest(latest.theme, latest.theme_key, latest.level, TODAY)
    else:
        defaults |= {"active_days": 0, "first_day": None, "streak": 0, "practised_today": False}
    return Figures(time_range, TODAY, areas, **defaults | fields)


NEWCOMER = figures()
MIXED = figures(
    area("Historia de España", "intermedio", 14, 13, (10, 7)),
    area("Física", "avanzado", 9, 2),
    area("C/C++", "principiante", 5, 3),
    area("química", "principiante", 2, 1),
    sessions=2,
    points=230,
    active_days=4,
    first_day=TODAY - timedelta(days=6),
    streak=2,
    practised_today=False,
)
STRUGGLING = figures(
    area("Derecho civil", "intermedio", 30, 12, (20, 11)),
    area("Derecho penal", "principiante", 12, 6),
    time_range="month",
    active_days=2,
    first_day=TODAY - timedelta(days=20),
)
ACE = figures(
    area("Inglés", "principiante", 40, 39, (20, 16)),
    area("Inglés", "intermedio", 25, 22),
    time_range="month",
    sessions=7,
    points=1110,
    active_days=20,
    first_day=TODAY - timedelta(days=29),
    streak=12,
)
AWAY = figures(latest=Latest("Anatomía", "anatomia", "avanzado", TODAY - timedelta(days=21)))
LEARNERS = {"newcomer": NEWCOMER, "mixed": MIXED, "struggling": STRUGGLING, "ace": ACE, "away": AWAY}
