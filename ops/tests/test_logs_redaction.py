"""Canaries: none of these may come out, wherever it went in."""

import dataclasses
import json
import logging
import sys
import time
from typing import Any

import pytest

from ops.logs.lines import ConsoleFormatter, JsonFormatter
from ops.logs.redaction import scrub

CANARY = "Canary7"
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{CANARY}In0.{CANARY}-x_y"


@dataclasses.dataclass
class Login:
    user: str
    password: str


def lines(message: Any = "hello", args: Any = (), **facts: Any) -> str:
    record = logging.makeLogRecord({"name": "t", "levelno": 20, "msg": message, "args": args, **facts})
    names = {"service": "s", "environment": "e"}
    return JsonFormatter(**names).format(record) + ConsoleFormatter(**names, colour=False).format(record)


@pytest.mark.parametrize(
    "key",
    ["password", "PASSWORD", "newPassword", "password_hash", "token", "accessToken", "csrftoken", "tokens",
     "secret", "SECRET_KEY", "authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "apiKey",
     "api_key", "api-key", "apikey", "notes", "userNotes", "email", "userEmail"],
)  # fmt: skip
def test_secret_keys_are_redacted_at_any_depth(key):
    deep = {"a": [{"b": ({key: {"c": CANARY}},)}]}
    out = lines(**{key: CANARY}, deep=deep, number={key: 4711}, plain="shown")
    assert CANARY not in out
    assert "4711" not in out
    assert "[redacted]" in out
    assert "shown" in out


def test_a_dict_as_message_is_redacted_too():
    assert CANARY not in lines({"email": CANARY, "x": {"token": CANARY}, f"{CANARY}@example.org": 1})


def test_numbers_of_tokens_are_no_secret():
    entry = json.loads(lines(promptTokens=812, tokens=["abc"]).split("}")[0] + "}")
    assert entry["promptTokens"] == 812
    assert entry["tokens"] == "[redacted]"


TEXTS = {
    f"for {CANARY}.x+y@mail.example.org!": "for [email]!",
    f"Duplicate entry '{CANARY}@example.org' for key": "Duplicate entry '[email]' for key",
    f"<O'{CANARY}@example.org>": "<[email]>",
    f"ñandú{CANARY}@correo.es": "[email]",
    f"{CANARY}@localhost": "[email]",
    f"got {JWT}, sorry": "got [token], sorry",
    f"jwt_{JWT}": "jwt_[token]",
    f"Authorization: Bearer {CANARY}.abc": "Authorization: [redacted]",
    f"sent Bearer {CANARY}": "sent Bearer [token]",
    f"sent bearer\t{JWT}": "sent bearer [token]",
    f"key gsk_{CANARY}abc123": "key [key]",
    f"key sk-proj-{CANARY}_abc": "key [key]",
    f"redis://:{CANARY}@cache:6379/0": "redis://[redacted]@cache:6379/0",
    f"mysql://app:p@{CANARY}@db/x and mail": "mysql://[redacted]@db/x and mail",
    f"GET /reset?token={CANARY}&lang=es": "GET /reset?token=[redacted]&lang=es",
    f"Login(user='ann', password='{CANARY} two')": "Login(user='ann', password=[redacted])",
    f"{{'apiKey': '{CANARY}', 'a': 1}}": "{'apiKey': [redacted], 'a': 1}",
    f"Set-Cookie: sessionid={CANARY}; HttpOnly\nHost: x": "Set-Cookie: [redacted]\nHost: x",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_secrets_in_text_are_replaced(text, expected):
    assert scrub(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "GET https://example.org/api/metrics/user/12?days=30 200",
        "task-12345678 disk-usage sk-1 ask",
        "ratio 3:4, a = b, {'level': 'alto'}",
        "bearer of bad news"[:6],
        "eyJ",
        "@ 10:30",
    ],
)
def test_ordinary_text_stays(text):
    assert scrub(text) == text


@pytest.mark.parametrize("text", TEXTS)
def test_secrets_reach_no_line_by_any_way(text):
    try:
        try:
            raise ValueError(text)
        except ValueError as cause:
            raise RuntimeError(text) from cause
    except RuntimeError as error:
        out = lines(
            "%s",
            (text,),
            url=text,
            nested=[{"x": (text, {text: 1})}],
            raw=text.encode(),
            error=error,
            thing=Login("ann", CANARY),
            exc_info=sys.exc_info(),
            stack_info=text,
            requestId=text,
        )
    assert CANARY not in out
    assert CANARY not in lines(text)


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "a@", "eyJ", "eyJaaaaaaaaa.", "://", "://a", "bearer ", "sk-", "password", "token=\"", "x='",
     "?a=", "'a", "cookie:", "email=", " \t", "ñ.", "@a.b"],
)  # fmt: skip
def test_hostile_text_costs_linear_time(piece):
    def cost(length: int) -> float:
        text = (piece * length)[:length] + " @ :// earer eyJ sk- gsk_ = ookie:"
        start = time.process_time()
        scrub(text)
        return time.process_time() - start

    cost(1000)
    assert cost(400_000) < 0.4
