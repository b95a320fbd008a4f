"""All text for people in Spanish and in English, and each person reads their own.

Spanish is in the source; locale/en has the English. After a change of a sentence:

    .venv/bin/python manage.py makemessages -l en --no-location --no-wrap --no-obsolete -i "*/tests/*" -i "tests/*"

then translate what is new in locale/en/LC_MESSAGES/django.po, and

    .venv/bin/python manage.py compilemessages -i .venv
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.core import mail
from django.template.base import Lexer, TokenType

from accounts.mails import unsubscribe_token
from conftest import Api
from ops.outbox import send_due

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "locale/en/LC_MESSAGES/django.po"
APPS = ["accounts", "learning", "metrics", "ops", "persenaut", "tutor"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
# What is the same in both languages.
SAME = {"Message-ID", "Tokens", "Tutor", "normal", "token", "%(count)s s", "%(count)s min"}


def key(entry: polib.POEntry) -> tuple[str, str, str]:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def english(entry: polib.POEntry) -> list[str]:
    return [*entry.msgstr_plural.values()] or [entry.msgstr]


@pytest.fixture(scope="module")
def catalog():
    return polib.pofile(str(CATALOG))


# --- The catalogue ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_the_source(tmp_path_factory):
    """The sentences in the source, as GNU gettext finds them in a copy."""
    copy = tmp_path_factory.mktemp("source")
    for app in APPS:
        shutil.copytree(ROOT / app, copy / app, ignore=shutil.ignore_patterns("tests", "__pycache__", "static"))
    shutil.copy(ROOT / "manage.py", copy)
    shutil.copy(ROOT / "gunicorn.conf.py", copy)
    (copy / "locale").mkdir()
    command = [sys.executable, "manage.py", "makemessages", "-l", "en", "--no-location", "--no-wrap"]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    return polib.pofile(str(copy / "locale/en/LC_MESSAGES/django.po"))


@pytest.mark.once
@pytest.mark.live  # takes gettext, which ./test --fast does not install
def test_the_catalogue_has_every_sentence_and_no_other(catalog, in_the_source):
    kept, used = {key(entry) for entry in catalog if not entry.obsolete}, {key(entry) for entry in in_the_source}
    assert len(used) > 100
    assert used - kept == set(), "without an English translation"
    assert kept - used == set(), "used nowhere"
    assert [entry.msgid for entry in catalog.obsolete_entries()] == []


@pytest.mark.once
def test_every_sentence_is_translated(catalog):
    assert [entry.msgid for entry in catalog if not all(english(entry))] == []
    assert [entry.msgid for entry in catalog if entry.fuzzy] == [], "guessed by gettext; look at them"
    assert {entry.msgid for entry in catalog if entry.msgid in english(entry)} - SAME == set(), "still in Spanish"


@pytest.mark.once
def test_no_placeholder_is_lost_in_translation(catalog):
    for entry in catalog:
        wanted = {*PLACEHOLDER.findall(entry.msgid), *PLACEHOLDER.findall(entry.msgid_plural)}
        for text in english(entry):
            found = set(PLACEHOLDER.findall(text))
            # "1 day" may say its number in words.
            assert found == wanted or (entry.msgid_plural and found < wanted), entry.msgid


@pytest.mark.once
def test_the_compiled_catalogue_is_current(catalog):
    compiled = polib.mofile(str(CATALOG.with_suffix(".mo")))
    written = {key(entry): english(entry) for entry in catalog if not entry.obsolete}
    assert {key(entry): english(entry) for entry in compiled} == written


# --- Text that gettext does not see ----------------------------------------------------------------------------------

WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {"Persenaut", "ReDoc", "Español", "English", "curl"}
ENGLISH_PAGES = {"api-docs.html", "redoc.html"}  # for programmers of clients, like the document they show


class Shown(HTMLParser):
    """What a page says with its tags of Django taken out: text, and the attributes that people see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "pre"):
            self.inside.append(tag)
        self.said += [text or "" for name, text in attributes if name in ("alt", "title", "placeholder", "aria-label")]

    def handle_endtag(self, tag: str) -> None:
        if self.inside[-1:] == [tag]:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.said.append(data)


def bare(template: str) -> list[str]:
    """The words of a template that are outside its tags, and so in one language for all."""
    kept, in_block = [], False
    for token in Lexer(template).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            in_block = name in ("blocktranslate", "blocktrans", "comment") or (in_block and not name.startswith("end"))
        elif token.token_type == TokenType.TEXT and not in_block:
            kept.append(token.contents)
    page = Shown()
    page.feed("".join(kept))
    return [word for text in page.said for word in WORD.findall(text) if word not in NAMES]


@pytest.mark.once
def test_templates_say_nothing_past_gettext():
    assert bare('<p title="Hola">{% translate "uno" %} dos {# tres #}</p>{{ four }}<style>five</style>') == [
        "Hola",
        "dos",
    ]
    templates = [path for app in APPS for path in (ROOT / app).glob("templates/**/*.*")]
    assert len(templates) > 5
    found = {path.name: words for path in templates if (words := bare(path.read_text(encoding="utf-8")))}
    assert {name: words for name, words in found.items() if name not in ENGLISH_PAGES} == {}


