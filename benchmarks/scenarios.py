"""What is measured. Each scenario returns rows: what, the figure, its unit, and the reference it is a ratio of."""

import operator
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load import Run, family, neighbours, pss_mb, wrk
from benchmarks.stack import Reference, learner_with_history, log_bytes, master_of, persenaut

SHORT = bool(os.environ.get("BENCH_SHORT"))  # proves that it runs; its figures say little
ROUNDS = 1 if SHORT else 3  # each measured thing in turn with its reference, so that the machine's moods hit both
SECONDS = 1 if SHORT else 3  # of one run of wrk
COMPARED = {"<=": operator.le, "<": operator.lt, ">=": operator.ge}


@dataclass(slots=True)
class Row:
    what: str
    values: list[float]
    unit: str
    note: str = ""
    target: str = ""  # of the median: "<= 2.0"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_hit(self) -> bool | None:
        """None without a target."""
        if not self.target:
            return None
        how, bound = self.target.split()
        return bool(COMPARED[how](self.median, float(bound)))


@dataclass(slots=True)
class Table:
    title: str
    rows: list[Row] = field(default_factory=list)

    def add(self, what: str, values: list[float], unit: str, note: str = "", *, target: str = "") -> None:
        self.rows.append(Row(what, values, unit, note, target))


SCENARIOS: dict[str, Callable[[], Table]] = {}


def scenario(measure: Callable[[], Table]) -> Callable[[], Table]:
    SCENARIOS[measure.__name__] = measure
    return measure


@contextmanager
def bare() -> Iterator[Reference]:
    reference = Reference("application", "/ok")
    try:
        yield reference
    finally:
        reference.stop()


def in_turn(**runs: Callable[[], Run]) -> dict[str, list[Run]]:
    """Every run ROUNDS times, one after the other, after one that does not count."""
    results: dict[str, list[Run]] = {name: [] for name in runs}
    for round_ in range(ROUNDS + 1):
        for name, run in runs.items():
            result = run()
            if round_:
                results[name].append(result)
    return results


def ratios(these: list[Run], those: list[Run], what: str = "cpu") -> list[float]:
    return [getattr(one, what) / getattr(other, what) for one, other in zip(these, those, strict=True)]


@scenario
def cached_read() -> Table:
    """A cached metrics read, its 304, and an anonymous read, against the bare Django view."""
    table = Table("Cached metrics read against a bare Django view (same gunicorn, MariaDB and Redis beside it)")
    with bare() as reference, persenaut() as server:
        ana = learner_with_history(server)
        url = f"{server.url}/api/metrics/user/{ana.id}/metrics/timeline"
        etag = ana.get(url.removeprefix(server.url))["ETag"]
        bearer = {"Authorization": f"Bearer {ana.cookie}"}
        before = log_bytes(server)
        runs = in_turn(
            bare=lambda: wrk(reference.url, reference.master, seconds=SECONDS),
            read=lambda: wrk(url, master_of(server), seconds=SECONDS, **bearer),
            unchanged=lambda: wrk(url, master_of(server), seconds=SECONDS, **bearer, If_None_Match=etag),
        )
        logged = log_bytes(server) - before
        time.sleep(2)  # a worker that was just replaced has gone by then
        memory = pss_mb(family(master_of(server)))
    check(runs)
    table.add("bare view: CPU", [run.cpu for run in runs["bare"]], "ms")
    table.add("cached read: CPU", [run.cpu for run in runs["read"]], "ms", target="<= 0.9")
    for name in neighbours:
        table.add(f"cached read: CPU of {name}", [run.cpu_of_neighbours[name] for run in runs["read"]], "ms")
    table.add("cached read / bare view: CPU", ratios(runs["read"], runs["bare"]), "x", target="<= 2.0")
    table.add("304 / 200: CPU", ratios(runs["unchanged"], runs["read"]), "x", target="< 1")
    table.add("bare view: rate", [run.rate for run in runs["bare"]], "1/s")
    table.add("cached read: rate", [run.rate for run in runs["read"]], "1/s")
    table.add("cached read: p50", [run.p50 for run in runs["read"]], "ms")
    table.add("cached read: p99", [run.p99 for run in runs["read"]], "ms")
    counted = sum(run.requests for name in ("read", "unchanged") for run in runs[name])
    counted = counted * (ROUNDS + 1) // ROUNDS  # the uncounted round logs as well
    table.add("log bytes per request", [logged / counted], "B", "about", target="<= 600")
    table.add("master and 2 workers: PSS", [memory], "MB", target="<= 150")
    return table


@scenario
def logging_cost() -> Table:
    """The same read with the request log and without it."""
    table = Table("What logging adds to a request")
    with persenaut(LOG_LEVEL="info", redis_db=5) as loud, persenaut(LOG_LEVEL="error", redis_db=6) as quiet:
        reads = {}
        for name, server in (("loud", loud), ("quiet", quiet)):
            ana = learner_with_history(server, 3)
            url = f"{server.url}/api/metrics/user/{ana.id}/metrics/overall"
            reads[name] = (url, server, {"Authorization": f"Bearer {ana.cookie}"})
        runs = in_turn(**{name: reader(*read) for name, read in reads.items()})
    check(runs)
    added = [one.cpu - other.cpu for one, other in zip(runs["loud"], runs["quiet"], strict=True)]
    table.add("logging: CPU added per request", added, "ms", "the seed allows 5", target="<= 0.1")
    table.add("with the request log / without", ratios(runs["loud"], runs["quiet"]), "x")
    return table


@scenario
def worker_class() -> Table:
    """A cached read under our worker class, and under gunicorn's gthread."""
    table = Table("What our worker class costs")
    theirs = {"GUNICORN_CMD_ARGS": "--max-requests 0 --worker-class gthread"}
    with persenaut(redis_db=5) as ours, persenaut(redis_db=6, **theirs) as gthread:
        reads = {}
        for name, server in (("ours", ours), ("gthread", gthread)):
            ana = learner_with_history(server, 3)
            url = f"{server.url}/api/metrics/user/{ana.id}/metrics/overall"
            reads[name] = (url, server, {"Authorization": f"Bearer {ana.cookie}"})
        runs = in_turn(**{name: reader(*read) for name, read in reads.items()})
    check(runs)
    table.add("cached read, our worker: CPU", [run.cpu for run in runs["ours"]], "ms")
    table.add("cached read, gthread: CPU", [run.cpu for run in runs["gthread"]], "ms")
    table.add("ours / gthread: CPU", ratios(runs["ours"], runs["gthread"]), "x", target="<= 1.0")
    return table


def reader(url: str, server: Any, headers: dict[str, str]) -> Callable[[], Run]:
    return lambda: wrk(url, master_of(server), seconds=SECONDS, **headers)


def check(runs: dict[str, list[Run]]) -> None:
    """A figure of refused requests would be worth nothing."""
    for name, results in runs.items():
        if failures := sum(run.failures for run in results):
            raise RuntimeError(f"{name}: {failures} requests failed")


from benchmarks import admin, cache_hits, database, first_generation, requests  # noqa: E402,F401  their scenarios
