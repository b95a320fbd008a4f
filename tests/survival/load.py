"""More than the server can do, for a minute; much, for ten; and five hundred clients who never finish a sentence."""

import contextlib
import json
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from benchmarks.load import pss_mb
from tests.http import Client
from tests.live import ROOT
from tests.people import Learner, register
from tests.survival.faults import fault
from tests.survival.stack import Result, Stack, Trial, stack

OVERLOAD_SECONDS = 60
SLOW_CLIENTS = 500
WARM_UP = 60  # seconds before the soak counts
soak_seconds = 600  # --soak


def reads_of(people: list[Learner]) -> list[str]:
    """Uncached work: profile reads, each with a query."""
    head = "GET /api/user/profile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n"
    return [head.format(person.cookie) for person in people]


def offer(whole: Stack, requests: list[str], rate: float, seconds: float) -> list[list[float]]:
    command = [sys.executable, "-m", "tests.survival.open_loop", str(whole.server.port), str(rate), str(seconds)]
    said = subprocess.run(command, input=json.dumps(requests), cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[list[float]] = json.loads(said.stdout)
    return found


def good_rate(found: list[list[float]], seconds: float) -> float:
    return sum(status == 200 for _at, _took, status in found) / seconds


def capacity_of(whole: Stack, requests: list[str]) -> float:
    """The most that is answered a second, of offers for 5 s each that rise to well beyond it: on a machine that has
    other work, too, the first offer which is not answered in full need not be beyond it."""
    rate, best, beyond = 50.0, 0.0, 0
    while beyond < 2:
        good = good_rate(offer(whole, requests, rate, 5), 5)
        best = max(best, good)
        beyond += good < 0.75 * rate
        rate *= 1.5
    return best


@fault
def overload() -> Result:
    """Four times capacity for 60 s, open loop: most of capacity is still served, the rest is told so quickly."""
    with stack(DELIVERY_SECONDS="0", LOG_LEVEL="warn") as whole:
        requests = reads_of([register(whole.server.url) for _ in range(10)])
        offer(whole, requests, 50, 3)
        capacity = capacity_of(whole, requests)
        time.sleep(2)
        before = pss_mb(whole.workers())
        peak = [before]
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(2):
                peak.append(pss_mb(whole.workers()))

        watcher = threading.Thread(target=watch)
        watcher.start()
        found = offer(whole, requests, 4 * capacity, OVERLOAD_SECONDS)
        stop.set()
        watcher.join()
        ended = time.monotonic()
        calm = float("inf")
        client = Client(whole.server.url)
        while time.monotonic() < ended + 30:
            began = time.monotonic()
            if client.get("/livez").status == 200 and time.monotonic() - began < 0.2:
                calm = time.monotonic() - ended
                break
        after = offer(whole, requests, 0.5 * capacity, 5)
        refused = sorted(took for _at, took, status in found if status == 503)
        lost = sum(status not in (200, 503) for _at, _took, status in found)
        served = sorted(took for _at, took, status in found if status == 200)
        goodput = good_rate(found, OVERLOAD_SECONDS)
        figures = {
            "capacity /s": round(capacity), "offered /s": round(len(found) / OVERLOAD_SECONDS),
            "goodput /s": round(goodput), "goodput": f"{goodput / capacity:.0%}", "refused": len(refused),
            "refused p50 s": round(statistics.median(refused), 3) if refused else 0,
            "refused p99 s": round(refused[int(0.99 * len(refused))], 3) if refused else 0,
            "served p99 s": round(served[int(0.99 * len(served))], 3) if served else 0,
            "neither": lost, "PSS before MB": round(before), "PSS at most MB": round(max(peak)),
            "calm after s": round(calm, 1), "afterwards served": f"{good_rate(after, 5) / (0.5 * capacity):.0%}",
        }  # fmt: skip
        wrong = []
        if goodput < 0.8 * capacity:
            wrong.append(f"goodput fell to {goodput / capacity:.0%} of capacity")
        if refused and refused[int(0.99 * len(refused))] > 2:
            wrong.append("refusals were slow")
        if lost > 0.01 * len(found):
            wrong.append(f"{lost} requests got no answer")
        if max(peak) > before + 100:
            wrong.append("memory grew by more than 100 MB")
        if calm > 5 or good_rate(after, 5) < 0.95 * 0.5 * capacity:
            wrong.append("not normal again within 5 s")
        return Result(figures, wrong)


@fault
def slow_clients() -> Result:
    """500 connections that send half a request and then a byte now and then: learners do not notice."""
    with stack() as whole:
        half = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        with contextlib.ExitStack() as opened, Trial(whole) as trial:
            usual = statistics.median(one.seconds for one in trial.crowd.tries())
            address = ("127.0.0.1", whole.server.port)
            slow = [opened.enter_context(socket.create_connection(address)) for _ in range(SLOW_CLIENTS)]
            began = time.monotonic()
            for step in range(20):
                for connection in slow:
                    with contextlib.suppress(OSError):
                        connection.sendall(half if step == 0 else b"x")
                time.sleep(0.5)
            meanwhile = statistics.median(one.seconds for one in trial.crowd.tries(began))
            trial.crowd.wait_for(20)
        trial.figures |= {
            "connections": SLOW_CLIENTS, "median before ms": round(1000 * usual, 1),
            "median meanwhile ms": round(1000 * meanwhile, 1), "failed requests": len(trial.crowd.failures()),
        }  # fmt: skip
        trial.demand(not trial.crowd.failures(), "requests failed")
        return trial.result()


@fault
def soak() -> Result:
    """Learners without pause for 10 minutes: memory and connections of the workers stay what they were."""
    with stack(LOG_LEVEL="info", GUNICORN_CMD_ARGS="--max-requests 0") as whole:
        with Trial(whole, size=8) as trial:
            time.sleep(WARM_UP)
            pids = whole.workers()
            before, files = [pss_mb([pid]) for pid in pids], [open_files(pid) for pid in pids]
            connections = database_connections(whole)
            course, begun = [], time.monotonic()
            while (left := begun + soak_seconds - time.monotonic()) > 0:
                time.sleep(min(60, left))
                course.append(round(max(map(pss_mb, ([pid] for pid in pids))), 1))
            after, files_after = [pss_mb([pid]) for pid in pids], [open_files(pid) for pid in pids]
            connections_after = database_connections(whole)
        growth = max((b - a) / a for a, b in zip(before, after, strict=True))
        trial.figures |= {
            "seconds": soak_seconds, "requests": len(trial.crowd.tries()),
            "PSS before MB": [round(x, 1) for x in before],
            "PSS after MB": [round(x, 1) for x in after], "growth": f"{growth:.1%}",
            "the larger one, each minute MB": course,
            "open files": f"{files} -> {files_after}", "database connections": f"{connections} -> {connections_after}",
        }  # fmt: skip
        trial.demand(growth < 0.02, f"memory grew by {growth:.1%}")
        trial.demand(max(b - a for a, b in zip(files, files_after, strict=True)) <= 4, "open files grew")
        trial.demand(connections_after <= connections + 2, "database connections grew")
        return trial.result()


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def database_connections(whole: Stack) -> int:
    import MySQLdb  # type: ignore[import-untyped]  # mysqlclient has no stubs

    connection = MySQLdb.connect(host="127.0.0.1", port=whole.database.port, user="root")
    try:
        cursor = connection.cursor()
        cursor.execute("SHOW STATUS LIKE 'Threads_connected'")
        return int(re.sub(r"\D", "", str(cursor.fetchone()[1])))
    finally:
        connection.close()