COMMENT = re.compile(r"(?<![:\"'`/])//[^\n]*|/\*.*?\*/", re.S)
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')


def sentences(script: str) -> Iterator[str]:
    """Its literals that look like words for people: two words in a row, or a letter that is not in ASCII."""
    for literal in LITERAL.findall(COMMENT.sub("", script)):
        text = re.sub(r"\$\{.*?\}", "0", literal[1:-1])
        if text == "use strict" or text.startswith((".", "#", "[")):  # selectors
            continue
        if re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}", text) or re.search(r"[^\W\d_a-zA-Z]", text):
            yield text


@pytest.mark.once
def test_scripts_find_their_words_in_the_page():
    sample = 'say("two words"); // "a comment here"\nfind(".choices button"); say(`¿${how}?`, "año", "busy");'
    assert [*sentences(sample)] == ["two words", "año"]
    scripts = [path for app in APPS for path in (ROOT / app).glob("static/**/*.js")]
    assert len(scripts) > 2
    assert {path.name: found for path in scripts if (found := [*sentences(path.read_text(encoding="utf-8"))])} == {}


# --- Whose language --------------------------------------------------------------------------------------------------

CHOICES = [  # the person's setting, what the client asks for, what they read
    ("en", "es", "en"), ("es", "en", "es"), ("", "en-GB, en;q=0.9", "en"), ("", "de, en;q=0.5", "en"),
    ("", "fr", "es"), ("", "", "es"),
]  # fmt: skip
each_choice = pytest.mark.parametrize(("setting", "accept", "read"), CHOICES)


def says(reply, language: str) -> None:
    assert reply["Content-Language"] == language
    assert "accept-language" in reply["Vary"].lower()


@each_choice
def test_the_api_speaks_to_each_in_their_language(make_user, setting, accept, read):
    api = Api(make_user(language=setting))
    for _ in range(2):  # the second time from what is remembered of the token
        reply = api.get("/api/no/such", Accept_Language=accept)
        assert reply.json()["error"] == {"es": "No encontrado.", "en": "Not found."}[read]
        says(reply, read)


def test_the_setting_counts_from_the_next_request(api):
    profile = api.get("/api/user/profile", Accept_Language="es")
    says(profile, "es")
    assert api.put("/api/user/profile", profile.json() | {"language": "en"}).status_code == 200
    says(api.get("/api/user/profile", Accept_Language="es"), "en")


@each_choice
def test_mails_are_in_the_language_of_who_reads_them(visitor, make_user, setting, accept, read):
    make_user(email="eva@example.org", language=setting, password="una clave larga 7")
    visitor.post("/api/auth/forgot-password", {"email": "eva@example.org"}, Accept_Language=accept)
    assert send_due() == {"sent": 1}
    (sent,) = mail.outbox
    (html,) = [body for body, kind in sent.alternatives if kind == "text/html"]
    assert f'<html lang="{read}">' in html
    assert {"es": "contraseña", "en": "password"}[read] in sent.subject
    assert sent.extra_headers.get("Content-Language", read) == read


@each_choice
def test_pages_speak_to_who_opens_them(client, make_user, setting, accept, read):
    user = make_user(language=setting)
    reply = client.get(f"/unsubscribe?token={unsubscribe_token(user)}", headers={"Accept-Language": accept})
    assert f'<html lang="{read}">' in reply.text
    assert {"es": "No recibir más correos", "en": "Stop these emails"}[read] in reply.text
    says(reply, read)


@each_choice
def test_the_admin_speaks_to_the_staff_in_their_language(client, make_user, setting, accept, read):
    headers = {"Accept-Language": accept}
    client.force_login(make_user(language=setting, is_staff=True, is_superuser=True))
    reply = client.get("/admin/", headers=headers)
    assert f'<html lang="{read}"' in reply.text
    assert {"es": "Cerrar sesión", "en": "Log out"}[read] in reply.text
    says(reply, read)


@pytest.mark.once
@pytest.mark.parametrize(("accept", "read"), [(accept, read) for setting, accept, read in CHOICES if not setting])
def test_strangers_read_what_they_ask_for(client, db, accept, read):
    headers = {"Accept-Language": accept}
    login = client.get("/admin/login/", headers=headers)
    assert f'<html lang="{read}"' in login.text
    says(login, read)
    missing = client.get("/no-such", headers=headers)
    assert missing.json()["error"] == {"es": "No encontrado.", "en": "Not found."}[read]
    says(missing, read)
    says(client.get("/health", headers=headers), read)
    says(client.get("/", headers=headers), read)


@pytest.mark.once
def test_what_is_in_one_language_says_so(client):
    for path in ("/api-docs", "/api-docs/redoc", "/api-docs/openapi.json"):
        reply = client.get(path, headers={"Accept-Language": "es"})
        assert reply["Content-Language"] == "en"
        assert "accept-language" not in reply.get("Vary", "").lower()


def test_one_language_does_not_leak_into_the_next_request(client, make_user):
    Api(make_user(language="en")).get("/api/user/profile")
    says(client.get("/no-such"), "es")
