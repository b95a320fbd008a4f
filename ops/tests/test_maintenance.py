"""Commands on whole tables: what they say, what they refuse, and that they leave a live database in peace."""

import shutil
import threading
from collections import namedtuple
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections, transaction

from ops.maintenance import rebuilding, tables
from ops.maintenance.indexes import Index, redundant
from ops.maintenance.tables import MB, Table
from ops.management.commands import optimize_tables
from ops.models import ModelBudget, ModelCall

pytestmark = pytest.mark.django_db(transaction=True)  # what alters a table ends a transaction
is_mysql = connection.vendor == "mysql"
needs_mysql = pytest.mark.skipif(not is_mysql, reason="about MySQL and MariaDB")
needs_sqlite = pytest.mark.skipif(is_mysql, reason="about SQLite")


def said(capsys, *command, **options):
    call_command(*command, **options)
    return capsys.readouterr().out


@pytest.fixture
def budgets():
    """A table with holes in it."""
    rows = [ModelBudget(day=date(2026, 1, 1), payer=f"u:{number}{'x' * 40}", used=1) for number in range(20_000)]
    ModelBudget.objects.bulk_create(rows, batch_size=5_000)
    ModelBudget.objects.filter(pk__gt=ModelBudget.objects.order_by("pk")[500].pk).delete()


# --- Which tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["analyze_tables", "optimize_tables", "table_sizes", "index_usage"])
def test_a_table_that_is_not_ours_is_refused_before_anything_is_done(command):
    with pytest.raises(CommandError, match="no table of ours: nobodys, `;--; there is .*users"):
        call_command(command, tables=["users", "nobodys", "`;--"])


def test_all_of_ours_are_meant_when_none_is_named():
    names = tables.chosen(connection, None)
    assert {"users", "challenges", "user_responses", "outbox", "django_session"} <= set(names)
    assert tables.chosen(connection, ["users"]) == ["users"]


# --- analyze_tables --------------------------------------------------------------------------------------------------


def test_analyze_says_what_it_did_and_dry_run_does_nothing(capsys, monkeypatch):
    done = []
    real = rebuilding.analyze
    monkeypatch.setattr(rebuilding, "analyze", lambda c, name: done.append(name) or real(c, name))
    assert said(capsys, "analyze_tables", "--dry-run", "--tables", "users,outbox") == (
        "users: would be analyzed\noutbox: would be analyzed\n"
    )
    assert done == []
    assert "outbox: analyzed, " in said(capsys, "analyze_tables")
    assert done == tables.chosen(connection, None)


