"""The page behind the link for a new password, for servers without a client that has one."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.reset import make_reset_token
from tests.browser import PHONE, SECONDS
from tests.people import register

pytestmark = [pytest.mark.live, pytest.mark.once]

expect.set_options(timeout=SECONDS * 1000)
NEW = "otra clave bien larga"
TOKEN = """
from accounts.models import User
from accounts.reset import make_reset_token
print(make_reset_token(User.objects.get(email="{email}")))
"""


def test_a_person_reads_what_is_wrong_with_a_password_then_has_a_new_one(browser, live):
    ana = register(live.url)
    token = live.manage("shell", "--verbosity", "0", "-c", TOKEN.format(email=ana.email)).stdout.strip()

    def choose(page: Page) -> None:
        page.fill("[name=password]", "corta")
        page.click("#new-password button")
        expect(page.locator("#verdict")).to_contain_text("8")
        page.fill("[name=password]", NEW)
        page.press("[name=password]", "Enter")
        expect(page.locator("#verdict")).to_have_text("Contraseña actualizada correctamente")
        expect(page.locator("#new-password")).to_be_hidden()

    path = f"/reset-password?token={token}"
    # The browser writes down that the short one was refused; that is what we came to see.
    wrong = browser.look(live.url, path, ready="#new-password button", act=choose, width=PHONE)
    assert [one for one in wrong if "400" not in one] == []
    ana.ok("POST", "/api/auth/login", {"email": ana.email, "password": NEW})
    assert browser.look(live.url, path, status=404) == [], "a link works once"


@pytest.mark.django_db
def test_the_page_says_that_a_link_is_no_good_before_anything_is_typed(client, learner):
    User.objects.filter(pk=learner.pk).update(language="en")
    good = f"/reset-password?token={make_reset_token(User.objects.get(pk=learner.pk))}"
    page = client.get(good)
    assert page.status_code == 200 and "Choose a new password" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    for token in ("", "cut", good[-40:], "%00"):
        refused = client.get(f"/reset-password?token={token}")
        assert refused.status_code == 404 and "<form" not in refused.content.decode()
