"""Persenaut as compose.yaml sets it up, behind the Caddy of deploy/Caddyfile: TLS, static files, addresses, restart."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import urllib3
import yaml

from tests.live import ROOT, Live
from tests.servers import free_port, program, spawn

pytestmark = [pytest.mark.live, pytest.mark.once]

SETTINGS = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["api"]["environment"]
AS_COMPOSE = {
    name: value.replace("${SITE:-localhost}", "localhost")
    for name, value in SETTINGS.items()
    if name in {"ALLOWED_HOSTS", "PUBLIC_URL", "TRUSTED_PROXY_COUNT", "HTTPS"}
}


class Caddy:
    """Debian's Caddy with our Caddyfile on free ports, a static folder and a certificate of its own."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.port = free_port()
        self.static = folder / "static"
        self.static.mkdir()
        self.authority = folder / "data/caddy/pki/authorities/local/root.crt"
        self.output = folder / "output.txt"
        env = os.environ | {
            "HTTPS_PORT": str(self.port),
            "HTTP_PORT": str(free_port()),
            "UPSTREAM": f"127.0.0.1:{upstream}",
            "STATIC_ROOT": str(self.static),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "HOME": str(folder),
        }
        command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(ROOT / "deploy/Caddyfile")]
        with open(self.output, "wb") as output:
            self.process = spawn(command, env=env, stdout=output, stderr=output)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.pool = urllib3.PoolManager(ca_certs=str(self.authority), retries=False)
                self.get("/livez")
                return
            except (urllib3.exceptions.HTTPError, OSError):
                assert self.process.poll() is None and time.monotonic() < deadline, self.output.read_text()
                time.sleep(0.1)

    def get(self, path: str, method: str = "GET", **options):
        return self.pool.request(method, f"https://localhost:{self.port}{path}", timeout=30, redirect=False, **options)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def server():
    with Live(**AS_COMPOSE, RATE_LIMIT_AUTH="2/15m") as running:
        yield running


@pytest.fixture(scope="module")
def caddy(server, tmp_path_factory):
    running = Caddy(tmp_path_factory.mktemp("caddy"), server.port)
    yield running
    running.close()


def test_people_are_served_by_tls_and_not_sent_in_circles(caddy):
    page = caddy.get("/api-docs")
    assert page.status == 200 and "max-age=31536000" in page.headers["Strict-Transport-Security"]


def test_static_files_are_the_proxys_own_work(caddy):
    (caddy.static / "ops").mkdir()
    (caddy.static / "ops" / "only-here.css").write_text("body { margin: 0 }")
    file = caddy.get("/static/ops/only-here.css")
    assert (file.status, file.data) == (200, b"body { margin: 0 }")
    assert file.headers["X-Content-Type-Options"] == "nosniff" and "text/css" in file.headers["Content-Type"]
    assert caddy.get("/static/ops/../../manage.py").status == 404
    assert caddy.get("/static/").status == 404, "no list of what there is"


def test_nobody_outside_reads_the_figures(caddy):
    assert caddy.get("/metrics").status == 404


def test_a_client_cannot_choose_the_address_by_which_it_is_limited(caddy):
    """Three tries to log in, each said to come from elsewhere: the limit counts them together."""
    body = b'{"email": "nobody@example.org", "password": "wrong wrong"}'
    statuses = [
        caddy.get(
            "/api/auth/login",
            "POST",
            body=body,
            headers={"Content-Type": "application/json", "X-Forwarded-For": f"203.0.113.{number}"},
        ).status
        for number in range(3)
    ]
    assert statuses == [401, 401, 429]


@pytest.mark.parametrize("size", [300_000, 3_000_000])
def test_a_body_that_is_too_large_is_refused_in_our_words(caddy, size):
    headers = {"Content-Type": "application/json"}
    for _ in range(5):
        reply = caddy.get("/api/challenges/groq", "POST", body=b"x" * size, headers=headers)
        assert reply.status == 413 and reply.json()["code"] == "payload_too_large"


def test_probes_are_answered_under_any_name_and_without_tls(server):
    """Kubernetes asks by a pod's address, compose.yaml and the image's health check from inside."""
    with urllib3.PoolManager(retries=False) as pool:
        for path in ("/livez", "/readyz"):
            reply = pool.request("GET", server.url + path, headers={"Host": "10.1.2.3:8000"}, redirect=False)
            assert reply.status == 200, path
    probe = [sys.executable, "-m", "ops.probe"]
    done = subprocess.run(probe, cwd=ROOT, env=server.env, capture_output=True, text=True)
    assert done.returncode == 0 and "ready" in done.stdout
    nobody = os.environ | {"PORT": str(free_port())}
    assert subprocess.run(probe, cwd=ROOT, env=nobody, capture_output=True).returncode == 1


def test_a_restart_of_the_server_is_waited_for(server, caddy):
    """Refused connections are tried again for five seconds; a restart takes less."""
    server.stop()
    replies: list[int] = []
    waiting = threading.Thread(target=lambda: replies.append(caddy.get("/livez").status))
    waiting.start()
    time.sleep(0.5)
    assert replies == [], "it waits"
    server.start()
    waiting.join(30)
    assert replies == [200]
