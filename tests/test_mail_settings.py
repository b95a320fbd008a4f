"""Where mail goes is read from the environment, and it goes to no server that cannot prove who it is."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from ops import outbox
from ops.mail import Letter
from ops.models import OutboxMail
from ops.outbox import send_due
from persenaut.env import mail_server as parse
from tests.live import ROOT
from tests.mail_server import certificate, mail_server

SHOWN = ["EMAIL_BACKEND", *(f"EMAIL_{n}" for n in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL"))]
SMTP, CONSOLE = "ops.mail.SmtpBackend", "django.core.mail.backends.console.EmailBackend"


def settings_with(**env: str) -> "subprocess.CompletedProcess[str]":
    code = f"from persenaut import settings as s; print([getattr(s, n) for n in {SHOWN}])"
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | env, cwd=ROOT, capture_output=True, text=True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, [CONSOLE, "", 587, "", "", True, False]),
        ({"EMAIL_HOST": "m", "EMAIL_PORT": "25"}, [SMTP, "m", 25, "", "", False, False]),
        ({"EMAIL_HOST": "m"}, [SMTP, "m", 587, "", "", True, False]),
        ({"EMAIL_HOST": "m", "EMAIL_PORT": "465"}, [SMTP, "m", 465, "", "", False, True]),
        ({"EMAIL_HOST": "m", "EMAIL_USE_TLS": "false"}, [SMTP, "m", 587, "", "", False, False]),
        ({"EMAIL_URL": "smtp+tls://u:p%40%2F@m"}, [SMTP, "m", 587, "u", "p@/", True, False]),
        ({"EMAIL_URL": "smtps://u:p@m"}, [SMTP, "m", 465, "u", "p", False, True]),
        ({"EMAIL_URL": "smtp://m"}, [SMTP, "m", 25, "", "", False, False]),
        ({"EMAIL_URL": "smtp://m:2525", "EMAIL_HOST": "n"}, [SMTP, "n", 2525, "", "", False, False]),
    ],
    ids=str,
)
def test_the_environment_says_where_mail_goes(env, expected):
    assert settings_with(**env).stdout.strip() == str(expected)


@pytest.mark.parametrize(
    "env",
    [
        {"EMAIL_URL": "http://m"},
        {"EMAIL_URL": "smtp://m:x"},
        {"EMAIL_PORT": "0"},
        {"EMAIL_USE_TLS": "true", "EMAIL_USE_SSL": "true"},
        {"PUBLIC_URL": "example.org"},
    ],
)
def test_what_cannot_be_meant_stops_the_start(env):
    done = settings_with(**env)
    assert done.returncode and "ImproperlyConfigured" in done.stderr


def test_a_port_that_is_none_is_refused_without_repeating_the_password():
    with pytest.raises(ImproperlyConfigured) as refused:
        parse("smtp://user:secret@m:port")
    assert "secret" not in str(refused.value)


# --- A real server, which may lie about itself --------------------------------------------------------------------


@pytest.fixture
def post(db, learner, settings, monkeypatch):
    """Send one mail by SMTP to a server; what became of it."""
    letter = Letter(subject="Hola", title="T", paragraphs=["p"])
    monkeypatch.setitem(outbox._writers, "test", lambda user, facts: letter)
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_TIMEOUT = 5

    def send(server, **changes):
        defaults = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": server.port}
        defaults |= {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}
        for name, value in (defaults | changes).items():
            setattr(settings, name, value)
        if not OutboxMail.objects.filter(state="waiting").exists():
            outbox.enqueue(learner.pk, "test", {}, language="", useful_for=timedelta(days=1))
        return send_due()

    return send


def test_a_certificate_that_nobody_vouches_for_is_refused(post, tmp_path):
    cert, context = certificate(tmp_path, "127.0.0.1")
    with mail_server(tls_context=context, require_starttls=True) as server:
        assert post(server, EMAIL_USE_TLS=True) == {"unreachable": 1}
        assert post(server, EMAIL_USE_TLS=True, EMAIL_CA_CERTS=str(cert)) == {"sent": 1}
        assert len(server.mails) == 1
    with mail_server(ssl_context=context) as server:
        assert post(server, EMAIL_USE_SSL=True, EMAIL_CA_CERTS="") == {"unreachable": 1}
        assert post(server, EMAIL_USE_SSL=True, EMAIL_CA_CERTS=str(cert)) == {"sent": 1}


def test_a_certificate_for_another_name_is_refused(post, tmp_path):
    cert, context = certificate(tmp_path, "mail.example.org")
    with mail_server(tls_context=context, require_starttls=True) as server:
        assert post(server, EMAIL_USE_TLS=True, EMAIL_CA_CERTS=str(cert)) == {"unreachable": 1}
        assert server.mails == []


def test_a_server_that_offers_no_encryption_gets_nothing_when_it_was_asked_for(post):
    with mail_server() as server:
        assert post(server, EMAIL_USE_TLS=True) == {"unreachable": 1}
        assert server.mails == []


def test_a_login(post, tmp_path):
    cert, context = certificate(tmp_path, "127.0.0.1")
    tls = {"EMAIL_USE_TLS": True, "EMAIL_CA_CERTS": str(cert), "EMAIL_HOST_USER": "ana"}
    with mail_server(tls_context=context, require_starttls=True, auth_required=True) as server:
        assert post(server, **tls, EMAIL_HOST_PASSWORD="wrong") == {"unreachable": 1}
        assert post(server, **tls, EMAIL_HOST_PASSWORD="geheim:/@") == {"sent": 1}
        assert server.logins[-1] == "ana"


def test_what_the_server_says_decides_what_becomes_of_a_mail(post, learner):
    with mail_server() as server:
        server.refuse = lambda address: "451 4.7.1 greylisted, come again"
        assert post(server) == {"put_off": 1}
        OutboxMail.objects.update(not_before="2020-01-01T00:00Z")
        server.refuse = lambda address: None
        assert post(server) == {"sent": 1}
        server.taken = lambda content: "554 no such thing"
        assert post(server) == {"given_up": 1}
        assert [to for to, _content in server.received] == [learner.email]
