"""No statement of the API, of the admin or of a command scans a table that grows, or sorts a learner's whole history.

A site of thousands of users is filled inside the database (QUERY_PLAN_SCALE times as large: `./bench query_plans`);
everything is asked for as the user with the longest history; what the database does for each statement is judged.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from accounts.mails import unsubscribe_token
from accounts.models import User
from conftest import Api
from learning import delivery, question_statistics
from learning.models import Challenge, ChallengeSchedule, IntensiveSession, QuestionReport
from learning.services import reports
from ops import outbox
from tests import bulk
from tests.admin_pages import pages
from tests.people import PASSWORD
from tests.plans import Recorder, Statement
from tests.test_permissions import MATRIX, call

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "mysql", reason="about MariaDB's plans"),
]

SCALE = int(os.environ.get("QUERY_PLAN_SCALE", "1"))
MOST = 2_500  # rows that one statement may read, whatever the history: a list of the admin counts up to a thousand
SITE = bulk.Site(responses=100_000 * SCALE, sessions=20_000 * SCALE)

# What reads as much as there is to delete, to rebuild or to count, and why that is right.
READS_MUCH = {
    "DELETE api/user/account": "all that is the learner's goes",
    "DELETE api/themes/<path:theme>": "all that is in the theme goes",
    "POST api/themes/delete-multiple": "all that is in the themes goes",
    "rebuild_metrics": "a learner's facts are read to the last, from an index of theirs",
    "prune": "what is old is counted",
    "POST api/tutor/advice": "a year of days, by theme and level: it does not grow after that",
    "POST api/tutor-advice": "the same",
    "tutor, a year": "the same",
    "admin operations/data?span=hour": "five days of everybody's answers, kept for an hour then",
    "admin operations/data?span=day": "the same",
}


@pytest.fixture(scope="module")
def recorded(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Recorder, dict[str, int]]]:
    """Everything asked for once: the statements, and the status of each request."""
    generous = dict.fromkeys(settings.RATE_LIMITS, (10**6, 60))
    with django_db_blocker.unblock():
        bulk.fill(SITE)
        try:
            with override_settings(RATE_LIMITS=generous):
                yield ask_for_everything()
        finally:
            bulk.empty()


def ask_for_everything() -> tuple[Recorder, dict[str, int]]:
    recorder = Recorder()
    world = the_whale()
    statuses = {}
    asked = requests(world) | pages(staff()) | commands()
    for where, ask in asked.items():
        with undone(), recorder.at(where):
            statuses[where] = ask()
    return recorder, statuses


@contextmanager
def undone() -> Iterator[None]:
    """Nothing is left of what happens inside, neither in the database nor in the cache."""
    caches["default"].clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def the_whale() -> SimpleNamespace:
    """What the user with the longest history has, as tests.test_permissions names it."""
    user = User.objects.get(pk=bulk.WHALE)
    user.email = "owner@example.org"
    user.set_password(PASSWORD)
    user.save()
    mine = {"user_id": user.pk}
    challenge = Challenge.objects.filter(**mine, state="active").first()
    session = IntensiveSession.objects.filter(**mine, finished_at=None, game_mode="survival").first()
    session.challenge_ids = [challenge.pk]
    session.save()
    schedule = ChallengeSchedule.objects.filter(**mine).first()
    return SimpleNamespace(
        id=user.pk, challenge=challenge.pk, session=session.pk, theme="Tema 3", schedule=schedule.pk, user=user
    )


def requests(it: SimpleNamespace) -> dict[str, Any]:
    """Every route of the API as its owner asks it, and those with parameters in all their ways."""
    asked = {
        f"{method} {route}": lambda method=method, route=route, body=body: (
            call(Api(it.user), method, route, body, it).status_code
        )
        for (method, route), (body, _expected) in MATRIX.items()
    }
    newest = "/api/challenges"
    year = {"timeRange": "year", "userId": it.id}
    ways = {
        "list by theme": f"{newest}?theme=Tema 3",
        "list by level": f"{newest}?level=intermedio",
        "list by state": f"{newest}?status=completed",
        "list by theme and level": f"{newest}?theme=Tema 3&level=intermedio",
        "list by all three": f"{newest}?theme=Tema 3&level=intermedio&status=completed",
        "list by theme and state": f"{newest}?theme=Tema 3&status=completed",
        "list by level and state": f"{newest}?level=intermedio&status=active",
        "timeline of a year": f"/api/metrics/user/{it.id}/metrics/timeline?days=365",
        "a hundred sessions": f"/api/metrics/user/{it.id}/metrics/sessions?limit=100",
        "health": "/health",
    }
    asked |= {name: lambda path=path: Api(it.user).get(path).status_code for name, path in ways.items()}
    token = unsubscribe_token(it.user)
    return asked | {
        "list, the last pages": lambda: last_pages(Api(it.user), newest),
        "tutor, a year": lambda: Api(it.user).post("/api/tutor/advice", year).status_code,
        "staff reads": lambda: Api(staff()).get(f"/api/metrics/user/{it.id}/metrics/timeline").status_code,
        "unsubscribe": lambda: Api().request("POST", f"/unsubscribe?token={token}").status_code,
    }


def last_pages(api: Api, path: str) -> int:
    """Some pages further on: a cursor must not read what it passes by."""
    for _ in range(3):
        reply = api.get(path + ("&" if "?" in path else "?") + "limit=100")
        path = reply.json()["next"].partition("testserver")[2].replace("limit=100&", "").replace("&limit=100", "")
    return int(reply.status_code)


def staff() -> User:
    return User.objects.get(pk=bulk.STAFF)


def commands() -> dict[str, Any]:
    asked = {
        "deliver": lambda: delivery.deliver_due(limit=100),
        "make ahead": lambda: delivery.make_ahead(limit=3),
        "late?": delivery.check_deliveries,
        "send_outbox": lambda: outbox.send_due(limit=3),
        "send_outbox --stuck": lambda: outbox.stuck(timezone.now()),
        "prune": lambda: call_command("prune", days=360, verbosity=0),
        "rebuild_metrics": lambda: call_command("rebuild_metrics", user=bulk.WHALE, verbosity=0),
        "question statistics": lambda: question_statistics.refresh(limit=100),
        "accept a report": lambda: reports.accept(QuestionReport.objects.filter(state="open").first(), bulk.STAFF),
    }
    return {name: lambda ask=ask: bool(ask()) and 200 or 200 for name, ask in asked.items()}


def test_everything_was_asked_for_and_answered(recorded):
    recorder, statuses = recorded
    expected = {f"{method} {route}": row[2] for (method, route), (_body, row) in MATRIX.items()}
    assert {where: statuses[where] for where in expected} == expected
    assert {status for where, status in statuses.items() if where not in expected} == {200}
    said = " ".join(recorder.statements)
    assert [table for table in sorted(GROWING) if f"`{table}`" not in said] == []


def test_nothing_scans_or_sorts_a_table_that_grows(recorded):
    recorder, _statuses = recorded
    keep(recorder)
    bad = [f"{trouble}; {each}" for each in recorder.statements.values() for trouble in each.troubles()]
    assert bad == [], "\n".join(bad)


def test_the_rows_read_do_not_grow_with_the_history(recorded):
    recorder, _statuses = recorded
    statements = recorder.statements.values()
    bad = [str(each) for each in statements if each.read > MOST and not each.where <= set(READS_MUCH)]
    assert bad == [], "\n".join(bad)


def test_the_judge_sees_a_scan_and_a_sort(recorded):
    bad = {
        "scans": "SELECT COUNT(*) FROM user_responses IGNORE INDEX (idx_responses_user_time) WHERE user_id = 1",
        "sorts": "SELECT * FROM user_responses WHERE user_id = 1 ORDER BY response_time",
    }
    for word, sql in bad.items():
        assert [trouble.split()[0] for trouble in Statement(sql, read=SITE.responses).troubles()] == [word]
    good = "SELECT * FROM user_responses WHERE user_id = 1 AND created_at > '2026-11-20'"
    assert Statement(good).troubles() == []


def test_the_judge_counts_what_is_read(recorded):
    recorder = Recorder()
    with recorder.at("here"), connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(response_time) FROM user_responses")
    [statement] = recorder.statements.values()
    assert statement.read >= SITE.responses


GROWING = {
    "users", "revoked_tokens", "challenge_schedules", "challenges", "deliveries", "theme_shelves", "user_responses",
    "intensive_sessions", "intensive_responses", "question_reports", "retired_questions", "session_scores",
    "user_metrics", "theme_totals", "mode_totals", "day_totals", "answer_totals", "answer_days", "user_achievements",
    "model_calls", "model_budgets", "outbox", "django_session", "question_statistics",
}  # fmt: skip


def keep(recorder: Recorder) -> None:
    """For ./bench: how many statements there were, and what they read."""
    if path := os.environ.get("QUERY_PLAN_RESULTS"):
        told = [
            {
                "read": each.read,
                "reads_much": each.where <= set(READS_MUCH),
                "where": sorted(each.where),
                "sql": each.sql[:300],
            }
            for each in recorder.statements.values()
        ]
        Path(path).write_text(json.dumps(told, indent=1))
