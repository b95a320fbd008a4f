"""What must never reach a log is taken out here, from text by pattern and from structures by key.

Every pattern is linear: it starts at a literal or at the start of a run, and what it repeats is
possessive or ends at a delimiter. A cheap substring test decides whether a pattern runs at all.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

_NAMES = r"password|token|secret|authorization|cookie|api[_-]?key|notes|email"
_SECRET_KEY = re.compile(_NAMES, re.IGNORECASE)
# name=value (queries, reprs) and "name": value (dumped dicts) inside a text.
_SECRET_PAIR = re.compile(
    rf"""((?:{_NAMES})[\w-]{{0,40}}+(?:=|["']:\s?))(?:"[^"]*"|'[^']*'|[^\s"',;&)\]}}]+)""", re.IGNORECASE
)
_URL_LOGIN = re.compile(r"""://[^\s/"]*@""")
_BEARER = re.compile(r"""(bearer)\s++[^\s"',;]+""", re.IGNORECASE)
_HEADER = re.compile(r"((?:authorization|cookie):)[^\r\n]+", re.IGNORECASE)  # also Proxy- and Set-
_JWT = re.compile(r"eyJ[\w-]{8,}+(?:\.[\w-]*+){0,2}")  # "eyJ" is how {" begins in base64
_API_KEY = re.compile(r"(?<![A-Za-z0-9])(?:gsk_|sk-)[\w-]{6,}+")
_EMAIL = re.compile(r"(?<![\w.%+-])(?:[\w.%+-]++')?[\w.%+-]++@[\w.-]++")

_MAX_DEPTH = 8  # deeper structures (and circular ones) are cut off
_JSON_INTEGERS = range(-(2**63), 2**64)


def scrub(text: str) -> str:
    """The text without e-mail addresses, tokens, keys and passwords, and always valid UTF-8."""
    if not text.isascii():  # a lone surrogate (a file name, a broken form) would stop the encoder
        text = text.encode("utf-8", "backslashreplace").decode()
    if "earer" in text or "EARER" in text:
        text = _BEARER.sub(r"\1 [token]", text)
    if "ookie:" in text or "uthorization:" in text:
        text = _HEADER.sub(r"\1 [redacted]", text)
    if "=" in text or "':" in text or '":' in text:
        text = _SECRET_PAIR.sub(r"\1[redacted]", text)
    if "eyJ" in text:
        text = _JWT.sub("[token]", text)
    if "gsk_" in text or "sk-" in text:
        text = _API_KEY.sub("[key]", text)
    if "@" in text:
        if "://" in text:  # before the addresses: pass@host looks like one
            text = _URL_LOGIN.sub("://[redacted]@", text)
        text = _EMAIL.sub("[email]", text)
    return text


def as_text(value: object) -> str:
    """str(value), or the name of its type when that raises."""
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__}>"


def clean_field(key: str, value: Any) -> Any:
    """The value as it may be logged under this key."""
    # A number of tokens is a cost, not a credential: promptTokens=812 stays.
    if is_secret(key) and not (type(value) is int and key.lower().endswith("tokens")):
        return "[redacted]"
    return clean(value)


def clean(value: Any, depth: int = 0) -> Any:
    """A redacted copy of any value that orjson is sure to encode; what JSON does not know becomes text."""
    if isinstance(value, str):
        return scrub(str.__str__(value))
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return int(value) if value in _JSON_INTEGERS else str(int(value))
    if type(value) in (datetime, date, UUID):
        return value
    if depth >= _MAX_DEPTH:
        return "[...]"
    if isinstance(value, Mapping):
        pairs = ((scrub(as_text(key)), item) for key, item in value.items())
        return {key: "[redacted]" if is_secret(key) else clean(item, depth + 1) for key, item in pairs}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return scrub(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, BaseException):
        return scrub(f"{type(value).__name__}: {as_text(value)}")
    return scrub(as_text(value))


@lru_cache(maxsize=2048)
def is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None
