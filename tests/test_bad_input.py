"""Whatever is sent, the answer is a 4xx in the contract's body that says what to do, never a 500; nothing is stored."""

import json
from typing import Any

import pytest
from django.apps import apps

from conftest import Api
from tests.test_permissions import MATRIX, NOTES, PERSON, QUESTION
from tests.test_permissions import call as call_route
from tests.test_permissions import world as world  # the fixture

OURS = {"accounts", "learning", "metrics"}
SESSION = "00000000-0000-4000-8000-000000000000"
BODIES: dict[str, dict[str, Any]] = {
    "/api/auth/register": PERSON,
    "/api/auth/login": {"email": "eva@example.org", "password": "una clave"},
    "/api/challenges/generate": QUESTION
    | {"previousQuestions": ["¿Qué?"], "preferences": {"deliveryTime": "10:00", "frequency": "weekly", "isActive": 1}},
    "/api/challenges/groq": QUESTION,
    "/api/challenges/from-notes": NOTES
    | {"preferences": {"scheduleType": "scheduled", "deliveryDate": "2099-01-31", "deliveryTime": "10:00:00"}},
    "/api/challenges/save-response": {"questionId": 1, "selectedAnswer": "A", "responseTime": 1.5},
    "/api/challenges/save-intensive-response": {
        "sessionId": SESSION, "questionId": 1, "selectedAnswer": "A", "responseTime": 1,
    },
    "/api/challenges/1/report": {"reason": "other", "comment": "No se entiende."},
    "/api/challenges/start": {"challengeId": 1},
    "/api/intensive-review/start": {"theme": "Arte", "gameMode": "timed"},
    "/api/intensive-review/save-results": {
        "sessionId": SESSION, "correctAnswers": [1], "incorrectAnswers": [2], "gameMode": "timed", "timeUsed": 3,
    },
    "/api/intensive-review/continue-survival": {"sessionId": SESSION, "theme": "Arte", "usedChallengeIds": [1]},
    "/api/themes/delete-multiple": {"themes": ["Nada"]},
    "/api/schedules": {
        "theme": "Arte", "level": "easy", "deliveryTime": "10:00", "frequency": "weekly", "isActive": True,
    },
    "/api/auth/forgot-password": {"email": "eva@example.org"},
    "/api/auth/reset-password": {"token": "1-x-y", "newPassword": "otra clave larga 7"},
}  # fmt: skip
PUTS = {
    "/api/user/profile": PERSON | {"timeZone": "Europe/Madrid", "language": "en", "emailNotifications": False},
    "/api/user/change-password": {"currentPassword": "x", "newPassword": "otra clave larga 7"},
}
NASTY: list[Any] = [
    None, "", " ", "\x00", "a\x00b", "x" * 20_000, "🙂" * 6000, 10**30, -1, 0, 1.5, 1e308, True,
    [], [None], [[1]], {}, {"a": 1},
    "../../etc/passwd", "' OR 1=1 --", "<script>", "NaN", "Infinity", "2026-13-45", "99:99", "\u202e\u200b",
]  # fmt: skip


def rows() -> dict[str, int]:
    return {model._meta.label: model.objects.count() for app in OURS for model in apps.get_app_config(app).get_models()}


def is_told(reply: Any) -> None:
    """The contract's error body, with a sentence and nothing of ours in it."""
    body = reply.json()
    assert body["error"] and body["code"].replace("_", "").isalpha() and body["requestId"] == reply["X-Request-ID"]
    assert "Traceback" not in body["error"] and "Error at" not in body["error"]
    if body["code"] == "validation_error":
        assert isinstance(body["details"], list)
        assert all(set(row) == {"path", "msg"} and row["msg"] for row in body["details"])


def mutations() -> Any:
    for method, bodies in (("POST", BODIES), ("PUT", PUTS)):
        for path, body in bodies.items():
            for field in body:
                yield method, path, body, field


