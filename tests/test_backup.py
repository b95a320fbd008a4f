"""A backup is taken while people answer, comes back elsewhere, and adds up there."""

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ops.backup.folder import MANIFEST, kept
from tests.live import Live, own_database
from tests.people import register

pytestmark = pytest.mark.live
ON_MYSQL = os.environ.get("DATABASE_URL", "").startswith("mysql")
SECRET = "clave de la base 5931"


class Writers:
    """Learners who answer until they are told to stop; what was acknowledged, and when."""

    def __init__(self, base: str, count: int) -> None:
        self.answered: list[tuple[str, float]] = []  # session:question, time of the acknowledgement
        self.faults: list[BaseException] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(register(base),)) for _ in range(count)]

    def work(self, learner) -> None:
        try:
            while not self.stopping.is_set():
                order = {"theme": "Historia", "gameMode": "timed"}
                started = learner.ok("POST", "/api/intensive-review/start", order)
                session = started["sessionId"]
                for number, question in enumerate(started["challenges"][:6]):
                    learner.answer(question["id"], "AB"[number % 2], session)
                    self.answered.append((f"{session}:{question['id']}", time.time()))
                learner.ok("POST", "/api/intensive-review/save-results", {"sessionId": session})
        except BaseException as exc:
            self.faults.append(exc)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture(scope="module")
def server():
    with Live(redis_db=9) as running:
        yield running


@pytest.fixture(scope="module")
def taken(server, tmp_path_factory):
    """A backup that was taken under load: its folder, what was acknowledged before it began, what by its end."""
    place = tmp_path_factory.mktemp("backups")
    with Writers(server.url, 3) as writers:
        deadline = time.monotonic() + 30
        while len(writers.answered) < 30 and time.monotonic() < deadline and not writers.faults:
            time.sleep(0.02)
        begun = time.time()
        said = server.manage("backup", "--to", str(place)).stdout
        ended = time.time()
        time.sleep(0.3)
    assert writers.faults == []
    before = {question for question, at in writers.answered if at < begun}
    within = {question for question, at in writers.answered if begun <= at <= ended}
    assert len(before) >= 30
    assert within, "people went on while the backup was taken"
    (folder,) = kept(place)
    assert str(folder) in said
    return folder, before


class Elsewhere:
    """The same program with another, empty database."""

    def __init__(self, server: Live) -> None:
        self.manage = server.manage
        self.env = server.env | {"DATABASE_URL": own_database()}
        self.root = server.root

    def run(self, *arguments: str):
        here = Live.__new__(Live)
        here.env = self.env
        return here.manage(*arguments, check=False)

    def python(self, code: str) -> str:
        done = self.run("shell", "--verbosity", "0", "-c", code)
        assert done.returncode == 0, done.stderr
        return str(done.stdout.strip())

    def answered(self) -> set[str]:
        rows = "IntensiveResponse.objects.values_list('session_id', 'challenge_id')"
        code = f"from learning.models import IntensiveResponse; print(*(f'{{s}}:{{c}}' for s, c in {rows}))"
        return set(self.python(code).split())


@pytest.fixture
def elsewhere(server):
    return Elsewhere(server)


@pytest.fixture
def copy(taken, tmp_path) -> Path:
    """The backup, to be spoilt."""
    folder = tmp_path / taken[0].name
    shutil.copytree(taken[0], folder)
    return folder


def test_what_was_acknowledged_before_it_comes_back_and_adds_up(taken, elsewhere):
    folder, before = taken
    done = elsewhere.run("restore", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the checksum is right" in done.stdout and "totals: all is well" in done.stdout
    assert elsewhere.answered() >= before
    # Not by our own word alone.
    assert elsewhere.run("rebuild_metrics", "--check").returncode == 0
    assert elsewhere.run("migrate", "--check").returncode == 0


def test_totals_that_do_not_add_up_are_told(taken, elsewhere, server):
    folder, _before = taken
    assert elsewhere.run("restore", str(folder)).returncode == 0
    spoil = "from metrics.models import UserMetrics as U; U.objects.update(answered=999)"
    elsewhere.python(spoil)
    again = elsewhere.run("backup", "--to", str(folder.parent / "spoilt"))
    assert again.returncode == 0
    (spoilt,) = kept(folder.parent / "spoilt")
    done = elsewhere.run("restore", "--force", str(spoilt))
    assert done.returncode == 1
    assert "answered: is 999" in done.stdout


def test_a_database_that_is_not_empty_stays_as_it_is_without_force(taken, elsewhere):
    folder, _before = taken
    assert elsewhere.run("restore", str(folder)).returncode == 0
    users = "from accounts.models import User; print(User.objects.filter(username='b').count())"
    elsewhere.python(f"{users}; User.objects.create_user(username='b', email='b@x.org', name='B', password=None)")
    done = elsewhere.run("restore", str(folder))
    assert done.returncode == 1 and "not empty" in done.stderr
    assert elsewhere.python(users) == "1"
    assert elsewhere.run("restore", "--force", str(folder)).returncode == 0
    assert elsewhere.python(users) == "0"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "checksum differs"),
        ({"file": "gone.gz"}, "cannot be read"),
        ({"vendor": "oracle"}, "a backup of oracle"),
        ({"format": 2}, "another version"),
        ({"migrations": {"learning": ["0999_later"]}}, "learning.0999_later"),
        ({"sha256": None}, "is not complete"),
        (None, "is no backup"),
    ],
)
def test_a_damaged_or_foreign_backup_is_refused_before_anything_is_touched(copy, changes, said):
    manifest = json.loads((copy / MANIFEST).read_text())
    if changes is None:
        (copy / MANIFEST).unlink()
    elif not changes:
        data = copy / manifest["file"]
        data.write_bytes(data.read_bytes()[:-40] + b"x" * 40)
    else:
        manifest = {name: value for name, value in (manifest | changes).items() if value is not None}
        (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CommandError, match=said):
        call_command("restore", str(copy), "--force", "--dry-run")


