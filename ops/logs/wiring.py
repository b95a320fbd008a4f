"""The dictConfig: which logger goes where."""

import logging
import sys
from pathlib import Path
from typing import Any

from ops.logs.handlers import DatedFileHandler, StdoutHandler
from ops.logs.levels import HTTP, LEVELS
from ops.logs.lines import ConsoleFormatter, JsonFormatter

REQUESTS = "persenaut.http"  # the request log

# At debug these tell SQL parameters, request headers or prompts, or just too much.
_QUIET = [
    "asyncio",
    "django.db.backends",
    "django.template",
    "django.utils.autoreload",
    "groq",
    "httpcore",
    "httpx",
    "openai",
    "urllib3",
]


def config(
    *,
    log_dir: Path,
    level: str,
    to: str,
    environment: str,
    service: str = "persenaut-api",
) -> dict[str, Any]:
    """The value of Django's LOGGING. Raises ValueError for a level or destination it does not know.

    "files": error-DATE.log (errors), combined-DATE.log (all from `level` up) and http-DATE.log (all of
    the request log). "stdout" and "console" are one stream, JSON or text: all from `level` up, and
    at "info", the usual level, the request log as well.
    """
    floor = LEVELS.get(level.lower())
    if floor is None:
        raise ValueError(f"log level {level!r}: use one of {', '.join(LEVELS)}")
    names = {"service": service, "environment": environment}
    handlers: dict[str, dict[str, Any]]
    if to == "files":
        formatter: dict[str, Any] = {"()": JsonFormatter, **names}
        handlers = {
            "error": _file(log_dir, "error", level=logging.ERROR, keep_days=14),
            "combined": _file(log_dir, "combined", level=floor, keep_days=14),
            "http": _file(log_dir, "http", level=logging.NOTSET, keep_days=7),
        }
        root = ["error", "combined"]
        requests = {"level": logging.DEBUG, "handlers": ["http"], "propagate": True}
    elif to in ("stdout", "console"):
        if to == "stdout":
            formatter = {"()": JsonFormatter, **names}
            handlers = {"stream": {"()": StdoutHandler, "formatter": "line"}}
        else:
            formatter = {"()": ConsoleFormatter, "colour": sys.stderr.isatty(), **names}
            handlers = {"stream": {"class": "logging.StreamHandler", "formatter": "line"}}
        root = ["stream"]
        requests = {"level": min(floor, HTTP) if floor <= logging.INFO else floor}
    else:
        raise ValueError(f"logs to {to!r}: use files, stdout or console")
    through: dict[str, Any] = {"level": logging.NOTSET, "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"repeats": {"()": RepeatFilter, "floor": floor}},
        "formatters": {"line": formatter},
        "handlers": handlers,
        "root": {"level": floor, "handlers": root},
        "loggers": {
            REQUESTS: requests,
            # Their own handlers go, so that every line takes the same way.
            "django": through,
            "django.request": {**through, "filters": ["repeats"]},
            "django.server": {**through, "filters": ["repeats"]},
            "gunicorn.error": through,
            "gunicorn.access": through,
            **{name: {"level": max(floor, logging.INFO)} for name in _QUIET},
        },
    }


class RepeatFilter(logging.Filter):
    """Turns what our request log says already into debug lines: 4xx warnings, and all of runserver's."""

    def __init__(self, floor: int) -> None:
        super().__init__()
        self._floor = floor

    def filter(self, record: logging.LogRecord) -> bool:
        """False when the record, after that, is below the configured level."""
        if record.levelno == logging.WARNING or record.name == "django.server":
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return record.levelno >= self._floor


def _file(log_dir: Path, prefix: str, *, level: int, keep_days: int) -> dict[str, Any]:
    return {
        "()": DatedFileHandler,
        "log_dir": log_dir,
        "prefix": prefix,
        "level": level,
        "keep_days": keep_days,
        "formatter": "line",
    }
