"""`./run`, as somebody types it who has just got a copy of the project.

The copy uses the virtual environment that runs the tests, where one does, so that nothing is installed: that it is
complete is what ./run finds in a second. With another Python it makes one of its own, which takes longer.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import urllib3

from tests.live import ROOT
from tests.servers import free_port, spawn

pytestmark = [pytest.mark.live, pytest.mark.once]
NOT_TRACKED = {".git", ".venv", ".env", "var", "logs"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project as a repository has it, with a database that is up to date."""
    folder = tmp_path_factory.mktemp("copy") / "a folder with spaces"
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name in NOT_TRACKED or path.name.endswith("_cache"):
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy2(path, folder)
    if sys.prefix != sys.base_prefix:
        (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


class Run:
    """One `./run` with nothing in its environment but what is given."""

    def __init__(self, copy: Path, home: Path, *arguments: str, **env: str) -> None:
        self.port = free_port()
        self.output = home / f"output-{self.port}.txt"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "DATA_DIR": str(home / "data")}
        self.env |= {"LOG_DIR": str(home / "logs"), "PORT": str(self.port)} | env
        self.begun = time.monotonic()
        with open(self.output, "wb") as output:
            self.process = spawn(
                [str(copy / "run"), *arguments],
                env=self.env, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return urllib3.request(
            "GET", f"http://127.0.0.1:{self.port}{path}", timeout=10.0, retries=False, redirect=False
        )

    def ready(self) -> "Run":
        while self.process.poll() is None and time.monotonic() < self.begun + 180:
            try:
                assert self.get("/livez").status == 200
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
            else:
                self.took = time.monotonic() - self.begun
                return self
        raise AssertionError(self.said())

    def end(self, number: int = signal.SIGTERM) -> float:
        """The seconds it took to end, with code 0 and nothing left of its session."""
        asked = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(20) == 0, self.said()
        took = time.monotonic() - asked
        assert processes_of(self.process.pid) == []
        return took

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *exc: object) -> None:
        for pid in processes_of(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


def processes_of(session: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, of = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(of) == session and state != "Z":
            found.append(int(stat.parent.name))
    return found


def test_a_newcomer_is_served_and_told_where(copy, home):
    with Run(copy, home) as run:
        run.ready()
        for place in ("/api", "/api-docs", "/admin/", "/health"):
            assert f"http://127.0.0.1:{run.port}{place}\n" in run.said()
        for fact in ("SQLite", "in-process cache", "question bank", "1 worker, 8 threads each", "Listening at"):
            assert fact in run.said()
        assert run.get("/api-docs").status == 200
        assert run.get("/admin/login/").status == 200, "not sent to https"
        assert (home / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
        assert run.end() < 5


def test_it_starts_again_in_seconds_with_the_same_key_and_ends_at_ctrl_c(copy, home):
    with Run(copy, home) as run:
        run.ready()
        run.end()
        key = (home / "data" / "secret_key").read_text()
    with Run(copy, home, THREADS="3") as run:
        run.ready()
        assert run.took < 10  # under 3 s on a machine with nothing else to do
        assert "3 threads each" in run.said()
        assert (home / "data" / "secret_key").read_text() == key
        assert run.end(signal.SIGINT) < 5


def test_dotenv_counts_and_the_environment_wins(copy, home):
    (home / "settings").write_text("THREADS=5\nHTTPS=true\nPORT=1\n")
    with Run(copy, home, DOTENV=str(home / "settings")) as run:
        run.ready()
        assert "5 threads each" in run.said()
        assert run.get("/admin/login/").status == 301, "HTTPS=true is not overruled"
        run.end()


def test_demo_prints_logins_that_open_the_door(copy, home):
    with Run(copy, home, "--demo") as run:
        run.ready()
        email, password = next(line.split()[1:] for line in run.said().splitlines() if line.startswith("  learner "))
        login = {"email": email, "password": password}
        url = f"http://127.0.0.1:{run.port}/api/auth/login"
        assert urllib3.request("POST", url, json=login, timeout=10.0).status == 200
        run.end()


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"WEB_CONCURRENCY": "3"}, "WEB_CONCURRENCY=3 needs Redis"),
        ({"THREADS": "many"}, "THREADS='many': use a whole number"),
        ({"PORT": "1", "HOST": "192.0.2.1"}, "Cannot listen on 192.0.2.1:1"),
        ({"DATABASE_URL": "mysql://root@127.0.0.1:1/none"}, "The database does not answer"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(copy, home, env, sentence):
    with Run(copy, home, **env) as run:
        assert run.process.wait(60) == 1
        assert sentence in run.said().splitlines()[-1] and "Traceback" not in run.said()


def test_help_and_a_word_it_does_not_know(copy, home):
    for argument, code in (("--help", 0), ("--hepl", 1)):
        with Run(copy, home, argument) as run:
            assert run.process.wait(20) == code
            assert run.said().startswith("usage: ./run")
