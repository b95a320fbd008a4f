"""Redis over TLS, and Redis behind Sentinel, as the settings promise them."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.certificates import make_certificates
from tests.live import Live, free_port
from tests.people import register
from tests.servers import Redis, program, spawn

pytestmark = pytest.mark.live


class TlsRedis(Redis):
    """Speaks TLS alone, with a certificate of a CA of its own."""

    def install(self) -> None:
        make_certificates(self.folder)

    def command(self) -> list[str]:
        plain = [program("redis-server"), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        files = {"cert": "server.crt", "key": "server.key", "ca-cert": "ca.crt"}
        tls = [part for name, file in files.items() for part in (f"--tls-{name}-file", str(self.folder / file))]
        return [*plain, "--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no", *tls]

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


def test_tls_with_the_right_authority_and_with_another(tmp_path):
    server = TlsRedis(tmp_path)
    server.install()
    with running(server):
        url = f"rediss://127.0.0.1:{server.port}/0"
        for authority, state in {"ca.crt": "HIT", "other.crt": "MISS"}.items():
            with Live(workers=1, REDIS_URL=url, REDIS_CA_CERTS=str(tmp_path / authority)) as live:
                ana = register(live.url)
                replies = [ana.get(f"/api/metrics/user/{ana.id}/metrics/overall") for _ in range(3)]
                assert [reply.status for reply in replies] == [200] * 3
                assert replies[-1]["X-Cache"] == state


@contextlib.contextmanager
def running(server: Redis) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def sentinels(folder: Path, primary: int, count: int = 3) -> Iterator[list[int]]:
    """Sentinels that watch the primary at a port; their ports."""
    ports, processes = [], []
    for number in range(count):
        port = free_port()
        config = folder / f"sentinel{number}.conf"
        config.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor mymaster 127.0.0.1 {primary} 2\n"
            "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 3000\n"
        )
        with open(folder / "sentinels.txt", "ab") as output:
            command = [program("redis-server"), str(config), "--sentinel"]
            processes.append(spawn(command, stdout=output, stderr=output))
        ports.append(port)
    try:
        yield ports
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def test_a_fail_over_by_sentinel_costs_no_request(tmp_path):
    servers = []
    for name in ("primary", "first", "second"):
        (tmp_path / name).mkdir()
        servers.append(Redis(tmp_path / name))
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.enter_context(running(server))
        for replica in servers[1:]:
            with redis.Redis(port=replica.port) as client:
                client.replicaof("127.0.0.1", servers[0].port)
        ports = stack.enter_context(sentinels(tmp_path, servers[0].port))
        time.sleep(3)  # until each sentinel knows the others and the replicas
        env = {
            "REDIS_URL": "redis://mymaster/0",
            "REDIS_SENTINELS": ",".join(f"127.0.0.1:{port}" for port in ports),
        }
        live = stack.enter_context(Live(workers=1, **env))
        ana = register(live.url)
        path = f"/api/metrics/user/{ana.id}/metrics/overall"
        assert [ana.get(path)["X-Cache"] for _ in range(3)][-1] == "HIT"
        servers[0].kill()
        states, deadline = [], time.monotonic() + 20
        while time.monotonic() < deadline and states[-3:] != ["HIT"] * 3 or len(states) < 20:
            reply = ana.get(path)
            assert reply.status == 200
            states.append(reply["X-Cache"])
            time.sleep(0.05)
        assert "MISS" in states and states[-1] == "HIT", "away for a while, then back on the new primary"
        started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"})
        ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"]})
        assert ana.figures("overall")["total_sessions"] == 1
