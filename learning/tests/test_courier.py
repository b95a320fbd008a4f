"""On the embedded default the server delivers and sends mail beside its requests; no process more is needed."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.live import Live
from tests.mail_server import mail_server
from tests.people import PASSWORD, register

pytestmark = pytest.mark.live


@pytest.fixture
def mail():
    with mail_server() as server:
        yield server


def until(done, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := done()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_a_challenge_and_its_mail_arrive_while_the_server_serves(mail):
    with Live(DELIVERY_SECONDS="1", PUBLIC_URL="http://127.0.0.1:1", **mail.env) as server:
        ana = register(server.url)
        due = datetime.now(UTC) + timedelta(seconds=4)
        ana.request("POST", "/api/schedules", {"theme": "Historia", "level": "easy", "deliveryTime": f"{due:%H:%M:%S}"})
        assert until(lambda: ana.ok("POST", "/api/challenges/pending")["challenges"])
        [message] = until(lambda: mail.mails)
        assert message["To"] == ana.email and "Historia" in message["Subject"]
        assert server.stop() == 0, "and it ends as it should"


def test_a_link_in_a_mail_ends_the_mails(mail):
    with Live(DELIVERY_SECONDS="1", **mail.env) as server:
        ana = register(server.url)
        ana.ok("POST", "/api/auth/forgot-password", {"email": ana.email})
        [message] = until(lambda: mail.mails)
        token = re.search(r"reset-password\?token=(\S+)", message.get_body(("plain",)).get_content())[1]
        new = PASSWORD + " nueva"
        ana.ok("POST", "/api/auth/reset-password", {"token": token, "newPassword": new})
        assert ana.get("/api/user/profile").status == 401
        ana.ok("POST", "/api/auth/login", {"email": ana.email, "password": new})


@pytest.mark.both_stacks
def test_it_is_there_where_nobody_has_asked_for_it():
    with Live() as server:
        server.env.pop("DELIVERY_SECONDS")
        said = server.manage("shell", "--verbosity", "0", "-c", GUNICORN).stdout.strip()
        assert said == ("0" if server.env["REDIS_URL"] else "15")


GUNICORN = "import runpy; print(runpy.run_path('gunicorn.conf.py')['delivery_seconds'])"
