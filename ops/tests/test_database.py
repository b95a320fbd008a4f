"""Transactions are tried again as a whole, statements end, sessions are set up alike, and reports may go elsewhere."""

import os
import subprocess
import sys
import threading
from datetime import date
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import F

from ops import database
from ops.database import TRIES, Conflict, in_transaction, limit_statements, patient
from ops.models import ModelBudget
from tests.live import ROOT

needs_mysql = pytest.mark.skipif(connection.vendor != "mysql", reason="about MySQL and MariaDB")
DEADLOCK, LOCK_WAIT = 1213, 1205


def add_one(payer):
    assert ModelBudget.objects.filter(payer=payer).update(used=F("used") + 1) == 1


def used(payer):
    return ModelBudget.objects.get(payer=payer).used


@pytest.fixture
def rows(transactional_db):
    """Two rows that anybody may lock, committed."""
    ModelBudget.objects.bulk_create(ModelBudget(day=date(2026, 1, 1), payer=name, used=0) for name in "ab")


# --- Tried again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OperationalError(DEADLOCK, "x"), OperationalError(LOCK_WAIT, "x"), Conflict()])
def test_a_conflict_undoes_the_unit_and_runs_it_again_as_a_whole(rows, error, monkeypatch):
    monkeypatch.setattr(database.time, "sleep", lambda seconds: None)
    runs = []

    @in_transaction
    def unit():
        add_one("a")
        runs.append(used("a"))
        if len(runs) < TRIES:
            raise error
        add_one("b")
        return "done"

    assert unit() == "done"
    assert runs == [1] * TRIES, "each try begins with nothing of the one before"
    assert (used("a"), used("b")) == (1, 1)


def test_the_tries_are_bounded_and_what_is_no_conflict_is_not_tried_again(rows, monkeypatch):
    monkeypatch.setattr(database.time, "sleep", lambda seconds: None)
    for error, times in [(OperationalError(DEADLOCK, "x"), TRIES), (OperationalError(2013, "x"), 1), (ValueError(), 1)]:
        runs = []

        @in_transaction
        def unit(runs=runs, error=error):
            add_one("a")
            runs.append(1)
            raise error

        with pytest.raises(type(error)):
            unit()
        assert (len(runs), used("a")) == (times, 0)


def test_inside_another_transaction_its_owner_tries_again(rows):
    runs = []

    @in_transaction
    def inner():
        runs.append("inner")
        if len(runs) < 4:
            raise OperationalError(DEADLOCK, "x")

    @in_transaction
    def outer():
        runs.append("outer")
        inner()

    outer()
    assert runs == ["outer", "inner", "outer", "inner"]


class Side(threading.Thread):
    """Runs a function with a connection of its own; `join` raises what it raised."""

    def __init__(self, work):
        super().__init__()
        self.work, self.error = work, None
        self.start()

    def run(self):
        try:
            self.work()
        except BaseException as exc:
            self.error = exc
        finally:
            connections.close_all()

    def join(self):
        super().join(30)
        assert not self.is_alive()
        if self.error:
            raise self.error


@needs_mysql
def test_two_that_wait_for_each_other_both_get_done(rows, caplog):
    """A real deadlock: the server ends one of them, which runs again from its beginning."""
    both_hold_one = threading.Barrier(2, timeout=10)
    runs = []

    def crossing(first, second):
        tries = []

        @in_transaction
        def unit():
            tries.append(first)
            runs.append(first)
            add_one(first)
            if len(tries) == 1:
                both_hold_one.wait()
            add_one(second)

        return unit

    caplog.set_level("INFO", "ops.database")
    sides = [Side(crossing("a", "b")), Side(crossing("b", "a"))]
    for side in sides:
        side.join()
    assert (used("a"), used("b")) == (2, 2)
    assert len(runs) == 3
    assert [record.attempt for record in caplog.records if record.msg == "transaction tried again"] == [1]


@needs_mysql
def test_a_row_that_is_long_locked_is_waited_for_again(rows, caplog):
    """InnoDB undoes the statement alone when a wait ends in vain: what came before it must not count twice."""
    caplog.set_level("INFO", "ops.database")
    locked, give_up = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            ModelBudget.objects.select_for_update().get(payer="b")
            locked.set()
            assert give_up.wait(20)

    holder = Side(hold)
    assert locked.wait(10)
    runs = []

    @in_transaction
    def unit():
        runs.append(1)
        if len(runs) == 2:
            give_up.set()
        add_one("a")
        add_one("b")

    with connection.cursor() as cursor:
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
    try:
        unit()
    finally:
        give_up.set()
        holder.join()
        connection.close()
    assert (len(runs), used("a"), used("b")) == (2, 1, 1)
    assert [record.attempt for record in caplog.records if record.msg == "transaction tried again"] == [1]


