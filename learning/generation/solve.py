"""The independent solution: a second call sees the question and its options in another order, but no key, and must find
the key. What it does not find is not shown to a learner: about one generated key in seven is wrong."""

import random
from dataclasses import dataclass, replace

import orjson
from django.conf import settings

from learning.generation.drafts import Draft, Order
from learning.generation.prompts import prompt
from learning.models import LETTERS
from ops import llm

PROMPT_VERSION = "1"
TOKENS_PER_QUESTION, TOKENS_BESIDE = 200, 500
BATCH = 5  # questions of one call

SCHEMA = {
    "title": "solutions",
    "type": "object",
    "additionalProperties": False,
    "required": ["solutions"],
    "properties": {
        "solutions": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["number", "letter"],
                "properties": {
                    "number": {"type": "integer"},
                    "letter": {"type": "string", "enum": [*LETTERS, "X"]},
                },
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What one call is shown: drafts by number, and for each the order of its options."""

    drafts: list[Draft]
    places: list[list[int]]

    def prompt(self, language: str) -> llm.Prompt:
        questions = [
            {
                "number": number,
                "question": draft.question,
                "options": {letter: draft.options[place] for letter, place in zip(LETTERS, places, strict=True)},
            }
            | ({"text": draft.excerpt.text} if draft.excerpt else {})
            for number, (draft, places) in enumerate(zip(self.drafts, self.places, strict=True), 1)
        ]
        messages = [
            {"role": "system", "content": prompt(language, "solve", PROMPT_VERSION)},
            {"role": "user", "content": orjson.dumps(questions).decode()},
        ]
        tokens = TOKENS_BESIDE + TOKENS_PER_QUESTION * len(self.drafts)
        return llm.Prompt(messages, SCHEMA, tokens, purpose="solve", temperature=0.0)

    def choices(self, answer: "llm.Completion | llm.LLMError") -> list[int | None]:
        """For each draft the option that was chosen (as the draft numbers them); None for none."""
        chosen: list[int | None] = [None] * len(self.drafts)
        if isinstance(answer, llm.LLMError):
            return chosen
        for number, letters in _solutions(answer.text).items():
            # Whoever answers one question twice, and differently, has not solved it; "AB" is no answer either.
            if 1 <= number <= len(self.drafts) and len(letters) == 1 and (letter := min(letters)) in set(LETTERS):
                chosen[number - 1] = self.places[number - 1][LETTERS.index(letter)]
        return chosen


def verify(drafts: list[Draft], order: Order, *, seconds: float) -> list[tuple[Draft, str]]:
    """Each draft with its verification record, and why it is refused: `solver_disagrees`, `unverified` when no solution
    came, or "". AI_SOLVE_VOTES solutions must all find the key; all are asked for at the same time."""
    votes = settings.AI_SOLVE_VOTES
    if not votes or not drafts:
        return [(draft, "") for draft in drafts]
    sheets = [_sheet(drafts[start : start + BATCH]) for start in range(0, len(drafts), BATCH) for _ in range(votes)]
    answers = llm.complete_many([sheet.prompt(order.language) for sheet in sheets], seconds=seconds)
    found: dict[int, list[tuple[int | None, str]]] = {id(draft): [] for draft in drafts}
    for sheet, answer in zip(sheets, answers, strict=True):
        solver = "" if isinstance(answer, llm.LLMError) else answer.model
        for draft, choice in zip(sheet.drafts, sheet.choices(answer), strict=True):
            found[id(draft)].append((choice, solver))
    return [_judged(draft, found[id(draft)]) for draft in drafts]


def _judged(draft: Draft, found: list[tuple[int | None, str]]) -> tuple[Draft, str]:
    agreed = sum(choice == draft.correct for choice, _solver in found)
    record = {"votes": len(found), "agreed": agreed, "model": found[0][1], "prompt": PROMPT_VERSION}
    if not all(solver for _choice, solver in found):
        return draft, "unverified"
    return replace(draft, verification=record), "" if agreed == len(found) else "solver_disagrees"


def _sheet(drafts: list[Draft]) -> _Sheet:
    return _Sheet(drafts, [random.sample(range(4), 4) for _ in drafts])


def _solutions(text: str) -> dict[int, set[str]]:
    """{number: the letters given for it} in a model's answer; {} when it cannot be read."""
    start, end = text.find("{"), text.rfind("}")
    given: dict[int, set[str]] = {}
    try:
        for row in orjson.loads(text[start : end + 1])["solutions"]:
            given.setdefault(int(row["number"]), set()).add(str(row["letter"]).strip(" .()*").upper())
    except (ValueError, KeyError, TypeError, OverflowError):
        return {}
    return given