@pytest.mark.parametrize(("method", "path", "body", "field"), list(mutations()), ids=lambda value: str(value)[:60])
def test_a_nasty_field(api, method, path, body, field):
    before = rows()
    for nasty in NASTY:
        reply = api.request(method, path, body | {field: nasty})
        assert reply.status_code < 500 or reply.json()["code"] == "no_question_source", (nasty, reply.content)
        if reply.status_code >= 400:
            is_told(reply)
            assert rows() == before, (field, nasty)
        else:
            before = rows()  # it was good after all
            assert reply.status_code in (200, 201)
    missing = {name: value for name, value in body.items() if name != field}
    reply = api.request(method, path, missing)
    assert reply.status_code in (200, 201, 400, 401, 404, 409)


@pytest.mark.parametrize("path", [*BODIES, *PUTS])
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400), (b"", 400), (b"null", 400), (b"[]", 400), (b'"text"', 400), (b"\xff\xfe{}", 400),
        (b'{"theme": "\xe9"}', 400), (b'{"theme": "\\ud800"}', 400), (b"{" * 5000, 400), (b"NaN", 400),
        (b'{"a": "' + b"x" * 300_000 + b'"}', 413),
    ],
    ids=["cut", "empty", "null", "list", "string", "utf-16", "latin-1", "surrogate", "deep", "NaN", "large"],
)  # fmt: skip
def test_a_body_that_is_no_json_object(api, path, raw, status):
    before = rows()
    method = "PUT" if path in PUTS else "POST"
    reply = api.client.generic(method, path, raw, "application/json", headers=api.headers)
    expected = {status, 401} if path == "/api/auth/login" else {status}  # an empty login is a wrong one
    assert reply.status_code in expected, reply.content
    is_told(reply)
    assert rows() == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_another_content_type_is_415(api, kind):
    reply = api.client.generic("POST", "/api/challenges/generate", b"theme=Arte&level=easy", kind, headers=api.headers)
    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_media_type")


def test_unknown_fields_are_ignored_since_old_clients_send_them(api):
    reply = api.post("/api/challenges/generate", QUESTION | {"isCorrect": True, "points": 10**6, "__proto__": {}})
    assert reply.status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_405_in_json(api, method):
    reply = api.request(method, "/api/challenges/generate")
    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")


def test_an_unknown_path_is_404_in_json(visitor):
    for path in ("/api", "/api/", "/api/nada", "/api/challenges/", "/api/challenges/abc", "/api/auth/login/", "/nada"):
        reply = visitor.get(path)
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found"), path


@pytest.mark.parametrize("theme", ["%00", "%FF", "%F0%9F%99%82", "..", "a%2Fb%2Fc", "%20", "x" * 5000])
def test_a_nasty_theme_in_the_path(api, theme):
    reply = api.delete(f"/api/themes/{theme}")
    assert reply.status_code == 404
    is_told(reply)


def test_sentences_come_in_the_language_that_was_asked_for(visitor):
    for language, sentence in {
        "": "No autenticado",
        "en-GB,en;q=0.9": "Not authenticated",
        "fr": "No autenticado",
    }.items():
        assert visitor.get("/api/user/profile", Accept_Language=language).json()["error"] == sentence
    spanish = visitor.post("/api/auth/register", {"name": "x"})
    assert spanish.json()["error"] == "Todos los campos son obligatorios"
    assert {row["path"] for row in spanish.json()["details"]} == {"username", "email", "password"}


def test_errors_of_every_route_have_the_contracts_body(world):
    """A visitor at every route: whatever is refused is refused in the one body."""
    people, theirs = world
    for (method, route), (body, _expected) in MATRIX.items():
        reply = call_route(Api(), method, route, body, theirs)
        if reply.status_code >= 400:
            is_told(reply)
    assert people["owner"].get("/api/user/profile").status_code == 200


def test_what_a_client_reads_is_json_with_utf8(visitor):
    reply = visitor.post("/api/challenges/groq", QUESTION)
    assert reply["Content-Type"] == "application/json"
    assert json.loads(reply.content.decode("utf-8"))["response"].startswith("Pregunta: ")
