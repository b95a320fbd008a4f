"""The admin's lists and forms in a browser, on a wide screen and on a phone, as the demonstration fills them."""

import json

import pytest

from tests.browser import DESKTOP, PHONE
from tests.live import Live

pytestmark = [pytest.mark.live, pytest.mark.once]

MAKE = """
import json
from datetime import timedelta
from accounts.models import User
from learning.models import Challenge
from ops import outbox
learner = User.objects.get(username="demo_learner")
outbox.enqueue(learner.pk, "password_reset", {}, language="es", useful_for=timedelta(hours=1))
print(json.dumps({"learner": learner.pk, "challenge": Challenge.objects.filter(user=learner).first().pk}))
"""
PAGES = {
    "users": "/admin/accounts/user/",
    "user": "/admin/accounts/user/{learner}/change/",
    "questions": "/admin/learning/challenge/?q=historia",
    "question": "/admin/learning/challenge/{challenge}/change/",
    "mails": "/admin/ops/outboxmail/?state__exact=waiting",
    "history": "/admin/ops/staffaction/",
}


@pytest.fixture(scope="module")
def staff(browser):
    """(server, the state of a browser in which a superuser is logged in, what paths name)"""
    with Live(RATE_LIMIT_AUTH="6/1h") as server:
        password = server.manage("demo", "--verbosity", "0").stdout.split()[-1]
        facts = json.loads(server.manage("shell", "--verbosity", "0", "-c", MAKE).stdout)
        yield server, browser.log_in(server.url, "staff@demo.example", password), facts


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(name, width, browser, staff):
    server, state, facts = staff
    path = PAGES[name].format(**facts)
    assert browser.look(server.url, path, width=width, state=state, ready="#content", picture=f"admin-{name}") == []


def test_a_selection_is_exported_and_written_down(browser, staff):
    server, state, _facts = staff
    got = []

    def export(page):
        page.locator(".action-select").first.check()
        page.select_option("select[name=action]", "export_csv")
        with page.expect_download() as download:
            page.click("button[name=index]")
        got.append(download.value.path().read_text(encoding="utf-8-sig").splitlines())
        page.goto(f"{server.url}/admin/")
        page.get_by_text("1 fila exportada como CSV.").wait_for()

    path = "/admin/accounts/user/"
    seen = browser.look(server.url, path, state=state, act=export, ready="#result_list")
    # Chromium calls a page that turns out to be a file an aborted one.
    assert [one for one in seen if one != f"failed: {server.url}{path} net::ERR_ABORTED"] == []
    [[header, row]] = got
    assert header.startswith("ID,nombre de usuario,correo") and "@demo.example" in row


def test_too_many_attempts_are_refused_on_a_page_of_the_admin(browser, staff):
    server, _state, _facts = staff

    def try_often(page):
        for _ in range(7):
            if page.locator("[name=password]").count() == 0:
                break
            page.fill("[name=username]", "nadie@example.org")
            page.fill("[name=password]", "no")
            with page.expect_navigation():
                page.press("[name=password]", "Enter")
        page.get_by_text("Demasiados intentos").first.wait_for()

    seen = browser.look(
        server.url, "/admin/login/", act=try_often, ready="[name=password]", width=PHONE, picture="admin-429"
    )
    assert [one for one in seen if "status of 429" not in one] == []
