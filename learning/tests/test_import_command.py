"""import_first_generation as an operator meets it: complete, repeatable, checkable, and careful with both databases."""

import json
import secrets
from datetime import datetime
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from benchmarks.old_database import TABLES, FirstGeneration
from learning.first_generation import people, report
from learning.first_generation.importing import STEPS
from learning.first_generation.ledger import Ledger, Moved
from learning.first_generation.reading import CannotRead, OldDatabase
from learning.models import Challenge, ImportedRow, ImportedTable, IntensiveResponse, ThemeShelf, UserResponse
from learning.tests.import_state import digests, state
from metrics.models import SessionScore, UserMetrics

pytestmark = [pytest.mark.django_db, pytest.mark.live]

USERS = 60


@pytest.fixture
def dirty(old):
    """Learners each of whom has something odd."""
    old.fill(USERS, dirt=1.0)
    return old


def counts():
    """{table: rows} of everything that is ours."""
    return {model._meta.db_table: model.objects.count() for model in apps.get_models() if model._meta.managed}


def forget_everything():
    ImportedTable.objects.all().delete()
    User.objects.all().delete()


# --- Nothing is dropped ----------------------------------------------------------------------------------------------


def test_each_row_is_imported_or_listed_with_a_reason_that_can_be_read(dirty, run_import):
    run = run_import()
    assert run.code == 0
    tables = Ledger(ImportedTable.objects.first().source).tables()
    for step in STEPS:
        there = dirty.execute(f"SELECT COUNT(*) FROM {step.table} WHERE {step.where}")[0][0]
        table = tables[step.kind]
        assert table.seen == there
        if step.kind != "sessions_without_score":  # of which only those that have none are of interest
            assert table.imported + table.left_out == there, step.kind
        listed = {case["id"] for case in run.cases if case["table"] == step.kind and case["outcome"] == "left_out"}
        assert len(listed) == table.left_out
        for figure in (there, table.imported, table.left_out):
            assert f"{figure:,}" in run.said
    assert all(case["why"] for case in run.cases)
    new = {
        "users": User, "questions": Challenge, "user_responses": UserResponse,
        "intensive_responses": IntensiveResponse,
    }  # fmt: skip
    for kind, model in new.items():
        assert model.objects.count() == tables[kind].imported
    scores = tables["session_scores"].imported + tables["sessions_without_score"].imported
    assert SessionScore.objects.count() == scores


def test_totals_are_right_by_construction_and_the_check_finds_nothing(dirty, run_import):
    run_import()
    call_command("rebuild_metrics", check=True, verbosity=0, stdout=StringIO())
    check = run_import("--check")
    assert (check.code, check.said) == (0, f"{USERS} users compared, 0 differences\n")
    for shelf in ThemeShelf.objects.all():
        mine = Challenge.objects.filter(user=shelf.user_id, theme_key=shelf.theme_key, level=shelf.level)
        assert mine.count() == shelf.questions
    assert ThemeShelf.objects.count() == Challenge.objects.values("user", "theme_key", "level").distinct().count()


def test_every_reason_has_a_sentence():
    import re
    from pathlib import Path

    folder = Path(report.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "report.py")
    codes = set(re.findall(r'(?:LeftOut\(|append\(\(|leave\([^,]+, )"(\w+)"', source))
    codes |= set(re.findall(r'_TIME|TIME_\w+ = .*"(\w+)"', source)) - {""}
    assert len(codes) > 30
    for code in codes:
        assert report.sentence("user_responses", code)


def test_emoji_and_accents_survive_also_from_tables_of_three_bytes(dirty, run_import):
    dirty.execute("CREATE TABLE users3 LIKE users")
    dirty.execute("INSERT INTO users3 SELECT * FROM users")
    dirty.execute("UPDATE users3 SET name = 'Íñigo', username = CONCAT('u_', id)")
    dirty.execute("ALTER TABLE users3 CONVERT TO CHARACTER SET utf8mb3")
    dirty.execute("RENAME TABLE users TO users4, users3 TO users")
    run_import()
    assert User.objects.filter(name="Íñigo").count() == USERS
    assert Challenge.objects.filter(theme="Programación 🐍").exists()
    assert any("🎯" in option for challenge in Challenge.objects.all() for option in challenge.options)


