"""The tour of the README and the log queries of docs/operating.md, run as they are printed."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.live import ROOT
from tests.test_run_script import Run, copy  # noqa: F401  a fixture

pytestmark = [pytest.mark.live, pytest.mark.once]


@pytest.fixture(scope="module")
def run(copy, tmp_path_factory):  # noqa: F811
    """A server that somebody has just started with ./run."""
    home = tmp_path_factory.mktemp("home")
    with Run(copy, home) as run:
        run.ready()
        yield run
        run.end(signal.SIGTERM)


def block(page: str, heading: str) -> str:
    """The first block of shell under a heading."""
    text = (ROOT / page).read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    found = re.search(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def bash(script: str, cwd) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8", "TZ": "UTC"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=env, cwd=cwd, capture_output=True, text=True, timeout=120
    )


TOURS = [("README.md", "## A tour in five minutes", "ana"), ("README.es.md", "## Un recorrido de cinco minutos", "eva")]


@pytest.mark.parametrize("page, heading, name", TOURS, ids=["english", "spanish"])
def test_the_tour_works_as_printed(run, tmp_path, page, heading, name):
    tour = block(page, heading)
    assert "http://127.0.0.1:8000" in tour
    # But for the port, and for who comes second.
    tour = tour.replace("127.0.0.1:8000", f"127.0.0.1:{run.port}").replace('"ana"', f'"{name}"')
    done = bash(tour.replace("ana@example.org", f"{name}@example.org"), tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert '"error"' not in said, said
    for fact in ("Respuesta correcta: ", '"isAuthenticated":true', '"savedQuestionId"', '"correctAnswer"'):
        assert fact in done.stdout + done.stderr
    overall = next(line for line in done.stdout.splitlines() if "total_sessions" in line)
    assert '"total_sessions":1' in overall
    assert '"frequency":"daily"' in done.stdout
    assert '"weekly_goals"' in done.stdout


def test_log_queries_answer_from_real_lines(run, tmp_path):
    for _ in range(3):
        run.get("/api/auth/check-auth")
    env = run.env | {"PYTHONPATH": str(ROOT)}
    fail = "from ops.logs import log_error, log_business_event; log_error(ValueError('x')); log_business_event('TRIED')"
    subprocess.run([sys.executable, "manage.py", "shell", "-v", "0", "-c", fail], cwd=ROOT, env=env, check=True)
    for _ in range(8):  # the limit of class auth is five
        bash(
            f"curl -s http://127.0.0.1:{run.port}/api/auth/login -H 'Content-Type: application/json' -d '{{}}'",
            tmp_path,
        )
    (tmp_path / "logs").symlink_to(run.env["LOG_DIR"])
    queries = [line for line in block("docs/operating.md", "## Logs").splitlines() if line and line[0] != "#"]
    answers = {}
    for query in queries:
        done = bash(query, tmp_path)
        assert done.returncode == 0, query + done.stderr
        answers[query.split("logs/")[0]] = done.stdout
    by_kind = "\n".join(answers.values())
    assert "ValueError" in by_kind
    assert re.search(r"\d+ 200$", by_kind, re.MULTILINE)
    assert re.search(r"\d+ 429$", by_kind, re.MULTILINE)
    assert '"route":"api/auth/check-auth","n":' in by_kind
    assert re.search(r"\d+ auth\t\t127\.0\.0\.1$", by_kind, re.MULTILINE)
    assert re.search(r"\d+ TRIED$", by_kind, re.MULTILINE)
