"""The short, plain versions of what `./test --survival` does at length: faults while learners play, then an audit."""

import os
import random
import signal
import time
from collections.abc import Iterator

import pytest

from tests.live import Live
from tests.servers import DurableMariaDB, MariaDB, private_mariadb, private_redis
from tests.survival.audit import audit
from tests.survival.crowd import Crowd

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="several workers need MariaDB and Redis"),
]


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[Live, MariaDB]]:
    with (
        private_mariadb(DurableMariaDB) as database,
        private_redis() as redis,
        Live(workers=2, DATABASE_URL=database.url, REDIS_URL=redis.url) as server,
    ):
        yield server, database


def workers_of(server: Live) -> list[int]:
    assert server.process
    with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children") as file:
        return [int(pid) for pid in file.read().split()]


def found(server: Live, crowd: Crowd) -> None:
    result = audit(server, crowd)
    assert result.acknowledged > 0
    assert result.is_clean(), result


def test_workers_that_are_killed_lose_nothing_and_count_nothing_twice(stack):
    server, _database = stack
    with Crowd(server, 4) as crowd:
        for _ in range(5):
            crowd.wait_for(5)
            os.kill(random.choice(workers_of(server)), signal.SIGKILL)
        crowd.wait_for(10)
    found(server, crowd)


def test_a_rolling_restart_fails_no_request(stack):
    server, _database = stack
    with Crowd(server, 4) as crowd:
        for _ in range(2):
            before = workers_of(server)
            os.kill(server.process.pid, signal.SIGHUP)
            deadline = time.monotonic() + 30
            while set(before) & set(workers_of(server)) and time.monotonic() < deadline:
                time.sleep(0.05)
            crowd.wait_for(5)
    assert crowd.failures() == []
    found(server, crowd)


def test_without_a_database_requests_are_refused_and_served_again_when_it_is_back(stack):
    """Killed: a refused connection. Stopped: one that is accepted and never answered."""
    server, database = stack
    for away, back in ((database.kill, database.start), (database.pause, database.resume)):
        with Crowd(server, 4) as crowd:
            crowd.wait_for(5)
            began = time.monotonic()
            away()
            time.sleep(5)
            gone_at = time.monotonic()
            back()
            ended = time.monotonic()
            crowd.wait_for(10)
        outcomes = {one.status for one in crowd.tries(began + 0.1, gone_at)}
        assert outcomes <= {200, 503}, "cached reads are answered, the others are refused"
        assert 503 in outcomes
        assert all(one.retry_after for one in crowd.failures())
        assert crowd.slowest(began, gone_at) < 6  # 2 s by themselves; here other work may be in the way
        assert crowd.first_success(ended) < 10
        found(server, crowd)


def test_a_server_that_ends_and_comes_again_lost_nothing(stack):
    server, _database = stack
    with Crowd(server, 4) as crowd:
        crowd.wait_for(5)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 30
        server.start()
        crowd.wait_for(10)
    assert {one.status for one in crowd.failures()} <= {0}, "nobody is there: connections fail, requests do not"
    found(server, crowd)
