"""Kinds of arguments that commands take."""

from argparse import ArgumentTypeError


def seconds(text: str) -> float:
    """A time between two rounds: a tenth of a second to a day."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0.1 <= value <= 86_400:
        raise ArgumentTypeError(f"{text!r}: use seconds, 0.1 or more")
    return value


def whole(text: str) -> int:
    """A number of things: 1 or more."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r}: use a whole number of 1 or more")
    return int(text)


def names(text: str) -> list[str]:
    """Comma-separated names, at least one."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise ArgumentTypeError(f"{text!r}: use names, separated by commas")
    return found
