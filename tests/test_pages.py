"""Every page for people, seen in a browser on a wide screen and on a phone: nothing may be wrong with it.

A page of yours is a line in PAGES. SCREENSHOTS=folder ./test -k test_pages leaves pictures of them all.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser import DESKTOP, PHONE, Browser, State
from tests.live import Live

pytestmark = [pytest.mark.live, pytest.mark.once]


@dataclass
class Seen:
    """One page, and who looks at it."""

    path: str  # {name}: one of the facts of `Site`
    who: str = ""  # "staff", or nobody in particular
    ready: str = "body"  # what is there when the page is complete
    status: int = 200
    not_ours: tuple[str, ...] = ()  # what axe passes over: markup of others that we cannot mend
    also_dark: bool = False

    def __str__(self) -> str:
        return self.path.strip("/?").replace("?", "-").partition("=")[0].replace("/", "-") or "front"


PAGES = [
    Seen("/", ready="#demo button", also_dark=True),
    Seen("/?lang=en", ready="#demo button"),
    Seen("/api-docs", ready=".opblock"),
    # Its buttons that fold JSON are 15 pixels wide. The operations are all built alike: axe takes a second for each.
    Seen(
        "/api-docs/redoc", ready="#redoc h2", not_ours=(".collapser", "[id^='operation/']:not([id^='operation/auth'])")
    ),
    Seen("/unsubscribe?token={unsubscribe}", ready="button", also_dark=True),
    Seen("/unsubscribe?token=cut", status=404, also_dark=True),
    Seen("/reset-password?token={reset}", ready="#new-password button", also_dark=True),
    Seen("/admin/login/", ready="[name=password]", also_dark=True),
    Seen("/admin/", who="staff", ready="#content", also_dark=True),
    Seen("/admin/operations/", who="staff", ready="#chart-active svg", also_dark=True),
    Seen("/admin/learners/{learner}/", who="staff", ready="#chart-themes svg", also_dark=True),
    Seen("/admin/quality/", who="staff", ready="#chart-dots svg", also_dark=True),
    Seen("/admin/learning/questionreport/", who="staff", ready="#result_list", also_dark=True),
]

# What the pages show beside the demonstration's year, and the facts that paths name.
MAKE = """
import json
from accounts.mails import unsubscribe_token
from accounts.models import User
from accounts.reset import make_reset_token
from accounts.tokens import speaking_for
from learning.models import Challenge
from learning.services.reports import report_question
from learning import question_statistics
from learning.tests.crowd import crowd
learner = User.objects.get(username="demo_learner")
for number, challenge in enumerate(Challenge.objects.filter(user_id=learner.pk).order_by("pk")[:3]):
    comment = "Creo que la buena es otra. " * 4 * number
    report_question(speaking_for(learner), challenge.pk, reason="wrong_key", comment=comment)
crowd()
question_statistics.rebuild()
facts = {"unsubscribe": unsubscribe_token(learner), "reset": make_reset_token(learner), "learner": learner.pk}
print(json.dumps(facts))
"""


class Site:
    """The server with something to see, and those who look."""

    def __init__(self, server: Live, browser: Browser) -> None:
        self.server, self.browser = server, browser
        said = server.manage("demo", "--verbosity", "0").stdout
        self.password = said.split()[-1]
        made = server.manage("shell", "--verbosity", "0", "-c", MAKE).stdout
        self.facts: dict[str, Any] = json.loads(made)
        self._states: dict[str, State | None] = {"": None}

    def state(self, who: str) -> State | None:
        if who not in self._states:
            self._states[who] = self.browser.log_in(self.server.url, "staff@demo.example", self.password)
        return self._states[who]


@pytest.fixture(scope="module")
def site(browser):
    with Live() as server:
        yield Site(server, browser)


LOOKS = [
    pytest.param(seen, width, dark, id=f"{seen}-{width}{'-dark' * dark}")
    for seen in PAGES
    for width, dark in [(DESKTOP, False), (PHONE, False)] + [(DESKTOP, True)] * seen.also_dark
]


@pytest.mark.parametrize(("seen", "width", "dark"), LOOKS)
def test_a_page_is_sound(seen, width, dark, browser, site):
    wrong = browser.look(
        site.server.url, seen.path.format(**site.facts), width=width, dark=dark, ready=seen.ready, status=seen.status,
        state=site.state(seen.who), not_ours=seen.not_ours, picture=f"{seen}{'-dark' * dark}",
    )  # fmt: skip
    assert not wrong, "\n".join(wrong)