@needs_sqlite
def test_sqlite_knows_more_afterwards(budgets):
    call_command("analyze_tables", tables=["model_budgets"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'model_budgets'")
        assert [stat.split()[0] for (stat,) in cursor.fetchall()] == ["501"]


# --- optimize_tables -------------------------------------------------------------------------------------------------


def test_optimize_gives_back_the_room_of_deleted_rows(budgets, capsys):
    def size():
        return tables.our_tables(connection)["model_budgets"].size if is_mysql else tables.our_file(connection).size

    if is_mysql:
        rebuilding.analyze(connection, "model_budgets")
    before = size()
    call_command("optimize_tables", *(["--tables", "model_budgets"] if is_mysql else []))
    out = capsys.readouterr().out
    assert size() < before / 2 and ModelBudget.objects.count() == 501
    assert (
        "rebuilt" in out
        and "about 1 s" in out
        and ("readers and writers go on" in out if is_mysql else "writers wait" in out)
    )


def test_a_dry_run_rebuilds_nothing(budgets, capsys, monkeypatch):
    for name in ("rebuild", "vacuum"):
        monkeypatch.setattr(rebuilding, name, lambda *a: pytest.fail("it did"))
    assert "about 1 s" in said(capsys, "optimize_tables", "--dry-run")


def test_without_room_it_refuses(monkeypatch):
    monkeypatch.setattr(rebuilding, "free_at", lambda folder: 1)
    for name in ("rebuild", "vacuum"):
        monkeypatch.setattr(rebuilding, name, lambda *a: pytest.fail("it did"))
    with pytest.raises(CommandError, match="there is no room"):
        call_command("optimize_tables", "--yes-there-is-room")


def test_room_is_twice_the_table():
    assert rebuilding.lacks_room(free=2 * MB - 1, size=MB) and not rebuilding.lacks_room(free=2 * MB, size=MB)
    assert (rebuilding.seconds_for(0), rebuilding.seconds_for(rebuilding.SPEED * 90)) == (1, 90)


@needs_mysql
def test_the_disk_of_a_server_on_this_machine_is_looked_at(monkeypatch):
    room = rebuilding.room(connection)
    Usage = namedtuple("Usage", "total used free")
    disk = Usage(*shutil.disk_usage(room.where))
    assert abs(room.free - disk.free) < 200 * MB

    monkeypatch.setattr(rebuilding.socket, "gethostname", lambda: "another-machine")
    assert rebuilding.room(connection).free is None


@needs_mysql
def test_the_disk_of_another_machine_is_somebody_elses_word(capsys, monkeypatch):
    monkeypatch.setattr(rebuilding, "room", lambda c: rebuilding.Room(None, "db2:/var/lib/mysql/"))
    with pytest.raises(CommandError, match="--yes-there-is-room"):
        call_command("optimize_tables", tables=["outbox"])
    assert "cannot be seen from here (db2:/var/lib/mysql/)" in capsys.readouterr().out
    assert "outbox: rebuilt" in said(capsys, "optimize_tables", "--tables", "outbox", "--yes-there-is-room")


@needs_sqlite
def test_sqlite_is_rebuilt_as_a_whole():
    with pytest.raises(CommandError, match="whole file"):
        call_command("optimize_tables", tables=["users"])


@needs_mysql
def test_a_table_in_use_is_left_and_said(monkeypatch):
    """Who waits for a table holds up all who come after: we give up soon."""
    monkeypatch.setattr(rebuilding, "PATIENCE", 1)
    monkeypatch.setattr(rebuilding, "TRIES", 2)
    monkeypatch.setattr(rebuilding, "PAUSE", 0.1)
    reads, ends = threading.Event(), threading.Event()

    def use():
        with transaction.atomic():
            ModelBudget.objects.count()
            reads.set()
            ends.wait(30)
        connections.close_all()

    user = threading.Thread(target=use)
    user.start()
    assert reads.wait(10)
    try:
        with pytest.raises(CommandError, match="model_budgets: in use the whole time"):
            call_command("optimize_tables", tables=["model_budgets"])
    finally:
        ends.set()
        user.join()
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@lock_wait_timeout")
        assert cursor.fetchone()[0] > 1000, "what comes next on this connection is as patient as before"


@needs_mysql
@pytest.mark.parametrize("number", [1799, 1845, 1846])
def test_what_cannot_be_done_beside_writers_is_not_done(number, monkeypatch):
    def refuse(connection, work):
        raise OperationalError(number, "not now")

    monkeypatch.setattr(rebuilding, "_patiently", refuse)
    with pytest.raises(CommandError, match="as they were.*users: not now"):
        call_command("optimize_tables", tables=["users"])


def test_every_table_is_tried_though_one_fails(capsys, monkeypatch):
    if is_mysql:
        real = rebuilding.rebuild

        def rebuild(c, name):
            if name == "outbox":
                raise rebuilding.Busy
            real(c, name)

        monkeypatch.setattr(optimize_tables.rebuilding, "rebuild", rebuild)
        with pytest.raises(CommandError, match="outbox"):
            call_command("optimize_tables", tables=["outbox", "users"])
        assert "users: rebuilt" in capsys.readouterr().out


# --- table_sizes -----------------------------------------------------------------------------------------------------


def test_sizes(budgets, capsys):
    out = said(capsys, "table_sizes")
    [line] = [line for line in out.splitlines() if line.startswith("model_budgets ")]
    if is_mysql:
        rows, data, index, _empty, percent = line.split()[1:]
        assert (
            100 < int(rows.replace(",", "")) < 40_000 and float(data) > 0 and float(index) > 0 and percent.endswith("%")
        )
    else:
        assert line.split()[1] == "501"
        assert "MB of them empty" in out and float(out.split(" MB of them empty")[0].split()[-1]) > 0.5


def test_fragmentation_is_the_empty_part_of_the_file():
    assert Table("t", 1, data=2 * MB, indexes=1 * MB, free=1 * MB).fragmentation == 25
    assert Table("t", 0, 0, 0, 0).fragmentation == 0


# --- index_usage -----------------------------------------------------------------------------------------------------


@needs_sqlite
@pytest.mark.parametrize(
    ("command", "sentence"), [("index_usage", "SQLite does not count"), ("slow_queries", "SQLite has no log")]
)
def test_what_sqlite_cannot_tell_is_said_in_a_sentence(command, sentence, capsys):
    out = said(capsys, command, *(["top"] if command == "slow_queries" else []))
    assert out.startswith(sentence) and out.count("\n") == 1


@pytest.fixture
def userstat():
    def turn(word):
        with connection.cursor() as cursor:
            cursor.execute(f"SET GLOBAL userstat = {word}")

    turn("ON")
    yield
    turn("OFF")


def section(out, title):
    part = out.partition(f"\n{title}")[2]
    return part.partition("\n\n")[0]


@needs_mysql
def test_used_and_unused_indexes_by_the_servers_count(userstat, make_user, capsys):
    user = make_user()
    with connection.cursor() as cursor:
        cursor.execute("FLUSH INDEX_STATISTICS")
        cursor.execute("FLUSH TABLE_STATISTICS")
    ModelCall.objects.create(purpose="x", model="m", outcome="ok", seconds=1, user=user)
    list(ModelCall.objects.filter(created_at__gt=datetime(2000, 1, 1, tzinfo=UTC)).order_by("created_at").values("pk"))
    list(ModelCall.objects.filter(outcome="ok"))
    out = said(capsys, "index_usage")
    unused = section(out, "Not used")
    assert "Counted by userstat since the server started" in out
    assert "outbox.outbox_due (state, not_before)" in unused
    assert "model_calls_time" not in unused and "idx_users_email" not in unused
    assert "users.idx_users_email (email)" in section(out, "Not read, but they keep a rule")
    assert "model_calls: " in section(out, "Read without an index")
    assert "Needless beside others: none" in out


@needs_mysql
def test_a_server_that_does_not_count_says_how_to_make_it(capsys):
    out = said(capsys, "index_usage")
    if "Counted by" not in out:  # another test of this server may have it count just now
        assert out.startswith("The server does not count") and "SET GLOBAL userstat = ON" in out


def test_an_index_that_another_begins_with_is_needless():
    short, same = Index("t", "a", ("user",), False), Index("t", "b", ("user", "day"), False)
    long = Index("t", "c", ("user", "day", "theme"), True)
    elsewhere, rule = Index("u", "d", ("user",), False), Index("t", "e", ("user",), True)
    assert {(one.name, other.name) for one, other in redundant([short, same, long, elsewhere])} == {
        ("a", "b"), ("a", "c"), ("b", "c"),
    }  # fmt: skip
    assert redundant([rule, same]) == []
    twins = [Index("t", "x", ("day",), False), Index("t", "y", ("day",), False)]
    assert [(one.name, other.name) for one, other in redundant(twins)] == [("x", "y")]


def test_the_folder_of_a_file_has_a_disk():
    assert rebuilding.free_at(Path("/tmp")) > 0