# --- Sessions --------------------------------------------------------------------------------------------------------

SESSION = {
    "tx_isolation": "READ-COMMITTED",
    "time_zone": "+00:00",
    "character_set_client": "utf8mb4",
    "collation_connection": "utf8mb4_bin",
    "innodb_lock_wait_timeout": "5",
}


def variable(name, on=connection):
    with on.cursor() as cursor:
        cursor.execute("SHOW SESSION VARIABLES LIKE %s", [name])
        return cursor.fetchone()[1]


@needs_mysql
@pytest.mark.parametrize(("name", "value"), SESSION.items())
def test_every_session_is_set_up(db, name, value):
    assert variable(name) == value


@needs_mysql
def test_what_does_not_fit_is_refused_and_times_are_utc(db):
    assert "STRICT_TRANS_TABLES" in variable("sql_mode")
    with connection.cursor() as cursor:
        cursor.execute("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())")
        assert cursor.fetchone() == (0,)
    assert connection.settings_dict["CONN_HEALTH_CHECKS"] and connection.settings_dict["CONN_MAX_AGE"] == 600


@pytest.fixture
def limited(monkeypatch, settings):
    """This process as a server's, whose statements end after a second."""
    settings.DATABASE_STATEMENT_TIMEOUT = 1
    monkeypatch.setattr(database, "_limits_statements", False)
    limit_statements()


class Recorded:
    """A new connection, as the driver shows it."""

    def __init__(self, version):
        self.version, self.asked = version, []

    def get_server_info(self):
        return self.version

    def query(self, sql):
        self.asked.append(sql)


@pytest.mark.parametrize(
    ("version", "alias", "asked"),
    [
        ("5.5.5-10.11.19-MariaDB-0+deb12u1", "default", ["SET SESSION max_statement_time=1"]),
        ("11.4.2-MariaDB", "default", ["SET SESSION max_statement_time=1"]),
        ("8.0.36", "default", ["SET SESSION max_execution_time=1000"]),
        ("8.4.0", "replica", ["SET SESSION max_execution_time=1000", "SET SESSION TRANSACTION READ ONLY"]),
    ],
)
def test_each_kind_of_server_is_told_in_its_own_words(limited, version, alias, asked):
    driver = Recorded(version)
    database._set_up_session(None, SimpleNamespace(vendor="mysql", alias=alias, connection=driver))
    assert driver.asked == asked


def test_commands_have_no_such_limit(settings):
    driver = Recorded("8.0.36")
    database._set_up_session(None, SimpleNamespace(vendor="mysql", alias="default", connection=driver))
    assert driver.asked == []


@needs_mysql
def test_a_statement_that_takes_too_long_is_ended_by_the_server(transactional_db, limited):
    connection.close()
    with pytest.raises(OperationalError) as told, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM seq_1_to_100000 a JOIN seq_1_to_100000 b WHERE a.seq + b.seq = -1")
    assert told.value.args[0] == 1969
    connection.close()


@needs_mysql
def test_a_server_limits_its_statements():
    code = (
        "import persenaut.wsgi; from django.db import connection; cursor = connection.cursor();"
        "cursor.execute('SELECT @@max_statement_time'); print(int(cursor.fetchone()[0]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.stdout.strip() == "15", done.stderr


@needs_mysql
def test_work_on_whole_tables_waits_as_long_as_it_takes(transactional_db):
    options = connection.settings_dict["OPTIONS"]
    usual = dict(options)
    options["read_timeout"] = 1
    connection.close()
    with patient(), connection.cursor() as cursor:
        cursor.execute("SELECT SLEEP(1.3)")
        assert cursor.fetchone() == (0,)
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT SLEEP(1.3)")
    connection.close()
    options["read_timeout"] = usual["read_timeout"]
    assert options == usual


@needs_mysql
def test_a_migration_is_such_work(monkeypatch):
    from django.core.management.commands import migrate

    from ops.management.commands.migrate import Command

    seen = []
    monkeypatch.setattr(
        migrate.Command, "handle", lambda *a, **o: seen.append(connection.settings_dict["OPTIONS"].copy())
    )
    Command().handle(database="default")
    assert "read_timeout" not in seen[0] and "read_timeout" in connection.settings_dict["OPTIONS"]


@needs_mysql
def test_a_slow_statement_is_waited_for_while_the_server_lets_others_in(db):
    """Past the moment at which a server that hangs would have been given up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT SLEEP(3)")
        assert cursor.fetchone() == (0,)
