"""The faults of one machine's processes. Each takes a fresh stack and says what it saw."""

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis as redis_client

from tests.survival.stack import Result, Trial, stack

FAULTS: dict[str, Callable[[], Result]] = {}


def fault(run: Callable[[], Result]) -> Callable[[], Result]:
    FAULTS[run.__name__] = run
    return run


@fault
def worker_killed() -> Result:
    """SIGKILL of a web worker at a random moment, 50 times."""
    with stack() as whole:
        with Trial(whole) as trial:
            for _ in range(50):
                time.sleep(random.uniform(0.1, 0.8))
                if workers := whole.workers():
                    os.kill(random.choice(workers), signal.SIGKILL)
            trial.crowd.wait_for(20)
        trial.figures["kills"] = 50
        return trial.result()


@fault
def rolling_restart() -> Result:
    """SIGHUP to the master under load, five times: every worker is replaced, and no request fails."""
    with stack(DRAIN_SECONDS="2") as whole:
        with Trial(whole) as trial:
            for _ in range(5):
                before = set(whole.workers())
                os.kill(whole.master, signal.SIGHUP)
                deadline = time.monotonic() + 40
                while before & set(whole.workers()) and time.monotonic() < deadline:
                    time.sleep(0.05)
                trial.crowd.wait_for(10)
        failures = len(trial.crowd.failures())
        trial.figures |= {"restarts": 5, "failed requests": failures}
        trial.demand(failures == 0, f"{failures} requests failed")
        return trial.result()


@fault
def server_restarted() -> Result:
    """SIGTERM to the server and a new start, three times: requests that were accepted are answered."""
    with stack(DRAIN_SECONDS="2") as whole:
        seconds = []
        with Trial(whole) as trial:
            for _ in range(3):
                began = time.monotonic()
                code = whole.server.stop()
                seconds.append(time.monotonic() - began)
                trial.demand(code == 0, f"exit code {code}")
                whole.server.start()
                trial.crowd.wait_for(10)
        statuses = {one.status for one in trial.crowd.failures()}
        trial.demand(statuses <= {0}, f"answers with status {statuses}")
        trial.demand(max(seconds) < 30, "took 30 s or more to end")
        trial.figures["seconds to end"] = round(max(seconds), 2)
        return trial.result()


def database_away(begin: str, end: str, *, times: int, seconds: float) -> Result:
    with stack() as whole:
        back, slowest = [], 0.0
        with Trial(whole) as trial:
            for _ in range(times):
                began = time.monotonic()
                getattr(whole.database, begin)()
                time.sleep(seconds)
                gone = time.monotonic()
                getattr(whole.database, end)()
                returned = time.monotonic()
                trial.crowd.wait_for(10)
                slowest = max(slowest, trial.crowd.slowest(began, gone))
                back.append(trial.crowd.first_success(returned))
        refused = trial.crowd.failures()
        statuses = {one.status for one in refused}
        trial.figures |= {
            "times": times, "slowest while away s": round(slowest, 2), "back after s": round(max(back), 2),
        }  # fmt: skip
        trial.demand(statuses <= {503}, f"other answers than 503: {statuses}")
        trial.demand(all(one.retry_after for one in refused), "503 without Retry-After")
        trial.demand(slowest <= 3, f"an answer took {slowest:.1f} s")
        trial.demand(max(back) <= 2, f"back only after {max(back):.1f} s")
        return trial.result()


@fault
def database_killed() -> Result:
    """SIGKILL of MariaDB and a new start, ten times."""
    return database_away("kill", "start", times=10, seconds=1.0)


@fault
def database_stopped() -> Result:
    """SIGSTOP of MariaDB for 10 s: it accepts connections and answers nobody."""
    return database_away("pause", "resume", times=1, seconds=10.0)


@fault
def redis_killed() -> Result:
    """SIGKILL of Redis and a new, empty start, five times: no request fails."""
    with stack() as whole:
        with Trial(whole) as trial:
            for _ in range(5):
                whole.redis.kill()
                trial.crowd.wait_for(10)
                whole.redis.start()
                trial.crowd.wait_for(10)
        return unharmed(trial)


@fault
def redis_flushed() -> Result:
    """FLUSHALL, fifty times under load: no request fails, and nobody sees what was before."""
    with stack() as whole:
        with Trial(whole) as trial, redis_client.Redis(port=whole.redis.port) as client:
            for _ in range(50):
                client.flushall()
                time.sleep(0.3)
            trial.crowd.wait_for(10)
        return unharmed(trial)


@fault
def log_disk_full() -> Result:
    """The file system of the logs has no space left: requests are answered all the same."""
    with tempfile.TemporaryDirectory(prefix="persenaut-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "persenaut-logs", folder]
        if subprocess.run(mount, capture_output=True).returncode:
            return Result({"skipped": "not allowed to mount a small file system"}, [])
        try:
            with stack(LOG_DIR=folder) as whole:
                with Trial(whole) as trial:
                    filler = Path(folder, "filler")
                    with open(filler, "wb", buffering=0) as file:
                        try:
                            while True:
                                file.write(b"x" * 4096)
                        except OSError:
                            pass
                    trial.crowd.wait_for(100)
                    filler.unlink()
                    trial.crowd.wait_for(20)
                return unharmed(trial)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@fault
def clock_jump() -> Result:
    """The clock of the server's machine jumps an hour ahead and back again (libfaketime)."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        return Result({}, ["libfaketime is missing"])
    with tempfile.TemporaryDirectory(prefix="persenaut-") as folder:
        clock = Path(folder, "clock")
        clock.write_text("+0")
        fake = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TOKEN_LIFETIME": "86400",
        }  # fmt: skip
        with stack(**fake) as whole:
            with Trial(whole) as trial:
                for jump in ("+3500", "+0", "-300", "+0"):
                    clock.write_text(jump)
                    trial.crowd.wait_for(40)
            return unharmed(trial)


def unharmed(trial: Trial) -> Result:
    failures = len(trial.crowd.failures())
    trial.figures["failed requests"] = failures
    trial.demand(failures == 0, f"{failures} requests failed")
    return trial.result()
