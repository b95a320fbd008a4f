"""The handler that gunicorn calls says what Django's own says."""

import re

import pytest
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from django.test import RequestFactory

from accounts.tokens import make_token
from ops.wsgi import Handler


@pytest.fixture
def kept_connection():
    """The test's transaction is on it: as Django's test client does."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture
def answer_of(learner, settings, kept_connection):
    settings.CORS_ALLOWED_ORIGINS = ["https://client.example"]

    def answer(handler, method, path, **more):
        """(status, headers, body) as they go out; what differs by nature from request to request is left out."""
        said = {}
        headers = {"HTTP_AUTHORIZATION": f"Bearer {make_token(learner)}", "HTTP_X_REQUEST_ID": "asked-twice"}
        environ = RequestFactory().generic(method, path, **headers | more).environ

        def start_response(status, headers):
            said.update(status=status, headers=headers)

        response = handler(environ, start_response)
        body = b"".join(response)
        if close := getattr(response, "close", None):
            close()
        length = dict(said["headers"]).get("Content-Length", str(len(body)))
        assert int(length) == len(body)
        fixed = sorted((name, value) for name, value in said["headers"] if name not in VARYING)
        return said["status"], fixed, re.sub(rb"csrf\w+|nonce-\S+|value=\"\w{64}\"|nonce=\"[^\"]+\"", b"", body)

    return answer


VARYING = {
    "Content-Length",
    "Server-Timing",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Set-Cookie",
    "Content-Security-Policy",
}


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "/api/user/profile", {}),
        ("GET", "/api/user/profile", {"HTTP_ORIGIN": "https://client.example"}),
        ("OPTIONS", "/api/user/profile", {"HTTP_ORIGIN": "https://client.example"}),
        ("DELETE", "/api/user/profile", {}),
        ("GET", "/api/nothing", {}),
        ("GET", "/api/schedules", {"HTTP_AUTHORIZATION": ""}),
        ("GET", "/nothing", {}),
        ("GET", "/", {"HTTP_ACCEPT_LANGUAGE": "en"}),
        ("GET", "/livez", {}),
        ("GET", "/admin/login/", {}),
        ("GET", "/static/admin/css/base.css", {}),
        ("GET", "/static/admin/css/base.css", {"HTTP_RANGE": "bytes=0-99"}),
        ("GET", "/api/themes?x=á", {"HTTP_ACCEPT_LANGUAGE": "en"}),
    ],
)
def test_an_answer_is_as_djangos_own_handler_gives_it(answer_of, method, path, more):
    ours, djangos = Handler(), WSGIHandler()
    djangos.load_middleware()
    expected = answer_of(djangos, method, path, **more)
    assert answer_of(ours, method, path, **more) == expected
    assert answer_of(ours, method, path, **more) == expected  # from the remembered path


def test_cookies_are_sent(learner, kept_connection):
    said = []
    body = b'{"email": "%b", "password": "Correcta-1234"}' % learner.email.encode()
    learner.set_password("Correcta-1234")
    learner.save()
    environ = RequestFactory().generic("POST", "/api/auth/login", body, "application/json").environ
    response = Handler()(environ, lambda status, headers: said.extend(headers))
    response.close()
    assert any(name == "Set-Cookie" and value.startswith("token=") for name, value in said)


def test_a_path_leads_each_learner_to_their_own(answer_of, learner, make_user):
    handler = Handler()
    own = f"/api/metrics/user/{learner.pk}/metrics/overall"
    foreign = f"/api/metrics/user/{make_user().pk}/metrics/overall"
    assert answer_of(handler, "GET", own)[0] == "200 OK"
    assert answer_of(handler, "GET", foreign)[0] == "404 Not Found"
    assert answer_of(handler, "GET", own)[0] == "200 OK"
