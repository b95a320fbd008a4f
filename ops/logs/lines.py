"""From a log record to one line: JSON for machines, aligned text for a developer's terminal."""

import copy
import logging
import re
import time
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import orjson
from pythonjsonlogger.orjson import OrjsonFormatter

from ops.logs.levels import level_name
from ops.logs.redaction import as_text, clean_field, is_secret, scrub

# Set by the request middleware; empty outside a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_COLOURS = {"error": "31", "warn": "33", "info": "32", "http": "36", "debug": "2"}
# Valid in JSON, yet some readers end a line at them.
_LINE_ENDS = re.compile("[\x80-\x9f\u2028\u2029]")
_PLAIN_WORD = re.compile(r"[\w./:+\[\]-]+")


class JsonFormatter(OrjsonFormatter):
    """One JSON object per record: the fixed fields first, then the record's extras, all redacted.

    An extra with the name of a fixed field (a challenge's `level`) gets a trailing underscore, so
    that it cannot pass for the record's own. Tracebacks are in `stack`.
    """

    def __init__(self, *, service: str, environment: str) -> None:
        super().__init__()
        self._service = service
        self._environment = environment
        # Django puts the whole request object on its records; the request id says which one it was.
        self._not_extras = frozenset(self.reserved_attrs) | {"request", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline; wrong % arguments cost the sentence its form, not the record."""
        try:
            return super().format(record)
        except Exception:
            plain = copy.copy(record)
            plain.msg, plain.args = f"{as_text(record.msg)} {as_text(record.args)}", None
            return super().format(plain)

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        """Fill log_data; message_dict has the traceback, and all of a record whose message is a dict."""
        log_data["timestamp"] = timestamp(record.created)
        log_data["level"] = level_name(record.levelno)
        log_data["message"] = scrub(record.message)
        log_data["service"] = self._service
        log_data["environment"] = self._environment
        log_data["logger"] = record.name
        if current := request_id.get():
            log_data["requestId"] = scrub(current)
        stack = message_dict.pop("exc_info", None)
        stack_info = message_dict.pop("stack_info", None)
        for fields in (message_dict, record.__dict__):
            for key, value in fields.items():
                if key in self._not_extras:
                    continue
                # The names of our own lines are few, and numbers have nothing to hide: half the way.
                name, hides = _known_names.get(key) or _field_name(key)
                is_number = type(value) is float or (type(value) is int and -(2**63) <= value < 2**63)
                cleaned = value if is_number and not hides else clean_field(name, value)
                log_data[f"{name}_" if name in log_data else name] = cleaned
        if stack:
            log_data["stack"] = scrub(stack)
        if stack_info:
            log_data["stackInfo"] = scrub(stack_info)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """The cleaned fields as one line of JSON."""
        line = orjson.dumps(log_data).decode()
        if not line.isascii():
            line = _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
        return line


class ConsoleFormatter(JsonFormatter):
    """The same fields for a person: time, level, logger, sentence, key=value; the traceback indented."""

    def __init__(self, *, service: str, environment: str, colour: bool) -> None:
        super().__init__(service=service, environment=environment)
        self._colour = colour

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """The line; control characters are shown as escapes, so no value can start a line of its own."""
        fields = dict(log_data)
        del fields["service"], fields["environment"]
        moment, level = fields.pop("timestamp"), fields.pop("level")
        message, logger = fields.pop("message"), fields.pop("logger")
        stacks = [fields.pop(name, "") for name in ("stackInfo", "stack")]
        label = f"{level.upper():<5}"
        if self._colour:
            label = f"\x1b[{_COLOURS[level]}m{label}\x1b[0m"
        facts = "".join(f" {_visible(key)}={_word(value)}" for key, value in fields.items())
        lines = [f"{moment[11:23]} {label} {_visible(logger):<24} {_visible(message)}{facts}"]
        # Split at "\n" only: any other line end in an exception's text is shown as an escape.
        lines += [f"    {_visible(line)}" for stack in stacks if stack for line in stack.split("\n")]
        return "\n".join(lines)


_known_names: dict[Any, tuple[str, bool]] = {}


def _field_name(key: Any) -> tuple[str, bool]:
    """How a key is written, and whether its value is to be hidden."""
    name = key if isinstance(key, str) and key.isidentifier() else scrub(as_text(key))
    found = name, is_secret(name)
    if len(_known_names) < 1000 and type(key) is str:
        _known_names[key] = found
    return found


def timestamp(moment: float) -> str:
    """ISO 8601 in UTC with milliseconds, cut and not rounded: 23:59:59.9999 belongs to its own day."""
    second = int(moment)
    return f"{_second(second)}.{int((moment - second) * 1000):03d}Z"


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _word(value: Any) -> str:
    if isinstance(value, str) and _PLAIN_WORD.fullmatch(value):
        return value
    return _visible(orjson.dumps(value).decode())


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
