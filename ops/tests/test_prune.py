"""`manage.py prune` deletes what is old and of no use, in small batches, and nothing else."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import RevokedToken
from learning.models import Challenge, Delivery, UserResponse
from learning.services.schedules import create_schedule
from learning.words import Level
from metrics.models import SessionScore
from ops import pruning
from ops.models import ModelBudget, ModelCall, OutboxMail

KINDS = ["admin_logins", "deliveries", "model_budgets", "model_calls", "outbox", "revoked_tokens"]


def ago(days):
    return timezone.now() - timedelta(days=days)


def call(days):
    return ModelCall(created_at=ago(days), purpose="x", model="m", outcome="ok", seconds=1)


def mail(user, days, state):
    return OutboxMail(
        user=user, kind="x", message_id=f"<{days}{state}>", state=state, created_at=ago(days), expires_at=ago(days - 3)
    )


@pytest.fixture
def old_and_new(learner, asking):
    """Of each kind a row that has had its time, by name, beside some that have not."""
    schedule = create_schedule(asking, theme="Arte", level=Level.BEGINNER, language="es")
    ModelCall.objects.bulk_create([call(181), call(179)])
    ModelBudget.objects.create(day=ago(32).date(), payer="site")
    ModelBudget.objects.create(day=ago(0).date(), payer="site")
    OutboxMail.objects.bulk_create(
        [
            mail(learner, 31, "sent"),
            mail(learner, 31, "given_up"),
            mail(learner, 31, "waiting"),
            mail(learner, 1, "sent"),
        ]
    )
    for number, expires in enumerate([ago(2), ago(0.5), ago(-1)]):
        RevokedToken.objects.create(user=learner, token_id=str(number), expires_at=expires)
    for number, expires in enumerate([ago(2), ago(-7)]):
        Session.objects.create(session_key=str(number), session_data="x", expire_date=expires)
    for due, delivered in [(ago(91), ago(91)), (ago(91.5), None), (ago(80), ago(80))]:
        Delivery.objects.create(schedule=schedule, due_at=due, delivered_at=delivered)


def left():
    return {
        "model_calls": ModelCall.objects.count(),
        "model_budgets": ModelBudget.objects.count(),
        "outbox": sorted(OutboxMail.objects.values_list("state", flat=True)),
        "revoked_tokens": sorted(RevokedToken.objects.values_list("token_id", flat=True)),
        "admin_logins": list(Session.objects.values_list("session_key", flat=True)),
        "deliveries": Delivery.objects.count(),
    }


def test_what_is_old_goes_and_what_is_needed_stays(old_and_new, capsys):
    call_command("prune")
    assert left() == {
        "model_calls": 1,
        "model_budgets": 1,
        "outbox": ["sent", "waiting"],
        "revoked_tokens": ["1", "2"],
        "admin_logins": ["1"],
        "deliveries": 2,
    }
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == KINDS
    assert "outbox: 2 rows older than 30 days deleted" in lines
    call_command("prune")
    assert all(": 0 rows" in line for line in capsys.readouterr().out.splitlines())


def test_a_dry_run_only_counts(old_and_new, capsys):
    before = left()
    call_command("prune", "--dry-run")
    assert left() == before
    assert "outbox: 2 rows older than 30 days would be deleted" in capsys.readouterr().out


def test_one_kind_and_another_age(old_and_new):
    before = left()
    call_command("prune", "--only", "model_calls", "--days", "178")
    assert left() == before | {"model_calls": 0}


def test_what_is_not_registered_is_refused(db):
    with pytest.raises(CommandError, match=f"nothing is called users; there is {', '.join(KINDS)}"):
        call_command("prune", only=["users"])
    assert list(pruning.kinds()) == KINDS


def test_no_fact_is_ever_registered():
    models = {kind.old().model for kind in pruning.kinds().values()}
    assert not models & {SessionScore, UserResponse, Challenge}
    assert [model for model in models if model._meta.related_objects] == [], "others' rows would refer to nothing"


def test_it_goes_in_batches_each_in_a_transaction_of_its_own(transactional_db):
    ModelCall.objects.bulk_create([call(200) for _ in range(25)])
    sizes, depths = [], []

    def watch(execute, sql, params, many, context):
        if sql.startswith("DELETE"):
            depths.append(context["connection"].in_atomic_block)
        return execute(sql, params, many, context)

    old = pruning.kinds()["model_calls"].old()
    with connection.execute_wrapper(watch):
        assert pruning.prune(old, batch=10, progress=sizes.append) == 25
    assert sizes == [10, 10, 5] and depths == [True] * 3
    assert not connection.in_atomic_block


@pytest.mark.skipif(connection.vendor != "mysql", reason="SQLite has one writer")
def test_whoever_writes_meanwhile_does_not_wait(transactional_db, learner):
    """A row that is being written, and new ones, are not in the way of the old ones, nor the other way round."""
    ModelCall.objects.bulk_create([call(200) for _ in range(50)])
    mine = ModelCall.objects.create(purpose="x", model="m", outcome="ok", seconds=1)
    writes, ends = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            ModelCall.objects.filter(pk=mine.pk).update(outcome="late")
            ModelCall.objects.create(purpose="y", model="m", outcome="ok", seconds=1)
            writes.set()
            ends.wait(20)
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    assert writes.wait(10)
    began = datetime.now(UTC)
    try:
        assert pruning.prune(pruning.kinds()["model_calls"].old(), batch=10) == 50
        assert datetime.now(UTC) - began < timedelta(seconds=4)
    finally:
        ends.set()
        writer.join()
    assert ModelCall.objects.count() == 2
