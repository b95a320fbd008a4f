"""The servers under measurement: Persenaut and its references, each under gunicorn with the same settings."""

import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import urllib3

from tests.live import ROOT, Live, free_port, own_database
from tests.people import Learner, register

WORKERS = 2


class Reference:
    """A WSGI application of benchmarks.bare under gunicorn."""

    def __init__(self, name: str, path: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{path}"
        env = os.environ | {
            "PORT": str(self.port), "WEB_CONCURRENCY": str(WORKERS), "REDIS_URL": "redis://unused", "THREADS": "4",
        }  # fmt: skip
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), f"benchmarks.bare:{name}"]
        # Django's settings are the module's own, not the project's.
        env.pop("DJANGO_SETTINGS_MODULE", None)
        with open(os.devnull, "wb") as nowhere:
            self.process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=nowhere, stderr=nowhere)
        wait_for(self.url)

    @property
    def master(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def persenaut(**env: str) -> Live:
    """A server to be started by `with`."""
    return Live(workers=WORKERS, threads=4, **{"LOG_LEVEL": "info", "DATABASE_URL": shared_database()} | env)


@cache
def shared_database() -> str:
    """One for all servers: making the tables takes longer than many a measurement, and each has learners of its own."""
    return own_database()


def master_of(server: Live) -> int:
    assert server.process
    return server.process.pid


def learner_with_history(server: Live, sessions: int = 12) -> Learner:
    """A learner whose figures are worth reading."""
    ana = register(server.url)
    for number in range(sessions):
        theme = ("Historia", "Arte", "Física", "Química")[number % 4]
        mode = ("timed", "normal", "survival")[number % 3]
        started = ana.ok("POST", "/api/intensive-review/start", {"theme": theme, "gameMode": mode})
        for question in started["challenges"][:5]:
            ana.answer(question["id"], "B", started["sessionId"])
        ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"]})
    return ana


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    with urllib3.PoolManager(retries=False) as pool:
        while time.monotonic() < deadline:
            try:
                pool.request("GET", url, timeout=1.0)
                return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
    raise RuntimeError(f"nobody answers at {url}")


def log_bytes(server: Live) -> int:
    return sum(path.stat().st_size for path in Path(server.log_dir).glob("*"))
