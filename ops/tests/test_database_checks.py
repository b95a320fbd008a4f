"""`manage.py check --database default` says what a MySQL or MariaDB server can lose or mangle."""

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import connection

from ops import database_checks
from ops.maintenance.tables import Table

pytestmark = pytest.mark.django_db
needs_mysql = pytest.mark.skipif(connection.vendor != "mysql", reason="about MySQL and MariaDB")

SAFE = {
    "innodb_flush_log_at_trx_commit": "1",
    "log_bin": "1",
    "sync_binlog": "1",
    "transaction_isolation": "READ-COMMITTED",
    "collation_connection": "utf8mb4_bin",
    "sql_mode": "STRICT_TRANS_TABLES",
}
GOOD = Table("users", 1, 1, 1, 0, "InnoDB", "utf8mb4_bin")


def told():
    return sorted(one.id.removeprefix("persenaut.") for one in run_checks(tags=[Tags.database], databases=["default"]))


@pytest.fixture
def server(monkeypatch):
    """What a server says of itself: all well, until a test changes it."""
    variables, tables = dict(SAFE), {"users": GOOD}
    monkeypatch.setattr(database_checks, "_variable", lambda connection, name, scope="": variables.get(name, ""))
    monkeypatch.setattr(database_checks, "our_tables", lambda connection: tables)
    monkeypatch.setattr(connection, "vendor", "mysql")
    monkeypatch.setattr(connection.validation, "check", lambda **options: [])
    return variables, tables


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"innodb_flush_log_at_trx_commit": "2"}, ["W030"]),
        ({"sync_binlog": "0"}, ["W031"]),
        ({"sync_binlog": "0", "log_bin": "0"}, []),
        ({"transaction_isolation": "REPEATABLE-READ"}, ["W032"]),
        ({"transaction_isolation": "", "tx_isolation": "READ-COMMITTED"}, []),
        ({"transaction_isolation": "", "tx_isolation": "SERIALIZABLE"}, ["W032"]),
        ({"collation_connection": "utf8mb4_general_ci"}, ["W033"]),
        ({"sql_mode": "NO_ENGINE_SUBSTITUTION"}, ["W034"]),
    ],
)
def test_a_server_that_is_set_otherwise(server, said, expected):
    server[0].update(said)
    assert told() == expected


@pytest.mark.parametrize(
    ("engine", "collation", "expected"),
    [
        ("InnoDB", "utf8mb4_general_ci", "W033"),
        ("InnoDB", "latin1_swedish_ci", "W033"),
        ("MyISAM", "utf8mb4_bin", "W035"),
    ],
)
def test_a_table_that_is_made_otherwise(server, engine, collation, expected):
    server[1]["old"] = Table("old", 1, 1, 1, 0, engine, collation)
    [message] = run_checks(tags=[Tags.database], databases=["default"])
    assert (
        message.id == f"persenaut.{expected}" and "old" in message.msg and "users" not in message.msg and message.hint
    )


@needs_mysql
def test_a_real_server_is_asked():
    """The one of the tests forgets the last second by design."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@innodb_flush_log_at_trx_commit")
        forgetful = cursor.fetchone() != (1,)
    assert told() == (["W030"] if forgetful else [])


@needs_mysql
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("SESSION sql_mode = ''", "W034"),
        ("SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "W032"),
        ("NAMES utf8mb4", "W033"),
    ],
)
def test_a_real_session_is_asked(change, expected):
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@sql_mode")
        usual = cursor.fetchone()[0]
        try:
            cursor.execute(f"SET {change}")
            assert expected in told()
        finally:
            cursor.execute(f"SET SESSION sql_mode = '{usual}'")
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SET NAMES utf8mb4 COLLATE utf8mb4_bin")


def test_without_a_database_nothing_is_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        call_command("check")
