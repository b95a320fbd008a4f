"""What may be thrown away when it is old: each app says what of its own, `manage.py prune` does it.

Rows go in batches, each in a short transaction of its own that locks nothing but them, so that a live server does not
notice. Nothing here is needed by anybody: facts that figures are made of are never registered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from ops.database import in_transaction
from ops.models import ModelBudget, ModelCall, OutboxMail

BATCH = 1_000  # rows

Rows = Callable[[datetime], "models.QuerySet[Any]"]  # those that are older than that moment


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one table that have their time."""

    name: str
    rows: Rows
    days: int

    def old(self, days: int | None = None) -> "models.QuerySet[Any]":
        """Those older than `days`, or than this kind is usually kept; in the order of the index that finds them."""
        age = timedelta(days=self.days if days is None else days)
        return self.rows(timezone.now() - age).order_by()


_kinds: dict[str, Kind] = {}


def register(name: str, rows: Rows, *, days: int) -> None:
    """Let rows be deleted `days` days after the moment that `rows` asks for: rows to which none of another table
    refers, found by an index. Call it when the app is ready; `rows` is called later."""
    _kinds[name] = Kind(name, rows, days)


def kinds() -> dict[str, Kind]:
    return dict(sorted(_kinds.items()))


def prune(
    old: "models.QuerySet[Any]", *, batch: int = BATCH, progress: Callable[[int], Any] = lambda count: None
) -> int:
    """Delete these rows, a batch at a time; how many they were. Stopped half-way, it has done half."""
    total = 0
    while count := _delete_batch(old, batch):
        total += count
        progress(count)
    return total


@in_transaction
def _delete_batch(old: "models.QuerySet[Any]", size: int) -> int:
    ids = list(old.values_list("pk", flat=True)[:size])
    return _delete(old.model, ids) if ids else 0


def _delete(model: type[models.Model], ids: list[Any]) -> int:
    """Delete rows by their keys, to which nothing refers; how many there were."""
    if connection.vendor != "mysql":
        return model._default_manager.filter(pk__in=ids).delete()[0]
    table, key = (connection.ops.quote_name(name) for name in (model._meta.db_table, str(model._meta.pk.column)))
    # One by one: for a list of keys that is long beside the table InnoDB scans all of it, and waits for every row that
    # somebody writes just then.
    with connection.cursor() as cursor:
        cursor.executemany(f"DELETE FROM {table} WHERE {key} = %s", [(one,) for one in ids])
        return int(cursor.rowcount)


def register_own() -> None:
    """What the house itself writes down."""
    done = [OutboxMail.State.SENT, OutboxMail.State.GIVEN_UP]
    register("model_calls", lambda before: ModelCall.objects.filter(created_at__lt=before), days=180)
    register("model_budgets", lambda before: ModelBudget.objects.filter(day__lt=before.date()), days=30)
    register("outbox", lambda before: OutboxMail.objects.filter(state__in=done, created_at__lt=before), days=30)
    register("admin_logins", lambda before: Session.objects.filter(expire_date__lt=before), days=1)
