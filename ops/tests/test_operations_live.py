"""Probes and metrics of a really running server, with Redis lost and hung, several workers, and an end in sight."""

import http.client
import os
import re
import shutil
import signal
import time
from contextlib import closing

import pytest

from tests.http import Client
from tests.live import Live
from tests.servers import private_redis

pytestmark = pytest.mark.live
needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server")


def timed(client, path):
    began = time.monotonic()
    reply = client.get(path)
    return reply, time.monotonic() - began


def until(condition, seconds=10.0):
    """Wait until the condition holds; whether it does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@needs_redis
def test_probes_answer_while_redis_hangs_and_is_away():
    with private_redis() as redis, Live(workers=1, REDIS_URL=redis.url) as server:
        client = Client(server.url)
        assert client.get("/health").json()["status"] == "healthy"
        for trouble, cure in ((redis.pause, redis.resume), (redis.kill, redis.start)):
            trouble()
            time.sleep(1.1)  # an answer counts for a second
            reply, seconds = timed(client, "/health")
            body = reply.json()
            assert (reply.status, body["status"], body["checks"]["cache"]["status"]) == (200, "degraded", "degraded")
            assert seconds < 1.5
            reply, seconds = timed(client, "/readyz")
            assert (reply.status, reply.json()) == (200, {"status": "ready", "warnings": {"cache": "No responde."}})
            assert seconds < 1.5
            assert timed(client, "/livez")[1] < 0.5
            cure()
            assert until(lambda: client.get("/health").json()["status"] == "healthy")


def test_head_has_no_body_and_connections_stay_in_step(live):
    with closing(http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)) as connection:
        for path in ("/health", "/readyz", "/livez", "/metrics"):
            connection.request("HEAD", path)
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (200, b"")


def test_a_server_that_ends_says_so_to_who_is_connected():
    with Live() as server, closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", "/readyz")
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (200, b'{"status": "ready"}')
        os.kill(server.process.pid, signal.SIGTERM)
        time.sleep(0.5)
        connection.request("GET", "/readyz")
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (503, b'{"status": "draining"}')


def counted(page, series):
    """The value of a series, 0 when it is not there."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


CHECK_AUTH = 'http_requests_total{method="GET",route="api/auth/check-auth",status="200"}'


@needs_redis
def test_a_scrape_sees_what_all_workers_counted_and_keeps_it_when_they_end():
    with private_redis() as redis, Live(workers=3, REDIS_URL=redis.url) as server:
        # A connection of its own for each request, so that all workers get some.
        for _ in range(60):
            assert Client(server.url).get("/api/auth/check-auth").status == 200
        pages = [Client(server.url).get("/metrics").content.decode() for _ in range(5)]
        assert [counted(page, CHECK_AUTH) for page in pages] == [60.0] * 5
        before = workers_of(server)
        assert len(before) == 3
        os.kill(before[0], signal.SIGKILL)
        os.kill(before[1], signal.SIGTERM)
        assert until(lambda: len(new := workers_of(server)) == 3 and len(set(new) - set(before)) == 2)
        page = Client(server.url).get("/metrics").content.decode()
        assert counted(page, CHECK_AUTH) == 60.0
        assert counted(page, 'http_server_request_duration_seconds_bucket{le="+Inf",method="GET",'
                             'route="api/auth/check-auth"}') == 60.0  # fmt: skip


def workers_of(server):
    pid = server.process.pid
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]
