"""One request: its id, its timing for the client, its one line in the log."""

import logging
import re
import types

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from ops import middleware


@pytest.fixture
def line_of(caplog):
    """The one line that a request leaves in the request log."""

    def find(call):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "persenaut.http"):
            call()
        (line,) = [record for record in caplog.records if record.name == "persenaut.http"]
        return line

    return find


def serve(view, path="/api/x", **headers):
    """Answer one request by `view` alone, inside the middleware."""
    return middleware.RequestMiddleware(view)(RequestFactory().get(path, headers=headers))


@pytest.mark.parametrize("given", ["0123abcd", "a.b_c-d-e", "x" * 64])
def test_a_sane_request_id_is_kept(client, db, given):
    assert client.get("/livez", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with space", "ñandúñandú", "forged\nline-of-log", "<script>1"]
)
def test_any_other_request_id_is_replaced(client, db, given):
    assert re.fullmatch(r"[0-9a-f]{32}", client.get("/livez", headers={"X-Request-ID": given})["X-Request-ID"])


@pytest.mark.both_stacks
def test_the_line_tells_who_asked_what_and_what_it_cost(api, learner, line_of):
    path = f"/api/metrics/user/{learner.pk}/metrics/overall"
    line = line_of(lambda: api.get(f"{path}?token=secret", user_agent="Tests/1.0", x_request_id="the-id-of-this"))
    told = {name: getattr(line, name) for name in ("method", "path", "status", "ip", "userAgent", "userId", "speed")}
    assert told == {"method": "GET", "path": path, "status": 200, "ip": "127.0.0.1", "userAgent": "Tests/1.0",
                    "userId": learner.pk, "speed": line.speed}  # fmt: skip
    assert line.route == "api/metrics/user/<int:user_id>/metrics/overall"
    assert line.duration > 0 and line.sql >= 1 and line.sqlMs > 0 and line.cacheMisses >= 1
    assert line_of(lambda: api.get(path)).cacheHits == 2  # the token's standing and the figures
    assert "secret" not in str(line.__dict__)


def test_a_visitor_has_no_user_id_and_an_admin_has_one(client, visitor, make_user, line_of):
    assert line_of(lambda: visitor.get("/api/auth/check-auth")).userId is None
    staff = make_user(is_staff=True, is_superuser=True)
    client.force_login(staff)
    assert line_of(lambda: client.get("/admin/")).userId == staff.pk


@pytest.mark.parametrize(
    ("seconds", "speed", "level", "message"),
    [
        (0, "fast", "HTTP", "request"),
        (0.2, "normal", "INFO", "request"),
        (0.7, "slow", "WARNING", "slow request"),
        (1.5, "slow", "WARNING", "slow request"),
        (4, "very_slow", "ERROR", "slow request"),
    ],
)
def test_slow_requests_are_louder(seconds, speed, level, message, line_of, monkeypatch):
    now = iter([100.0, 100.0 + seconds])
    monkeypatch.setattr(middleware, "time", types.SimpleNamespace(perf_counter=lambda: next(now)))
    line = line_of(lambda: serve(lambda request: HttpResponse()))
    assert (line.speed, line.levelname, line.message) == (speed, level, message)


def test_a_failed_request_is_an_error_however_fast(line_of):
    assert line_of(lambda: serve(lambda request: HttpResponse(status=503))).levelname == "ERROR"


def test_a_long_path_and_agent_are_cut(line_of):
    line = line_of(lambda: serve(lambda request: HttpResponse(), "/api/" + "x" * 5000, user_agent="y" * 5000))
    assert len(line.path) == 200 and len(line.userAgent) == 120


def test_server_timing_names_total_database_and_cache(api, learner):
    timing = api.get(f"/api/metrics/user/{learner.pk}/metrics/overall")["Server-Timing"]
    parts = re.fullmatch(r"total;dur=(\d+\.\d\d), db;dur=(\d+\.\d\d), cache;dur=(\d+\.\d\d)", timing)
    total, database, cache = map(float, parts.groups())
    assert total >= database + cache and database > 0


def test_memory_that_a_request_makes_the_process_keep_is_told(line_of):
    kept = []
    middleware.memory.grown()
    line = line_of(lambda: serve(lambda request: kept.append(bytearray(b"x" * 40_000_000)) or HttpResponse()))
    assert 30_000_000 < line.memoryGrowth < 90_000_000
    del kept[:]
