"""What is counted is what was done: in this process, by several, and when one is killed."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
import urllib3

from ops import histogram, prometheus, pulse_store
from ops.pulse import BLOCK, Pulse, minutes, pulse, routes, total
from ops.tally import Tally
from tests.live import Live


@pytest.fixture
def counting():
    """This process counts, as a server's does, but writes when it is told to."""
    pulse_store.forget()
    pulse._begin()
    pulse.is_on = True
    yield pulse
    pulse.is_on = False
    pulse._begin()
    pulse_store.forget()


def lately():
    now = int(time.time()) // 60
    return total(minutes(now - 5, now)), routes(now - 5, now)


def test_requests_events_and_reads_are_summed_by_minute_and_route(counting, settings):
    cost = Tally()
    cost.cache_hits, cost.cache_misses = 7, 3
    for milliseconds in [10] * 98 + [1000] * 2:
        counting.request("GET", "api/themes", 200, milliseconds / 1000, Tally())
    counting.request("POST", "api/challenges", 500, 0.02, cost)
    prometheus.limit_refused("auth")
    prometheus.model_called("ok", 1.0, prompt_tokens=100, completion_tokens=20, cost=0.25)
    prometheus.model_called("timeout", 1.0)
    prometheus.delivered("ok", 4)
    assert lately() == ({}, {})
    assert counting.flush()
    whole, by_route = lately()
    told = {field: number for field, number in whole.items() if field[0] != "b"}
    assert told == {
        "s2": 100, "s5": 1, "hit": 7, "miss": 3, "limit:auth": 1, "model:ok": 1, "model:timeout": 1, "tokens": 120,
        "cost": 250_000, "delivered:ok": 4,
    }  # fmt: skip
    assert by_route["GET api/themes|s2"] == 100
    assert by_route["GET api/themes|us"] == 98 * 10_000 + 2 * 1_000_000
    times = {int(field[1:]): number for field, number in whole.items() if field[0] == "b"}
    assert histogram.percentile(times, 0.5) == pytest.approx(0.01, rel=0.1)
    assert histogram.percentile(times, 0.99) == pytest.approx(1, rel=0.1)


def test_what_two_processes_write_adds_up(counting):
    one, other = Pulse(), Pulse()
    for each in (one, other):
        each.is_on = True
        each.request("GET", "livez", 200, 0.001, Tally())
        assert each.flush()
    assert lately()[0]["s2"] == 2


def test_nothing_is_lost_while_the_store_is_away(counting, monkeypatch):
    from ops.redis_client import RedisAway

    def away(hashes):
        raise RedisAway

    counting.request("GET", "livez", 200, 0.001, Tally())
    with monkeypatch.context() as patch:
        patch.setattr(pulse_store, "add", away)
        assert not counting.flush()
    counting.request("GET", "livez", 200, 0.001, Tally())
    assert counting.flush()
    assert lately()[0]["s2"] == 2
    assert lately()[1]["GET livez|s2"] == 2


@pytest.mark.once
def test_a_process_that_serves_nobody_counts_nothing():
    quiet = Pulse()
    quiet.request("GET", "livez", 200, 0.001, Tally())
    quiet.event("hit")
    assert not quiet._requests
    assert not quiet._events


@pytest.mark.once
@pytest.mark.parametrize("seconds", [0.0001, 0.003, 0.05, 1.7, 40])
def test_a_bucket_is_within_nine_per_cent(seconds):
    assert histogram.seconds_of(histogram.bucket_of(int(seconds * 1e6))) == pytest.approx(seconds, rel=0.091)


@pytest.mark.once
def test_nothing_has_no_percentile():
    assert histogram.percentile({}, 0.5) is None


SEEN = """
import json, time
from ops.pulse import routes
now = int(time.time()) // 60
print(json.dumps(routes(now - 30, now)))
"""


@pytest.mark.live
@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="what one process alone counts ends with it")
def test_a_server_counts_each_request_and_one_that_is_killed_loses_at_most_what_it_had_not_written():
    with Live(redis_db=6) as server, urllib3.PoolManager(retries=False) as pool:
        for _ in range(60):
            assert pool.request("GET", f"{server.url}/api/none").status == 404
        found = settled(server, 60)
        assert found["GET ^api(/.*)?$|s4"] == 60
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        assert settled(server, 60)["GET ^api(/.*)?$|s4"] == 60
    # An ordinary end writes the rest.
    again = json.loads(server.manage("shell", "--verbosity", "0", "-c", SEEN).stdout)
    assert again["GET ^api(/.*)?$|s4"] == 60
    assert BLOCK == 10


def settled(server, wanted):
    deadline = time.monotonic() + 30
    while True:
        found = json.loads(server.manage("shell", "--verbosity", "0", "-c", SEEN).stdout)
        if found.get("GET ^api(/.*)?$|s4", 0) >= wanted or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
