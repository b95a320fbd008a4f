"""What a source of questions is asked for, and what it hands in."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from learning.models import LETTERS, Challenge
from learning.words import Level, comparable


@dataclass(frozen=True, slots=True)
class Order:
    """An order for questions. `avoid` are question texts that must not come again, newest first."""

    theme: str
    theme_key: str
    level: Level
    mixed: bool = False  # when the level has not enough, other levels will do
    count: int = 1
    language: str = "es"
    avoid: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question before it is stored: the right option among the four is `options[correct]`."""

    question: str
    options: tuple[str, ...]
    correct: int
    explanation: str
    origin: Challenge.Origin
    level: Level
    detail: str = ""
    raw_text: str = ""
    is_repeat: bool = False  # given to this learner before, on purpose

    @property
    def correct_letter(self) -> str:
        return LETTERS[self.correct]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.question)


class SourceFailed(Exception):
    """A source that could serve the order did not. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Source(Protocol):
    """Where questions come from. A new one implements this and takes its place in `generation.sources_for`."""

    name: str

    def can_serve(self, order: Order) -> bool:
        """Whether it is worth asking; cheap."""

    def draft(self, order: Order) -> list[Draft]:
        """Up to `order.count` questions, unchecked; raises SourceFailed."""


@dataclass(slots=True)
class Refusals:
    """Why drafts were refused, counted by reason."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1


def fingerprint(question: str) -> str:
    """Equal for questions that differ in case, accents, spaces or punctuation only."""
    return hashlib.sha256(comparable(question).encode()).hexdigest()
