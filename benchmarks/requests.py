"""What requests cost beside cached reads: writing, waiting for a model, starting, memory, growth."""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
import urllib3

from benchmarks import database
from benchmarks.load import cpu_seconds, family, neighbours, pss_mb, seconds_beside, wrk
from benchmarks.plot import Line, plot
from benchmarks.scenarios import ROUNDS, SECONDS, SHORT, Table, bare, scenario
from benchmarks.stack import learner_with_history, master_of, persenaut, shared_database
from tests.live import ROOT, Live, own_database
from tests.model_server import ModelServer, good, slow
from tests.people import Learner, register


@cache
def inside(which: str) -> dict[str, list[float]]:
    """`python -m benchmarks.inside WHICH` in a process of its own: the bare reference has other settings."""
    command = [sys.executable, "-m", "benchmarks.inside", which, "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": own_database()}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


@scenario
def request_path() -> Table:
    """CPU of our Python per request, in one process, without sockets: the figure that a busy machine blurs least."""
    table = Table("CPU time of the WSGI application per request, in one thread")
    reference, ours = inside("bare"), inside("persenaut")
    table.add("a WSGI function", reference["raw"], "us")
    table.add("the bare view", reference["bare"], "us")
    table.add("a PING of Redis", ours["ping"], "us", "over the connection that a thread keeps")
    for name, note in {"read": "timeline, cached", "unchanged": "its 304", "themes": "cached", "livez": ""}.items():
        table.add(name, ours[name], "us", note)
    table.add("cached read / bare view", beside_bare("read"), "x", "gunicorn's own part, the same for both, left out")
    read = statistics.median(ours["read"])
    table.add("304 / 200", [value / read for value in ours["unchanged"]], "x", target="< 1")
    return table


@scenario
def uncached_read() -> Table:
    """A metrics read after everything cached of its user was made old, against the cached one."""
    table = Table("Uncached metrics read (timeline): CPU time of the WSGI application, in one thread")
    ours = inside("persenaut")
    read = statistics.median(ours["read"])
    table.add("uncached, the forgetting included", ours["uncached"], "us")
    table.add("uncached / bare view", beside_bare("uncached"), "x")
    table.add("uncached / cached", [value / read for value in ours["uncached"]], "x", target="<= 4")
    return table


@scenario
def save_response() -> Table:
    """An answer in a session: queries, and CPU against the bare view under the same gunicorn."""
    table = Table("save-response")
    live, counted = written(), inside("persenaut")
    table.add("queries", counted["save_response_sql"], "SQL", target="<= 8")
    table.add("bare view: CPU", live["bare"], "ms")
    table.add("CPU", live["save_response"], "ms", "of the server's processes")
    for name in neighbours:
        table.add(f"CPU of {name}", live[f"save_response {name}"], "ms")
    table.add("CPU / bare view", quotients(live["save_response"], live["bare"]), "x", target="<= 6")
    table.add(
        "in process, one thread: CPU", counted["save_response"], "us", "sessions of 10 answers, the median of each"
    )
    return table


@scenario
def save_results() -> Table:
    """Closing a session: queries after 3 and after 15 answers, and CPU."""
    table = Table("save-results")
    live, counted = written(), inside("persenaut")
    for answers in (3, 15):
        table.add(f"queries, {answers} answers", counted[f"save_results_{answers}_sql"], "SQL", target="<= 16")
    table.add("CPU, 15 answers", live["save_results"], "ms", "of the server's processes")
    for name in neighbours:
        table.add(f"CPU of {name}", live[f"save_results {name}"], "ms")
    table.add("CPU / bare view", quotients(live["save_results"], live["bare"]), "x")
    table.add("in process, one thread: CPU, 10 answers", counted["save_results"], "us")
    return table


@cache
def written() -> dict[str, list[float]]:
    """Milliseconds of CPU that the server's processes, MariaDB and Redis take for an answer, for a closing, and the
    server's for the bare view."""
    costs: dict[str, list[float]] = {}
    with bare() as reference, persenaut() as server:
        for round_ in range(ROUNDS + 1):
            sessions = []
            for _ in range(2 if SHORT else 5):
                ana = register(server.url)
                for theme in ("Historia", "Arte", "Física", "Química"):
                    body = {"theme": theme, "gameMode": "survival"}
                    sessions.append((ana, ana.ok("POST", "/api/intensive-review/start", body)))
            answers = [
                partial(ana.answer, question["id"], "B", session["sessionId"])
                for ana, session in sessions
                for question in session["challenges"][:15]
            ]
            closings = [
                partial(ana.ok, "POST", "/api/intensive-review/save-results", {"sessionId": session["sessionId"]})
                for ana, session in sessions
            ]
            took = {
                "bare": wrk(reference.url, reference.master, seconds=SECONDS).cpu,
                **cpu_of(server, "save_response", answers),
                **cpu_of(server, "save_results", closings),
            }
            if round_:  # the first one does not count
                for name, cost in took.items():
                    costs.setdefault(name, []).append(cost)
    return costs


