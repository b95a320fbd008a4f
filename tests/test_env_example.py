"""`.env.example` names every variable that is read, and no other."""

import ast
import re

import pytest

from persenaut import settings
from tests.live import ROOT

pytestmark = pytest.mark.once

TEXT = (ROOT / ".env.example").read_text(encoding="utf-8")
NAMED = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", TEXT, re.MULTILINE)


def sources():
    apps = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", "benchmarks")]
    files = [path for app in apps for path in app.rglob("*.py") if "tests" not in path.relative_to(ROOT).parts]
    return [ROOT / "gunicorn.conf.py", *files]


def names_read(path):
    """The literal names in env_str("NAME") and its kin, os.environ.get("NAME") and os.environ["NAME"]."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            function, name = ast.unparse(node.func), node.args[0]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            function, name = ast.unparse(node.value), node.slice
        else:
            continue
        if re.fullmatch(r"env_\w+|os\.environ(\.get)?|os\.getenv", function) and isinstance(name, ast.Constant):
            yield name.value


READ = {name for path in sources() for name in names_read(path)} | {
    f"RATE_LIMIT_{name.upper()}" for name in settings.RATE_LIMITS
}


def test_the_reader_finds_what_is_read():
    assert set(names_read(ROOT / "gunicorn.conf.py")) >= {
        "HOST",
        "PORT",
        "THREADS",
        "WEB_CONCURRENCY",
        "TRUSTED_PROXY_COUNT",
    }
    assert {"DATABASE_URL", "REDIS_TLS", "LOG_TO"} <= READ


def test_every_variable_that_is_read_is_explained():
    assert sorted(READ - set(NAMED)) == []


def test_every_variable_that_is_explained_is_read_and_named_once():
    assert sorted(set(NAMED) - READ) == []
    assert len(NAMED) == len(set(NAMED))


def test_a_copy_of_it_changes_nothing():
    assert [line for line in TEXT.splitlines() if line and not line.startswith("#")] == []
