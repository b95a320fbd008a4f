"""The end of notifications, from a link in a mail: without login, by POST alone, for good."""

import pytest
from csp.constants import NONE

from accounts.mails import unsubscribe_token
from accounts.models import User
from conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(learner):
    return f"/unsubscribe?token={unsubscribe_token(learner)}"


def wants_email(user: User) -> bool:
    return User.objects.get(pk=user.pk).wants_email


def test_get_shows_a_page_and_changes_nothing(client, learner, link):
    for method in (client.get, client.head):
        reply = method(link)
        assert reply.status_code == 200 and reply["Content-Type"] == "text/html; charset=utf-8"
    page = client.get(link).content.decode()
    assert "¿No quieres recibir más correos?" in page and '<form method="post"><button>' in page
    assert learner.email not in page and learner.name not in page
    assert wants_email(learner)


def test_a_mail_program_ends_them_in_one_click(client, learner, make_user, link):
    """RFC 8058: a POST with this body, no cookie, no Referer, from wherever."""
    other = make_user()
    body = "List-Unsubscribe=One-Click"
    reply = client.post(link, body, content_type="application/x-www-form-urlencoded", headers={"Origin": "null"})
    assert reply.status_code == 200
    assert not wants_email(learner) and wants_email(other)
    assert Api(learner).get("/api/user/profile").json()["emailNotifications"] is False


def test_a_person_presses_the_button_and_reads_that_it_is_done(client, learner, link):
    assert "Hecho" in client.post(link).content.decode()
    again = client.get(link).content.decode()
    assert "Hecho" in again and "<form" not in again
    assert client.post(link).status_code == 200, "twice is once"
    assert not wants_email(learner)


@pytest.mark.parametrize("forge", ["", "1", "1:abc", "{}x", "x{}", "{}&token=1", "%00", "٣:x"])
def test_a_link_that_we_did_not_sign_changes_nothing(client, learner, forge):
    for method in (client.get, client.post):
        reply = method(f"/unsubscribe?token={forge.format(unsubscribe_token(learner))}")
        assert reply.status_code == 404 and "Este enlace no es válido" in reply.content.decode()
    assert wants_email(learner)


def test_a_link_of_somebody_who_has_left_is_no_good(client, learner, link):
    learner.delete()
    assert client.post(link).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(client, link, method):
    assert client.generic(method, link).status_code == 405


def test_the_page_is_under_the_strict_policy_and_stored_nowhere(client, link):
    reply = client.get(link)
    policy = dict(part.strip().partition(" ")[::2] for part in reply["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == NONE and policy["form-action"] == "'self'" and policy["frame-ancestors"] == NONE
    assert "unsafe" not in reply["Content-Security-Policy"]
    assert "<script" not in reply.content.decode() and " style=" not in reply.content.decode()
    assert "no-store" in reply["Cache-Control"] and reply["Referrer-Policy"] == "same-origin"


def test_it_speaks_the_users_language_else_the_browsers(client, learner, link):
    assert '<html lang="es">' in client.get(link).content.decode()
    english = client.get(link, headers={"Accept-Language": "en-GB,en;q=0.8"}).content.decode()
    assert '<html lang="en">' in english and "Stop these emails" in english
    User.objects.filter(pk=learner.pk).update(language="es")
    assert '<html lang="es">' in client.get(link, headers={"Accept-Language": "en"}).content.decode()


def test_no_limit_keeps_a_mail_provider_from_ending_them(client, link, real_limits, settings):
    settings.RATE_LIMITS = {name: (1, window) for name, (_, window) in settings.RATE_LIMITS.items()}
    assert {client.post(link).status_code for _ in range(5)} == {200}
