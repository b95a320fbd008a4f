"""The probes: what they say when all is well, and when something is not."""

import logging
import re
import threading
import time

import pytest
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext_lazy

from ops import health


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch):
    """Each probe looks anew, and what a test registers or starts is gone after it."""
    monkeypatch.setattr(health, "FRESH", -1.0)
    checks = {name: health._Check(name, check.probe, check.severity) for name, check in health._checks.items()}
    monkeypatch.setattr(health, "_checks", checks)
    monkeypatch.setattr(health._migrations, "are_applied", False)
    yield
    health._draining.clear()


@pytest.fixture
def lost_database(monkeypatch):
    """The database as a new connection finds it: not there."""
    settings = connections.settings["default"]
    wrong = {"PORT": "1"} if "mysql" in settings["ENGINE"] else {"NAME": "/nowhere/at-all.sqlite3"}
    for name, value in wrong.items():
        monkeypatch.setitem(settings, name, value)


@pytest.mark.both_stacks
def test_health_says_what_a_client_of_the_first_generation_reads(client, db):
    response = client.get("/health")
    body = response.json()
    assert (response.status_code, body["status"]) == (200, "healthy")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
    assert re.fullmatch(r"\d+d \d+h \d+m \d+s", body["uptime"]["formatted"])
    assert {"rss", "heapUsed", "heapTotal", "external"} <= body["memory"].keys()
    assert all(re.fullmatch(r"\d+\.\d\d MB", size) for size in body["memory"].values())
    assert 20 < float(body["memory"]["rss"].removesuffix(" MB")) < 4000
    assert body["cpu"]["usage"]["user"] > 0 and len(body["cpu"]["loadAverage"]) == 3
    assert {"database", "migrations", "cache", "logs"} <= body["checks"].keys()
    assert all(check["status"] == "healthy" and check["ms"] >= 0 for check in body["checks"].values())


@pytest.mark.parametrize(("seconds", "words"), [(0, "0d 0h 0m 0s"), (86400, "1d 0h 0m 0s"), (93784, "1d 2h 3m 4s")])
def test_uptime_is_written_as_ever(seconds, words):
    assert health.duration(seconds) == words


@pytest.mark.parametrize("path", ["/health", "/readyz", "/livez"])
def test_probes_are_not_stored_and_take_only_get_and_head(client, db, path):
    assert client.get(path)["Cache-Control"] == "no-store"
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = client.generic(method, path)
        assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")
        assert refused.json()["code"] == "method_not_allowed"


@pytest.mark.both_stacks
def test_without_a_database_it_is_unhealthy_and_not_ready(client, db, lost_database):
    body = client.get("/health").json()
    assert (body["status"], body["checks"]["database"]["status"]) == ("unhealthy", "unhealthy")
    assert client.get("/health").status_code == 503
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").json() == {"status": "alive"}


def test_strangers_read_no_names_paths_or_exceptions(client, db, lost_database, settings):
    settings.LOG_TO, settings.LOG_DIR = "files", "/dev/null/logs"
    text = client.get("/health").content.decode() + client.get("/readyz").content.decode()
    for secret in ("nowhere", "127.0.0.1", "sqlite", "mysql", "Error", "/dev", "unable", "Can't", "Traceback"):
        assert secret not in text


def test_the_log_says_why_once_and_when_it_is_over(client, db, caplog):
    trouble = [RuntimeError("the reason")]

    def probe():
        if trouble:
            raise trouble[0]
        return ""

    health.register("fragile", probe)
    with caplog.at_level(logging.INFO, "ops.health"):
        for _ in range(3):
            assert client.get("/health").json()["checks"]["fragile"]["text"] == "No responde."
        trouble.clear()
        for _ in range(3):
            client.get("/health")
    ours = [record for record in caplog.records if getattr(record, "check", "") == "fragile"]
    said = [(record.message, record.exc_info and str(record.exc_info[1])) for record in ours]
    assert said == [("health check failed", "the reason"), ("health check well again", None)]


