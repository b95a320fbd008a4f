"""The question bank: what Persenaut can ask without a language model. One file per theme in `learning/bank/`."""

import json
import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from learning.generation.drafts import Draft, Order, fingerprint
from learning.generation.retired import retired_among
from learning.models import Challenge
from learning.words import Level, theme_key

FOLDER = Path(__file__).resolve().parent.parent / "bank"


class Bank:
    name = "bank"
    rounds = 1

    def can_serve(self, order: Order) -> bool:
        return not order.notes and order.theme_key in _index()

    def draft(self, order: Order) -> list[Draft]:
        """Questions the learner has not had, in random order; when all were had and one is wanted, one again."""
        theme = read_theme(_index()[order.theme_key])
        had = {fingerprint(asked.question): position for position, asked in enumerate(order.avoid)}
        drafts = _drafts(theme, order.level)
        fresh = [draft for draft in drafts if draft.fingerprint not in had]
        if order.mixed and len(fresh) < order.count:
            others = [draft for level in Level if level != order.level for draft in _drafts(theme, level)]
            fresh += [draft for draft in others if draft.fingerprint not in had]
        if fresh or order.mixed or not drafts:
            return fresh[: order.count]
        # The one that is longest ago comes again.
        return [replace(max(drafts, key=lambda draft: had[draft.fingerprint]), is_repeat=True)]

    def verified(self, drafts: list[Draft], order: Order) -> list[tuple[Draft, str]]:
        return [(draft, "") for draft in drafts]  # every key was looked up when it was written


def themes() -> list[str]:
    """The names of the bank's themes, sorted."""
    return sorted(read_theme(path)["theme"] for path in FOLDER.glob("*.json"))


@cache
def _index() -> dict[str, Path]:
    """{theme key or alias: file}. Only names stay in memory until a theme is asked for."""
    index = {}
    for path in sorted(FOLDER.glob("*.json")):
        theme = json.loads(path.read_text(encoding="utf-8"))
        for name in (theme["theme"], *theme["aliases"]):
            index[theme_key(name)] = path
    return index


@cache
def read_theme(path: Path) -> dict[str, Any]:
    theme: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return theme


def _drafts(theme: dict[str, Any], level: Level) -> list[Draft]:
    """The questions of one level that were not retired, in random order."""
    rows = theme["questions"][level]
    drafts = [_draft(theme, level, row) for row in random.sample(rows, len(rows))]
    retired = retired_among(draft.fingerprint for draft in drafts)
    return [draft for draft in drafts if draft.fingerprint not in retired]


def _draft(theme: dict[str, Any], level: Level, row: dict[str, Any]) -> Draft:
    return Draft(
        question=row["question"],
        options=(row["answer"], *row["distractors"]),
        correct=0,
        explanation=row["explanation"],
        origin=Challenge.Origin.BANK,
        level=level,
    )