def cpu_of(server: Live, what: str, requests: list[Callable[[], Any]]) -> dict[str, float]:
    """Milliseconds for each, sent one after the other: of the server under `what`, of the others with their names."""
    before, before_beside = cpu_seconds(master_of(server)), seconds_beside()
    for request in requests:
        request()
    spent = {what: cpu_seconds(master_of(server)) - before}
    spent |= {f"{what} {name}": seconds - before_beside[name] for name, seconds in seconds_beside().items()}
    return {name: 1000 * seconds / len(requests) for name, seconds in spent.items()}


def quotients(these: list[float], those: list[float]) -> list[float]:
    return [one / other for one, other in zip(these, those, strict=True)]


def beside_bare(name: str) -> list[float]:
    reference = statistics.median(inside("bare")["bare"])
    return [value / reference for value in inside("persenaut")[name]]


@scenario
def latency() -> Table:
    """Latency of cached reads against load, from a tenth to nine tenths of what the server can serve."""
    table = Table("Cached reads: latency against load, counted from when each request was due")
    rates, middles, ends = [], [], []
    with persenaut() as server:
        ana = learner_with_history(server, 3)
        url = f"{server.url}/api/metrics/user/{ana.id}/metrics/overall"
        bearer = {"Authorization": f"Bearer {ana.cookie}"}
        wrk(url, master_of(server), seconds=SECONDS, **bearer)
        full = wrk(url, master_of(server), seconds=SECONDS, **bearer)
        table.add("16 connections that never rest: rate", [full.rate], "1/s")
        table.add("16 connections that never rest: p50", [full.p50], "ms")
        table.add("16 connections that never rest: p99", [full.p99], "ms")
        for share in (0.1, 0.25, 0.5, 0.75, 0.9):
            rate = share * full.rate
            # At half, where the target is, for longer.
            times = paced(url, bearer, rate, seconds=SECONDS * (3 if share == 0.5 else 1))
            p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
            table.add(f"{share:.0%} of that rate: p50", [p50], "ms", f"{rate:.0f} requests/s")
            table.add(f"{share:.0%} of that rate: p99", [p99], "ms")
            if share == 0.5:
                table.add("50% of that rate: p99 / p50", [p99 / p50], "x", target="<= 10")
            rates.append(rate), middles.append(p50), ends.append(p99)
    lines = [Line("p50", rates, middles), Line("p99", rates, ends)]
    plot("latency", "Cached metrics read", "requests per second", "milliseconds", lines)
    return table


