"""What requests cost beside cached reads: writing, waiting for a model, starting, memory, growth."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from benchmarks import database
from benchmarks.load import family, pss_mb, wrk
from benchmarks.plot import Line, plot
from benchmarks.scenarios import ROUNDS, Table, scenario
from benchmarks.stack import learner_with_history, master_of, persenaut
from tests.live import ROOT, Live, own_database
from tests.model_server import ModelServer, good, slow
from tests.people import register


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
    bares, ours = inside("bare"), inside("persenaut")
    reference = statistics.median(bares["bare"])
    notes = {"read": "cached timeline", "unchanged": "304", "uncached": "with forgetting what was cached"}
    for name, values in {**bares, **ours}.items():
        table.add(f"{name}", values, "us", notes.get(name, ""))
    for name, target in {"read": "", "uncached": "", "save_response": "target 6", "save_results": ""}.items():
        table.add(f"{name} / bare view", [value / reference for value in ours[name]], "x", target)
    read = statistics.median(ours["read"])
    table.add("uncached / cached", [value / read for value in ours["uncached"]], "x", "target 4")
    table.add("304 / 200", [value / read for value in ours["unchanged"]], "x", "target < 1")
    return table


@scenario
def latency() -> Table:
    """Latency of cached reads against load, from one connection to more than the server can serve."""
    table = Table("Cached reads: latency against load (closed loop: more clients, more load)")
    rates, middles, ends = [], [], []
    with persenaut() as server:
        ana = learner_with_history(server, 3)
        url = f"{server.url}/api/metrics/user/{ana.id}/metrics/overall"
        bearer = {"Authorization": f"Bearer {ana.cookie}"}
        wrk(url, master_of(server), seconds=2, **bearer)
        for connections in (1, 2, 4, 8, 16, 32):
            run = wrk(url, master_of(server), seconds=3, connections=connections, **bearer)
            table.add(f"{connections} connections: p50", [run.p50], "ms", f"{run.rate:.0f} requests/s")
            table.add(f"{connections} connections: p99", [run.p99], "ms")
            rates.append(run.rate), middles.append(run.p50), ends.append(run.p99)
        half = max(rates) / 2
        times = paced(url, bearer, half, seconds=8)
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    table.add("at half of the saturation rate: p50", [p50], "ms", f"{half:.0f} requests/s, from when each was due")
    table.add("at half of the saturation rate: p99", [p99], "ms")
    table.add("p99 / p50", [p99 / p50], "x", "target 10")
    lines = [Line("p50", rates, middles), Line("p99", rates, ends)]
    plot("latency", "Cached metrics read", "requests per second", "milliseconds", lines)
    return table


def paced(url: str, headers: dict[str, str], rate: float, *, seconds: float, clients: int = 16) -> list[float]:
    """Milliseconds of each of `rate` requests a second, from the moment when it was due, so that none is forgiven that
    had to wait for the one before it. Sorted."""
    times: list[float] = []
    pool = urllib3.PoolManager(maxsize=clients, block=True)
    begin = time.perf_counter() + 0.2

    def client(number: int) -> None:
        due = begin + number / rate
        while due < begin + seconds:
            time.sleep(max(0.0, due - time.perf_counter()))
            assert pool.request("GET", url, headers=headers).status == 200
            times.append(1000 * (time.perf_counter() - due))
            due += clients / rate

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(times)


@contextmanager
def with_model(seconds: float) -> Iterator[tuple[Live, ModelServer]]:
    """A server whose language model takes so long for each call."""
    model = ModelServer()
    model.reset(slow(seconds, good))
    settings = {"AI_CALLS_PER_USER": "100000", "AI_SOLVE_VOTES": "0", "redis_db": 6}
    try:
        with Live(workers=2, threads=16, AI_BASE_URL=model.url, **settings) as server:
            yield server, model
    finally:
        model.close()


@scenario
def generation() -> Table:
    """A session of 10 questions that a model must write first, 1 s a call; cached reads beside 16 slow calls."""
    table = Table("The language model takes its time")
    with with_model(1.0) as (server, model):
        times = []
        for number in range(ROUNDS):
            ana = register(server.url)
            began = time.perf_counter()
            started = ana.ok("POST", "/api/intensive-review/start", {"theme": f"Tema {number}", "gameMode": "normal"})
            times.append(time.perf_counter() - began)
            assert len(started["challenges"]) == 10, len(started["challenges"])
        table.add("session of 10 generated questions", times, "s", f"target 3; {len(model.calls) / ROUNDS:.0f} calls")
        model.reset(slow(6.0, good))
        reader, asking = register(server.url), [register(server.url) for _ in range(16)]
        url = f"{server.url}/api/metrics/user/{reader.id}/metrics/overall"
        bearer = {"Authorization": f"Bearer {reader.cookie}"}
        paced(url, bearer, 100, seconds=2)
        alone, beside = [], []
        for _ in range(ROUNDS):
            alone.append(statistics.median(paced(url, bearer, 100, seconds=3)))
            body = {"theme": f"Otro {time.time()}", "gameMode": "normal"}
            threads = [threading.Thread(target=one.post, args=("/api/intensive-review/start", body)) for one in asking]
            for thread in threads:
                thread.start()
            time.sleep(1)
            beside.append(statistics.median(paced(url, bearer, 100, seconds=3)))
            for thread in threads:
                thread.join()
    table.add("cached read, alone: p50", alone, "ms")
    table.add("cached read, 16 model calls in flight: p50", beside, "ms")
    table.add("ratio", [one / other for one, other in zip(beside, alone, strict=True)], "x", "target 1.3")
    return table


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
    table.add("./run again, to the first answer", [run_again(server.env) for _ in range(ROUNDS)], "s", "target 3")
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
        while count < 10_000:
            for what in ("overall", "timeline", "themes"):
                count += wrk(url + what, master_of(server), seconds=2, **bearer).requests
        table.add("after 10,000 requests", [pss_mb(family(master_of(server)))], "MB", f"target 150; {count:,} requests")
        for pid in family(master_of(server)):
            table.add(f"{'master' if pid == master_of(server) else 'worker'}", [pss_mb([pid])], "MB")
    return table


@scenario
def per_request() -> Table:
    """Queries and commands of Redis of each kind of request, and the bytes that it logs."""
    table = Table("Asked per request")
    with persenaut() as server:
        ana = learner_with_history(server, 2)
        started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"})
        for question in started["challenges"]:
            ana.answer(question["id"], "B", started["sessionId"])
        ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"]})
        for what in ("overall", "timeline", "themes", "game-modes"):
            for _ in range(2):
                ana.figures(what)
        lines = [(line, json.loads(line)) for file in Path(server.log_dir).glob("http-*.log") for line in file.open()]
    last = {(line["method"], line["route"]): (len(text.encode()), line) for text, line in lines}
    for (method, route), (size, line) in sorted(last.items()):
        note = f"{line['cacheHits']} found in the cache, {line['cacheMisses']} not; {size} B of log"
        table.add(f"{method} {route}"[-44:], [line["sql"]], "SQL", note)
    table.add(
        "request log, per line", [statistics.mean(len(text.encode()) for text, _line in lines)], "B", "target 600"
    )
    return table


@scenario
def data_size() -> Table:
    """Uncached reads of learners with 100 to 30,000 answers: does the cost grow?"""
    database.django_here()
    table = Table("Cost of uncached reads against the size of a learner's history")
    sizes = (100, 1_000, 10_000, 30_000)
    costs: dict[str, list[float]] = {}
    for size in sizes:
        name = database.fresh_database()
        with database.database(name):
            database.fill(users=2, challenges=100, histories={database.LITTLE: size})
            for what, took, _rows in database.measured(database.LITTLE):
                costs.setdefault(what, []).append(took)
                table.add(f"{what}: {size:,} answers", [took], "ms")
    lines = [Line(what, list(sizes), took) for what, took in costs.items() if "whole" not in what]
    plot("data_size", "Uncached metrics reads", "answers of the learner", "milliseconds", lines, logarithmic=True)
    return table