# --- Again -----------------------------------------------------------------------------------------------------------


def test_a_second_run_adds_nothing(dirty, run_import):
    run_import()
    before, rows = state(), counts()
    again = run_import()
    assert again.code == 0 and state() == before and counts() == rows
    assert again.said.startswith("0 rows read in this run")


def test_rows_that_came_later_are_added_and_totals_follow(dirty, run_import):
    run_import()
    before = UserMetrics.objects.get(user__username="ana_3")
    session = "z of a later day"
    when = datetime(2025, 1, 1)
    dirty.insert("intensive_sessions", {"id": session, "user_id": 3, "theme": "Arte", "created_at": when})
    dirty.insert("session_scores", {"user_id": 3, "session_id": session, "points_earned": 77, "accuracy": 50})
    assert run_import().code == 0
    after = UserMetrics.objects.get(user__username="ana_3")
    assert (after.points, after.sessions) == (before.points + 77, before.sessions + 1)
    call_command("rebuild_metrics", check=True, verbosity=0, stdout=StringIO())


def test_sessions_that_would_be_missed_are_said(dirty, run_import):
    """Their ids are random, so that one that came later may lie before where we are."""
    run_import()
    dirty.insert("intensive_sessions", {"id": "0", "user_id": 3, "theme": "Arte"})
    again = run_import()
    assert again.code == 1 and "stop the old service" in again.said


def test_the_same_database_under_another_name_is_the_same(dirty, run_import, old_server):
    run_import()
    before = counts()
    other = FirstGeneration.create(old_server, f"old_{secrets.token_hex(4)}")
    try:
        for table in TABLES:
            other.execute(f"INSERT INTO {table} SELECT * FROM {dirty.url.rpartition('/')[2]}.{table}")
        assert run_import(source=other.url).code == 0
        assert counts() == before
        other.execute("UPDATE users SET email = 'another@example.org' WHERE id = 1")
        run_import(source=other.url)
        assert User.objects.count() == 2 * USERS, "another first user: another database"
    finally:
        other.execute(f"DROP DATABASE {other.url.rpartition('/')[2]}")
        other.close()


@pytest.mark.parametrize("size", ["3", "11"])
def test_the_size_of_batches_changes_nothing(dirty, run_import, size):
    run_import()
    expected = digests()
    forget_everything()
    assert run_import("--batch", size).code == 0
    assert digests() == expected


def test_mysql_gives_no_ids_back(dirty, run_import, monkeypatch):
    run_import()
    expected = digests()
    forget_everything()
    monkeypatch.setattr(type(connection.features), "can_return_rows_from_bulk_insert", False)
    assert run_import().code == 0
    assert digests() == expected


def test_a_name_that_is_taken_beside_us_is_seen_by_another_try(dirty, run_import, monkeypatch, make_user):
    """A learner registers between our look and our write: at the first look nobody has the name."""
    make_user(username="ana_4", email="new@example.org")
    looked, looks = people._Taken.__init__, []

    def look_too_early(self, *arguments):
        looked(self, *arguments)
        looks.append(self)
        if len(looks) == 1:
            self.names.discard("ana_4")

    monkeypatch.setattr(people._Taken, "__init__", look_too_early)
    run = run_import()
    assert run.code == 0 and len(looks) == 2 and run.codes("users", 4) == {"username_changed"}
    assert User.objects.get(username="ana_4").email == "new@example.org"
    assert User.objects.get(email="ana4@example.org").username == "ana_4_4"


def test_two_imports_at_once_do_not_mix(dirty, run_import):
    run_import()
    ledger = Ledger(ImportedTable.objects.first().source)
    with pytest.raises(Moved):
        ledger.lock("users", "3")


# --- A dry run -------------------------------------------------------------------------------------------------------


def table_of(said):
    """The lines of the summary."""
    return [line for line in said.splitlines() if "dry run" not in line and "in this run" not in line]


