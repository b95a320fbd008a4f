"""How far generated questions can be trusted: a labelled set of candidates, and what the pipeline makes of each.

`items.json` holds items as a model would return them, good ones and ones with a defect, and which options are really
right. Each goes through the pipeline by itself: read, checked and solved exactly as a generated question is.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.db import transaction
from django.test.utils import override_settings

from learning.generation import Asked, Basket, Draft, Order
from learning.generation.excerpts import clean_notes
from learning.generation.model import Model, drafts_in, fields_of
from learning.quality.solver import Solver
from learning.words import Level
from ops.llm import Completion

FILE = Path(__file__).resolve().parent / "items.json"
GOOD = "good"
NEEDED = 0.95  # of the good to be kept, of the bad to be caught
UNREADABLE = "unreadable"  # dropped when the answer was read, before there was a draft to refuse
NOT_JUDGED = "unverified"  # the solver did not answer: that says nothing about the item
TRIES = 4  # for an item that was not judged


@dataclass(frozen=True, slots=True)
class Item:
    """A candidate. `label` is "good" or its defect; `true_answers` are the options that are really right."""

    label: str
    language: str
    item: dict[str, Any]  # as a model would return it
    true_answers: list[str]
    notes: str = ""
    earlier: list[list[str]] = field(default_factory=list)  # [question, answer]; the answer may be ""

    @property
    def is_good(self) -> bool:
        return self.label == GOOD

    def order(self) -> Order:
        avoid = tuple(Asked(question, answer) for question, answer in self.earlier)
        notes = clean_notes(self.notes)
        return Order("Cultura", "cultura", Level.BEGINNER, language=self.language, avoid=avoid, notes=notes)


class Verdict(NamedTuple):
    """What the pipeline made of an item: the reason it refused it for, "" when it kept it."""

    item: Item
    reason: str

    @property
    def is_right(self) -> bool:
        return self.item.is_good == (not self.reason)


class Row(NamedTuple):
    """One line of the table."""

    label: str
    items: int
    right: int
    reasons: Counter[str]

    @property
    def rate(self) -> float:
        return self.right / self.items if self.items else 1.0


class Handed(Model):
    """The model's place in the pipeline, with its writing done: it hands in one item, and has it solved."""

    rounds = 1

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.text = orjson.dumps({"questions": [item.item]}).decode()

    def draft(self, order: Order) -> list[Draft]:
        return drafts_in(Completion(self.text, "labelled set", 0, 0, 0.0), order)


@cache
def items() -> tuple[Item, ...]:
    return tuple(Item(**row) for row in json.loads(FILE.read_text(encoding="utf-8")))


def judge(item: Item) -> str:
    """Why the pipeline refuses an item, or ""."""
    basket = Basket(item.order())
    basket.fill_from(Handed(item))
    return "" if basket.accepted else next(iter(basket.refusals), UNREADABLE)


def judge_scripted(candidates: Iterable[Item]) -> Iterator[Verdict]:
    """Judged with a solver of our own on loopback, which knows what is really right. Nothing stays in the database."""
    candidates = list(candidates)
    own = {"AI_MODEL": "scripted", "AI_API_KEY": "", "AI_SOLVE_VOTES": 1, "AI_CALLS_PER_SITE": len(candidates) * 10}
    with Solver(truths(candidates)) as solver, override_settings(AI_BASE_URL=solver.url, **own):
        for item in candidates:
            with _nothing_kept():
                reason = judge(item)
            yield Verdict(item, reason)


def judge_with_model(candidates: Iterable[Item], *, pause: Callable[[float], None] = time.sleep) -> Iterator[Verdict]:
    """Judged with the configured model as solver. What it does not answer in time is asked again after a while: servers
    limit the calls of a minute."""
    for item in candidates:
        reason = judge(item)
        for _again in range(TRIES - 1):
            if reason == NOT_JUDGED:
                pause(settings.AI_BREAKER_SECONDS)
                reason = judge(item)
        yield Verdict(item, reason)


def truths(candidates: Iterable[Item]) -> dict[tuple[str, frozenset[str]], list[str]]:
    """{question and options: the options that are really right}, for a solver."""
    read = [(fields_of(item.item), item.true_answers) for item in candidates]
    return {(fields["question"], frozenset(fields["options"])): true for fields, true in read if fields}


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """What is written inside is undone. One item at a time: the site's budget is a row that learners wait for."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def tally(verdicts: Iterable[Verdict]) -> list[Row]:
    """One row for each label, the good first, the rest as in the file."""
    by_label: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_label.setdefault(verdict.item.label, []).append(verdict)
    return [_row(label, by_label[label]) for label in sorted(by_label, key=lambda label: label != GOOD)]


def totals(verdicts: Sequence[Verdict]) -> tuple[Row, Row]:
    """The good and the bad."""
    good = [verdict for verdict in verdicts if verdict.item.is_good]
    return _row(GOOD, good), _row("bad", [verdict for verdict in verdicts if not verdict.item.is_good])


def _row(label: str, verdicts: Sequence[Verdict]) -> Row:
    reasons = Counter(verdict.reason for verdict in verdicts if verdict.reason)
    return Row(label, len(verdicts), sum(verdict.is_right for verdict in verdicts), reasons)
