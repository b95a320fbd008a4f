"""One record, one line: the fields, what becomes of odd values, and no way to forge a line."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any
from uuid import UUID

import pytest

from ops.logs.lines import ConsoleFormatter, JsonFormatter, request_id, timestamp

MOMENT = 1795564799.9999  # 2026-11-24T23:59:59.9999Z
HOSTILE = 'a\n{"level":"error"}\r\x0b\x0c\x1b[2J\x85\u2028\u2029\x00\udc80z'


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


def record(message: Any = "hello", args: Any = (), **facts: Any) -> logging.LogRecord:
    defaults = {"name": "learning.services", "levelno": logging.INFO, "created": MOMENT}
    return logging.makeLogRecord({**defaults, "msg": message, "args": args, **facts})


def as_json(message: Any = "hello", args: Any = (), **facts: Any) -> dict[str, Any]:
    line = JsonFormatter(service="persenaut-api", environment="test").format(record(message, args, **facts))
    assert len(line.splitlines()) == 1
    entry: dict[str, Any] = json.loads(line)
    return entry


def as_text(message: Any = "hello", args: Any = (), colour: bool = False, **facts: Any) -> str:
    formatter = ConsoleFormatter(service="persenaut-api", environment="test", colour=colour)
    return formatter.format(record(message, args, **facts))


@pytest.fixture
def in_request() -> Iterator[str]:
    token = request_id.set("req-1")
    yield "req-1"
    request_id.reset(token)


def raised(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    try:
        raise error
    except BaseException:
        return sys.exc_info()  # type: ignore[return-value]  # not (None, None, None) here


def test_the_fixed_fields_come_first_and_in_order(in_request):
    entry = as_json("user %s logged in", (7,), userId=7, ip="192.168.1.1")
    assert list(entry.items()) == [
        ("timestamp", "2026-11-24T23:59:59.999Z"),
        ("level", "info"),
        ("message", "user 7 logged in"),
        ("service", "persenaut-api"),
        ("environment", "test"),
        ("logger", "learning.services"),
        ("requestId", "req-1"),
        ("userId", 7),
        ("ip", "192.168.1.1"),
    ]


def test_outside_a_request_there_is_no_request_id():
    assert "requestId" not in as_json()


@pytest.mark.parametrize(
    ("number", "name"),
    [(50, "error"), (40, "error"), (30, "warn"), (20, "info"), (15, "http"), (10, "debug"), (5, "debug")],
)
def test_levels_have_the_names_of_the_first_generation(number, name):
    assert as_json(levelno=number)["level"] == name


def test_a_timestamp_is_cut_not_rounded():
    assert timestamp(1795564800 - 2.4e-7) == "2026-11-24T23:59:59.999Z"
    assert timestamp(1795564800.0) == "2026-11-25T00:00:00.000Z"


def test_values_json_does_not_know_become_text():
    circular: list[Any] = []
    circular.append(circular)
    entry = as_json(
        decimal=Decimal("1.10"),
        big=2**70,
        when=datetime(2026, 11, 24, tzinfo=UTC),
        ident=UUID(int=1),
        mixed={1: {2}, (1, 2): b"bytes"},
        error=ValueError("bad"),
        nan=float("nan"),
        circular=circular,
        broken=Unprintable(),
        kind=int,
    )
    assert entry["decimal"] == "1.10"
    assert entry["big"] == str(2**70)
    assert entry["when"] == "2026-11-24T00:00:00+00:00"
    assert entry["ident"] == "00000000-0000-0000-0000-000000000001"
    assert entry["mixed"] == {"1": [2], "(1, 2)": "bytes"}
    assert entry["error"] == "ValueError: bad"
    assert entry["nan"] is None
    assert "[...]" in str(entry["circular"])
    assert entry["broken"] == "<Unprintable>"
    assert entry["kind"] == "<class 'int'>"


def test_an_extra_cannot_pass_for_a_fixed_field():
    entry = as_json(level="alto", timestamp="1970", service="forged")
    assert (entry["level"], entry["level_"]) == ("info", "alto")
    assert entry["timestamp"].startswith("2026")
    assert (entry["service"], entry["service_"]) == ("persenaut-api", "forged")


def test_wrong_arguments_do_not_cost_the_line():
    assert as_json("%d users", ("many",))["message"] == "%d users ('many',)"
    assert as_json("%s", (Unprintable(),))["message"].startswith("%s (<")


def test_a_dict_as_message_becomes_fields():
    assert as_json({"event": "X", "level": "alto"})["level_"] == "alto"


def test_tracebacks_are_one_field_of_the_same_line():
    entry = as_json(exc_info=raised(ValueError(HOSTILE)), stack_info="Stack\nline")
    assert entry["stack"].startswith("Traceback")
    assert "ValueError: a\n" in entry["stack"]
    assert entry["stackInfo"] == "Stack\nline"


def test_control_characters_cannot_end_a_json_line():
    entry = as_json("%s", (HOSTILE,), value=HOSTILE, nested={HOSTILE: [HOSTILE]}, **{HOSTILE: 1})
    assert entry["message"] == HOSTILE.replace("\udc80", "\\udc80")


def test_control_characters_cannot_end_a_console_line():
    text = as_text("%s", (HOSTILE,), value=HOSTILE, nested={HOSTILE: [HOSTILE]}, **{HOSTILE: 1})
    assert text.isprintable()
    assert r'a\n{"level":"error"}\r\x0b\x0c\x1b[2J\x85\u2028' in text


def test_a_console_line_is_aligned_and_its_traceback_indented():
    first, *rest = as_text("bad", levelno=30, exc_info=raised(ValueError(HOSTILE)), theme="dos x").split("\n")
    assert first == '23:59:59.999 WARN  learning.services        bad theme="dos x"'
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    assert rest[0] == "    Traceback (most recent call last):"


def test_the_console_is_coloured_when_asked():
    assert as_text(colour=True, levelno=40).split()[1] == "\x1b[31mERROR\x1b[0m"
