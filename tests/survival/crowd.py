"""Learners who play sessions throughout a fault, and write down whatever the server has acknowledged.

Each tries a request again until it is answered with 200, as a client with a bad connection does: answers and closings
may be sent twice.
"""

import contextlib
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import urllib3

from tests.http import Reply
from tests.live import Live
from tests.people import Learner, register

THEMES = ("Historia", "Arte", "Física", "Química")
AGAIN_AFTER = 0.1  # seconds; clients in the field wait longer
GIVE_UP = 40.0  # seconds after the crowd was told to stop


@dataclass(frozen=True, slots=True)
class Try:
    """One request. `status` is 0 when the connection failed."""

    at: float
    seconds: float
    status: int
    what: str
    retry_after: str = ""


@dataclass
class Ledger:
    """What one learner was told: answers by (session, question), and the results of closed sessions."""

    user: int
    answers: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    closed: dict[str, dict[str, Any]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)


class _Stopped(Exception):
    """The crowd was told to stop, and this request is not answered for a long time."""


class Crowd:
    """`size` learners, each a thread with a connection of its own, from `with` until its end."""

    def __init__(self, server: Live, size: int = 6, *, pause: float = 0.02) -> None:
        self.server, self.pause = server, pause
        self.people = [register(server.url) for _ in range(size)]
        self.ledgers = [Ledger(person.id) for person in self.people]
        self._stopped_at = float("inf")
        self.errors: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._live, args=pair) for pair in zip(self.people, self.ledgers, strict=True)
        ]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopped_at = time.monotonic()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    # --- What is known of it ---

    def tries(self, since: float = 0.0, until: float = float("inf")) -> list[Try]:
        return sorted((t for led in self.ledgers for t in led.tries if since <= t.at < until), key=lambda t: t.at)

    def failures(self, since: float = 0.0, until: float = float("inf")) -> list[Try]:
        return [one for one in self.tries(since, until) if one.status != 200]

    def outcomes(self, since: float = 0.0) -> dict[str, int]:
        counted = Counter(str(one.status or "no answer") for one in self.tries(since))
        return dict(sorted(counted.items()))

    def slowest(self, since: float = 0.0, until: float = float("inf")) -> float:
        return max((one.seconds for one in self.tries(since, until)), default=0.0)

    def acknowledged(self) -> int:
        return sum(len(ledger.answers) + len(ledger.closed) for ledger in self.ledgers)

    def first_success(self, since: float) -> float:
        """Seconds from `since` until a request that began then or later was answered well."""
        return next((t.at + t.seconds - since for t in self.tries(since) if t.status == 200), float("inf"))

    def wait_for(self, more: int, seconds: float = 60.0) -> None:
        """Until so many more answers and closings were acknowledged."""
        wanted, deadline = self.acknowledged() + more, time.monotonic() + seconds
        while self.acknowledged() < wanted and time.monotonic() < deadline and not self.errors:
            time.sleep(0.02)
        assert self.acknowledged() >= wanted, (
            f"only {self.acknowledged()} of {wanted} in {seconds} s: {self.outcomes()}"
        )

    # --- What they do ---

    def _live(self, person: Learner, ledger: Ledger) -> None:
        try:
            with contextlib.suppress(_Stopped):
                while self._stopped_at == float("inf"):
                    self._play(person, ledger)
        except BaseException as exc:
            self.errors.append(exc)

    def _play(self, person: Learner, ledger: Ledger) -> None:
        theme, mode = random.choice(THEMES), random.choice(("normal", "timed"))
        started = self._ask(person, ledger, "/api/intensive-review/start", {"theme": theme, "gameMode": mode})
        session = started["sessionId"]
        for question in started["challenges"][:4]:
            letter = random.choice("ABCD")
            body = {"sessionId": session, "questionId": question["id"], "selectedAnswer": letter, "responseTime": 1}
            told = self._ask(person, ledger, "/api/challenges/save-intensive-response", body)
            ledger.answers[session, question["id"]] = {
                "letter": letter, "correct": told["isCorrect"], "id": told["savedResponseId"],
            }  # fmt: skip
        told = self._ask(person, ledger, "/api/intensive-review/save-results", {"sessionId": session})
        ledger.closed[session] = {"points": told["points"], "accuracy": told["accuracy"]}
        self._look(person, ledger)

    def _look(self, person: Learner, ledger: Ledger) -> None:
        """A read after a write shows the write, and counts it once."""
        figures = self._ask(person, ledger, f"/api/metrics/user/{person.id}/metrics/overall", None)
        points = sum(result["points"] for result in ledger.closed.values())
        seen, told = (figures.get("total_sessions"), figures.get("total_points")), (len(ledger.closed), points)
        if seen != told:
            ledger.stale.append(f"user {person.id} sees {seen} sessions and points, was told {told}")

    def _ask(self, person: Learner, ledger: Ledger, path: str, body: Any) -> Any:
        while True:
            time.sleep(self.pause)
            began = time.monotonic()
            reply = self._send(person, path, body)
            ended = time.monotonic()
            status = reply.status if reply else 0
            retry_after = reply.headers.get("Retry-After", "") if reply else ""
            ledger.tries.append(Try(began, ended - began, status, path.rpartition("/")[2], retry_after))
            if reply and status == 200:
                return reply.json()
            if reply and status not in (429, 500, 502, 503, 504):
                raise AssertionError((path, status, reply.content))
            if ended > self._stopped_at + GIVE_UP:
                raise _Stopped
            time.sleep(AGAIN_AFTER)

    def _send(self, person: Learner, path: str, body: Any) -> Reply | None:
        try:
            return person.get(path) if body is None else person.post(path, body)
        except urllib3.exceptions.HTTPError:
            return None
