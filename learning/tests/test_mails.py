"""The mail about a challenge: what it says, in both languages and both forms, and what cannot be smuggled into it."""

import re
from email import policy
from email.parser import BytesParser
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.core import mail

from accounts.mails import user_of_unsubscribe
from learning.delivery import MAIL, MAIL_USEFUL_FOR
from ops import outbox
from ops.outbox import send_due

pytestmark = pytest.mark.django_db
NASTY = '<img src=x onerror="alert(1)">{{ 7|add:7 }} & «ñ»\r\nBcc: x@example.org'


@pytest.fixture(autouse=True)
def _urls(settings):
    settings.PUBLIC_URL = "https://api.example.org"
    settings.FRONTEND_URL = "https://app.example.org/retos?a=1&b=2"


@pytest.fixture
def sent(make_user):
    """The mail as it arrives, parsed: (message, text, html)."""

    def send(theme="Historia", level="principiante", *, order="", user=""):
        """`order` and `user` are the languages of the schedule and of the learner."""
        facts = {"theme": theme, "level": level}
        outbox.enqueue(make_user(language=user).pk, MAIL, facts, language=order, useful_for=MAIL_USEFUL_FOR)
        assert send_due() == {"sent": 1}
        message = BytesParser(policy=policy.default).parsebytes(mail.outbox[-1].message().as_bytes())
        plain, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
        return message, plain, html

    return send


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


def test_it_names_theme_and_level_and_leads_to_the_client(sent):
    message, plain, html = sent("Historia de España", "intermedio")
    assert message["Subject"] == "Nuevo reto: Historia de España (intermedio)"
    for text in (plain, Tags(html).text):
        assert "Historia de España" in text and "intermedio" in text
    assert "https://app.example.org/retos?a=1&b=2" in plain
    assert "https://app.example.org/retos?a=1&b=2" in Tags(html).links
    assert plain.startswith("Tienes un reto nuevo\n\n") and not re.search(r"\n{3}|<|&amp;", plain)


def test_it_speaks_the_learners_language_else_that_of_the_order_else_spanish(sent):
    spanish, english = "Nuevo reto: Historia (principiante)", "New challenge: Historia (beginner)"
    assert sent()[0]["Subject"] == sent(user="es", order="en")[0]["Subject"] == spanish
    assert sent(order="en")[0]["Subject"] == sent(user="en", order="es")[0]["Subject"] == english
    _message, plain, html = sent(user="en")
    assert "You have a new challenge" in plain and '<html lang="en">' in html


def test_the_ways_to_end_it_are_those_of_the_rfcs(sent, settings):
    message, plain, html = sent()
    [way] = re.findall("<(.*?)>", message["List-Unsubscribe"])
    assert urlsplit(way)[:3] == ("https", "api.example.org", "/unsubscribe")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert way in plain and way in Tags(html).links
    assert message["Auto-Submitted"] == "auto-generated"
    settings.UNSUBSCRIBE_EMAIL = "baja@example.org"
    ways = re.findall("<(.*?)>", sent()[0]["List-Unsubscribe"])
    assert ways[1].startswith("mailto:baja@example.org?subject=unsubscribe%20")
    assert user_of_unsubscribe(ways[1].partition("%20")[2].replace("%3A", ":")) is not None


def test_nothing_is_fetched_from_elsewhere(sent):
    page = Tags(sent()[2])
    assert not {"img", "link", "script", "iframe", "object", "video", "svg", "form"} & set(page.tags)
    assert all(urlsplit(link).scheme == "https" for link in page.links)
    assert "url(" not in sent()[2] and "@import" not in sent()[2]


def test_a_theme_is_text_and_nothing_else(sent):
    message, plain, html = sent(NASTY)
    assert message["Bcc"] is None and message["To"].count("@") == 1
    said = 'Nuevo reto: <img src=x onerror="alert(1)">{{ 7|add:7 }} & «ñ» Bcc: x@example.org (principiante)'
    assert message["Subject"].strip() == said
    assert "<img src=x" in plain and "«ñ»" in plain
    page = Tags(html)
    assert "img" not in page.tags and '<img src=x onerror="alert(1)">' in page.text
    assert "14" not in page.text.partition("Nivel")[0]


@pytest.mark.parametrize("theme", ["https://evil.example/win", "www.evil.com", "evil.com now"])
def test_a_theme_never_becomes_a_link(sent, theme):
    """Whoever signs up with your address must not get us to mail you theirs."""
    _message, plain, html = sent(theme)
    for text in (plain, Tags(html).text):
        assert theme not in text and theme in text.replace("\u2060", "")
    assert not [link for link in Tags(html).links if "evil" in link]


@pytest.mark.parametrize("theme", ["C/C++", "100%", "Ñandú 🙂", "a" * 100, "العربية"])
def test_any_theme_arrives(sent, theme):
    message, plain, html = sent(theme)
    assert theme in message["Subject"] and theme in plain and theme in Tags(html).text
    assert max(map(len, mail.outbox[-1].message().as_bytes().split(b"\n"))) < 998
