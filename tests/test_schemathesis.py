"""A running server answers as its API document says, whatever it is asked: schemathesis with all of its checks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import model_server as says
from tests.live import ROOT, Live
from tests.model_server import ModelServer
from tests.people import PASSWORD, register

pytestmark = pytest.mark.live
SECONDS = 1200  # far more than it takes
# A learner's run is the dearer one, and MariaDB the choosier database: so a learner there, a visitor on SQLite.
ON_SERVERS = pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="runs on MariaDB and Redis")


@pytest.fixture
def fuzzed(_model_server: ModelServer) -> Iterator[Live]:
    """A running server whose model always has a question, even where the theme is a number."""
    _model_server.reset(says.writes(fifteen_questions))
    budgets = {f"AI_CALLS_PER_{who}": "1000000" for who in ("USER", "ADDRESS", "SITE")}
    with Live(redis_db=7, AI_BASE_URL=_model_server.url, AI_BREAKER_SECONDS="0.05", **budgets) as server:
        yield server
    _model_server.reset()


def fifteen_questions(payload: dict[str, Any], number: int) -> says.Answer:
    """In the language of the request, since the fuzzed learner changes it."""
    words = {}
    if payload["messages"][-1]["content"].startswith("Write"):
        words["explanation"] = "This is what the server of the tests has to say about it, and that is all there is."
    made = []
    for one in range(number * 15, number * 15 + 15):
        if words:
            words["question"] = f"What is the right answer to the question with the number {one} of this model?"
        made.append(says.question(one, **words))
    return says.questions(*made)


@ON_SERVERS
def test_all_that_a_learner_can_ask(fuzzed, tmp_path):
    learner = register(fuzzed.url)
    login = json.dumps({"email": learner.email, "password": PASSWORD})
    phases = "examples,coverage,fuzzing,stateful"
    # The old paths are the same views: the visitor tries those, too.
    done = ask_everything(fuzzed, tmp_path, "--exclude-deprecated", phases=phases, user=learner.id, FUZZ_LOGIN=login)
    assert "Tested: 42" in done


@pytest.mark.once
def test_all_that_a_visitor_can_ask(fuzzed, tmp_path):
    assert "Tested: 50" in ask_everything(fuzzed, tmp_path, phases="examples,fuzzing", user=1)


def ask_everything(live: Live, folder: Path, *options: str, phases: str, user: int, **env: str) -> str:
    config = folder / "schemathesis.toml"
    config.write_text((ROOT / "tests" / "schemathesis.toml").read_text() + f"values = [{user}]\n")
    command: list[Any] = [
        Path(sys.executable).with_name("schemathesis"), "--config-file", config,
        "run", f"{live.url}/api-docs/openapi.json",
        "--checks", "all", "--phases", phases, "--max-examples", "3", "--seed", "1", "--workers", "2",
        "--continue-on-failure", "--no-color", *options,
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "tests.fuzz_hooks", "FUZZ_BASE": live.url, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=os.environ | hooks | env, cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    return done.stdout
