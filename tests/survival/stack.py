"""The server under fault, with a MariaDB and a Redis of its own, learners throughout and an audit at the end."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.live import Live
from tests.mail_server import MailServer, mail_server
from tests.servers import DurableMariaDB, MariaDB, Redis, private_mariadb, private_redis
from tests.survival.audit import Mailbag, audit
from tests.survival.crowd import Crowd

WORKERS = 2


@dataclass
class Stack:
    server: Live
    database: MariaDB
    redis: Redis
    mail: MailServer

    @property
    def master(self) -> int:
        assert self.server.process
        return self.server.process.pid

    def workers(self) -> list[int]:
        with open(f"/proc/{self.master}/task/{self.master}/children") as file:
            return [int(pid) for pid in file.read().split()]


@contextlib.contextmanager
def stack(database: MariaDB | None = None, **env: str) -> Iterator[Stack]:
    """A fresh one: nothing of an earlier fault is left. `database` is one that runs already."""
    given = contextlib.nullcontext(database) if database else private_mariadb(DurableMariaDB)
    with given as database, private_redis() as redis, mail_server() as mail:
        urls = {"DATABASE_URL": database.url, "REDIS_URL": redis.url, "DELIVERY_SECONDS": "1"}
        with Live(workers=WORKERS, **(urls | mail.env | env)) as server:
            yield Stack(server, database, redis, mail)


@dataclass
class Result:
    """The figures of one fault, and why it failed; [] when all is as it must be."""

    figures: dict[str, Any]
    wrong: list[str]


class Trial:
    """Learners and deliveries around a fault: `with Trial(stack) as trial: ...fault...; result = trial.result()`."""

    def __init__(self, stack: Stack, *, size: int = 6, deliveries: int = 40, spread: int = 20) -> None:
        self.stack = stack
        self.mailbag = Mailbag(stack.server)
        self.mailbag.fill(deliveries, 5, spread)
        self.crowd = Crowd(stack.server, size)
        self.figures: dict[str, Any] = {}
        self.wrong: list[str] = []

    def __enter__(self) -> "Trial":
        self.began = time.monotonic()
        self.crowd.__enter__()
        self.crowd.wait_for(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self.crowd.__exit__(*exc)
        self.load = os.getloadavg()[0]

    def demand(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.wrong.append(sentence)

    def result(self) -> Result:
        found = audit(self.stack.server, self.crowd)
        outcomes = self.crowd.outcomes()
        duplicates = self._duplicates()
        figures = found.figures() | {
            "duplicate deliveries": duplicates, "answers by status": outcomes,
            "slowest s": round(self.crowd.slowest(), 2), "load": round(self.load, 1),
        }  # fmt: skip
        worst = [*found.lost[:2], *found.twice[:2], *found.stale[:2], found.drift]
        self.demand(found.is_clean(), f"the audit found {worst}")
        self.demand(not duplicates, f"{duplicates} duplicate deliveries")
        self.demand("500" not in outcomes, "answers with status 500")
        return Result(self.figures | figures, self.wrong)

    def _duplicates(self) -> int:
        """Once everything that came due has arrived, or a minute has passed."""
        deadline = time.monotonic() + 60
        while int(str(self.mailbag.told()["deliveries"])) < self.mailbag.count and time.monotonic() < deadline:
            time.sleep(1)
        told = int(str(self.mailbag.told()["deliveries"]))
        self.figures["deliveries"] = told
        self.demand(told >= self.mailbag.count, f"only {told} of {self.mailbag.count} challenges were delivered")
        return self.mailbag.duplicates()
