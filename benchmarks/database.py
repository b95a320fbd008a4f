"""The database: whether its cost stays flat, what an index brings, and whether maintenance disturbs anybody."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import urllib3

from benchmarks.scenarios import Table, scenario
from benchmarks.stack import WORKERS
from tests.http import Client
from tests.live import ROOT, Live, own_database
from tests.people import Learner, register

FEW, MANY = 1_000, 1_000_000  # answers of one learner
SMALL, LARGE = 1_000, 100_000  # users of a site
PER_SESSION = 2  # answers, so that the learner with few has a session a day as well
LITTLE, MUCH = 1, 2  # the ids of the two learners
REPETITIONS, ROUNDS = 60, 5
CLIENTS = 8


def django_here() -> None:
    """Django in this process, on the private server that ./bench has started."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "persenaut.settings"
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


@contextmanager
def database(name: str) -> Iterator[None]:
    """Inside, we ask another database of the same server."""
    from django.db import connection

    settings = connection.settings_dict
    before = settings["NAME"]
    settings["NAME"] = name
    connection.close()
    try:
        yield
    finally:
        settings["NAME"] = before
        connection.close()


def fresh_database() -> str:
    """The name of a new database with our tables."""
    url = own_database()
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)
    return url.rpartition("/")[2]


# --- Flat reads ------------------------------------------------------------------------------------------------------


@scenario
def flat_reads() -> Table:
    """Uncached metrics of a learner with 1,000 and 1,000,000 answers, and on a site of 1,000 and 100,000 users."""
    django_here()
    table = Table("Uncached metrics reads: a thousandfold history, a hundredfold site")
    one, small, large = fresh_database(), fresh_database(), fresh_database()
    with database(one):
        fill(users=2, challenges=1000, histories={LITTLE: FEW, MUCH: MANY})
        assert_exact(LITTLE)
    compare(table, f"{MANY:,} answers / {FEW:,}", [(one, LITTLE), (one, MUCH)])
    for name, users in ((small, SMALL), (large, LARGE)):
        with database(name):
            fill(users=users, challenges=2, histories={LITTLE: FEW}, others=10)
    compare(table, f"{LARGE:,} users / {SMALL:,}", [(small, LITTLE), (large, LITTLE)])
    return table


def fill(*, users: int, challenges: int, histories: dict[int, int], others: int = 0) -> None:
    """Users with `challenges` each; some with so many answers, everybody else with `others` sessions."""
    from tests import bulk

    with bulk.loading(max(histories.values())):
        bulk.people(users)
        bulk.questions(users, challenges)
        done = 0
        for user, answers in histories.items():
            how_many = answers // PER_SESSION
            bulk.practice(str(user), how_many, after=done, each=challenges, per_session=PER_SESSION)
            done += how_many
        if others:
            owner = f"2 + MOD(seq, {users - 1})"
            bulk.practice(owner, others * users, after=done, each=challenges, per_session=PER_SESSION)
        bulk.totals()


def assert_exact(user: int) -> None:
    """What was filled in are real totals."""
    from metrics.rebuild import rebuild_user

    assert rebuild_user(user, check_only=True) == []


def compare(table: Table, what: str, cases: list[tuple[str, int]]) -> None:
    """Add the ratio of the second case to the first: for each read by itself, and as the API answers it."""
    times: dict[str, tuple[list[float], list[float]]] = {}
    sizes: dict[str, tuple[list[int], list[int]]] = {}
    for round_ in range(ROUNDS + 1):
        for number, (name, user) in enumerate(cases):
            with database(name):
                for read, took, rows in measured(user):
                    if round_:  # the first one warms up
                        times.setdefault(read, ([], []))[number].append(took)
                        sizes.setdefault(read, ([], []))[number].append(rows)
    for read, (little, much) in times.items():
        ratios = [one / other for one, other in zip(much, little, strict=True)]
        rows = " and ".join(str(max(each)) for each in sizes[read])
        note = f"{statistics.median(much):.2f} ms; rows read: {rows}"
        table.add(f"{read}: {what}", ratios, "x", note, target="<= 1.2")


