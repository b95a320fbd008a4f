"""A really running Persenaut: gunicorn on a free port, with a database of its own on the stack under test."""

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import urllib3

from tests.environment import FOLDER, REDIS_DATABASES
from tests.servers import free_port, spawn

ROOT = Path(__file__).resolve().parent.parent


def own_database() -> str:
    """The URL of a fresh, empty database on the stack under test."""
    name = f"live_{secrets.token_hex(4)}"
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("mysql"):
        return f"sqlite:///{FOLDER / name}.sqlite3"
    parts = urlsplit(url)
    import MySQLdb  # type: ignore[import-untyped]  # mysqlclient has no stubs

    connection = MySQLdb.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username, password=parts.password or ""
    )
    try:
        connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    finally:
        connection.close()
    return urlunsplit(parts._replace(path=f"/{name}"))


def own_redis(number: int) -> str:
    """The URL of a Redis database that the in-process tests (number 0) do not use; "" without Redis."""
    assert 0 < number < REDIS_DATABASES
    if not os.environ.get("REDIS_URL"):
        return ""
    url = urlsplit(os.environ["REDIS_URL"])
    ours = int(url.path.strip("/"))  # tests.environment chose it
    return urlunsplit(url._replace(path=f"/{ours + number}"))


class Live:
    """One server. `workers` above 1 needs Redis."""

    root = ROOT  # of the code that it runs

    def __init__(self, *, workers: int | None = None, threads: int = 8, redis_db: int = 5, **env: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        redis = own_redis(redis_db)
        self.log_dir = FOLDER / f"live-logs-{self.port}"
        self.env = os.environ | {
            "DATABASE_URL": own_database(),
            "REDIS_URL": redis,
            "REDIS_KEY_PREFIX": f"live{self.port}",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(workers or (2 if redis else 1)),
            "THREADS": str(threads),
            "LOG_DIR": str(self.log_dir),
            "DRAIN_SECONDS": "0",
            "DELIVERY_SECONDS": "0",  # a challenge made ahead in the midst of a test would be one too many
        }
        self.env |= {f"RATE_LIMIT_{name}": "1000000/1m" for name in LIMITS} | env
        self.process: subprocess.Popen[bytes] | None = None
        self.manage("migrate", "--verbosity", "0")

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command against this server's database and cache."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.env, check=check, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip

    def start(self) -> "Live":
        with open(FOLDER / f"gunicorn-{self.port}.txt", "ab") as output:
            self.process = spawn(
                [sys.executable, "-m", "gunicorn", "-c", str(self.root / "gunicorn.conf.py"), "persenaut.wsgi"],
                env=self.env, cwd=self.root, stdout=output, stderr=output,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        with urllib3.PoolManager(retries=False) as pool:
            while time.monotonic() < deadline:
                try:
                    if pool.request("GET", f"{self.url}/livez", timeout=1.0).status == 200:
                        return self
                except urllib3.exceptions.HTTPError:
                    time.sleep(0.05)
        raise RuntimeError(f"the server did not start:\n{self.output()}")

    def output(self) -> str:
        return (FOLDER / f"gunicorn-{self.port}.txt").read_text(errors="replace")

    def stop(self) -> int:
        """End it with SIGTERM; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(40)

    def __enter__(self) -> "Live":
        return self.start()

    def __exit__(self, *exc: Any) -> None:
        if self.process and self.process.poll() is None:
            self.stop()


LIMITS = ["AUTH", "API", "INTENSIVE", "AI", "TUTOR", "METRICS", "ANSWERS", "GLOBAL", "ADMIN_LOCK"]
