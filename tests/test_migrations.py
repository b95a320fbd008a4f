"""A release can be rolled out beside the one before: its migrations only add, and old code runs on what they make."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.live import ROOT, Live
from tests.migration_rules import troubles
from tests.people import register

OURS = ["accounts", "learning", "metrics", "ops"]
BASELINE = ROOT / "tests" / "first_release.txt"

# (app, migration): why it may do what the rules forbid.
ALLOWED: dict[tuple[str, str], str] = {}


def first_release() -> set[tuple[str, ...]]:
    lines = BASELINE.read_text(encoding="utf-8").splitlines()
    return {tuple(line.split()) for line in lines if line and not line.startswith("#")}


def ours() -> list[tuple[str, str]]:
    loader = MigrationLoader(None)
    return sorted(key for key in loader.disk_migrations if key[0] in OURS)


@pytest.mark.once
def test_migrations_after_the_first_release_only_add():
    loader = MigrationLoader(None)
    later = [key for key in ours() if key not in first_release() and key not in ALLOWED]
    found = []
    for key in later:
        # (app, "__first__"), as of a swappable model, means another one.
        before = [loader.check_key(one, key[0]) or one for one in loader.disk_migrations[key].dependencies]
        state = loader.project_state(before or None, at_end=True)
        for operation in loader.disk_migrations[key].operations:
            found += [f"{key}: {operation.describe()}: {one}" for one in troubles(operation, key[0], state)]
            operation.state_forwards(key[0], state)
    assert found == []


@pytest.mark.once
def test_the_first_release_is_what_is_there():
    """A migration of the list that is gone, or has another name, would be made anew on every database."""
    assert first_release() <= set(ours())


def state_of(**fields: models.Field) -> ProjectState:
    state = ProjectState()
    created = migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True)), *fields.items()])
    created.state_forwards("learning", state)
    return state


NAME = models.CharField(max_length=50, null=True)
GOOD = [
    migrations.AddField("thing", "note", models.TextField(null=True)),
    migrations.AddField("thing", "count", models.IntegerField(default=1, db_default=1)),
    migrations.AddIndex("thing", models.Index(fields=["name"], name="thing_name")),
    migrations.RemoveIndex("thing", "thing_name"),
    migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))]),
    migrations.AlterField("thing", "name", models.CharField(max_length=80, null=True)),
    migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop),
]
BAD = [
    migrations.AddField("thing", "count", models.IntegerField()),
    migrations.AddField("thing", "count", models.IntegerField(default=1)),
    migrations.RemoveField("thing", "name"),
    migrations.RenameField("thing", "name", "title"),
    migrations.RenameModel("Thing", "Matter"),
    migrations.DeleteModel("Thing"),
    migrations.AlterModelTable("thing", "things"),
    migrations.AlterField("thing", "name", models.CharField(max_length=40, null=True)),
    migrations.AlterField("thing", "name", models.CharField(max_length=50)),
    migrations.AlterField("thing", "name", models.CharField(max_length=50, null=True, unique=True)),
    migrations.AlterField("thing", "name", models.IntegerField(null=True)),
    migrations.AlterField("thing", "name", models.CharField(max_length=50, null=True, db_column="title")),
    migrations.AddConstraint("thing", models.UniqueConstraint(fields=["name"], name="thing_once")),
    migrations.RunSQL("DROP TABLE things", "SELECT 1"),
    migrations.RunPython(migrations.RunPython.noop),
    migrations.SeparateDatabaseAndState([migrations.RemoveField("thing", "name")]),
]


@pytest.mark.once
@pytest.mark.parametrize(("operation", "is_good"), [(o, True) for o in GOOD] + [(o, False) for o in BAD])
def test_the_rules(operation, is_good):
    assert (list(troubles(operation, "learning", state_of(name=NAME))) == []) == is_good


# --- The release before ----------------------------------------------------------------------------------------------


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


def releases() -> list[str]:
    """The tags v... but of this very commit, newest first; [] where there is no repository."""
    if not (ROOT / ".git").exists():
        return []
    here = git("tag", "--points-at", "HEAD").split()
    return [tag.decode() for tag in git("tag", "--list", "v*", "--sort=-version:refname").split() if tag not in here]


class Old(Live):
    """A server of an older release on a database that this release has migrated."""

    def __init__(self, folder: Path, **env: str) -> None:
        super().__init__(**env)  # migrates, by our own migrations
        self.root = folder


def unpacked(revision: str, into: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(git("archive", revision))) as archive:
        archive.extractall(into, filter="data")
    return into


@pytest.mark.live
def test_the_release_before_runs_on_this_schema(tmp_path):
    earlier = releases()
    if earlier:
        with Old(unpacked(earlier[0], tmp_path)) as server:
            use(server)
    elif (ROOT / ".git").exists():
        tags, here = git("tag", "--list", "v*").split(), git("tag", "--points-at", "HEAD").split()
        assert set(tags) <= set(here), "nothing was released before this: nobody runs older code"


def use(server: Live) -> None:
    """Health, and a learner's round through everything that reads and writes."""
    ana = register(server.url)
    assert ana.get("/health").json()["status"] == "healthy"
    made = ana.ok("POST", "/api/challenges/generate", {"theme": "Historia", "level": "easy"})
    ana.answer(made["savedQuestionId"])
    started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Historia", "gameMode": "normal"})
    for question in started["challenges"][:2]:
        ana.answer(question["id"], "B", started["sessionId"])
    ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"]})
    for name in ("overall", "sessions", "themes", "timeline", "game-modes", "achievements"):
        assert ana.figures(name)
    ana.ok("POST", "/api/tutor/advice", {"userId": ana.id})
    ana.ok("DELETE", "/api/themes/Historia")
