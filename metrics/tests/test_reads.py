"""The metric reads as clients and caches see them (contract section 7)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from conftest import Api
from metrics.services import SessionFact, record_session

FIGURES = ["overall", "sessions", "achievements", "themes", "timeline", "game-modes"]


def play(user_id, *, day=None, ended_at=None, theme="Arte", **fields):
    ended_at = ended_at or datetime.now(UTC)
    defaults = {"game_mode": "normal", "answered": 4, "correct": 3, "time_spent": 60}
    fact = SessionFact(
        session_id=uuid4(), theme=theme, theme_key=theme.lower(), day=day or ended_at.date(), ended_at=ended_at,
        **defaults | fields,
    )  # fmt: skip
    with transaction.atomic():
        record_session(user_id, fact)


def path(user, name):
    return f"/api/metrics/user/{user.pk}/metrics/{name}"


@pytest.mark.parametrize("name", FIGURES)
def test_a_cached_read_makes_no_query(api, learner, name):
    play(learner.pk)
    assert api.get(path(learner, name))["X-Cache"] == "MISS"
    with CaptureQueriesContext(connection) as queries:
        reply = api.get(path(learner, name))
    assert (reply.status_code, reply["X-Cache"], len(queries)) == (200, "HIT", 0)


@pytest.mark.parametrize("name", FIGURES)
def test_an_uncached_read_makes_one_query_whatever_the_history(api, learner, name):
    api.get("/api/auth/check-auth")  # who is asking is known from here on
    for index in range(12):
        play(learner.pk, theme=f"Tema {index}", day=date(2026, 1, 1) + timedelta(days=index))
    with CaptureQueriesContext(connection) as queries:
        assert api.get(path(learner, name))["X-Cache"] == "MISS"
    assert len(queries) == 1


@pytest.mark.parametrize("name", FIGURES)
def test_numbers_are_numbers_and_times_are_utc(api, learner, name):
    play(learner.pk)
    text = api.get(path(learner, name)).content.decode()
    assert '"75"' not in text and '"3"' not in text
    assert ("created_at" in text or "updated_at" in text or "achieved_at" in text) == ('Z"' in text)


def test_limit_and_days_are_checked(api, learner):
    for index in range(25):
        play(learner.pk, ended_at=datetime.now(UTC) - timedelta(minutes=index))
    assert len(api.get(path(learner, "sessions")).json()) == 20
    assert len(api.get(path(learner, "sessions") + "?limit=3").json()) == 3
    for query in (
        "days=0",
        "days=366",
        "days=-1",
        "days=abc",
        "days=1.5",
        "days=",
        "days=99999999999999999999",
        "days=²",
    ):
        reply = api.get(f"{path(learner, 'timeline')}?{query}")
        assert (reply.status_code, reply.json()["error"]) == (400, "Errores de validación")
        assert reply.json()["details"][0]["path"] == "days"
    assert api.get(path(learner, "sessions") + "?limit=101").status_code == 400


def test_newest_first_and_best_first(api, learner):
    now = datetime.now(UTC)
    play(learner.pk, theme="Arte", correct=1, ended_at=now - timedelta(days=2))
    play(learner.pk, theme="Física", correct=4, ended_at=now - timedelta(days=1))
    play(learner.pk, theme="Arte", correct=2, ended_at=now)
    assert [row["theme"] for row in api.get(path(learner, "themes")).json()] == ["Física", "Arte"]
    assert [row["accuracy"] for row in api.get(path(learner, "sessions")).json()] == [50, 100, 25]
    assert [row["sessions_count"] for row in api.get(path(learner, "timeline")).json()] == [1, 1, 1]
    arte = api.get(path(learner, "themes")).json()[1]
    assert arte["average_accuracy"] == 37.5, "a true average of the sessions"


def test_achievements_come_once_each_in_the_readers_language(api, learner):
    for _ in range(6):
        play(learner.pk, answered=5, correct=5)
    rows = api.get(path(learner, "achievements")).json()
    assert sorted(row["achievement_id"] for row in rows) == [
        "dedicated_learner", "first_session", "perfect_accuracy", "point_master",
    ]  # fmt: skip
    spanish = {row["achievement_name"] for row in rows}
    assert "🚀 Primeros Pasos" in spanish
    english = {row["achievement_name"] for row in api.get(path(learner, "achievements"), Accept_Language="en").json()}
    assert english == {"🚀 First Steps", "📚 Steady Learner", "⭐ Perfect!", "💰 Points Master"}


def test_an_unchanged_read_is_a_304_that_costs_no_budget(api, learner, real_limits, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"metrics": (3, 60)}
    play(learner.pk)
    first = api.get(path(learner, "overall"))
    assert first["RateLimit-Remaining"] == "2"
    for _ in range(5):
        again = api.get(path(learner, "overall"), If_None_Match=first["ETag"])
        assert (again.status_code, again.content) == (304, b"")
    play(learner.pk)
    from ops import cache

    cache.invalidate_user(learner.pk)  # what on_commit does on a server
    changed = api.get(path(learner, "overall"), If_None_Match=first["ETag"])
    assert (changed.status_code, changed["RateLimit-Remaining"]) == (200, "1")
    assert changed["ETag"] != first["ETag"]
    assert changed["Cache-Control"] == "private, no-cache"


def test_staff_may_read_anybodys_figures_and_missing_users_are_404(learner, make_user):
    play(learner.pk)
    staff = Api(make_user(is_staff=True))
    assert staff.get(path(learner, "overall")).json()["total_sessions"] == 1
    assert staff.get("/api/metrics/user/99999999999999999999/metrics/overall").status_code == 404
    assert staff.get("/api/metrics/user/0/metrics/overall").status_code == 404


def test_days_are_the_learners_own(make_user):
    """At 23:30 UTC it is tomorrow in Tokyo; timeline counts `days` back from the learner's own today."""
    tokyo = make_user(time_zone="Asia/Tokyo")
    today_there = datetime.now(UTC).astimezone(tokyo.zone).date()
    play(tokyo.pk, day=today_there)
    play(tokyo.pk, day=today_there - timedelta(days=1))
    api = Api(tokyo)
    assert [row["date"] for row in api.get(path(tokyo, "timeline") + "?days=1").json()] == [str(today_there)]
    assert len(api.get(path(tokyo, "timeline") + "?days=2").json()) == 2


@pytest.mark.django_db(transaction=True)
def test_fifty_readers_of_a_cold_key_compute_once(make_user, monkeypatch):
    """Counted where it happens: in the database's own read."""
    import threading
    import time

    from metrics import views
    from ops import cache

    user = make_user()
    play(user.pk)
    computed = []

    def slow_read():
        computed.append(threading.get_ident())
        time.sleep(0.2)
        return [{"value": 1}]

    with ThreadPoolExecutor(50) as pool:
        bodies = list(pool.map(lambda _: views.figures(user.pk, "test", slow_read), range(50)))
    assert len(computed) == 1
    assert {body.value for body in bodies} == {b'[{"value":1}]'}
    cache.invalidate_user(user.pk)
    assert not views.figures(user.pk, "test", slow_read).hit
