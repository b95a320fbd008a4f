"""What the cells of the old tables may hold, and what we make of it. Notes are (code, detail)."""

import re
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from learning.words import MAX_THEME, GameMode, Level, game_mode_named, level_named, theme_key
from ops.fields import MAX_SECONDS

Notes = list[tuple[str, str]]

MAX_WHOLE = 2_147_483_647
NO_THEME = "Sin tema"


class LeftOut(Exception):
    """A row cannot be imported; `code` says why."""

    def __init__(self, code: str, detail: Any = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, str(detail)


def text(value: Any) -> str:
    """A cell as text, without what no text has; "" for NULL."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return str(value).replace("\0", "").strip()


def truth(value: Any) -> bool | None:
    """A cell that says yes or no: TINYINT, BIT or text. None when it says neither."""
    if value is None:
        return None
    if isinstance(value, bytes) and len(value) == 1 and value in (b"\0", b"\1"):
        return value == b"\1"
    return {"1": True, "true": True, "0": False, "false": False}.get(text(value).lower())


def number(value: Any) -> Decimal | None:
    try:
        found = Decimal(text(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def whole(value: Any) -> int | None:
    """A whole number, such as an id; None for anything else."""
    found = number(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def counted(value: Any, code: str, notes: Notes, *, most: int = MAX_WHOLE) -> int:
    """A number that cannot be negative nor higher than `most`: put into its bounds, and noted. NULL is 0."""
    found = number(value)
    if found is None:
        if value is not None:
            notes.append((code, text(value)[:40]))
        return 0
    inside = max(0, min(most, int(found)))
    if inside != int(found):
        notes.append((code, text(value)[:40]))
    return inside


def seconds(value: Any, notes: Notes) -> Decimal:
    """How long an answer took: between nothing and a day. NULL is 0."""
    found = number(value)
    if found is not None and 0 <= found <= MAX_SECONDS:
        return found.quantize(Decimal("0.001"))
    if value is not None:
        notes.append(("seconds_impossible", text(value)[:40]))
    return Decimal(MAX_SECONDS if found is not None and found > 0 else 0)


def letter(value: Any) -> str:
    """A cell that is one option's letter, in any case and dress ("b", "B)", "**b**"); "" for anything else."""
    match = re.fullmatch(r"[\W_]*([A-Da-d])[\W_]*", text(value))
    return match[1].upper() if match else ""


def theme(value: Any, notes: Notes) -> str:
    """A theme as our clients may send it."""
    said = " ".join(text(value).split())
    if not theme_key(said):
        notes.append(("theme_missing", ""))
        return NO_THEME
    if len(said) > MAX_THEME:
        notes.append(("theme_cut", f"{len(said)} characters"))
    return said[:MAX_THEME].strip()


def level(value: Any, notes: Notes) -> Level:
    """One of our three; what is none of them is the middle one."""
    said = text(value)
    found = level_named(said)
    if found is None:
        notes.append(("level_unknown", said[:60]))
    return found or Level.INTERMEDIATE


def game_mode(value: Any, notes: Notes) -> GameMode:
    said = text(value)
    found = game_mode_named(said)
    if found is None:
        notes.append(("mode_unknown", said[:60]))
    return found or GameMode.NORMAL


def clock_time(value: Any) -> time | None:
    """A TIME: the driver hands it in as a duration, and it may be longer than a day."""
    if isinstance(value, time):
        return value
    if isinstance(value, timedelta):
        total = int(value.total_seconds())
        return time(total // 3600, total // 60 % 60, total % 60) if 0 <= total < 86_400 else None
    try:
        return time.fromisoformat(text(value))
    except ValueError:
        return None
