"""The helpers: which fields they log, and at which level."""

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ops.logs import log_business_event, log_error, log_performance, measure, speed_class
from ops.logs.lines import JsonFormatter

FIXED = {"timestamp", "service", "environment", "stack"}


class Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter(service="test", environment="test"))
        self.entries: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(json.loads(self.format(record)))

    def facts(self) -> list[dict[str, Any]]:
        return [{key: value for key, value in entry.items() if key not in FIXED} for entry in self.entries]


@pytest.fixture
def collected() -> Iterator[Collector]:
    logger, collector = logging.getLogger("persenaut"), Collector()
    level = logger.level
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    yield collector
    logger.removeHandler(collector)
    logger.setLevel(level)


@pytest.mark.parametrize(
    ("duration", "name", "level"),
    [
        (0, "fast", logging.DEBUG),
        (99.9, "fast", logging.DEBUG),
        (100, "normal", logging.INFO),
        (499.9, "normal", logging.INFO),
        (500, "slow", logging.WARNING),
        (1000, "slow", logging.WARNING),
        (2999.9, "slow", logging.WARNING),
        (3000, "very_slow", logging.ERROR),
    ],
)
def test_a_duration_has_a_class_and_a_level(duration, name, level):
    assert speed_class(duration) == (name, level)


def test_an_error_is_logged_with_traceback_and_context(collected):
    try:
        raise KeyError("theme")
    except KeyError as error:
        log_error(error, {"userId": 7, "endpoint": "/api/metrics", "name": "taken", "message": "taken"})
    assert collected.facts() == [
        {
            "level": "error",
            "message": "KeyError: 'theme'",
            "logger": "persenaut.errors",
            "userId": 7,
            "endpoint": "/api/metrics",
            "name_": "taken",
            "message_": "taken",
            "errorType": "KeyError",
        }
    ]
    assert collected.entries[0]["stack"].startswith("Traceback")


def test_performance_is_logged_at_the_level_of_its_speed(collected):
    log_performance("fetchUserMetrics", 1250.04, {"userId": 7, "cached": False})
    assert collected.facts() == [
        {
            "level": "warn",
            "message": "operation timed",
            "logger": "persenaut.performance",
            "userId": 7,
            "cached": False,
            "operation": "fetchUserMetrics",
            "duration": 1250.0,
            "speed": "slow",
        }
    ]


def test_a_business_event_has_its_name_and_no_address(collected):
    log_business_event("USER_REGISTERED", {"userId": 7, "email": "ann@example.org"})
    assert collected.facts() == [
        {
            "level": "info",
            "message": "business event",
            "logger": "persenaut.business",
            "userId": 7,
            "email": "[redacted]",
            "event": "USER_REGISTERED",
        }
    ]


def test_measure_times_a_block_and_takes_facts_from_it(collected):
    with measure("load", source="database") as facts:
        facts["rows"] = 3
    [entry] = collected.facts()
    assert (entry["level"], entry["operation"], entry["source"], entry["rows"]) == (
        "debug",
        "load",
        "database",
        3,
    )
    assert 0 <= entry["duration"] < 100


def test_measure_times_a_function_anew_on_each_call_and_thread(collected):
    barrier = threading.Barrier(2)

    @measure("double", kind="test")
    def double(number: int) -> int:
        barrier.wait(10)
        return 2 * number

    other = threading.Thread(target=double, args=(1,))
    other.start()
    assert double(4) == 8
    other.join()
    assert [entry["operation"] for entry in collected.facts()] == ["double", "double"]


def test_measure_lets_an_exception_pass_and_says_so(collected):
    with pytest.raises(ZeroDivisionError), measure("divide"):
        raise ZeroDivisionError
    assert collected.facts()[0]["failed"] == "ZeroDivisionError"
