"""Whole units of work against the database: one transaction each, tried again when two got in each other's way."""

import functools
import logging
import random
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection, models, transaction

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

TRIES = 4
# Deadlock and lock wait time-out (MySQL, MariaDB; a Galera certification failure is 1213 too).
CONFLICT_CODES = {1205, 1213}


class Conflict(Exception):
    """Raised by a unit of work that finds changed what it had read: it is to begin again."""


def in_transaction(unit: Callable[P, R]) -> Callable[P, R]:
    """Run a function as one transaction, and the whole of it again after a deadlock.

    Only for units that may run twice: what they do outside the database belongs into `on_commit`. Inside another
    transaction it joins that one, whose owner does the trying again.
    """

    @functools.wraps(unit)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic():  # a refusal undoes this unit alone
                return unit(*args, **kwargs)
        for attempt in range(1, TRIES + 1):
            try:
                with transaction.atomic():
                    return unit(*args, **kwargs)
            except (OperationalError, Conflict) as exc:
                if attempt == TRIES or not is_conflict(exc):
                    raise
                logger.info("transaction tried again", extra={"unit": unit.__qualname__, "attempt": attempt})
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable")

    return run


def unclaimed(rows: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
    """The rows that nobody else is working on, locked until the transaction ends, where the database can tell.

    Elsewhere (SQLite, MariaDB before 10.6) they are the rows as they are: claim each by an update that names the value
    you saw, and see whether it touched a row.
    """
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True)
    return rows


def ask(question: Callable[[], R]) -> R:
    """Ask from a thread that will not ask again (a health check's), and leave no connection behind."""
    try:
        return question()
    finally:
        if not connection.in_atomic_block:
            connection.close()


def is_conflict(exc: OperationalError | Conflict) -> bool:
    """Whether another transaction was in the way, so that the same work may well succeed now."""
    if isinstance(exc, Conflict):
        return True
    return bool(exc.args) and (exc.args[0] in CONFLICT_CODES or "database is locked" in str(exc.args[0]))