def test_a_dry_run_says_what_an_import_would_say_and_writes_nothing(dirty, run_import, make_user):
    make_user(username="ana_5", email="ana6@example.org")
    before = counts()
    dry = run_import("--dry-run")
    assert dry.code == 0 and "nothing was imported" in dry.said
    assert counts() == before
    real = run_import()
    assert table_of(dry.said) == table_of(real.said)
    assert [case | {"new_username": ""} for case in dry.cases] == [case | {"new_username": ""} for case in real.cases]
    assert real.codes("users", 5) == {"username_changed"} and "email_taken" in real.codes("users", 6)

    before = counts()
    assert table_of(run_import("--dry-run").said) == table_of(real.said), "also after the import"
    assert counts() == before


# --- The check -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda: UserResponse.objects.filter(user__username="ana_2").first().delete(), "answers: "),
        (lambda: SessionScore.objects.filter(user__username="ana_2").update(points=1), "points: "),
        (lambda: SessionScore.objects.filter(user__username="ana_2").first().delete(), "scores: "),
        (lambda: IntensiveResponse.objects.filter(user__username="ana_2").first().delete(), "answers in sessions: "),
        (lambda: Challenge.objects.filter(user__username="ana_2", responses=None).first().delete(), "questions: "),
        (lambda: UserMetrics.objects.filter(user__username="ana_2").update(points=1), "totals: "),
        (
            lambda: ImportedRow.objects.filter(table__kind="user_responses", outcome="left_out").first().delete(),
            "answers",
        ),
    ],
)
def test_the_check_finds_what_differs_and_whose_it_is(dirty, run_import, change, what):
    run_import()
    change()
    check = run_import("--check")
    assert check.code == 1
    assert any(what in line for line in check.said.splitlines() if line.startswith("user "))
    if what != "answers":
        assert "user 2 (here " in check.said


def test_the_check_before_an_import(dirty, run_import):
    check = run_import("--check")
    assert check.code == 1 and "Nothing of this database was imported yet" in check.said
    assert ImportedTable.objects.count() == 0


def test_what_learners_do_afterwards_is_no_difference(dirty, run_import, visitor):
    from benchmarks.old_database import PASSWORD

    run_import()
    visitor.post("/api/auth/login", {"email": "ana2@example.org", "password": PASSWORD})
    mine = Challenge.objects.filter(user__username="ana_2", responses=None).first()
    body = {"questionId": mine.pk, "selectedAnswer": "A", "responseTime": 1}
    assert visitor.post("/api/challenges/save-response", body).status_code == 200
    assert run_import("--check").code == 0


# --- Installations differ --------------------------------------------------------------------------------------------


def test_what_is_optional_may_be_missing_and_is_said(dirty, run_import):
    for table in ("user_achievements", "session_challenges", "user_metrics"):
        dirty.execute(f"DROP TABLE {table}")
    for table, column in (
        ("questions", "level"), ("questions", "raw_response"), ("questions", "is_active"), ("users", "name"),
        ("user_responses", "is_correct"), ("session_scores", "accuracy"), ("intensive_sessions", "completed_at"),
    ):  # fmt: skip
        dirty.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    run = run_import()
    assert run.code == 0
    assert "There is no table user_achievements" in run.said
    assert "The table questions has no level, raw_response, is_active: read as unknown." in run.said
    assert Challenge.objects.exists() and SessionScore.objects.exists()
    assert run_import("--check").code == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("DROP TABLE questions", "no table questions"),
        ("ALTER TABLE users DROP COLUMN password_hash", "table users has no column password_hash"),
        ("ALTER TABLE user_responses DROP COLUMN question_id", "table user_responses has no column question_id"),
        ("DELETE FROM users", "has no users"),
        ("ALTER TABLE questions MODIFY id CHAR(36)", "ids of the table questions are no whole numbers"),
    ],
)
def test_what_is_essential_may_not(dirty, run_import, change, sentence):
    import re

    dirty.execute(change)
    run = run_import()
    assert run.code == 1 and re.search(sentence, run.said) and run.said.count(".") == 1
    assert User.objects.count() == 0