def test_an_older_backup_asks_for_the_migrations_that_it_lacks(taken, elsewhere, tmp_path):
    folder, _before = taken
    assert elsewhere.run("restore", str(folder)).returncode == 0
    last = "app='metrics', name__startswith='0002'"
    elsewhere.python(
        "from django.db.migrations.recorder import MigrationRecorder as R; from django.db import connection as c;"
        f"assert R(c).migration_qs.filter({last}).delete()[0]"
    )
    assert elsewhere.run("backup", "--to", str(tmp_path)).returncode == 0
    done = elsewhere.run("restore", "--force", str(kept(tmp_path)[0]))
    assert done.returncode == 1 and "metrics.0002" in done.stderr and "Run migrate" in done.stderr


def test_a_dry_run_restores_nothing(taken, elsewhere):
    done = elsewhere.run("restore", "--dry-run", str(taken[0]))
    assert done.returncode == 0 and "it would be restored" in done.stdout
    tables = "from django.db import connection as c; print(c.introspection.table_names())"
    assert elsewhere.python(tables) == "[]"


def test_the_oldest_go_when_there_are_more_than_are_kept(server, tmp_path):
    for stamp in ("20250101T000000Z", "20250102T000000Z", "20250103T000000Z"):
        folder = tmp_path / f"persenaut-{stamp}"
        folder.mkdir()
        (folder / MANIFEST).write_text("{}")
    (tmp_path / "of-somebody-else").mkdir()
    said = server.manage("backup", "--to", str(tmp_path), "--keep", "2").stdout
    assert said.count("deleted") == 2
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[0] == "of-somebody-else" and left[1] == "persenaut-20250103T000000Z" and len(left) == 3


def test_half_a_backup_is_none(server, tmp_path):
    """Nothing is left when it fails, and the exit code tells cron."""
    env = {"PATH": str(tmp_path)} if ON_MYSQL else {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"}
    here = Live.__new__(Live)
    here.env = server.env | env
    done = here.manage("backup", "--to", str(tmp_path / "backups"), check=False)
    assert done.returncode == 1
    assert ("apt-get install mariadb-client" if ON_MYSQL else "nothing to back up") in done.stderr
    assert [*(tmp_path / "backups").iterdir()] == []


@pytest.mark.skipif(not ON_MYSQL, reason="SQLite has no password")
def test_the_password_of_the_database_is_on_no_command_line(server, tmp_path):
    """A stand-in for the program writes down how it was called, and the options that it was given in a file."""
    programs = tmp_path / "programs"
    programs.mkdir()
    fake = programs / "mariadb-dump"
    fake.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\nenv > {tmp_path}/environment\n'
        f'file=${{1#--defaults-file=}}\nstat -c %a "$file" > {tmp_path}/mode\ncp "$file" {tmp_path}/options\nexit 1\n'
    )
    fake.chmod(0o755)
    (programs / "mysqldump").symlink_to(fake)
    here = Live.__new__(Live)
    database = server.env["DATABASE_URL"].rpartition("/")[2]
    code = (
        "from django.db import connection as c; from ops.backup import mysql; from pathlib import Path;"
        f"c.mysql_is_mariadb; c.settings_dict |= {{'PASSWORD': {SECRET!r}}};"
        "\ntry: list(mysql.dump(c, Path('.')))\nexcept Exception as exc: print(exc)"
    )
    here.env = server.env | {"PATH": f"{programs}:{os.environ['PATH']}"}
    assert "failed (1)" in here.manage("shell", "--verbosity", "0", "-c", code).stdout
    arguments = (tmp_path / "arguments").read_text()
    assert database in arguments and SECRET not in arguments
    assert SECRET not in (tmp_path / "environment").read_text()
    assert f'password="{SECRET}"' in (tmp_path / "options").read_text()
    assert (tmp_path / "mode").read_text().strip() == "600"
