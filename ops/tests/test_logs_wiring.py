"""Which line goes where: the three files, the two kinds of stream, Django's and gunicorn's loggers."""

import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import logs
from ops.logs.handlers import DatedFileHandler

NAMED = ["", logs.REQUESTS, "django", "django.request", "django.server", "gunicorn.error", "gunicorn.access"]
Found = Callable[[str], list[str]]


@pytest.fixture
def logging_state() -> Iterator[None]:
    """Put back what dictConfig changes."""
    loggers = [logging.getLogger(name) for name in NAMED]
    before = [(log, log.handlers[:], log.filters[:], log.level, log.propagate) for log in loggers]
    yield
    for logger in loggers:
        for handler in logger.handlers:
            handler.close()
    for logger, handlers, filters, level, propagate in before:
        logger.handlers[:], logger.filters[:], logger.propagate = handlers, filters, propagate
        logger.setLevel(level)


@pytest.fixture
def log_to_files(logging_state: None, tmp_path: Path) -> Callable[[str], Found]:
    """Configure files at a level; the result tells the messages of one of the three."""

    def start(level: str) -> Found:
        config = logs.config(log_dir=tmp_path / "logs", level=level, to="files", environment="test")
        logging.config.dictConfig(config)

        def found(prefix: str) -> list[str]:
            paths = (tmp_path / "logs").glob(f"{prefix}-????-??-??.log")
            return [json.loads(line)["message"] for path in paths for line in path.read_bytes().splitlines()]

        return found

    return start


def say_one_of_each() -> None:
    logger, requests = logging.getLogger("learning.x"), logging.getLogger(logs.REQUESTS)
    for name, level in [("error", 40), ("warn", 30), ("info", 20), ("http", logs.HTTP), ("debug", 10)]:
        logger.log(level, name)
        requests.log(level, f"request {name}")


ALL = ["error", "request error", "warn", "request warn", "info", "request info", "http", "request http", "debug", "request debug"]  # fmt: skip # noqa: E501


LEVELS = [("error", 2), ("warn", 4), ("info", 6), ("http", 8), ("debug", 10)]


@pytest.mark.parametrize(("level", "count"), LEVELS)
def test_three_files_share_the_lines(log_to_files, level, count):
    found = log_to_files(level)
    say_one_of_each()
    assert found("error") == ["error", "request error"]
    assert found("combined") == ALL[:count]
    assert found("http") == [message for message in ALL if message.startswith("request")]


def test_configured_files_are_compressed_and_kept_for_their_days(log_to_files, tmp_path):
    log_to_files("info")
    handlers = [*logging.getLogger().handlers, *logging.getLogger(logs.REQUESTS).handlers]
    kept = {each.name: each.backupCount for each in handlers if isinstance(each, DatedFileHandler)}
    assert kept == {"error": 14, "combined": 14, "http": 7}
    (tmp_path / "logs").mkdir()
    for prefix in kept:
        (tmp_path / "logs" / f"{prefix}-2020-01-01.log").touch()
    for handler in handlers:
        handler.sweep()
    assert not list((tmp_path / "logs").iterdir())


def test_djangos_4xx_are_debug_lines_and_its_5xx_errors_with_traceback(log_to_files, tmp_path):
    found = log_to_files("info")
    request = logging.getLogger("django.request")
    request.warning("Not Found: %s", "/x", extra={"status_code": 404, "request": object()})
    logging.getLogger("django.server").info('"GET / HTTP/1.1" 200')
    try:
        raise ValueError("broken")
    except ValueError:
        facts = {"status_code": 500, "request": object()}
        request.error("Internal Server Error: %s", "/x", exc_info=True, extra=facts)
    assert found("combined") == found("error") == ["Internal Server Error: /x"]
    [path] = (tmp_path / "logs").glob("error-*.log")
    entry = json.loads(path.read_bytes())
    assert "ValueError: broken" in entry["stack"]
    assert "request" not in entry


def test_at_debug_djangos_4xx_are_there(log_to_files):
    found = log_to_files("debug")
    logging.getLogger("django.request").warning("Not Found: /x")
    assert found("combined") == ["Not Found: /x"]
    assert found("error") == []


def test_the_handlers_of_django_and_gunicorn_give_way(log_to_files):
    others = [logging.StreamHandler() for _ in range(3)]
    for name, other in zip(["django", "django.server", "gunicorn.error"], others, strict=True):
        logging.getLogger(name).addHandler(other)
        logging.getLogger(name).propagate = False
    found = log_to_files("info")
    logging.getLogger("gunicorn.error").info("Booting worker")
    logging.getLogger("django.security").warning("odd host")
    assert found("combined") == ["Booting worker", "odd host"]
    assert not logging.getLogger("gunicorn.error").handlers


def test_chatty_libraries_are_kept_from_debug(log_to_files):
    found = log_to_files("debug")
    logging.getLogger("django.db.backends").debug("SELECT password")
    logging.getLogger("httpcore.http11").debug("headers")
    assert found("combined") == []


STREAM = """
import json, logging, logging.config, pathlib, sys
from ops import logs
from ops.logs.handlers import DatedFileHandler
to, level = sys.argv[1:]
config = logs.config(log_dir=pathlib.Path("unused"), level=level, to=to, environment="test")
logging.config.dictConfig(config)
logging.getLogger("learning.x").debug("debug")
logging.getLogger("learning.x").info("info")
logging.getLogger(logs.REQUESTS).log(logs.HTTP, "request")
logging.getLogger(logs.REQUESTS).warning("slow request")
logging.getLogger("django.request").warning("repeated")
"""


def stream(to: str, level: str) -> tuple[str, str]:
    command = [sys.executable, "-c", STREAM, to, level]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "request", "slow request", "repeated"]),
        ("info", ["info", "request", "slow request"]),
        ("warn", ["slow request"]),
    ],
)
def test_stdout_has_json_lines_with_the_request_log(level, expected):
    out, err = stream("stdout", level)
    assert [json.loads(line)["message"] for line in out.splitlines()] == expected
    assert err == ""


def test_the_console_has_plain_text_when_it_is_no_terminal():
    out, err = stream("console", "info")
    assert out == ""
    assert [line[13:] for line in err.splitlines()] == [
        "INFO  learning.x               info",
        "HTTP  persenaut.http           request",
        "WARN  persenaut.http           slow request",
    ]


def test_unknown_levels_and_places_are_refused(tmp_path):
    with pytest.raises(ValueError, match="log level 'loud': use one of error, warn, info, http, debug"):
        logs.config(log_dir=tmp_path, level="loud", to="files", environment="test")
    with pytest.raises(ValueError, match="use files, stdout or console"):
        logs.config(log_dir=tmp_path, level="info", to="syslog", environment="test")  # type: ignore[arg-type]
