"""What browsers are told, answer by answer."""

import pytest
from django.test import Client

ALLOWED, FOREIGN = "https://app.example.org", "https://evil.example"
SCRIPT = "/static/ops/api-docs.js"
NO_PAGES = ["/api/auth/check-auth", "/api/no/such", "/health", "/metrics", "/api-docs/openapi.json"]


@pytest.fixture(autouse=True)
def _one_client_elsewhere(settings):
    settings.CORS_ALLOWED_ORIGINS = [ALLOWED]


def policy(response):
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: set(sources) for name, *sources in parts}


@pytest.mark.parametrize(
    "path", ["/api/auth/check-auth", "/api/no/such", "/health", "/metrics", "/api-docs/openapi.json"]
)
def test_what_is_no_page_may_load_nothing_at_all(visitor, path):
    response = visitor.get(path)
    assert policy(response) == {"default-src": {"'none'"}, "frame-ancestors": {"'none'"}}


@pytest.mark.parametrize(
    "path", ["/api/auth/check-auth", "/admin/login/", "/api-docs", "/no/such", "/static/ops/api-docs.js"]
)
def test_every_answer_carries_the_headers(client, db, path):
    response = client.get(path)
    response.close()  # a static file is one
    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["X-XSS-Protection"] == "0"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_resource_policy_can_be_widened_for_clients_of_the_same_site(settings, db):
    settings.CROSS_ORIGIN_RESOURCE_POLICY = "same-site"
    assert Client().get("/livez")["Cross-Origin-Resource-Policy"] == "same-site"


def test_pages_get_a_nonce_when_they_ask_for_one_and_never_unsafe_inline(client, db):
    for path in ("/admin/login/", "/api-docs"):
        found = policy(client.get(path))
        assert found["default-src"] == {"'none'"}
        assert found["script-src"] == found["style-src"] == {"'self'"}


@pytest.mark.both_stacks
def test_https_is_said_once_seen_and_insisted_on_otherwise(settings, db):
    settings.SECURE_SSL_REDIRECT, settings.HTTPS = True, True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    client = Client()
    plain = client.get("/api/auth/check-auth?a=b")
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/api/auth/check-auth?a=b")
    seen = client.get("/api/auth/check-auth", secure=True)
    assert seen["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    for probe in ("/livez", "/readyz", "/health", "/metrics"):  # asked inside the network
        assert client.get(probe).status_code == 200


# --- Other origins ---


def preflight(visitor, origin, method="PUT", headers="content-type"):
    return visitor.request("OPTIONS", "/api/user/profile", origin=origin, access_control_request_method=method,
                           access_control_request_headers=headers)  # fmt: skip


def test_an_allowed_origin_is_answered_by_name_and_with_credentials(api):
    response = api.get("/api/user/profile", origin=ALLOWED)
    assert response["Access-Control-Allow-Origin"] == ALLOWED
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert "origin" in response["Vary"].lower()
    assert {"X-Request-ID", "Retry-After", "RateLimit-Remaining", "ETag", "X-Cache"} <= set(
        response["Access-Control-Expose-Headers"].split(", ")
    )


@pytest.mark.parametrize(
    "origin",
    [
        FOREIGN,
        "null",
        f"{ALLOWED}.evil.example",
        f"{ALLOWED}:8443",
        "http://app.example.org",
        "https://evil-app.example.org",
    ],
)
def test_any_other_origin_is_told_nothing(api, origin):
    for response in (api.get("/api/user/profile", origin=origin), preflight(api, origin)):
        assert not [name for name in response.headers if name.startswith("Access-Control-Allow")]


def test_a_preflight_allows_what_clients_send(visitor):
    for method in ("GET", "POST", "PUT", "DELETE"):
        asked = "authorization, content-type, if-none-match, x-request-id"
        response = preflight(visitor, ALLOWED, method, asked)
        assert response.status_code == 200 and response["Access-Control-Allow-Origin"] == ALLOWED
        assert method in response["Access-Control-Allow-Methods"]
        assert set(asked.split(", ")) <= set(response["Access-Control-Allow-Headers"].split(", "))


def test_errors_are_readable_for_an_allowed_origin_too(visitor):
    response = visitor.get("/api/user/profile", origin=ALLOWED)
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (401, ALLOWED)


def test_pages_and_operations_are_nobody_elses(client, db):
    for path in ("/admin/login/", "/health", "/metrics", "/api-docs/openapi.json"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers={"Origin": ALLOWED}).headers


def test_a_cookie_does_not_work_for_a_page_of_another_origin(visitor, make_user):
    make_user(email="ada@example.org", password="Clave-segura-1")
    login = visitor.post("/api/auth/login", {"email": "ada@example.org", "password": "Clave-segura-1"})
    cookie = login.cookies["token"]
    assert cookie["httponly"] and cookie["samesite"] == "Strict"
    change = {"name": "Ada", "username": "ada", "email": "ada@example.org"}
    assert visitor.request("PUT", "/api/user/profile", change, origin=FOREIGN).json()["code"] == "origin_refused"
    assert visitor.request("PUT", "/api/user/profile", change, origin=ALLOWED).status_code == 200
    assert visitor.request("PUT", "/api/user/profile", change, origin="http://testserver").status_code == 200


# --- What may be kept ---


@pytest.mark.both_stacks
def test_personal_answers_are_not_stored_and_figures_are_asked_for_anew(api, learner):
    for path in ("/api/user/profile", "/api/auth/check-auth", "/api/no/such"):
        assert api.get(path)["Cache-Control"] == "no-store", path
    path = f"/api/metrics/user/{learner.pk}/metrics/overall"
    figures = api.get(path)
    assert set(figures["Cache-Control"].split(", ")) == {"private", "no-cache"}
    again = api.get(path, if_none_match=figures["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", figures["ETag"])


def test_the_admin_is_not_stored(client, make_user):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert "no-store" in client.get("/admin/")["Cache-Control"]


# --- The documentation ---


def test_the_document_is_openapi_in_json_and_yaml(client, db):
    response = client.get("/api-docs/openapi.json")
    document = response.json()
    assert document["openapi"].startswith("3.1") and "/api/auth/login" in document["paths"]
    cookie = {"type": "apiKey", "in": "cookie", "name": "token"}
    assert cookie.items() <= document["components"]["securitySchemes"]["cookie"].items()
    assert client.get("/api-docs/openapi.yaml").content.startswith(b"openapi: 3.1")
    again = client.get("/api-docs/openapi.json", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_the_page_shows_the_document_by_files_of_this_server_alone(client, db):
    page = client.get("/api-docs").content.decode()
    assert 'data-document="/api-docs/openapi.json"' in page
    assert "http://" not in page and "https://" not in page and "<style" not in page
    assert b"SwaggerUIBundle" in b"".join(client.get(SCRIPT).streaming_content)