@pytest.mark.both_stacks
def test_pending_migrations_are_unhealthy_and_not_ready(client, transactional_db):
    recorder = MigrationRecorder(connections["default"])
    recorder.record_unapplied("ops", "0001_collation")
    try:
        body = client.get("/health").json()
        assert body["checks"]["migrations"] | {"ms": 0} == {
            "status": "unhealthy", "ms": 0, "text": "Hay migraciones pendientes."
        }  # fmt: skip
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
    finally:
        recorder.record_applied("ops", "0001_collation")
    assert client.get("/readyz").status_code == 200


def test_applied_migrations_are_looked_at_once(client, db, monkeypatch):
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "MigrationLoader", None)  # asking again would fail
    assert client.get("/readyz").json() == {"status": "ready"}


def test_less_important_troubles_degrade(client, db):
    health.register("mail", lambda: "Hay correos sin enviar.")
    response = client.get("/health")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["checks"]["mail"]["text"] == "Hay correos sin enviar."


def test_a_full_or_missing_disk_for_logs_degrades(client, db, settings, tmp_path, monkeypatch):
    settings.LOG_TO, settings.LOG_DIR = "files", tmp_path / "not-there-yet"
    assert client.get("/health").json()["checks"]["logs"]["status"] == "healthy"
    usage = health.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: usage._replace(free=10 * 2**20))
    assert client.get("/health").json()["checks"]["logs"]["text"] == "Queda poco espacio para los registros."
    settings.LOG_DIR = "/dev/null/logs"
    body = client.get("/health").json()
    assert body["checks"]["logs"]["text"] == "No se puede escribir en la carpeta de registros."
    assert body["status"] == "degraded"


def test_a_hung_check_is_not_waited_for(client, db, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE", 0.3)
    release, runs = threading.Event(), []
    health.register("hung", lambda: runs.append(1) or release.wait(20) and "")
    try:
        began = time.monotonic()
        found = client.get("/health").json()
        assert time.monotonic() - began < 1.0
        assert (found["status"], found["checks"]["hung"]["text"]) == ("degraded", "No ha respondido a tiempo.")
        assert found["checks"]["database"]["status"] == "healthy"
        began = time.monotonic()
        for _ in range(20):
            assert client.get("/health").json()["checks"]["hung"]["status"] == "degraded"
        assert time.monotonic() - began < 2.0  # nobody waits for it a second time
        assert len(runs) == 1  # nor is it started a second time
    finally:
        release.set()


def test_many_probes_at_once_ask_the_database_once(db, monkeypatch):
    monkeypatch.setattr(health, "FRESH", 1.0)
    runs = []
    health.register("counted", lambda: runs.append(1) or time.sleep(0.05) or "")
    threads = [threading.Thread(target=lambda: health.run_checks([health._checks["counted"]])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1


def test_a_probe_leaves_no_connection_behind(client, db, monkeypatch):
    closed, wrapper = [], type(connections["default"])
    close = wrapper.close
    monkeypatch.setattr(wrapper, "close", lambda self: closed.append(self.connection is not None) or close(self))
    client.get("/readyz")
    assert closed.count(True) == 2  # the database's and the migrations'


def test_a_draining_server_is_alive_but_not_ready(client, db):
    health.start_draining()
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "draining"})
    assert client.get("/livez").status_code == 200
    assert client.get("/health").status_code == 200


def test_probes_are_quiet_and_unlimited(client, db, caplog, settings, real_limits):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"global": (1, 60)}
    health.start_draining()
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            assert client.get("/livez").status_code == 200
            assert client.get("/readyz").status_code == 503
            assert client.get("/health").status_code == 200
    assert [record for record in caplog.records if record.name in ("persenaut.http", "django.request")] == []


def test_the_sentences_come_in_the_readers_language(client, db):
    health.register("mail", lambda: gettext_lazy("Home"))  # Django's own catalogue has this one

    def said(**headers):
        return client.get("/health", headers=headers).json()["checks"]["mail"]["text"]

    assert (said(), said(accept_language="en")) == ("Inicio", "Home")
