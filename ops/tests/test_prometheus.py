"""What Prometheus reads, and who may read it."""

import os
import re
import subprocess
import sys

import pytest

from ops import prometheus


def scrape(client, **headers):
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200, response.content
    return response.content.decode()


def value(page, series):
    found = re.search(rf"^{re.escape(series)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.fixture
def grown(client):
    """How much a series grew since the test began."""
    before = scrape(client)
    return lambda series: round(value(scrape(client), series) - value(before, series), 6)


def test_requests_are_counted_by_method_route_and_status(api, grown):
    for _ in range(3):
        api.get("/api/metrics/user/0/metrics/overall")
    api.post("/api/auth/login", {"email": "nobody@example.org", "password": "wrong"})
    route = "api/metrics/user/<int:user_id>/metrics/overall"
    assert grown(f'http_requests_total{{method="GET",route="{route}",status="404"}}') == 3
    assert grown('http_requests_total{method="POST",route="api/auth/login",status="401"}') == 1


def test_durations_have_opentelemetrys_buckets(client, grown):
    client.get("/livez")
    series = 'http_server_request_duration_seconds_{}{{{}method="GET",route="livez"}}'
    assert grown(series.format("count", "")) == 1
    assert grown(series.format("bucket", 'le="10.0",')) == 1
    buckets = re.findall(r'_duration_seconds_bucket\{le="([^"]+)",method="GET",route="livez"', scrape(client))
    assert [float(bound) for bound in buckets] == [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, float("inf")
    ]  # fmt: skip


@pytest.mark.both_stacks
def test_sql_and_cache_of_requests_are_counted(api, learner, grown):
    path = f"/api/metrics/user/{learner.pk}/metrics/overall"
    assert api.get(path)["X-Cache"] == "MISS"
    misses = grown('cache_reads_total{outcome="miss"}')
    assert misses >= 1 and grown("sql_queries_per_request_sum") >= 1 and grown("sql_seconds_total") > 0
    hits = grown('cache_reads_total{outcome="hit"}')
    assert api.get(path)["X-Cache"] == "HIT"
    assert grown('cache_reads_total{outcome="hit"}') == hits + 2  # the token's standing and the figures
    assert grown('cache_reads_total{outcome="miss"}') == misses


def test_refusals_are_counted_by_class(api, settings, grown, real_limits):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"api": (2, 60)}
    assert [api.get("/api/user/profile").status_code for _ in range(4)] == [200, 200, 429, 429]
    assert grown('rate_limit_refusals_total{class="api"}') == 2
    for name in settings.RATE_LIMITS:  # a rate begins at a zero: classes that refused nobody are there too
        assert f'rate_limit_refusals_total{{class="{name}"}}' in scrape(api.client)


def test_model_calls_and_deliveries_are_counted(grown):
    prometheus.model_called("ok", 1.5, prompt_tokens=100, completion_tokens=20, cost=0.003)
    prometheus.model_called("timeout", 20)
    prometheus.delivered("ok", 5)
    assert grown('model_calls_total{outcome="ok"}') == grown('model_calls_total{outcome="timeout"}') == 1
    assert grown('model_tokens_total{kind="prompt"}') == 100
    assert grown('model_tokens_total{kind="completion"}') == 20
    assert grown("model_cost_total") == 0.003
    assert grown("model_call_duration_seconds_sum") == 21.5
    assert grown('deliveries_total{outcome="ok"}') == 5


def test_invented_methods_and_paths_make_no_series(client, db):
    before = scrape(client).count("\n")
    for number in range(30):
        client.generic(f"METHOD{number}", "/livez")
        client.get(f"/no/such/page/{number}")
        client.get(f"/api/no/such/page/{number}")
    page = scrape(client)
    assert "METHOD" not in page and "such" not in page
    assert page.count("\n") < before + 100
    assert value(page, 'http_requests_total{method="other",route="livez",status="405"}') >= 30


def test_prometheus_gets_the_format_it_asks_for(client):
    plain = client.get("/metrics")
    assert plain["Content-Type"].startswith("text/plain") and plain["Cache-Control"] == "no-store"
    asked = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert asked["Content-Type"].startswith("application/openmetrics-text")
    assert asked.content.endswith(b"# EOF\n")


# --- Who may read ---


def status(client, address="203.0.113.9", **headers):
    return client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code


def test_strangers_are_refused_in_json(client):
    response = client.get("/metrics", REMOTE_ADDR="203.0.113.9")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert "http_requests" not in response.content.decode()


def test_the_token_opens_from_anywhere_and_nothing_like_it_does(client, settings):
    settings.METRICS_TOKEN = "a-long-scrape-token"
    assert status(client, authorization="Bearer a-long-scrape-token") == 200
    assert status(client, authorization="bearer a-long-scrape-token") == 200
    for wrong in ("Bearer a-long-scrape-toke", "Bearer ", "Bearer", "a-long-scrape-token", "Basic YTpi", "Bearer ñ"):
        assert status(client, authorization=wrong) == 403, wrong


def test_without_a_token_an_empty_one_opens_nothing(client, settings):
    settings.METRICS_TOKEN = ""
    assert status(client, authorization="Bearer ") == 403


