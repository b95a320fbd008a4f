"""Whole units of work against the database: one transaction each, tried again when two got in each other's way; and
what connections are set to beside what MySQL and MariaDB call alike (ops.database_config)."""

import functools
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connection, connections, models, transaction
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

TRIES = 4
NOT_PREPARED = 1047  # a Galera node that has lost the others, and refuses every statement
NO_SUCH_TABLE = 1146  # MySQL, MariaDB
# Lock wait time-out and deadlock (MySQL, MariaDB; a Galera certification failure is 1213 too).
CONFLICT_CODES = {1205, 1213, NOT_PREPARED}


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
                if exc.args[:1] == (NOT_PREPARED,):
                    connection.close()  # the next one may lead to another node
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


# --- Which database --------------------------------------------------------------------------------------------------

REPLICA = "replica"


def lacks_tables(exc: DatabaseError) -> bool:
    """Whether a statement failed since a table of ours is not there (yet)."""
    return bool(exc.args) and (exc.args[0] == NO_SUCH_TABLE or "no such table" in str(exc.args[0]))


def for_reports() -> str:
    """The alias for reads that are long and may be a few seconds late: the replica where there is one.

    `rows.using(for_reports())`. Never for what must show the caller's own write, what is written back, or what is
    cached under a generation: that would make an old value the current one.
    """
    return REPLICA if REPLICA in settings.DATABASES else DEFAULT_DB_ALIAS


# --- How long --------------------------------------------------------------------------------------------------------

_limits_statements = False


def install() -> None:
    connection_created.connect(_set_up_session, dispatch_uid="ops.database")


def limit_statements() -> None:
    """From now on the database ends a statement of this process after DATABASE_STATEMENT_TIMEOUT, so that one which
    nobody waits for any more does not go on. For servers; what a command does may take its time."""
    global _limits_statements
    _limits_statements = True


def _set_up_session(sender: Any, connection: Any, **kwargs: Any) -> None:
    if connection.vendor != "mysql":
        return
    wishes = []
    if _limits_statements and (seconds := settings.DATABASE_STATEMENT_TIMEOUT):
        is_mariadb = "MariaDB" in connection.connection.get_server_info()
        wishes.append(f"max_statement_time={seconds}" if is_mariadb else f"max_execution_time={seconds * 1000}")
    if connection.alias == REPLICA:
        wishes.append("TRANSACTION READ ONLY")
    for wish in wishes:
        connection.connection.query(f"SET SESSION {wish}")  # the driver's own: no request is to count it


@contextmanager
def patient(alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Inside, wait for the database's answers as long as they take: for work on whole tables, which no request does.

    A connection's time-outs are settled when it is made, so it is made anew.
    """
    its_connection = connections[alias]
    options = its_connection.settings_dict["OPTIONS"]
    limits = {name: options.pop(name) for name in ("read_timeout", "write_timeout") if name in options}
    if limits and not its_connection.in_atomic_block:
        its_connection.close()
    try:
        yield
    finally:
        options |= limits
        if limits and not its_connection.in_atomic_block:
            its_connection.close()
