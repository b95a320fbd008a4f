"""wrk against a server, and what each process paid for it."""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
neighbours: dict[str, int] = {}  # the processes of the servers that Persenaut asks, by name


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk. Times are in milliseconds."""

    requests: int
    failures: int
    seconds: float
    p50: float
    p99: float
    cpu: float  # of the server's processes, per request
    cpu_of_neighbours: dict[str, float]  # of MariaDB and Redis, likewise

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def wrk(url: str, master: int, *, seconds: float = 4, connections: int = 16, **headers: str) -> Run:
    before, before_beside = cpu_seconds(master), seconds_beside()
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name.replace('_', '-')}: {value}"]
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(master) - before
    spent_beside = {name: seconds - before_beside[name] for name, seconds in seconds_beside().items()}
    count, taken = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failures = (int(bad[1]) if bad else 0) + sum(int(number) for number in (errors.groups() if errors else ()))
    latency = {row[0]: _ms(row[1]) for row in re.findall(r"(50|99)%\s+([\d.]+\w+)", said)}
    requests = max(1, int(count))
    return Run(
        requests,
        failures,
        float(taken),
        latency["50"],
        latency["99"],
        1000 * spent / requests,
        {name: 1000 * seconds / requests for name, seconds in spent_beside.items()},
    )


def cpu_seconds(master: int) -> float:
    """CPU time so far of a gunicorn master and its workers, those that were replaced meanwhile included."""
    ticks = _ticks(master, with_ended_children=True)
    return (ticks + sum(_ticks(child) for child in family(master)[1:])) / TICK


def seconds_beside() -> dict[str, float]:
    """CPU time so far of MariaDB and of Redis."""
    return {name: _ticks(pid) / TICK for name, pid in neighbours.items()}


def _ticks(pid: int, *, with_ended_children: bool = False) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # replaced this very moment: its parent counts it from now on
        return 0
    return sum(map(int, fields[11 : 15 if with_ended_children else 13]))


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def pss_mb(pids: Iterable[int]) -> float:
    """Memory of processes that share pages, each page counted once (MB)."""
    kilobytes = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # a worker that was replaced just now
            match = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            kilobytes += int(match[1]) if match else 0
    return kilobytes / 1024


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
