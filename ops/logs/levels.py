"""The level names of the first generation, and the numbers Python knows them by."""

import logging
from functools import cache

HTTP = 15  # a request line: below info, above debug
logging.addLevelName(HTTP, "HTTP")

LEVELS = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "http": HTTP,
    "debug": logging.DEBUG,
}


@cache
def level_name(number: int) -> str:
    """The wire name of a level number; numbers in between (and CRITICAL) take the name below them."""
    return next((name for name, floor in LEVELS.items() if number >= floor), "debug")
