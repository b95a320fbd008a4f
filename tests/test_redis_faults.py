"""No learner's request fails because Redis does: killed, paused, black-holed and restarted while learners go on.

What Redis costs a request is read from Server-Timing (`cache;dur`), which other load on the machine hardly stretches.
"""

import json
import re
import threading
import time
from collections.abc import Iterator

import pytest

from tests.http import Reply
from tests.live import Live
from tests.people import PASSWORD, Learner, register
from tests.servers import Redis, private_redis
from tests.wire import Wire, wire_to

pytestmark = pytest.mark.live

WORKERS = 2


def cache_ms(reply: Reply) -> float:
    match = re.search(r"cache;dur=([\d.]+)", reply["Server-Timing"])
    assert match
    return float(match[1])


class Crowd:
    """Eight learners: six read their metrics, two log in, until they are told to stop."""

    def __init__(self, server: Live) -> None:
        self.server, self.replies, self.failures = server, [], []
        self._stop = threading.Event()
        self.people = [register(server.url) for _ in range(4)]
        work = [self._read] * 6 + [self._log_in] * 2
        self.threads = [threading.Thread(target=one, args=(n,)) for n, one in enumerate(work)]

    def __enter__(self) -> "Crowd":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self.threads:
            thread.join()

    def since(self, moment: float) -> list[Reply]:
        return [reply for at, reply in self.replies if at >= moment]

    def _note(self, started: float, reply: Reply) -> None:
        self.replies.append((started, reply))
        if reply.status != 200:
            self.failures.append((reply.status, reply.content))

    def _read(self, number: int) -> None:
        ana = self.people[number % len(self.people)]
        client = Learner(self.server.url, cookie=ana.cookie)
        while not self._stop.is_set():
            started = time.monotonic()
            self._note(started, client.get(f"/api/metrics/user/{ana.id}/metrics/overall"))
            time.sleep(0.03)

    def _log_in(self, number: int) -> None:
        ana = self.people[number % len(self.people)]
        while not self._stop.is_set():
            client = Learner(self.server.url)
            self._note(time.monotonic(), client.post("/api/auth/login", {"email": ana.email, "password": PASSWORD}))
            time.sleep(0.2)


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[Live, Redis, Wire]]:
    with private_redis() as redis, wire_to(redis.port) as wire:
        url = f"redis://127.0.0.1:{wire.port}/0"
        with Live(workers=WORKERS, REDIS_URL=url, RATE_LIMIT_TUTOR="3/1h") as server:
            yield server, redis, wire


def log_lines(server: Live, message: str) -> list[dict]:
    lines = [line for path in server.log_dir.glob("combined-*.log") for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines if f'"{message}"' in line]


def is_back_within(server: Live, ana: Learner, seconds: float) -> bool:
    """Whether both workers serve from the cache again: a hit every time for a while."""
    deadline, hits = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and hits < 12:
        hits = hits + 1 if ana.get(f"/api/metrics/user/{ana.id}/metrics/themes")["X-Cache"] == "HIT" else 0
    return hits == 12


FAULTS = {
    "killed and restarted": (lambda redis, wire: redis.kill(), lambda redis, wire: redis.start()),
    "paused": (lambda redis, wire: redis.pause(), lambda redis, wire: redis.resume()),
    "black-holed": (lambda redis, wire: wire.cut(), lambda redis, wire: wire.mend()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_learners_go_on_without_redis(stack, fault):
    server, redis, wire = stack
    begin, end = FAULTS[fault]
    away, back = "cache unavailable", "cache available again"
    before = {state: len(log_lines(server, state)) for state in (away, back)}
    with Crowd(server) as crowd:
        time.sleep(0.5)
        begun = time.monotonic()
        begin(redis, wire)
        time.sleep(2.5)
        settled = time.monotonic()
        time.sleep(2.5)
        ready = crowd.people[0].get("/readyz")
        outage = crowd.since(begun)
        open_breaker = crowd.since(settled)
        end(redis, wire)
        ended = time.monotonic()
        assert is_back_within(server, crowd.people[0], 5)
        # The other worker may take as long: its learners keep it looking.
        while time.monotonic() < ended + 5 and len(log_lines(server, back)) - before[back] < WORKERS:
            time.sleep(0.1)
    assert crowd.failures == []
    assert len(outage) > 50 and len(open_breaker) > 20
    assert max(cache_ms(reply) for reply in outage) < 1000
    assert sorted(cache_ms(reply) for reply in open_breaker)[int(len(open_breaker) * 0.99)] < 5
    assert ready.status == 200
    for state, count in before.items():
        assert len(log_lines(server, state)) - count == WORKERS, "one warning for each worker's change of state"


def test_a_write_during_the_outage_is_not_hidden_by_what_was_cached_before(stack):
    server, redis, _wire = stack
    ana = register(server.url)
    started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"})
    for _ in range(8):
        assert ana.figures("overall") == {}
    redis.pause()
    try:
        ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"]})
        assert ana.figures("overall")["total_sessions"] == 1
    finally:
        redis.resume()
    for _ in range(40):
        assert ana.figures("overall")["total_sessions"] == 1
        time.sleep(0.05)


def test_logging_out_during_the_outage_is_not_undone_when_redis_returns(stack):
    server, redis, _wire = stack
    ana = register(server.url)
    there = Learner(server.url, cookie=ana.cookie)
    assert there.get("/api/user/profile").status == 200
    redis.pause()
    try:
        ana.ok("POST", "/api/auth/logout")
    finally:
        redis.resume()
    for _ in range(40):
        assert there.get("/api/user/profile").status == 401
        time.sleep(0.05)


def test_costly_limits_hold_in_each_process_meanwhile(stack):
    server, redis, _wire = stack
    ana = register(server.url)
    redis.kill()
    try:
        statuses = [ana.post("/api/tutor/advice", {"timeRange": "week"}).status for _ in range(30)]
    finally:
        redis.start()
    assert set(statuses) == {200, 429}
    assert statuses.count(200) <= 3 * WORKERS
