"""Faults of clusters: a Redis behind three sentinels loses its primary."""

import contextlib
import time

import redis as redis_client

from tests.servers import Redis, _folder
from tests.survival.faults import fault, unharmed
from tests.survival.stack import Result, Trial, stack
from tests.test_redis_kinds import running, sentinels


@fault
def sentinel_fail_over() -> Result:
    """SIGKILL of the Redis primary behind three sentinels: no request fails, and the new primary is found."""
    with contextlib.ExitStack() as opened:
        servers = []
        for _ in range(3):
            servers.append(Redis(opened.enter_context(_folder())))
            opened.enter_context(running(servers[-1]))
        for replica in servers[1:]:
            with redis_client.Redis(port=replica.port) as client:
                client.replicaof("127.0.0.1", servers[0].port)
        ports = opened.enter_context(sentinels(opened.enter_context(_folder()), servers[0].port))
        time.sleep(3)  # until each sentinel knows the others and the replicas
        env = {
            "REDIS_URL": "redis://mymaster/0",
            "REDIS_SENTINELS": ",".join(f"127.0.0.1:{port}" for port in ports),
        }
        whole = opened.enter_context(stack(**env))
        with Trial(whole) as trial:
            killed = time.monotonic()
            servers[0].kill()
            ana = trial.crowd.people[0]
            path = f"/api/metrics/user/{ana.id}/metrics/game-modes"
            hits = 0
            while hits < 6 and time.monotonic() < killed + 60:
                hits = hits + 1 if ana.get(path).headers.get("X-Cache") == "HIT" else 0
                time.sleep(0.05)
            trial.figures["cache serves again after s"] = round(time.monotonic() - killed, 1)
            trial.demand(hits == 6, "the new primary was not found within a minute")
            trial.crowd.wait_for(20)
        return unharmed(trial)
