"""What a pass costs depends on what is due, not on how many schedules there are."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from learning.delivery import BATCH, deliver_due
from learning.models import Challenge, ChallengeSchedule, Delivery
from ops.database import unclaimed
from ops.models import OutboxMail

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
on_mariadb = pytest.mark.skipif("connection.vendor != 'mysql'", reason="about MariaDB's plans")


def fill(user, total, due, begin=0):
    """`total` schedules, of which `due` are due and have a challenge ready."""
    fields = {"user": user, "level": "principiante", "delivery_time": time(9), "anchor": NOW.date()}
    moments = [NOW - timedelta(minutes=5)] * due
    moments += [NOW + timedelta(hours=23, seconds=n % 3600) for n in range(total - due)]
    ChallengeSchedule.objects.bulk_create(
        [
            ChallengeSchedule(theme=f"T {begin + n}", theme_key=f"t {begin + n}", next_delivery=moment, **fields)
            for n, moment in enumerate(moments)
        ],
        batch_size=5000,
    )
    Challenge.objects.bulk_create(
        [
            Challenge(
                user=user, schedule=row, theme=row.theme, theme_key=row.theme_key, level=row.level, question="¿Qué?",
                options=["a", "b", "c", "d"], correct_letter="A", origin="bank", fingerprint=f"f{row.pk}",
                state="upcoming",
            )
            for row in ChallengeSchedule.objects.filter(next_delivery__lte=NOW)
        ],
        batch_size=5000,
    )  # fmt: skip


def explain(rows) -> dict:
    """MariaDB's plan of a query, locks and all."""
    with transaction.atomic(), connection.cursor() as cursor:
        sql, parameters = rows.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", parameters)
        [step] = cursor.fetchall()
        return dict(zip([column[0] for column in cursor.description], step, strict=True))


def rows_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return sum(int(count) for _name, count in cursor.fetchall())


@on_mariadb
@pytest.mark.django_db(transaction=True)
def test_a_thousand_due_among_a_hundred_thousand(make_user, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    user = make_user()
    costs = []
    for total in (20_000, 100_000):
        fill(user, total - ChallengeSchedule.objects.count(), 1_000, begin=total)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE TABLE challenge_schedules")
            cursor.fetchall()
        plan = explain(unclaimed(ChallengeSchedule.objects.due(NOW))[:BATCH])
        assert (plan["key"], plan["type"]) == ("challenge_schedules_due", "range"), plan
        assert "filesort" not in plan["Extra"] and "temporary" not in plan["Extra"]
        before = rows_read()
        with CaptureQueriesContext(connection) as queries:
            assert deliver_due() == {"delivered": 1_000}
        costs.append((len(queries), rows_read() - before))
    assert Delivery.objects.count() == 2_000
    assert costs[0][0] == costs[1][0], costs
    assert costs[1][1] < 1.2 * costs[0][1], costs
    assert costs[0][0] < 1_000 + 20 * (1_000 / BATCH + 1)


@on_mariadb
@pytest.mark.django_db(transaction=True)
def test_the_other_queries_of_a_pass_are_served_by_their_indexes(make_user):
    user = make_user()
    fill(user, 3_000, 0)
    ChallengeSchedule.objects.filter(pk__lte=ChallengeSchedule.objects.first().pk + 20).update(make_at=NOW)
    OutboxMail.objects.bulk_create(
        OutboxMail(
            user=user, kind="x", message_id="x", expires_at=NOW, created_at=NOW, state="sent" if n > 20 else "waiting"
        )
        for n in range(3_000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE challenge_schedules, outbox")
        cursor.fetchall()
    making = explain(unclaimed(ChallengeSchedule.objects.lacking(NOW))[:1])
    assert making["key"] == "challenge_schedules_make" and "filesort" not in making["Extra"]
    sending = explain(unclaimed(OutboxMail.objects.due(timezone.now()))[:1])
    assert sending["key"] == "outbox_due" and "filesort" not in sending["Extra"]
    late = explain(ChallengeSchedule.objects.active().filter(next_delivery__lt=NOW))
    assert late["key"] == "challenge_schedules_due"


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="about SQLite's plans")
def test_sqlite_finds_what_is_due_by_the_index():
    for rows, index in (
        (ChallengeSchedule.objects.due(NOW), "challenge_schedules_due"),
        (ChallengeSchedule.objects.lacking(NOW), "challenge_schedules_make"),
        (OutboxMail.objects.due(NOW), "outbox_due"),
        (ChallengeSchedule.objects.active().filter(next_delivery__lt=NOW), "challenge_schedules_due"),
    ):
        plan = rows[:BATCH].explain()
        assert f"USING INDEX {index}" in plan and "TEMP B-TREE" not in plan, plan
