"""Statements made once say what Django's own say: the same rows stored, changed and read."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from learning.models import Challenge, IntensiveResponse, IntensiveSession
from metrics.models import DayTotal, SessionScore
from ops import statements

pytestmark = [pytest.mark.django_db, pytest.mark.both_stacks]


@pytest.fixture
def owner() -> User:
    return User.objects.create_user(name="Ana", username="ana", email="ana@example.org", password=None)


@pytest.fixture
def session(owner: User) -> IntensiveSession:
    given = {"theme": "Física", "theme_key": "fisica", "game_mode": "timed"}
    return IntensiveSession.objects.create(user=owner, challenge_ids=[3, 1], result={"points": 5}, **given)


@pytest.fixture
def challenge(owner: User) -> Challenge:
    return Challenge.objects.create(
        user=owner, theme="Física", theme_key="fisica", level="principiante", question="¿Qué es «%s»? 😀",
        correct_letter="B", options=["uno", "dos", "100 %", "'"], origin="bank", fingerprint="f" * 64, state="active",
        verification={"votes": 3},
    )  # fmt: skip


def values(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_is_read_as_django_reads_it(session: IntensiveSession, challenge: Challenge) -> None:
    stored: list[Any] = [session, challenge]
    for row in stored:
        mine = values(statements.first(type(row), id=row.pk, user_id=row.user_id))
        theirs = values(type(row)._default_manager.get(pk=row.pk))
        assert mine == theirs
        assert [type(value) for value in mine.values()] == [type(value) for value in theirs.values()]
    assert statements.first(IntensiveSession, id=uuid4(), user_id=session.user_id) is None


def test_a_stored_row_is_what_was_given(owner: User, session: IntensiveSession, challenge: Challenge) -> None:
    now = timezone.now()
    answer = IntensiveResponse(
        user_id=owner.pk, session_id=session.pk, challenge_id=challenge.pk, selected_letter="B", is_correct=True,
        response_time=Decimal("1.250"), day=date(2026, 2, 28), created_at=now,
    )  # fmt: skip
    statements.insert(answer)
    assert values(IntensiveResponse.objects.get(pk=answer.pk)) == values(answer)
    score = SessionScore(
        user_id=owner.pk, session_id=session.pk, points=7, answered=3, correct=2, accuracy=Decimal("66.67"),
        time_spent=9, game_mode="timed", theme="Física", theme_key="fisica", day=date(2026, 2, 28), created_at=now,
    )  # fmt: skip
    statements.insert(score)
    assert values(SessionScore.objects.get()) == values(score)
    score.points = 8
    score.save()  # it knows that it is stored
    assert SessionScore.objects.get().points == 8


def test_sums_are_added_to_and_the_rest_is_set(owner: User, session: IntensiveSession) -> None:
    where = {"user_id": owner.pk, "day": date(2026, 2, 28)}
    added = {"points": 7, "accuracy_sum": Decimal("33.33")}
    assert not statements.update(DayTotal, where, added)
    DayTotal.objects.create(**where, sessions=2, points=10, accuracy_sum=Decimal("66.67"))
    other = DayTotal.objects.create(**where | {"day": date(2026, 3, 1)}, points=10)
    assert statements.update(DayTotal, where, added, sessions=5)
    total = DayTotal.objects.get(**where)
    assert (total.points, total.accuracy_sum, total.sessions) == (17, Decimal("100.00"), 5)
    assert statements.update(DayTotal, where, {"points": -17})
    assert DayTotal.objects.get(**where).points == 0
    other.refresh_from_db()
    assert (other.points, other.sessions) == (10, 0)
    assert statements.update(IntensiveSession, {"id": session.pk}, {}, result={"points": 6}, finished_at=None)
    session.refresh_from_db()
    assert (session.result, session.challenge_ids) == ({"points": 6}, [3, 1])
