"""Importing a database of the first generation: how fast, with how much memory, and what a kill half-way does to it."""

import os
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import MySQLdb

from benchmarks.old_database import FirstGeneration
from benchmarks.scenarios import Table, scenario
from tests.live import ROOT, Live

USERS = int(os.environ.get("FIRST_GENERATION_USERS", "5000"))  # 100000 for the figures of docs/performance.md
# Ids, and what is random or says when the import ran.
NOT_COMPARED = {
    "id", "user_id", "challenge_id", "schedule_id", "session_id", "challenge_ids", "shuffle_key", "make_at",
    "next_delivery", "updated_at",
}  # fmt: skip
TABLES = [
    "challenges", "challenge_schedules", "user_responses", "intensive_sessions", "intensive_responses",
    "session_scores", "user_achievements", "user_metrics", "theme_totals", "mode_totals", "day_totals",
    "answer_totals", "answer_days", "theme_shelves",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of the command cost."""

    code: int
    seconds: float
    cpu: float
    peak_mb: float


@scenario
def first_generation_import() -> Table:
    """An import of the first generation's database: rows per second, memory, killed half-way."""
    table = Table(f"Import of a first-generation database of {USERS:,} users (FIRST_GENERATION_USERS)")
    server = os.environ["DATABASE_URL"]
    small, large = filled(server, USERS // 5), filled(server, USERS)
    costs = {}
    for name, (old, _rows) in {"small": small, "large": large}.items():
        target = Live()
        costs[name] = run(target, old)
        must(costs[name].code == 0, "the import failed")
    rows, cost = large[1], costs["large"]
    table.add("rows read", [rows], "")
    table.add("rows per second", [rows / cost.seconds], "1/s")
    table.add("time", [cost.seconds], "s")
    table.add("CPU of the command per 1,000 rows", [1000 * cost.cpu / rows], "s")
    table.add(f"peak memory, {USERS // 5:,} users", [costs["small"].peak_mb], "MB")
    table.add(f"peak memory, {USERS:,} users", [cost.peak_mb], "MB")
    table.add("memory, five times the users", [cost.peak_mb / costs["small"].peak_mb], "x", "flat", target="<= 1.1")
    killed = Live()
    run(killed, large[0], kill_after=cost.seconds / 2)
    done = share(killed, target)
    must(run(killed, large[0]).code == 0, "the import that was killed could not go on")
    must(digests(killed) == digests(target), "killed half-way and resumed, it ended otherwise")
    table.add("done when it was killed", [done], "x", "resumed: equal end state")
    begun = time.monotonic()
    must(run(target, large[0], "--check").code == 0, "--check found differences")
    table.add("--check", [time.monotonic() - begun], "s", "no difference")
    return table


def filled(server: str, users: int) -> tuple[FirstGeneration, int]:
    """An old database with so many users, and its number of rows."""
    old = FirstGeneration.create(server, f"old_{secrets.token_hex(4)}")
    return old, old.fill(users)


def run(target: Live, old: FirstGeneration, *more: str, kill_after: float | None = None) -> Cost:
    command = ["import_first_generation", "--source", old.url, "--source-time-zone", "Europe/Madrid", *more]
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *command], env=target.env, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    peak = 0.0
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        peak = max(peak, peak_mb(process.pid))
        if kill_after is not None and time.monotonic() - begun > kill_after:
            process.kill()
        time.sleep(0.05)
    _pid, status, usage = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(process.returncode, time.monotonic() - begun, usage.ru_utime + usage.ru_stime, peak)


def peak_mb(pid: int) -> float:
    """The most memory that a process has had. (What wait4 tells includes its parent's, before it became itself.)"""
    match = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


def share(one: Live, other: Live) -> float:
    """How far one import has come on the way of another."""
    seen = [int(ask(live, "SELECT COALESCE(SUM(seen), 0) FROM imported_tables")[0][0]) for live in (one, other)]
    return seen[0] / seen[1]


def digests(live: Live) -> dict[str, Any]:
    """{table: (number of rows, a digest of what they say)}, whatever ids they were given."""
    return {table: ask(live, digest_of(live, table)) for table in TABLES}


def digest_of(live: Live, table: str) -> str:
    columns = [row[0] for row in ask(live, f"SHOW COLUMNS FROM {table}")]
    said = ["u.email"] + [f"COALESCE(t.`{column}`, '-')" for column in columns if column not in NOT_COMPARED]
    joins = f"FROM {table} t JOIN users u ON u.id = t.user_id"
    if "challenge_id" in columns:
        said += ["c.fingerprint", "c.`repeat`"]
        joins += " JOIN challenges c ON c.id = t.challenge_id"
    digest = f"CRC32(CONCAT_WS('|', {', '.join(said)}))"
    return f"SELECT COUNT(*), BIT_XOR({digest}), SUM({digest}) {joins}"


def ask(live: Live, sql: str) -> list[tuple[Any, ...]]:
    parts = urlsplit(live.env["DATABASE_URL"])
    connection = MySQLdb.connect(
        host=parts.hostname, port=parts.port, user=parts.username, database=parts.path.strip("/"), charset="utf8mb4"
    )
    cursor = connection.cursor()
    cursor.execute(sql)
    rows = list(cursor.fetchall())
    connection.close()
    return rows


def must(so: bool, otherwise: str) -> None:
    if not so:
        raise RuntimeError(otherwise)
