"""The server's slow log: never left on by accident, and read without what people typed."""

import signal
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from ops.maintenance import slow_log
from ops.management.commands import slow_queries
from tests.live import ROOT, Live
from tests.servers import private_mariadb

needs_mysql = pytest.mark.skipif(connection.vendor != "mysql", reason="about MySQL and MariaDB")

MARIADB = """/usr/sbin/mariadbd, Version: 10.11.19-MariaDB. started with:
Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock
Time                Id Command  Argument
# Time: 261124  7:10:00
# User@Host: persenaut[persenaut] @ localhost [127.0.0.1]
# Thread_id: 5  Schema: persenaut  QC_hit: No
# Query_time: 1.310000  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 5000
# Rows_affected: 0  Bytes_sent: 80
SET timestamp=1795504200;
SELECT * FROM users WHERE email = 'ana@example.org' AND id IN (1, 2, 3);
# User@Host: other[other] @ localhost []
# Thread_id: 6  Schema: somebody_elses  QC_hit: No
# Query_time: 9.000000  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 1
SELECT 1;
# User@Host: persenaut[persenaut] @ localhost []
# Thread_id: 5  Schema: persenaut  QC_hit: No
# Query_time: 2.690000  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 7000
SET timestamp=1795504201;
SELECT * FROM users WHERE email = 'eva@example.org' AND id IN (4, 5);
"""
MYSQL = """# Time: 2026-11-24T07:10:00.000000Z
# User@Host: persenaut[persenaut] @ localhost []  Id:     8
# Query_time: 1.500000  Lock_time: 0.000002 Rows_sent: 1  Rows_examined: 12
use persenaut;
SET timestamp=1795504200;
UPDATE users SET name = 'O''Hara' WHERE id = 7;
"""


def test_the_same_statement_is_one_whatever_its_values():
    [slow] = slow_log.top(slow_log.from_file(MARIADB, "persenaut"), 10)
    assert slow.shape == "SELECT * FROM users WHERE email = ? AND id IN (?, ...)"
    assert (slow.count, round(slow.total, 2), slow.longest, slow.examined) == (2, 4.0, 2.69, 7000)


def test_mysqls_file_is_read_as_well():
    [slow] = slow_log.top(slow_log.from_file(MYSQL, "persenaut"), 10)
    assert (slow.shape, slow.longest, slow.examined) == ("UPDATE users SET name = ? WHERE id = ?", 1.5, 12)


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("SELECT 'it''s', \"x\\\"y\", -1.5, 0xAF", "SELECT ?, ?, ?, ?"),
        ("SELECT a1, `b2`, t3.c FROM t4", "SELECT a1, `b2`, t3.c FROM t4"),
        ("SELECT  1\n FROM t /* ana@example.org */", "SELECT ? FROM t"),
        ("INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO t VALUES (?, ...), (?, ...)"),
    ],
)
def test_values_are_taken_out(sql, shape):
    assert slow_log.shape_of(sql) == shape


def test_most_time_first():
    entries = [(1.0, 1, "SELECT a"), (0.7, 1, "SELECT b"), (0.7, 1, "SELECT b"), (0.1, 1, "SELECT c")]
    assert [slow.shape for slow in slow_log.top(entries, 2)] == ["SELECT b", "SELECT a"]


def test_on_is_told_for_how_long():
    with pytest.raises(CommandError, match="one of the arguments --minutes --stay is required"):
        call_command("slow_queries", "on")


@pytest.fixture(scope="module")
def server():
    """A server of its own: what is switched here is switched for everybody who uses it."""
    if connection.vendor != "mysql":
        pytest.skip("about MySQL and MariaDB")
    with private_mariadb() as mariadb:
        yield Live(DATABASE_URL=mariadb.url)


SLOW = "from django.db import connection as c; c.cursor().execute(\"SELECT SLEEP(0.12), 'secret of ana'\")"


def is_on(server):
    code = "from ops.maintenance.slow_log import state; from django.db import connection; print(state(connection))"
    return "is_on=True" in server.manage("shell", "--verbosity", "0", "-c", code).stdout


@needs_mysql
@pytest.mark.live
@pytest.mark.parametrize("to", ["table", "file"])
def test_on_top_off(server, to):
    told = server.manage("slow_queries", "on", "--stay", "--seconds", "0.1", "--to", to).stdout
    assert "Queries of 0.1 s and more" in told and "STAYS ON" in told and is_on(server)
    for _ in range(2):
        server.manage("shell", "--verbosity", "0", "-c", SLOW)
    top = server.manage("slow_queries", "top").stdout
    assert "in 2 times" in top and "SELECT SLEEP(?), ?" in top and "secret" not in top
    assert "The log is ON" in top
    assert server.manage("slow_queries", "off", "--empty").stdout == "The log is off.\nmysql.slow_log is empty.\n"
    assert not is_on(server)
    if to == "table":
        assert "No slow query" in server.manage("slow_queries", "top").stdout


@needs_mysql
@pytest.mark.live
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_for_some_minutes_it_is_off_however_that_ends(server, ending):
    command = [sys.executable, "manage.py", "slow_queries", "on", "--minutes", "5"]
    process = subprocess.Popen(command, cwd=ROOT, env=server.env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = ""
    while "For 5 minutes" not in line:
        line = process.stdout.readline()
    assert is_on(server)
    time.sleep(0.2)
    process.send_signal(ending)
    rest, _ = process.communicate(timeout=20)
    assert "The log is off again." in rest and not is_on(server)


@needs_mysql
def test_a_user_without_the_privilege_is_told_so(db, monkeypatch):
    def refuse(connection):
        raise DatabaseError(1227, "Access denied; you need (at least one of) the SUPER privilege(s)")

    monkeypatch.setattr(slow_queries.slow_log, "state", refuse)
    with pytest.raises(CommandError, match="this database user may not: it takes SUPER"):
        call_command("slow_queries", "off")


@needs_mysql
def test_a_log_on_another_machine_is_asked_for(db, monkeypatch):
    monkeypatch.setattr(slow_queries.slow_log, "state", lambda c: slow_log.State(False, 1, "FILE", "/nowhere/slow.log"))
    with pytest.raises(CommandError, match="say --file"):
        call_command("slow_queries", "top")


@needs_mysql
def test_a_file_can_be_named(db, tmp_path, capsys):
    (tmp_path / "slow.log").write_text(MARIADB.replace("persenaut  QC", f"{connection.settings_dict['NAME']}  QC"))
    call_command("slow_queries", "top", "--file", str(tmp_path / "slow.log"))
    out = capsys.readouterr().out
    assert "4.00 s in 2 times, longest 2.69 s, up to 7,000 rows read" in out and "ana@" not in out
