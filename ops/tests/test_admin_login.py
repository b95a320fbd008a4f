"""Logging into the admin: limited as in the API, and locked for an account that fails too often."""

import re

import pytest
from django.core.management import call_command

from conftest import Api
from tests.people import PASSWORD

LOGIN = "/admin/login/?next=/admin/"
WRONG = "no es la clave"


@pytest.fixture
def eva(make_user):
    return make_user(email="eva@example.org", password=PASSWORD, is_staff=True, is_superuser=True)


@pytest.fixture
def limit(settings, real_limits):
    """Set how many calls of each class there may be; of what is not named, any number."""

    def set_limits(**classes):
        generous = {name: (10**6, window) for name, (_count, window) in settings.RATE_LIMITS.items()}
        settings.RATE_LIMITS = generous | {name: (count, 900) for name, count in classes.items()}

    return set_limits


def login(client, email="eva@example.org", password=PASSWORD, **more):
    return client.post(LOGIN, {"username": email, "password": password}, **more)


def test_whoever_is_staff_gets_in_by_address_in_any_case(client, eva):
    assert login(client, " Eva@Example.ORG ").headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_attempts_are_limited_by_address_whoever_is_named(client, eva, limit):
    limit(auth=3)
    told = [login(client, f"nadie{n}@example.org", WRONG).status_code for n in range(4)]
    assert told == [200, 200, 200, 429]


def test_attempts_are_limited_by_account_wherever_they_come_from(client, eva, limit, settings):
    limit(auth=3)
    told = [login(client, password=WRONG, REMOTE_ADDR=f"10.0.0.{n}").status_code for n in range(4)]
    assert told == [200, 200, 200, 429]
    assert login(client, "otra@example.org", WRONG, REMOTE_ADDR="10.0.0.9").status_code == 200


def test_the_refusal_is_a_page_of_the_admin_that_says_how_long(client, eva, limit):
    limit(auth=1)
    login(client, password=WRONG)
    page = login(client)
    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= 900 and page["RateLimit-Remaining"] == "0"
    text = page.content.decode()
    assert "Demasiados intentos" in text and 'id="header"' in text
    assert re.search(r"dentro de \d+ minuto", text)


def test_too_many_failures_lock_the_account_even_for_the_right_password(client, eva, limit):
    limit(admin_lock=3)
    assert [login(client, password=WRONG).status_code for _ in range(3)] == [200, 200, 200]
    assert login(client).status_code == 429
    assert login(client, REMOTE_ADDR="10.0.0.9").status_code == 429, "wherever it comes from"
    assert client.get("/admin/").status_code == 302


def test_others_are_not_locked(client, eva, limit, make_user):
    make_user(email="leo@example.org", password=PASSWORD, is_staff=True)
    limit(admin_lock=1)
    login(client, password=WRONG)
    assert login(client, "leo@example.org").status_code == 302


def test_a_success_forgets_the_failures_before_it(client, eva, limit):
    limit(admin_lock=2)
    login(client, password=WRONG)
    assert login(client).status_code == 302
    login(client, password=WRONG)
    assert login(client).status_code == 302


def test_ratelimit_reset_opens_a_locked_account(client, eva, limit, settings):
    if not settings.REDIS_URL:
        pytest.skip("a command reaches the counters in Redis only; without it the admin itself resets them")
    limit(admin_lock=1)
    login(client, password=WRONG)
    assert login(client).status_code == 429
    call_command("ratelimit_reset", user=eva.pk)
    assert login(client).status_code == 302


def test_a_colleague_opens_a_locked_account(client, eva, limit, make_user, django_user_model):
    limit(admin_lock=1)
    login(client, password=WRONG)
    colleague = type(client)()
    colleague.force_login(make_user(is_staff=True, is_superuser=True))
    colleague.post("/admin/accounts/user/", {"action": "reset_limits", "_selected_action": [eva.pk]})
    assert login(client).status_code == 302


def test_learners_and_the_deactivated_stay_out(client, make_user):
    make_user(email="ana@example.org", password=PASSWORD)
    make_user(email="ex@example.org", password=PASSWORD, is_staff=True, is_active=False)
    assert login(client, "ana@example.org").status_code == 200
    assert login(client, "ex@example.org").status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_new_password_ends_the_tokens_made_under_the_old_one(client, eva, django_capture_on_commit_callbacks):
    api = Api(eva)
    login(client)
    assert api.get("/api/user/profile").status_code == 200
    new = "otra clave bien larga 8"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/admin/password_change/", form | {"old_password": WRONG}).status_code == 200
        assert api.get("/api/user/profile").status_code == 200
        assert client.post("/admin/password_change/", form).status_code == 302
    assert api.get("/api/user/profile").status_code == 401
    assert client.get("/admin/").status_code == 200, "whoever changed it stays in"


def test_the_admin_speaks_the_language_of_whoever_is_in(client, eva):
    client.force_login(eva)
    assert "Cerrar sesión" in client.get("/admin/").content.decode()
    assert "Log out" in client.get("/admin/", HTTP_ACCEPT_LANGUAGE="en-GB,en").content.decode()
    type(eva).objects.filter(pk=eva.pk).update(language="en")
    assert "Log out" in client.get("/admin/", HTTP_ACCEPT_LANGUAGE="es").content.decode()