def test_allowed_networks_open_loopback_alone_by_default(client, settings):
    for near in ("127.0.0.1", "127.5.5.5", "::1", "::ffff:127.0.0.1"):
        assert status(client, near) == 200, near
    for far in ("10.1.2.3", "192.168.1.1", "2001:db8::1", "", "unix"):
        assert status(client, far) == 403, far
    settings.METRICS_ALLOWED_NETWORKS = ["10.0.0.0/8", "2001:db8::/32"]
    assert status(client, "10.1.2.3") == status(client, "2001:db8::1") == 200
    assert status(client, "127.0.0.1") == 403


def test_behind_a_proxy_it_is_the_client_who_counts(client, settings):
    # The proxy itself asks from loopback: with or without our knowing of it, that must not open the page.
    assert status(client, "127.0.0.1", x_forwarded_for="203.0.113.9") == 403
    assert status(client, "127.0.0.1", via="1.1 proxy") == 403
    assert status(client, "127.0.0.1", forwarded="for=203.0.113.9") == 403
    settings.TRUSTED_PROXY_COUNT = 1
    assert status(client, "127.0.0.1", x_forwarded_for="203.0.113.9") == 403
    assert status(client, "127.0.0.1", x_forwarded_for="127.0.0.1, 203.0.113.9") == 403
    assert status(client, "127.0.0.1", x_forwarded_for="203.0.113.9, 127.0.0.1") == 200
    assert status(client, "127.0.0.1") == 200  # past the proxy, on the machine itself


def test_only_get_and_head(client):
    assert client.head("/metrics").status_code == 200
    refused = client.post("/metrics")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")


# --- Several processes ---

COUNTING = """
import os, sys
from ops import prometheus
sys.path.insert(0, os.getcwd())
import django
django.setup()
prometheus.start()
prometheus.delivered("ok", {count})
prometheus.model_called("ok", 0.3)
os._exit(0) if {killed} else None
"""


def count_elsewhere(folder, count, *, killed=False):
    """Let another process count deliveries; its process id."""
    script = COUNTING.format(count=count, killed=killed)
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "persenaut.settings"}
    process = subprocess.Popen([sys.executable, "-c", script], env=env)
    assert process.wait(60) == 0
    return process.pid


def test_what_ended_processes_counted_is_kept_in_few_files(client, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for count in (1, 10):
        count_elsewhere(tmp_path, count)  # folds its own when it ends
    killed = count_elsewhere(tmp_path, 100, killed=True)
    files = sorted(path.name for path in tmp_path.glob("*.db"))
    assert f"counter_{killed}.db" in files and "counter_0.db" in files and len(files) == 4
    for _ in range(2):  # the second time there is nothing to do
        page = scrape(client)
        assert value(page, 'deliveries_total{outcome="ok"}') == 111
        assert value(page, 'model_call_duration_seconds_bucket{le="0.25"}') == 0
        assert value(page, 'model_call_duration_seconds_bucket{le="0.5"}') == 3
        assert value(page, "model_call_duration_seconds_count") == 3
        assert value(page, "model_call_duration_seconds_sum") == pytest.approx(0.9)
        prometheus.process_ended(killed)
        assert sorted(path.name for path in tmp_path.glob("*.db")) == ["counter_0.db", "histogram_0.db"]


def test_a_server_starts_with_fresh_counters_and_a_reload_keeps_them(tmp_path, monkeypatch):
    monkeypatch.setenv(prometheus.DIRECTORY, str(tmp_path / "metrics"))
    monkeypatch.delenv(prometheus.MASTER, raising=False)
    (tmp_path / "metrics").mkdir()
    kept, old = (tmp_path / "metrics" / f"counter_{process}.db" for process in (os.getpid(), 0))
    kept.touch()
    old.touch()
    prometheus.share()
    assert kept.exists() and not old.exists()
    old.touch()  # folded by this very server
    prometheus.share()
    assert old.exists()


def test_a_server_without_a_directory_makes_one_and_takes_it_away():
    script = (
        "import os; from ops import prometheus; prometheus.share();"
        "folder = os.environ['PROMETHEUS_MULTIPROC_DIR']; assert os.path.isdir(folder);"
        "child = os.fork(); os.waitpid(child, 0) if child else None; assert os.path.isdir(folder); print(folder)"
    )
    env = {name: text for name, text in os.environ.items() if not name.startswith(("PROMETHEUS", "PERSENAUT_METRICS"))}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert not os.path.exists(done.stdout.split()[-1])


def test_commands_do_not_load_the_library():
    script = "import django, sys; django.setup(); import persenaut.urls; print('prometheus_client' in sys.modules)"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "persenaut.settings"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_place_for_the_files_costs_metrics_but_no_request(tmp_path):
    script = (
        "import django; django.setup(); from django.test import Client; client = Client();"
        "print(client.get('/livez').status_code, client.get('/metrics').content)"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "persenaut.settings", "LOG_TO": "stdout",
                        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "missing")}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "200 b''"
    assert '"metrics are off"' in done.stdout
