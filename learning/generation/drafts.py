"""What a source of questions is asked for, and what it hands in."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from learning.models import LETTERS, Challenge
from learning.words import Level, comparable


class Asked(NamedTuple):
    """A question that was asked before, and its answer where we know it."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order for questions. `avoid` are questions that must not come again, newest first."""

    theme: str
    theme_key: str
    level: Level
    mixed: bool = False  # when the level has not enough, other levels will do
    count: int = 1
    language: str = "es"
    avoid: tuple[Asked, ...] = ()
    notes: str = ""
    seconds: float | None = None  # for the whole order; AI_TIMEOUT when None


class Excerpt(NamedTuple):
    """The stretch of the notes that a question rests on: notes[start:end] == text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A question before it is stored: the right option among the four is `options[correct]`."""

    question: str
    options: tuple[str, ...]
    correct: int
    explanation: str
    origin: Challenge.Origin
    level: Level
    why: tuple[str, ...] = ()  # for each option, why it is wrong; "" for the right one
    excerpt: Excerpt | None = None
    model: str = ""
    prompt_version: str = ""
    verification: dict[str, Any] = field(default_factory=dict)
    raw_text: str = ""
    is_repeat: bool = False  # given to this learner before, on purpose

    @property
    def answer(self) -> str:
        return self.options[self.correct]

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
    rounds: int  # how often it is worth asking for what is still missing

    def can_serve(self, order: Order) -> bool:
        """Whether it is worth asking; cheap."""

    def draft(self, order: Order) -> list[Draft]:
        """Up to `order.count` questions, unchecked; raises SourceFailed."""

    def verified(self, drafts: list[Draft], order: Order) -> list[tuple[Draft, str]]:
        """Each draft, now with its verification record, and why it is refused after all ("" when it is not)."""


def fingerprint(question: str) -> str:
    """Equal for questions that differ in case, accents, spaces or punctuation only."""
    return hashlib.sha256(comparable(question).encode()).hexdigest()
