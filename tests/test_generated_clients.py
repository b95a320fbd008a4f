"""Clients that others generate from the API document compile, and make the main journey against a running server."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.http import Client
from tests.live import ROOT

pytestmark = [pytest.mark.live, pytest.mark.once]
CLIENTS = ROOT / "tests" / "clients"
NPM = ROOT / "tests" / "npm" / "node_modules"
PYTHON_BIN = Path(sys.executable).parent
STRICT = ["--strict", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022", "--lib", "es2023,dom"]


@pytest.fixture(scope="module")
def document(live, tmp_path_factory):
    """The API document as a stranger gets it."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(Client(live.url).get("/api-docs/openapi.json").content)
    return path


def run(*command: Any, cwd: Path, **env: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout + done.stderr


def test_a_python_client(live, document, tmp_path):
    config = tmp_path / "config.yml"
    config.write_text("post_hooks: []\n")
    package = tmp_path / "persenaut_client"
    made = run(
        PYTHON_BIN / "openapi-python-client", "generate", "--path", document, "--meta", "none", "--config", config,
        "--output-path", package, "--fail-on-warning", cwd=tmp_path,
    )  # fmt: skip
    assert "warning" not in made.lower(), made
    run(sys.executable, "-m", "compileall", "-q", package, cwd=tmp_path)
    assert "done" in run(sys.executable, CLIENTS / "journey.py", live.url, cwd=tmp_path, PYTHONPATH=str(tmp_path))


def test_a_typescript_client(live, document, tmp_path):
    assert NPM.is_dir(), "./test installs what tests/npm names"
    (tmp_path / "node_modules").symlink_to(NPM)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(CLIENTS / "journey.ts", tmp_path)
    run("node", NPM / "openapi-typescript/bin/cli.js", document, "--output", "schema.ts", cwd=tmp_path)
    run("node", NPM / "typescript/bin/tsc", *STRICT, "journey.ts", cwd=tmp_path)
    assert "done" in run("node", "journey.js", live.url, cwd=tmp_path)
