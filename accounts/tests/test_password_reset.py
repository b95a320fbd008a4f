"""A new password by mail: once, for an hour, and nobody learns who has an account."""

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.db import connection

from accounts import reset
from accounts.models import User
from conftest import Api
from ops.models import OutboxMail
from ops.outbox import send_due
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "otra clave larga 7"
SENTENCE = "Si hay una cuenta con ese correo, te hemos enviado un enlace."


@pytest.fixture
def eva(make_user):
    return make_user(email="eva@example.org", password=PASSWORD)


@pytest.fixture
def linked(visitor, eva):
    """The token of the link that was mailed."""

    def ask(email="eva@example.org", **headers) -> str:
        reply = visitor.post("/api/auth/forgot-password", {"email": email}, **headers)
        assert reply.status_code == 200 and (headers or reply.json() == {"message": SENTENCE})
        assert send_due() == {"sent": 1}
        link = re.search(r"https?://\S+", mail.outbox[-1].body)[0]
        assert urlsplit(link).path == "/reset-password"
        return parse_qs(urlsplit(link).query)["token"][0]

    return ask


def use(api: Api, token: str, password: str = NEW):
    return api.post("/api/auth/reset-password", {"token": token, "newPassword": password})


def login(email: str, password: str) -> int:
    return Api().post("/api/auth/login", {"email": email, "password": password}).status_code


def test_the_mailed_link_sets_a_new_password_and_ends_every_token(visitor, eva, linked):
    before = Api(eva)
    assert before.get("/api/user/profile").status_code == 200
    token = linked("EVA@Example.org")
    done = use(visitor, token)
    assert (done.status_code, done.json()) == (200, {"message": "Contraseña actualizada correctamente"})
    assert before.get("/api/user/profile").status_code == 401
    assert [login(eva.email, word) for word in (PASSWORD, NEW)] == [401, 200]


def test_a_link_works_once_and_takes_all_others_with_it(visitor, linked):
    first, second = linked(), linked()
    assert use(visitor, second).status_code == 200
    for token in (first, second):
        refused = use(visitor, token, "una tercera clave 3")
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_reset_token")


def test_a_link_works_for_an_hour(visitor, linked, monkeypatch):
    token = linked()
    now = datetime.now()
    for minutes, status in ((61, 400), (59, 200)):
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self, m=minutes: now + timedelta(minutes=m))
        assert use(visitor, token).status_code == status, minutes


@pytest.mark.parametrize("change", ["password", "email", "logout everywhere", "switched off"])
def test_what_happens_to_the_account_ends_the_link(visitor, eva, linked, change):
    token = linked()
    if change == "password":
        body = {"currentPassword": PASSWORD, "newPassword": NEW + "x"}
        assert Api(eva).put("/api/user/change-password", body).status_code == 200
    elif change == "email":
        User.objects.update(email="neu@example.org")
    elif change == "logout everywhere":
        User.objects.update(token_version=9)
    else:
        User.objects.update(is_active=False)
    assert use(visitor, token).status_code == 400


@pytest.mark.parametrize(
    "forge",
    [
        lambda token, other: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token, other: f"{other.pk}-{token.partition('-')[2]}",
        lambda token, other: token.partition("-")[2],
        lambda token, other: "",
        lambda token, other: "0" * 19 + "-a-b",
        lambda token, other: f"٣{token}",
        lambda token, other: f" {token}x",
    ],
)
def test_a_forged_link_is_no_good(visitor, make_user, linked, forge):
    refused = use(visitor, forge(linked(), make_user()))
    assert refused.status_code == 400
    assert refused.json()["code"] in ("invalid_reset_token", "validation_error")


def test_the_new_password_must_be_a_good_one(visitor, linked):
    token = linked()
    refused = use(visitor, token, "12345678")
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")
    assert {row["path"] for row in refused.json()["details"]} == {"newPassword"}
    assert use(visitor, "1-x-y", "12345678").json()["code"] == "invalid_reset_token", "strangers learn nothing of it"
    assert use(visitor, token).status_code == 200


def test_an_unknown_or_inactive_address_gets_the_same_answer_and_no_mail(visitor, make_user):
    make_user(email="off@example.org", is_active=False)
    for email in ("nobody@example.org", "off@example.org"):
        reply = visitor.post("/api/auth/forgot-password", {"email": email})
        assert (reply.status_code, reply.json()) == (200, {"message": SENTENCE})
    assert not OutboxMail.objects.exists()


def test_it_takes_the_same_time_whether_there_is_an_account(visitor, eva):
    def seconds(email: str) -> float:
        began = time.perf_counter()
        visitor.post("/api/auth/forgot-password", {"email": email})
        return time.perf_counter() - began

    known, unknown = (
        statistics.median(seconds(email) for _ in range(5)) for email in ("eva@example.org", "no@example.org")
    )
    assert known == pytest.approx(unknown, abs=0.02) and known > 0.3


def test_no_secret_waits_in_the_database(visitor, eva):
    visitor.post("/api/auth/forgot-password", {"email": eva.email})
    row = OutboxMail.objects.values().get()
    assert row["facts"] == {} and "token" not in str(row).lower()


def test_who_wants_no_notifications_gets_this_mail_all_the_same(linked):
    User.objects.update(wants_email=False)
    assert linked()
    sent = mail.outbox[0].message()
    assert sent["List-Unsubscribe"] is None and sent["Auto-Submitted"] == "auto-generated"


def test_a_link_that_is_late_is_not_sent(visitor, eva):
    visitor.post("/api/auth/forgot-password", {"email": eva.email})
    OutboxMail.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert send_due() == {"given_up": 1} and mail.outbox == []


def test_the_mail_speaks_the_language_of_whoever_asked_or_of_the_account(linked):
    linked(Accept_Language="en")
    User.objects.update(language="es")
    linked(Accept_Language="en")
    assert [message.subject for message in mail.outbox] == [
        "Change your Persenaut password",
        "Cambia tu contraseña de Persenaut",
    ]


def test_asking_is_limited_by_address_and_by_account(visitor, eva, real_limits, settings, monkeypatch):
    monkeypatch.setattr("accounts.services.RESET_SECONDS", 0)
    settings.TRUSTED_PROXY_COUNT = 1

    def ask(address: str, email: str) -> int:
        return visitor.post("/api/auth/forgot-password", {"email": email}, X_Forwarded_For=address).status_code

    assert [ask(f"10.0.0.{number}", eva.email) for number in range(6)] == [200] * 5 + [429]
    assert [ask("10.0.1.1", f"{number}@example.org") for number in range(6)] == [200] * 5 + [429]
    assert OutboxMail.objects.count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_stacks
def test_of_two_requests_with_one_link_one_wins(make_user):
    eva = make_user(email="eva@example.org", password=PASSWORD)
    token = reset.make_reset_token(eva)

    def race(number: int) -> int:
        try:
            return use(Api(), token, f"{NEW} {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(race, range(4))) == [200, 400, 400, 400]
    eva.refresh_from_db()
    assert eva.token_version == 2
