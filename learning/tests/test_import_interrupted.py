"""An import that is killed again and again comes to the same end as one that was left alone."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from urllib.parse import urlsplit

import MySQLdb
import pytest

from tests.live import ROOT, Live

pytestmark = pytest.mark.live

USERS, BATCH = 150, 20
KILLS = 6
DIGESTS = "import json; from learning.tests.import_state import digests; print(json.dumps(digests()))"


def arguments(old):
    zone = ["--source-time-zone", "Europe/Madrid"]
    return ["import_first_generation", "--source", old.url, *zone, "--batch", str(BATCH), "--verbosity", "0"]


def digests(target):
    return json.loads(target.manage("shell", "--verbosity", "0", "-c", DIGESTS).stdout)


def rows_read(target):
    """How far the import has come, asked from outside."""
    parts = urlsplit(target.env["DATABASE_URL"])
    if parts.scheme == "sqlite":
        connection = sqlite3.connect(parts.path, timeout=20)
        cursor = connection.execute("SELECT SUM(seen) FROM imported_tables")
    else:
        connection = MySQLdb.connect(
            host=parts.hostname, port=parts.port, user=parts.username, database=parts.path.strip("/")
        )
        cursor = connection.cursor()
        cursor.execute("SELECT SUM(seen) FROM imported_tables")
    seen = int(cursor.fetchone()[0] or 0)
    connection.close()
    return seen


def run_and_kill(target, old, at_rows):
    """Kill the command with SIGKILL somewhere after it has read so many rows; None if it came to its end before."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *arguments(old)],
        env=target.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while process.poll() is None and rows_read(target) < at_rows:
            time.sleep(0.005)
        time.sleep(random.random() * 0.05)  # into a batch
    finally:
        process.kill()
        process.wait()
    return rows_read(target)


@pytest.fixture(scope="module")
def undisturbed(old_server):
    """What a whole run makes of the old database that `filled` is, too."""
    from benchmarks.old_database import FirstGeneration

    old = FirstGeneration.create(old_server, f"old_whole_{os.getpid()}")
    old.fill(USERS, dirt=1.0)
    target = Live()
    target.manage(*arguments(old))
    yield old, target, digests(target)
    old.execute(f"DROP DATABASE {old.url.rpartition('/')[2]}")
    old.close()


def test_killed_at_any_point_and_resumed_it_ends_the_same(undisturbed):
    old, whole, expected = undisturbed
    total = rows_read(whole)
    target = Live()
    places = [run_and_kill(target, old, total * (kill + random.uniform(0.2, 0.9)) / KILLS) for kill in range(KILLS)]
    assert places == sorted(places) and len(set(places)) >= KILLS - 1, "each run came further than the one before"
    assert 0 < places[0] < total
    target.manage(*arguments(old))
    assert digests(target) == expected
    target.manage(*arguments(old), "--check")
    target.manage("rebuild_metrics", "--check", "--verbosity", "0")


def test_at_the_end_there_is_nothing_left_to_do(undisturbed):
    old, target, expected = undisturbed
    target.manage(*arguments(old))
    assert digests(target) == expected