def measured(user: int) -> Iterator[tuple[str, float, int]]:
    """(what is read, milliseconds, rows that the database read) of each metrics read, and of each as an answer."""
    from tests.plans import rows_read

    for name, read in reads_of(user):
        read()
        before = rows_read()
        read()
        rows = rows_read() - before
        times = []
        for _ in range(REPETITIONS):
            began = time.perf_counter()
            read()
            times.append(1000 * (time.perf_counter() - began))
        yield name, statistics.median(times), rows


def reads_of(user: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    from django.conf import settings
    from django.utils import timezone

    from accounts.models import User
    from conftest import Api
    from metrics import reads
    from ops import cache

    settings.RATE_LIMITS = {name: (10**9, window) for name, (_, window) in settings.RATE_LIMITS.items()}
    today = timezone.now().date()
    yield "overall", lambda: reads.overall(user)
    yield "themes", lambda: reads.themes(user)
    yield "timeline", lambda: reads.timeline(user, 30, today)
    yield "game-modes", lambda: reads.game_modes(user)
    cache.forget(f"auth:{user}")
    api = Api(User.objects.get(pk=user))

    def answer(figures: str) -> None:
        cache.invalidate_user(user)
        reply = api.get(f"/api/metrics/user/{user}/metrics/{figures}")
        assert (reply.status_code, reply["X-Cache"]) == (200, "MISS")

    for figures in ("overall", "themes", "timeline", "game-modes"):
        yield f"{figures}, the whole answer", lambda figures=figures: answer(figures)


# --- The seed's example ----------------------------------------------------------------------------------------------


@scenario
def seed_example() -> Table:
    """A week of one user's answers among 100,000, with the index and without it (the seed: 500 ms to 5 ms)."""
    django_here()
    from django.db import connection

    from tests import bulk

    table = Table("A week of one user's answers in a table of 100,000 (the seed: 500 ms, then 5 ms: 100 x)")
    name = fresh_database()
    with database(name):
        bulk.fill(bulk.Site())
        users = {
            "one of 5,000 users": (77, "as a client sees it"),
            f"one with 1/{bulk.SHARE} of all": (bulk.WHALE, "41 rows"),
        }
        for whose, (user, note) in users.items():
            week = "user_id = %s AND created_at > DATE_SUB(NOW(), INTERVAL 7 DAY)"  # the seed's own words
            sql = f"SELECT * FROM user_responses {{hint}} WHERE {week}"
            pairs = []
            with connection.cursor() as cursor:
                for _ in range(3 * ROUNDS):
                    without = median_ms(cursor, sql.format(hint="IGNORE INDEX (idx_responses_user_time)"), user, 5)
                    pairs.append((without, median_ms(cursor, sql.format(hint=""), user, REPETITIONS)))
            table.add(f"{whose}: without the index", [before for before, _after in pairs], "ms")
            table.add(f"{whose}: with it", [after for _before, after in pairs], "ms")
            table.add(f"{whose}: ratio", [before / after for before, after in pairs], "x", note)
            if user == bulk.WHALE:
                continue
            inside = []
            with connection.cursor() as cursor:
                for _ in range(REPETITIONS):
                    slow = server_ms(cursor, sql.format(hint="IGNORE INDEX (idx_responses_user_time)"), user)
                    inside.append(slow / server_ms(cursor, sql.format(hint=""), user))
            table.add(f"{whose}: ratio in the database", inside, "x", "without the way there and back", target=">= 100")
    return table


def server_ms(cursor: Any, sql: str, user: int) -> float:
    """What the database itself says it took."""
    cursor.execute(f"ANALYZE FORMAT=JSON {sql}", [user])
    return float(json.loads(cursor.fetchone()[0])["query_block"]["r_total_time_ms"])


def median_ms(cursor: Any, sql: str, user: int, times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        cursor.execute(sql, [user])
        cursor.fetchall()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


# --- Every query on an index -----------------------------------------------------------------------------------------


@scenario
def query_plans() -> Table:
    """Every statement of API, admin and commands explained, at 1,000,000 answers of 5,000 users."""
    table = Table("Plans of every statement: 1,100,000 challenges, 1,000,000 + 1,000,000 answers, 200,000 sessions")
    results = ROOT / "benchmarks" / "results" / "query_plans_statements.json"
    results.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_query_plans.py"]
    env = os.environ | {"QUERY_PLAN_SCALE": "10", "QUERY_PLAN_RESULTS": str(results)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout[-5000:])
    statements = json.loads(results.read_text())
    usual = [one["read"] for one in statements if not one["reads_much"]]
    table.add("different statements explained", [len(statements)], "", "none scans or sorts what grows")
    table.add("rows read by one statement of a usual request: most", [max(usual)], "", "of 22,000 of the learner's")
    table.add("median", [statistics.median(usual)], "")
    return table


# --- Maintenance -----------------------------------------------------------------------------------------------------


@scenario
def maintenance() -> Table:
    """analyze_tables and optimize_tables while 8 clients write: does any request fail?"""
    table = Table(f"{CLIENTS} clients write answers while tables are analyzed and rebuilt")
    server = Live(workers=WORKERS, threads=8)
    server.manage("shell", "--verbosity", "0", "-c", "from tests import bulk; bulk.fill(bulk.Site())")
    rebuilt: list[subprocess.CompletedProcess[str]] = []
    with server, writers(server) as done:
        time.sleep(3)
        phases = {"nothing else": lambda: time.sleep(15)}
        # A table that is in use the whole time is left as it was: that is no reason to stop the writers.
        phases["analyze_tables"] = lambda: server.manage("analyze_tables")
        phases["optimize_tables"] = lambda: rebuilt.append(server.manage("optimize_tables", check=False))
        seconds = {}
        for name, work in phases.items():
            done.phase = name
            began = time.monotonic()
            for _ in range(1 if name == "nothing else" else 3):
                work()
            seconds[name] = time.monotonic() - began
    for name in phases:
        times = sorted(done.times[name])
        table.add(f"{name}: requests", [len(times)], "", f"in {seconds[name]:.0f} s")
        table.add(f"{name}: failed", [len(done.failures[name])], "", f"{done.failures[name][:1] or ''}", target="<= 0")
        table.add(f"{name}: p50", [times[len(times) // 2]], "ms")
        table.add(f"{name}: p99", [times[len(times) * 99 // 100]], "ms")
        table.add(f"{name}: slowest", [times[-1]], "ms")
    table.add("tables rebuilt", [sum(run.stdout.count(": rebuilt, ") for run in rebuilt)], "")
    table.add("tables left for later, being in use", [sum(run.stderr.count("in use the whole") for run in rebuilt)], "")
    return table


class Done:
    """What clients did, by what was going on meanwhile. Times in milliseconds."""

    def __init__(self) -> None:
        self.phase = "before"
        self.times: dict[str, list[float]] = {}
        self.failures: dict[str, list[str]] = {}

    def add(self, phase: str, took: float, failure: str) -> None:
        self.times.setdefault(phase, []).append(took)
        self.failures.setdefault(phase, [])
        if failure:
            self.failures[phase].append(failure)


@contextmanager
def writers(server: Live) -> Iterator[Done]:
    """Clients that play session after session, beside what is done inside."""
    done, stop = Done(), threading.Event()
    threads = [threading.Thread(target=play, args=(server, done, stop)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def play(server: Live, done: Done, stop: threading.Event) -> None:
    learner = register(server.url)
    while not stop.is_set():
        started = asked(done, learner, "/api/intensive-review/start", {"theme": "Historia", "gameMode": "normal"})
        for question in (started or {}).get("challenges", []):
            body = {"questionId": question["id"], "selectedAnswer": "B", "responseTime": 1}
            asked(done, learner, "/api/save-intensive-response", body | {"sessionId": started["sessionId"]})
        if started:
            asked(done, learner, "/api/intensive-review/save-results", {"sessionId": started["sessionId"]})


def asked(done: Done, client: Client | Learner, path: str, body: dict[str, Any]) -> Any:
    """The answer, or None for a failure; either is written down."""
    phase, began, reply, failure = done.phase, time.perf_counter(), None, ""
    try:
        reply = client.post(path, body)
        failure = "" if reply.status == 200 else f"{reply.status} {reply.content[:200]!r}"
    except urllib3.exceptions.HTTPError as exc:
        failure = repr(exc)
    done.add(phase, 1000 * (time.perf_counter() - began), failure)
    return reply.json() if reply and not failure else None