def paced(url: str, headers: dict[str, str], rate: float, *, seconds: float, clients: int = 16) -> list[float]:
    """Milliseconds of each of `rate` requests a second, from the moment when it was due, so that none is forgiven that
    had to wait for the one before it. Sorted."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {headers[name]}" for name in headers)]
    request = "\r\n".join([*lines, "", ""]).encode()
    begin = time.perf_counter() + 0.2

    def client(number: int) -> list[float]:
        times, due = [], begin + number / rate
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            while due < begin + seconds:
                time.sleep(max(0.0, due - time.perf_counter()))
                connection.sendall(request)
                read_answer(connection)
                times.append(1000 * (time.perf_counter() - due))
                due += clients / rate
        return times

    with ThreadPoolExecutor(clients) as pool:
        return sorted(time_ for times in pool.map(client, range(clients)) for time_ in times)


def read_answer(connection: socket.socket) -> None:
    """By hand: what a library does for each answer would be a good part of what is measured."""
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(65536) or broken()
    if not received.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(received[:200].decode(errors="replace"))
    length = re.search(rb"(?i)content-length: (\d+)", received)
    missing = end + 4 + int(length[1] if length else 0) - len(received)
    while missing > 0:
        missing -= len(connection.recv(65536) or broken())


def broken() -> bytes:
    raise ConnectionError("the server closed the connection")


class Held:
    """A model that writes no question until it is let go; it knows how many calls wait."""

    def __init__(self) -> None:
        self.waiting = 0
        self.lock = threading.Lock()
        self.go_on = threading.Event()

    def __call__(self, payload: dict[str, Any], number: int) -> Any:
        with self.lock:
            self.waiting += 1
        self.go_on.wait(50)
        with self.lock:
            self.waiting -= 1
        return good(payload, number)

    def settle(self) -> int:
        """Wait until as many calls wait as will; how many."""
        before, deadline = -1, time.monotonic() + 30
        while (before != self.waiting or not before) and time.monotonic() < deadline:
            before = self.waiting
            time.sleep(1.5)
        return self.waiting


@contextmanager
def with_model() -> Iterator[tuple[Live, ModelServer]]:
    """A server with a language model, and as many threads as it has by default."""
    model = ModelServer()
    settings = {"AI_CALLS_PER_USER": "100000", "AI_CALLS_PER_ADDRESS": "100000", "DATABASE_URL": shared_database()}
    settings |= {"AI_BATCH_SECONDS": "60", "AI_TIMEOUT": "60"}  # calls that are held are not to be given up
    try:
        with Live(workers=2, threads=8, AI_BASE_URL=model.url, redis_db=6, **settings) as server:
            yield server, model
    finally:
        model.close()


@scenario
def generation() -> Table:
    """A session of 10 questions that a model must write first, 1 s a call; cached reads beside 16 slow calls."""
    table = Table("The language model takes its time (2 processes of 8 threads)")
    with with_model() as (server, model):
        model.reset(slow(1.0, good))
        times = []
        for number in range(ROUNDS):
            ana = register(server.url)
            times.append(seconds_of(lambda ana=ana, number=number: begin_session(ana, f"Tema {number}")))
        calls = len(model.calls) / ROUNDS
        note = f"{calls:.0f} calls of 1 s: two write at once, then others check"
        table.add("session of 10 generated questions", times, "s", note, target="<= 3")
        reader, asking = register(server.url), [register(server.url) for _ in range(16)]
        url = f"{server.url}/api/metrics/user/{reader.id}/metrics/overall"
        bearer = {"Authorization": f"Bearer {reader.cookie}"}
        paced(url, bearer, 100, seconds=SECONDS)
        alone, beside, most, refused = [], [], [], []
        for theme in ("Historia", "Arte", "Física")[:ROUNDS]:  # what one round makes, the next would find stored
            alone.append(statistics.median(paced(url, bearer, 100, seconds=SECONDS)))
            model.reset(held := Held())
            with ThreadPoolExecutor(len(asking)) as pool:
                for one in asking:
                    one.pool.clear()  # the server closes a connection that was idle for 15 s
                try:
                    sessions = [pool.submit(begin_session, one, theme) for one in asking]
                    under_way = held.settle()
                    beside.append(statistics.median(paced(url, bearer, 100, seconds=SECONDS)))
                    most.append(min(under_way, held.waiting))
                finally:
                    held.go_on.set()
                refused.append(sum(session.exception() is not None for session in sessions))
    table.add("cached read, alone: p50", alone, "ms", "100 a second")
    table.add("cached read beside the model calls: p50", beside, "ms")
    table.add("model calls in flight meanwhile", most, "", "16 learners ask at once", target=">= 16")
    table.add("of 16 learners: refused", refused, "", "where the bank's questions take more than a second as well")
    table.add("beside / alone", [one / other for one, other in zip(beside, alone, strict=True)], "x", target="<= 1.3")
    return table


def begin_session(learner: Learner, theme: str) -> None:
    """10 questions, or an error."""
    started = learner.ok("POST", "/api/intensive-review/start", {"theme": theme, "gameMode": "normal"})
    assert len(started["challenges"]) == 10, len(started["challenges"])


@scenario
def start() -> Table:
    """Import time, from nothing to the first answer, and the first answers."""
    table = Table("Start")
    code = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'persenaut.settings'; import persenaut.wsgi"
    imports, servers, first, second = [], [], [], []
    server = persenaut()
    for _ in range(ROUNDS):
        imports.append(seconds_of(lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)))
        servers.append(seconds_of(server.start))
        try:
            ana = register(server.url)
            path = f"/api/metrics/user/{ana.id}/metrics/overall"
            for times in (first, second):
                began = time.perf_counter()
                ana.get(path)
                times.append(1000 * (time.perf_counter() - began))
        finally:
            server.stop()
    table.add("import of the application", imports, "s")
    table.add("gunicorn: from its start to the first answer", servers, "s", "looked at every 50 ms")
    table.add("a learner's first read", first, "ms")
    table.add("the second one", second, "ms")
    table.add("./run again, to the first answer", [run_again(server.env) for _ in range(ROUNDS)], "s", target="<= 3")
    return table


def seconds_of(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run_again(env: dict[str, str]) -> float:
    """Seconds from `./run`, everything installed and migrated, to the first answer."""
    from tests.servers import free_port, spawn

    port = free_port()
    env = env | {"PORT": str(port)}
    began = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        process = spawn(["bash", "run"], env=env, cwd=ROOT, stdout=nowhere, stderr=nowhere)
    try:
        with urllib3.PoolManager(retries=False) as pool:
            while time.perf_counter() - began < 60:
                try:
                    if pool.request("GET", f"http://127.0.0.1:{port}/livez", timeout=1.0).status == 200:
                        return time.perf_counter() - began
                except urllib3.exceptions.HTTPError:
                    time.sleep(0.02)
        raise RuntimeError("./run does not answer")
    finally:
        process.terminate()
        process.wait(40)


@scenario
def memory() -> Table:
    """PSS of a master and two workers: fresh, and after 10,000 requests."""
    table = Table("Memory of a master and 2 workers (PSS: what they share counts once)")
    with persenaut() as server:
        table.add("after the start", [pss_mb(family(master_of(server)))], "MB")
        ana = learner_with_history(server)
        url = f"{server.url}/api/metrics/user/{ana.id}/metrics/"
        bearer = {"Authorization": f"Bearer {ana.cookie}"}
        count = 0
        while count < (1_000 if SHORT else 10_000):
            for what in ("overall", "timeline", "themes"):
                count += wrk(url + what, master_of(server), seconds=SECONDS, **bearer).requests
        table.add(f"after {count:,} requests", [pss_mb(family(master_of(server)))], "MB", target="<= 150")
        for pid in family(master_of(server)):
            table.add(f"{'master' if pid == master_of(server) else 'worker'}", [pss_mb([pid])], "MB")
    return table


@scenario
def per_request() -> Table:
    """SQL, trips to Redis and bytes of log of each kind of request."""
    table = Table("Asked per request")
    with persenaut(WEB_CONCURRENCY="1") as server:
        ana = learner_with_history(server, 2)
        counter = Trips(server.env["REDIS_URL"])

        def count(what: str, request: Callable[[], Any], *, trips: str = "") -> Any:
            answers, counts = [], []
            for _ in range(3):  # the least: other threads of the server look into Redis now and then
                before = counter()
                answers.append(request())
                counts.append(counter() - before - 1)  # our own look
            [line] = request_lines(server)[-1:]
            said = json.loads(line)
            note = f"{said['sql']} SQL; {len(line.encode())} B of log; {said['method']} {said['route']}"
            table.add(what, [min(counts)], "trips", note, target=trips)
            return answers[-1]

        def read(what: str, **headers: str) -> Any:
            return ana.get(f"/api/metrics/user/{ana.id}/metrics/{what}", **headers)

        for what in ("overall", "timeline", "themes", "game-modes"):
            etag = read(what)["ETag"]
            count(f"{what}, cached", lambda what=what: read(what), trips="<= 3")
            count(f"{what}, 304", lambda what=what, etag=etag: read(what, If_None_Match=etag))
        session = {}

        def begin() -> Any:
            session.update(ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"}))

        def answer() -> Any:
            return ana.answer(session["challenges"].pop()["id"], "B", session["sessionId"])

        count("start of a session, from the bank", begin)
        count("answer", answer)
        count(
            "closing, the second and third time",
            lambda: ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": session["sessionId"]}),
        )
        count("check-auth", lambda: ana.ok("GET", "/api/auth/check-auth"))
        sizes = [len(line.encode()) for line in request_lines(server)]
    table.add("request log, per line", [statistics.mean(sizes)], "B", target="<= 600")
    return table


class Trips:
    """Counts what Redis has read from its connections: one for each command, pipeline or script that was sent."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url)
        self.client.ping()

    def __call__(self) -> int:
        return int(self.client.info("stats")["total_reads_processed"])


