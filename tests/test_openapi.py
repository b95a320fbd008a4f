"""The API document: complete, the same for everybody, and with examples that are still what the server answers."""

import json
import re
from typing import Any

import pytest
from django.core.management import call_command

from ops import api_docs
from ops.openapi.examples import recorded
from persenaut.errors import DomainError
from tests.live import Live
from tests.record_examples import Recorder, shape
from tests.test_permissions import MATRIX, TWINS

pytestmark = pytest.mark.once
METHODS = {"get", "post", "put", "patch", "delete"}
# What a learner cannot be made to see in a test, or only staff see.
NO_EXAMPLE = {"server_error"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(api_docs.document("json"))
    return found


@pytest.fixture(scope="module")
def operations(document) -> dict[str, Any]:
    """By "METHOD /path"."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    for name in part["$ref"].removeprefix("#/").split("/"):
        document = document[name]
    return document


def codes(document: dict[str, Any], response: dict[str, Any]) -> set[str]:
    schema = resolved(document, response)["content"]["application/json"]["schema"]
    ones = [resolved(document, one) for one in schema.get("oneOf", [schema])]
    return {one["properties"]["code"]["const"] for one in ones}


def test_every_route_is_in_it(operations):
    here = {re.sub(r"\{[^}]*\}", "{}", name) for name in operations}
    assert here == {f"{method} /{re.sub(r'<[^>]*>', '{}', route)}" for method, route in MATRIX}


def test_it_is_valid_and_nothing_is_guessed(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    assert "Warning" not in capsys.readouterr().err


def test_every_operation_says_all_there_is_to_say(document, operations):
    for name, operation in operations.items():
        assert operation["summary"] and operation["tags"], name
        assert "**Limit** `" in operation["description"], name
        assert len(operation["description"].split("**Limit**")[0]) > 10, f"{name} has no description of its own"
        responses = operation["responses"]
        assert {"429", "500", "503"} <= set(responses), name
        for status, response in responses.items():
            headers = resolved(document, response)["headers"]
            assert {"X-Request-ID", "Server-Timing"} <= set(headers), (name, status)
            if status.startswith("2"):
                assert "RateLimit-Remaining" in headers, name
        if "requestBody" in operation:
            assert {"400", "411", "413", "415"} <= set(responses), name
        if {"bearer": []} in operation["security"] and {} not in operation["security"]:
            assert codes(document, responses["401"]) == {"not_authenticated"}, name


def test_old_paths_are_marked_and_name_the_new_ones(operations):
    deprecated = {name.partition(" ")[2] for name, one in operations.items() if one.get("deprecated")}
    assert deprecated == {f"/{old}" for old in TWINS}
    for old, new in TWINS.items():
        assert f"`/{new}`" in operations[f"POST /{old}"]["description"]
        assert operations[f"POST /{old}"]["tags"] == operations[f"POST /{new}"]["tags"]


def test_who_may_ask_is_said(operations):
    for (method, route), (_body, expected) in MATRIX.items():
        [security] = [
            one["security"]
            for name, one in operations.items()
            if re.sub(r"\{[^}]*\}", "{}", name) == f"{method} /{re.sub(r'<[^>]*>', '{}', route)}"
        ]
        open_to_visitors = security == [] or {} in security
        assert open_to_visitors == (expected[0] != 401), route


def test_metrics_tell_of_etags_and_pages_of_cursors(document, operations):
    for name, operation in operations.items():
        if "/metrics/" in name:
            assert "If-None-Match" in [parameter["name"] for parameter in operation["parameters"]]
            assert "304" in operation["responses"] and "ETag" in operation["responses"]["200"]["headers"]
    for name in ("GET /api/challenges", "GET /api/schedules"):
        assert {"limit", "cursor"} <= {parameter["name"] for parameter in operations[name]["parameters"]}
        schema = resolved(document, operations[name]["responses"]["200"]["content"]["application/json"]["schema"])
        assert {"next", "previous", "results"} == set(schema["properties"])


def test_every_answer_with_a_body_has_a_recorded_example(document, operations):
    for name, operation in operations.items():
        if operation["summary"] == "Delete a theme called like this path":
            continue
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"].get("examples"), name
        for status, response in operation["responses"].items():
            media = resolved(document, response).get("content", {}).get("application/json")
            if media and not (status[0] in "45" and codes(document, response) <= NO_EXAMPLE):
                assert media.get("examples"), (name, status)


def test_every_code_of_ours_that_a_learner_can_meet_is_in_it(document):
    """A new refusal that no handler names would be missing from the document."""
    from learning.services.reports import NotAnOption  # what staff can be told, in the admin

    def classes(of: type[DomainError]) -> Any:
        for one in of.__subclasses__():
            yield one
            yield from classes(one)

    ours = {one.code for one in classes(DomainError) if one is not NotAnOption} - {DomainError.code}
    described = {
        schema["properties"]["code"]["const"]
        for schema in document["components"]["schemas"].values()
        if "const" in schema.get("properties", {}).get("code", {})
    }
    assert ours - described == set()
    assert described - NO_EXAMPLE == set(recorded()["errors"])


@pytest.mark.live
def test_recorded_examples_are_still_what_the_server_answers(live: Live):
    """The journey again: what is answered today has every part of the examples, of the same kind."""
    recorder = Recorder(live, name="again")
    recorder.play()
    for name, operation in recorded()["operations"].items():
        again = recorder.recorded["operations"][name]
        for status, answers in operation["responses"].items():
            for kind, body in answers.items():
                assert kind in again["responses"].get(status, {}), (name, status, kind)
                assert set(shape(body)) == set(shape(again["responses"][status][kind])), (name, status, kind)


def test_it_is_in_english_whoever_asked_first(client):
    from django.utils import translation

    api_docs.document.cache_clear()
    with translation.override("es"):
        text = api_docs.document("json").decode()
    assert "The password is wrong." in text and "contraseña actual es incorrecta" not in text.split('"examples"')[0]
    reply = client.get("/api-docs/openapi.json")
    assert client.get("/api-docs/openapi.json", headers={"If-None-Match": reply["ETag"]}).status_code == 304
    assert client.get("/api-docs/openapi.yaml").content.startswith(b"openapi: 3.1")


def test_the_pages_load_nothing_from_elsewhere(client):
    for path in ("/api-docs", "/api-docs/redoc"):
        reply = client.get(path)
        page = reply.content.decode()
        assert reply.status_code == 200 and "http" not in re.sub(r"<!doctype.*?>", "", page), path
        assert "'unsafe-inline'" not in reply["Content-Security-Policy"], path
        for place in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
            assert client.get(place).status_code == 200, place
    assert "sha256-" not in client.get("/api-docs")["Content-Security-Policy"], "the relaxation is ReDoc's alone"
