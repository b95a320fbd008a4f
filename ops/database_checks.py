"""Servers that can lose or mangle what they are given: `manage.py check --database default` (and `migrate`) says it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from ops.checks import TAG, ids
from ops.database_config import COLLATION, STRICT
from ops.maintenance.tables import our_tables

Rule = Callable[[Any], Iterator[tuple[str, str]]]  # is given a connection; yields what is wrong, and the cure


def rule(number: str) -> Callable[[Rule], Rule]:
    """Register a rule about a MySQL or MariaDB server as the system check `persenaut.<number>`."""
    name = f"{TAG}.{number}"
    ids.add(name)

    def registered(find: Rule) -> Rule:
        def check(app_configs: Any, databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
            asked = [connections[alias] for alias in databases or ()]
            found = [one for each in asked if each.vendor == "mysql" for one in find(each)]
            return [Warning(wrong, hint=cure, id=name) for wrong, cure in found]

        register(check, Tags.database)
        return find

    return registered


@rule("W030")
def commits_that_a_crash_takes_back(connection: Any) -> Iterator[tuple[str, str]]:
    if (value := _variable(connection, "innodb_flush_log_at_trx_commit")) != "1":
        yield (
            f"innodb_flush_log_at_trx_commit={value}: answers of the last second are lost when the server's machine"
            " fails, though learners were told that they are stored.",
            "Set innodb_flush_log_at_trx_commit=1 in the server's configuration.",
        )


@rule("W031")
def a_binary_log_that_lags(connection: Any) -> Iterator[tuple[str, str]]:
    value = _variable(connection, "sync_binlog")
    if _variable(connection, "log_bin") == "1" and value != "1":
        yield (
            f"sync_binlog={value}: after a failure of the server's machine its replicas have other data than it has.",
            "Set sync_binlog=1 in the server's configuration.",
        )


@rule("W032")
def another_isolation(connection: Any) -> Iterator[tuple[str, str]]:
    names = ("transaction_isolation", "tx_isolation")  # MySQL 8 and MariaDB 11; MariaDB before
    value = next(filter(None, (_variable(connection, name, "session") for name in names)), "")
    if value != "READ-COMMITTED":
        yield (
            f"Transactions are isolated by {value}: locks are kept on ranges, and requests wait for each other.",
            "Take isolation_level out of DATABASE_URL.",
        )


@rule("W033")
def texts_that_compare_otherwise(connection: Any) -> Iterator[tuple[str, str]]:
    others = sorted(name for name, table in our_tables(connection).items() if table.collation != COLLATION)
    cure = f"ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4 COLLATE {COLLATION} (it rebuilds the table)."
    if others:
        yield f"Not {COLLATION}, so that accents, case or emoji count otherwise: {', '.join(others)}.", cure
    if (value := _variable(connection, "collation_connection", "session")) != COLLATION:
        yield (
            f"The connection compares by {value}: sorting does without some indexes.",
            f"Take charset and collation out of DATABASE_URL, or say collation={COLLATION}.",
        )


@rule("W034")
def values_cut_off(connection: Any) -> Iterator[tuple[str, str]]:
    if STRICT not in (value := _variable(connection, "sql_mode", "session")):
        yield (
            f"sql_mode={value!r} is not strict: what does not fit a column is cut off in silence.",
            "Take init_command out of DATABASE_URL.",
        )


@rule("W035")
def tables_without_transactions(connection: Any) -> Iterator[tuple[str, str]]:
    others = sorted(name for name, table in our_tables(connection).items() if table.engine != "InnoDB")
    if others:
        yield (
            f"Not InnoDB, so that half a change may stay: {', '.join(others)}.",
            "ALTER TABLE ... ENGINE=InnoDB.",
        )


def _variable(connection: Any, name: str, scope: str = "global") -> str:
    """A variable of the server as it prints it; "" when it has none of that name."""
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {scope} VARIABLES LIKE %s", [name])
        row = cursor.fetchone()
    value = str(row[1]) if row else ""
    return {"ON": "1", "OFF": "0"}.get(value, value)