def request_lines(server: Live) -> list[str]:
    """The request log so far."""
    files = sorted(Path(server.log_dir).glob("http-*.log"))
    return [line for file in files for line in file.read_text().splitlines() if '"route"' in line]


@scenario
def data_size() -> Table:
    """Uncached reads of learners with 100 to 30,000 answers: does the cost grow?"""
    database.django_here()
    table = Table("Cost of uncached reads against the size of a learner's history")
    sizes = (100, 1_000, 10_000, 30_000)
    learners = dict(enumerate(sizes, 1))
    costs: dict[str, dict[int, list[float]]] = {}
    with database.database(database.fresh_database()):
        database.fill(users=len(sizes), challenges=100, histories=learners)
        for _ in range(ROUNDS):
            for learner, size in learners.items():
                for what, took, _rows in database.measured(learner):
                    costs.setdefault(what, {}).setdefault(size, []).append(took)
    for what, took in costs.items():
        for size, values in took.items():
            table.add(f"{what}: {size:,} answers", values, "ms")
        most, few = took[sizes[-1]], took[sizes[1]]
        table.add(f"{what}: {sizes[-1]:,} / {sizes[1]:,} answers", quotients(most, few), "x", target="<= 1.2")
    lines = [
        Line(what, list(sizes), [statistics.median(took[size]) for size in sizes])
        for what, took in costs.items()
        if "whole" not in what
    ]
    plot("data_size", "Uncached metrics reads", "answers of the learner", "milliseconds", lines, logarithmic=True)
    return table
