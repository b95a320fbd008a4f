"""Tokens count until they expire or are revoked, and losing the cache revives none."""

import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import RevokedToken, User
from accounts.services import end_tokens
from accounts.tokens import make_token
from conftest import Api
from tests.people import PASSWORD


def is_in(api: Api) -> bool:
    return bool(api.get("/api/auth/check-auth").json()["isAuthenticated"])


def forget_everything() -> None:
    caches["default"].clear()


def test_a_token_carries_what_the_contract_says(learner, settings):
    claims = jwt.decode(make_token(learner), settings.SECRET_KEY, ["HS256"])
    assert {"id", "name", "username", "iat", "exp"} <= set(claims)
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["id"], claims["username"]) == (learner.pk, learner.username)


def test_who_is_asking_costs_no_query_while_the_cache_is_warm(api):
    assert is_in(api)
    with CaptureQueriesContext(connection) as queries:
        assert is_in(api)
    assert len(queries) == 0


def test_logout_ends_this_token_at_once_and_no_other(learner):
    here, there = Api(learner), Api(learner)
    assert is_in(here) and is_in(there)
    reply = here.post("/api/auth/logout")
    assert reply.json() == {"message": "Sesión cerrada correctamente"}
    assert reply.cookies["token"].value == "" and reply.cookies["token"]["max-age"] == 0
    assert not is_in(here) and is_in(there)
    forget_everything()
    assert not is_in(here), "the truth is in the database"
    assert here.get("/api/user/profile").json()["error"] == "Token inválido"


def test_logout_without_a_session_is_fine(visitor):
    assert visitor.post("/api/auth/logout").status_code == 200


def test_ending_a_users_tokens_ends_all(learner):
    first, second = Api(learner), Api(learner)
    assert is_in(first) and is_in(second)
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        end_tokens(User.objects.get(pk=learner.pk))
    assert not is_in(first) and not is_in(second)
    forget_everything()
    assert not is_in(first)
    learner.refresh_from_db()
    assert is_in(Api(learner)), "a token made since counts"


def test_a_deactivated_user_is_out(api, learner):
    assert is_in(api)
    User.objects.filter(pk=learner.pk).update(is_active=False)
    from accounts.tokens import forget_standing

    forget_standing(learner.pk)
    assert not is_in(api)


def test_a_deleted_users_token_is_no_good(make_user):
    api = Api(make_user(password=PASSWORD))
    assert is_in(api)
    assert api.delete("/api/user/account", {"password": PASSWORD}).status_code == 200
    assert not is_in(api)
    assert api.get("/api/user/profile").status_code == 401


@pytest.mark.parametrize("change", [{"exp": 1}, {"ver": 99}, {"id": "1"}, {"jti": None}, {"id": 10**9}])
def test_a_token_with_other_claims_is_no_good(api, learner, settings, change):
    claims = jwt.decode(make_token(learner), settings.SECRET_KEY, ["HS256"]) | change
    claims = {name: value for name, value in claims.items() if value is not None}
    api.headers = {"Authorization": f"Bearer {jwt.encode(claims, settings.SECRET_KEY, 'HS256')}"}
    assert not is_in(api)


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims, key: jwt.encode(claims, "another-key-" + "x" * 40, "HS256"),
        lambda claims, key: jwt.encode(claims, None, "none"),
        lambda claims, key: jwt.encode(claims, key, "HS512"),
        lambda claims, key: "rubbish",
        lambda claims, key: jwt.encode(claims, key, "HS256")[:-2] + "xx",
    ],
    ids=["another key", "none", "another algorithm", "rubbish", "changed"],
)
def test_a_forged_token_is_no_good(api, learner, settings, forge):
    claims = jwt.decode(make_token(learner), settings.SECRET_KEY, ["HS256"])
    api.headers = {"Authorization": f"Bearer {forge(claims, settings.SECRET_KEY)}"}
    assert not is_in(api)


def test_a_token_remembered_by_the_process_still_expires(api, learner, settings, monkeypatch):
    assert is_in(api)
    later = time.time() + 3601
    monkeypatch.setattr("accounts.tokens.time.time", lambda: later)
    assert not is_in(api)


def test_a_retired_signing_key_counts_as_long_as_it_is_listed(api, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-new-key-" + "y" * 40
    assert is_in(api)
    settings.SECRET_KEY_FALLBACKS = []


def test_a_stale_cookie_keeps_nobody_from_logging_in(visitor, make_user):
    make_user(email="eva@example.org", password=PASSWORD)
    visitor.client.cookies["token"] = "stale"
    reply = visitor.post("/api/auth/login", {"email": "eva@example.org", "password": PASSWORD})
    assert reply.status_code == 200
    assert is_in(visitor)


def test_a_bad_token_is_told_before_a_question_is_lost(visitor):
    question = {"theme": "Arte", "level": "easy"}
    refused = visitor.post("/api/challenges/generate", question, Authorization="Bearer stale")
    assert (refused.status_code, refused.json()["error"]) == (401, "Token inválido")
    assert visitor.post("/api/challenges/groq", question, Authorization="Bearer stale").status_code == 200


def test_the_cookie_is_for_http_and_this_site_alone(visitor, make_user, settings):
    make_user(email="eva@example.org", password=PASSWORD)
    settings.HTTPS = True
    settings.SECURE_SSL_REDIRECT = False
    cookie = visitor.post("/api/auth/login", {"email": "eva@example.org", "password": PASSWORD}).cookies["token"]
    assert cookie["httponly"] and cookie["secure"]
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Strict", "/", 3600)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 200),
        ("https://app.example.org", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("https://app.example.org.evil.example", 403),
    ],
)
def test_a_foreign_page_cannot_write_with_the_cookie(api, learner, settings, origin, status):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    by_cookie = Api()
    by_cookie.client.cookies["token"] = make_token(learner)
    question = {"theme": "Arte", "level": "easy"}
    reply = by_cookie.post("/api/challenges/generate", question, Origin=origin)
    assert reply.status_code == status
    if status == 403:
        assert reply.json()["code"] == "origin_refused"
    assert by_cookie.get("/api/user/profile", Origin=origin).status_code == 200, "reading changes nothing"
    assert api.post("/api/challenges/generate", question, Origin=origin).status_code == 200, "no browser sends a Bearer"


def test_revoked_tokens_are_needed_until_they_expire(learner):
    soon = datetime.now(UTC) + timedelta(hours=1)
    RevokedToken.objects.create(user=learner, token_id="a", expires_at=soon)
    RevokedToken.objects.create(user=learner, token_id="b", expires_at=soon - timedelta(hours=2))
    assert [row.token_id for row in RevokedToken.objects.of_user(learner.pk).still_dangerous()] == ["a"]
