"""Each unsafe or impossible combination of settings is told by its id, and the documented ones by none."""

import os
import re
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from django.conf import settings as current
from django.core.checks import run_checks
from django.test import override_settings

from ops import checks
from tests.environment import FOLDER

ROOT = Path(current.BASE_DIR)

# What docs and .env.example tell an operator to set on a server for strangers.
PRODUCTION = {
    "HTTPS": "true",
    "SECRET_KEY": "pT3xN-9kQv_7Zr2LbW8mYc5HdJ1sAfGe4uXoKi6RnVtSwBqPzM0yCjDlUhEaOgF2",
    "ALLOWED_HOSTS": "api.example.org",
    "CORS_ALLOWED_ORIGINS": "https://app.example.org",
    "DATABASE_URL": "mysql://persenaut:secret@db:3306/persenaut",
    "REDIS_URL": "redis://redis:6379/0",
    "TRUSTED_PROXY_COUNT": "1",
    "WEB_CONCURRENCY": "4",
    "AI_API_KEY": "key-of-the-model",
    "METRICS_TOKEN": "token-for-prometheus",
}


def told(env, monkeypatch, *, deploy=True, tags=(checks.TAG,)):
    """The ids that `manage.py check` tells with these variables, without leaving this process."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    read = runpy.run_path(str(ROOT / "persenaut" / "settings.py"))
    changed = {
        name: value for name, value in read.items() if name.isupper() and value != getattr(current, name, None)
    } | {"RATE_LIMITS": read["RATE_LIMITS"]}  # conftest has made the current ones generous
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Django warns of overriding DATABASES; nothing here connects
        with override_settings(**changed):
            found = run_checks(tags=tags or None, include_deployment_checks=deploy)
    silenced = read["SILENCED_SYSTEM_CHECKS"]
    return sorted({message.id for message in found if message.id not in silenced})


def test_the_documented_settings_are_clean(monkeypatch):
    assert told(PRODUCTION, monkeypatch, tags=()) == []


def test_manage_py_agrees_without_database_and_redis():
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=os.environ | PRODUCTION, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


DEBUG = {"DEBUG": "true", "LOG_TO": "files"}
EMBEDDED = {"DATABASE_URL": "", "REDIS_URL": "", "WEB_CONCURRENCY": "1"}


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        ({"REDIS_URL": ""}, ["E001", "W021"]),
        ({"CORS_ALLOWED_ORIGINS": "*"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "app.example.org"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.org/"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.org/login"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "https://App.example.org"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.org:443"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.org:port"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "https://*.example.org"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "https://me:pw@app.example.org"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "ftp://app.example.org"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "null"}, ["E002"]),
        ({"CORS_ALLOWED_ORIGINS": "file://"}, ["E002"]),
        ({"DEFAULT_TIME_ZONE": "Europe/Atlantis"}, ["E003"]),
        ({"DEFAULT_TIME_ZONE": "../../etc/passwd"}, ["E003"]),
        ({"LOG_DIR": "/dev/null/logs"}, ["E004"]),
        ({"DATABASE_URL": "sqlite:////dev/null/x.sqlite3"}, ["E005", "W020"]),
        ({"METRICS_ALLOWED_NETWORKS": "10.0.0.0/8,prometheus"}, ["E006"]),
        ({"SKIP_RATE_LIMIT": "true"}, ["W001"]),
        ({"AI_BASE_URL": "http://models.example.org/v1"}, ["W002"]),
        ({"AI_TIMEOUT": "25"}, ["W003"]),
        ({**EMBEDDED, "REDIS_SENTINELS": "a:26379"}, ["W004", "W020", "W021"]),
        ({"DATABASE_STATEMENT_TIMEOUT": "20"}, ["W005"]),
        ({"DATABASE_READ_TIMEOUT": "10"}, ["W005"]),
        ({**EMBEDDED, "DATABASE_REPLICA_URL": "mysql://u:p@db2/persenaut"}, ["W006", "W020", "W021"]),
        (DEBUG, ["W010"]),
        ({**DEBUG, "SKIP_RATE_LIMIT": "true"}, ["W010", "W011"]),
        ({"HTTPS": "false"}, ["W012"]),
        ({"TRUSTED_PROXY_COUNT": "0"}, ["W013"]),
        ({"EXPOSE_ANSWER_KEY": "true"}, ["W014"]),
        ({"SECRET_KEY": "short-but-still-8-different"}, ["W015"]),
        ({"SECRET_KEY": ""}, ["W016"]),
        ({"SECRET_KEY": "", "DATABASE_URL": "", "REDIS_URL": "redis://localhost/0"}, ["W020"]),
        ({"ALLOWED_HOSTS": "*"}, ["W017"]),
        ({"ALLOWED_HOSTS": "api.example.org,*"}, ["W017"]),
        ({"ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]", "CORS_ALLOWED_ORIGINS": ""}, ["W017"]),
        ({"CORS_ALLOWED_ORIGINS": "http://app.example.org"}, ["W018"]),
        ({"CORS_ALLOWED_ORIGINS": "https://persenaut.example.com"}, ["W019"]),
        (EMBEDDED, ["W020", "W021"]),
        ({"RATE_LIMIT_AUTH": "101/15m"}, ["W022"]),
        ({"RATE_LIMIT_AUTH": "1/1s"}, ["W022"]),
        ({"METRICS_ALLOWED_NETWORKS": "0.0.0.0/0"}, ["W023"]),
        ({"METRICS_TOKEN": "prometheus"}, ["W023"]),
        ({"DATABASE_URL": "mysql://u:p@db.example.org/persenaut"}, ["W024"]),
        ({"DATABASE_REPLICA_URL": "mysql://u:p@db2.example.org/persenaut"}, ["W024"]),
        ({"REDIS_URL": "redis://:pw@redis-123.cloud.example.com:16379"}, ["W024"]),
        # Right as they are:
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.org:8443,https://example.org"}, []),
        ({"AI_BASE_URL": "http://localhost:11434/v1"}, []),
        ({"AI_BASE_URL": "http://ollama:11434/v1", "AI_API_KEY": ""}, []),
        ({"RATE_LIMIT_AUTH": "100/15m"}, []),
        ({"DATABASE_STATEMENT_TIMEOUT": "0"}, []),
        ({"DATABASE_REPLICA_URL": "mysql://u:p@db2/persenaut"}, []),
        ({"METRICS_ALLOWED_NETWORKS": "10.1.2.3,fd00::/8"}, []),
        ({"DATABASE_URL": "mysql://u:p@10.0.0.5/persenaut", "REDIS_URL": "redis://10.0.0.6"}, []),
        ({"DATABASE_URL": "mysql://u:p@db.example.org/persenaut?ssl_mode=VERIFY_IDENTITY"}, []),
        ({"DATABASE_URL": "mysql://u:p@db.example.org/persenaut", "DATABASE_CA_CERTS": "/etc/ssl/db.pem"}, []),
        ({"REDIS_URL": "rediss://:pw@redis-123.cloud.example.com:16379"}, []),
        ({"DEFAULT_TIME_ZONE": "America/Bogota"}, []),
        ({"LOG_DIR": "/dev/null/logs", "LOG_TO": "stdout"}, []),
        ({"LOG_DIR": str(FOLDER / "made" / "when" / "needed")}, []),
    ],
)
def test_a_planted_mistake_is_told_by_its_id(mistake, expected, monkeypatch):
    assert told(PRODUCTION | mistake, monkeypatch) == [f"persenaut.{number}" for number in expected]


def test_reports_without_their_packages_are_told(settings, monkeypatch):
    settings.SENTRY_DSN = "https://key@sentry.example.org/1"
    assert run_checks(tags=[checks.TAG]) == []
    monkeypatch.setitem(checks.REPORTING, "SENTRY_DSN", ["sentry_sdk.gone.with_the_wind"])
    assert [message.id for message in run_checks(tags=[checks.TAG])] == ["persenaut.E020"]


def test_protection_that_was_taken_out_is_told(settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    assert [message.id for message in run_checks(tags=[checks.TAG])] == ["persenaut.E007"]


def test_without_deploy_only_what_cannot_work_is_told(monkeypatch):
    assert told(EMBEDDED | {"HTTPS": "false"}, monkeypatch, deploy=False) == []


def test_every_message_has_a_cure_and_no_secret(monkeypatch, settings):
    settings.SECRET_KEY, settings.METRICS_TOKEN = "the-secret-itself", "the-token"
    settings.DATABASE_URL, settings.REDIS_URL = "mysql://u:the-password@db.example.org/x", "redis://:the-password@a.b/0"
    settings.HTTPS, settings.TRUSTED_PROXY_COUNT, settings.AI_TIMEOUT = True, 0, 99
    found = run_checks(tags=[checks.TAG], include_deployment_checks=True)
    assert len(found) >= 5 and all(message.hint for message in found)
    assert not re.search("the-secret|the-token|the-password", str(found))


def test_gunicorn_waits_as_long_as_the_rule_believes():
    waits = re.search(r"^graceful_timeout = (\d+)", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    assert int(waits[1]) == checks.GUNICORN_GRACE


def test_every_id_has_a_line_in_the_troubleshooting_table():
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    lines = re.findall(r"^\| `(persenaut\.[EW]\d{3})` \| \S.* \| \S.* \|$", text, re.MULTILINE)
    assert sorted(lines) == sorted(checks.ids)
