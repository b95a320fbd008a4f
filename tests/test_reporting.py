"""What leaves the house about errors and requests, read where it arrives."""

import subprocess
import sys

import pytest

from tests.collector import Collector
from tests.http import Client
from tests.live import ROOT, Live
from tests.people import register

pytestmark = [pytest.mark.live, pytest.mark.once]

EMAIL = "canario.correo@example.org"
NOTES = "Canario de apuntes 5521: la mitocondria es el orgánulo que produce la energía."
ANSWER = "La respuesta del canario 8870"
TOKEN = "canario-de-token-6604"
HELD = {"email": EMAIL, "notes": NOTES, "selectedAnswer": ANSWER, "token": TOKEN, "custom": "campo canario 1177"}
CANARIES = [EMAIL, "Canario de apuntes", "mitocondria", "respuesta del canario", TOKEN, "campo canario", "eyJ"]


@pytest.fixture
def collector():
    server = Collector()
    yield server
    server.close()


def fail(server: Live) -> None:
    client = Client(
        server.url, cookie=TOKEN, headers={"User-Agent": f"app {EMAIL}", "Authorization": f"Bearer {TOKEN}"}
    )
    assert client.post(f"/api/fail?email={EMAIL}&token={TOKEN}", HELD).status == 500


def canaries_in(collector: Collector) -> list[str]:
    return [canary for canary in CANARIES if canary in collector.text]


def test_an_error_is_reported_without_what_people_typed_or_are_known_by(collector):
    env = {"SENTRY_DSN": f"http://key@{collector.address}/1", "DJANGO_SETTINGS_MODULE": "tests.failing.settings"}
    with Live(SENTRY_TRACES_SAMPLE_RATE="1", ENVIRONMENT="trial", **env) as server:
        learner = register(server.url)
        learner.ok("GET", f"/api/metrics/user/{learner.id}/metrics/overall")
        fail(server)
        found = collector.wait_for(lambda: [event for event in collector.events("event") if "exception" in event])
        assert server.stop() == 0
    (event,) = found
    assert [error["type"] for error in event["exception"]["values"]] == ["KeyError", "ValueError"]
    frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["filename"]) == ("fail", "tests/failing/urls.py"), "enough to find the fault"
    assert event["environment"] == "trial" and event["transaction"] == "/api/fail"
    assert event["request"] == {"method": "POST", "url": f"{server.url}/api/fail"}
    transactions = {event["transaction"] for event in collector.events("transaction")}
    assert "/api/metrics/user/{user_id}/metrics/overall" in transactions
    assert "/livez" not in transactions
    assert canaries_in(collector) == []
    assert learner.email not in collector.text and learner.cookie not in collector.text


def test_a_span_says_what_a_request_took_and_not_whose_it_was(collector):
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.address}", "OTEL_BSP_SCHEDULE_DELAY": "200"}
    trace = "0af7651916cd43dd8448eb211c80319c"
    with Live(DJANGO_SETTINGS_MODULE="tests.failing.settings", **env) as server:
        learner = register(server.url)
        path = f"/api/metrics/user/{learner.id}/metrics/overall"
        learner.ok("GET", path, traceparent=f"00-{trace}-b7ad6b7169203331-01")
        fail(server)
        spans = collector.wait_for(
            lambda: {span.name: span for span in spans_in(collector)}.keys() >= {"POST api/fail"}
        )
        assert spans
        server.stop()
    by_name = {span.name: span for span in spans_in(collector)}
    read = by_name["GET api/metrics/user/<int:user_id>/metrics/overall"]
    assert read.trace_id.hex() == trace, "the caller's trace goes on"
    said = {one.key: one.value for one in read.attributes}
    assert said["http.response.status_code"].int_value == 200 and said["persenaut.sql.count"].int_value > 0
    assert by_name["POST api/fail"].status.code == 2
    assert not any("livez" in name for name in by_name)
    assert {path for path, _body in collector.received} == {"/v1/traces"}
    assert canaries_in(collector) == []
    assert path not in collector.text and learner.email not in collector.text


def spans_in(collector: Collector) -> list:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    batches = [ExportTraceServiceRequest.FromString(body) for _path, body in list(collector.received)]
    return [
        span for batch in batches for one in batch.resource_spans for scope in one.scope_spans for span in scope.spans
    ]


def test_nothing_that_sends_is_loaded_when_nothing_is_set():
    code = (
        "import sys, persenaut.wsgi;"
        "print([name for name in sys.modules if name.startswith(('sentry_sdk', 'opentelemetry.exporter'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