def test_a_table_may_have_more_and_other_columns(dirty, run_import):
    dirty.execute("ALTER TABLE users ADD COLUMN avatar BLOB FIRST")
    dirty.execute("UPDATE questions SET options = NULL WHERE NOT JSON_VALID(options)")
    dirty.execute("ALTER TABLE questions MODIFY options JSON")
    dirty.execute("ALTER TABLE questions MODIFY is_active BIT(1)")
    dirty.execute("ALTER TABLE user_responses MODIFY id BIGINT AUTO_INCREMENT, MODIFY response_time DECIMAL(10,4)")
    assert run_import().code == 0
    assert run_import("--check").code == 0


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("mysql://root@127.0.0.1:1/old", "cannot be opened"),
        ("mysql://root@127.0.0.1", "--source is a URL"),
        ("postgres://root@127.0.0.1/old", "--source is a URL"),
        ("mysql://root@127.0.0.1:x/old", "--source is a URL"),
    ],
)
def test_a_source_that_is_none(run_import, source, sentence):
    run = run_import(source=source)
    assert run.code == 1 and sentence in run.said


def test_the_password_may_be_in_a_file_and_is_never_said(dirty, run_import, tmp_path):
    (tmp_path / "url").write_text(dirty.url + "\n")
    assert run_import(source=f"@{tmp_path / 'url'}").code == 0
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_first_generation", "--source", "@/nowhere", "--source-time-zone", "UTC")
    wrong = run_import(source="mysql://root:geheim@127.0.0.1:1/old")
    assert "geheim" not in wrong.said


def test_unknown_zones_and_sizes_are_refused(run_import):
    assert "IANA" in run_import(zone="Madrid").said
    assert "at most" in run_import("--batch", "5001").said


def test_the_report_is_for_its_owners_eyes(dirty, run_import, tmp_path):
    run_import()
    assert (tmp_path / "report.jsonl").stat().st_mode & 0o777 == 0o600
    lines = (tmp_path / "report.jsonl").read_text(encoding="utf-8").splitlines()
    assert {"table", "id", "outcome", "code", "why"} <= set(json.loads(lines[0]))


def test_the_ledger_keeps_nothing_personal(dirty, run_import):
    run_import()
    said = json.dumps(list(ImportedRow.objects.filter(table__kind="users").values_list("notes", "old_id", "new_id")))
    assert "@" not in said and "ana" not in said.lower() and "Jos" not in said


# --- The old database is only read -----------------------------------------------------------------------------------


@pytest.fixture
def reader(dirty):
    from zoneinfo import ZoneInfo

    database = OldDatabase(dirty.url, ZoneInfo("Europe/Madrid"))
    yield database
    database.close()


def test_the_connection_cannot_write(reader):
    with pytest.raises(CannotRead, match="READ ONLY"):
        reader.execute("UPDATE users SET name = 'x'")


def test_all_is_read_as_it_was_at_the_beginning(dirty, reader):
    dirty.execute("DELETE FROM users WHERE id > 10")
    assert reader.count("users") == USERS
    dirty.execute("DELETE FROM users WHERE id > 5")
    assert reader.count("users") == USERS


def test_who_may_select_may_import(dirty, run_import):
    from urllib.parse import urlsplit, urlunsplit

    name, parts = f"reader_{secrets.token_hex(4)}", urlsplit(dirty.url)
    dirty.execute(f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY 'ge:h@im'")
    try:
        dirty.execute(f"GRANT SELECT ON {parts.path.strip('/')}.* TO {name}@'127.0.0.1'")
        netloc = f"{name}:ge%3Ah%40im@127.0.0.1:{parts.port}"
        run = run_import(source=urlunsplit(parts._replace(netloc=netloc)))
        assert run.code == 0, run.said
    finally:
        dirty.execute(f"DROP USER {name}@'127.0.0.1'")


def test_a_server_that_goes_away_is_said_and_the_next_run_goes_on(dirty, run_import, monkeypatch):
    read, calls = OldDatabase.rows, []

    def rows(self, table, **how):
        calls.append(table)
        if len(calls) == 5:
            self._kill()
        return read(self, table, **how)

    def _kill(self):
        thread = self.execute("SELECT CONNECTION_ID()")[0][0]
        dirty.execute(f"KILL {thread}")

    monkeypatch.setattr(OldDatabase, "_kill", _kill, raising=False)
    monkeypatch.setattr(OldDatabase, "rows", rows)
    broken = run_import("--batch", "20")
    assert broken.code == 1 and "does not answer any more" in broken.said
    monkeypatch.undo()
    assert run_import("--batch", "20").code == 0
    assert run_import("--check").code == 0
