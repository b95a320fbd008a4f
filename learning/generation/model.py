"""Questions from a language model: asked for as JSON, read with suspicion."""

import secrets
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from learning.generation.drafts import Draft, Order, SourceFailed
from learning.models import LETTERS, Challenge
from ops import llm

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
PROMPT_VERSION = "1"
AVOID_SHOWN = 30  # earlier questions that the prompt lists; the rest is caught by fingerprint
TOKENS_PER_QUESTION, TOKENS_BESIDE = 350, 700  # the second also pays for a reasoning model's thoughts

SCHEMA = {
    "title": "questions",
    "type": "object",
    "additionalProperties": False,
    "required": ["questions"],
    "properties": {
        "questions": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["question", "answer", "distractors", "explanation"],
                "properties": {
                    "question": {"type": "string"},
                    "answer": {"type": "string"},
                    "distractors": {"type": "array", "items": {"type": "string"}},
                    "explanation": {"type": "string"},
                },
            },
        }
    },
}


class Model:
    name = "model"

    def can_serve(self, order: Order) -> bool:
        return llm.is_configured()

    def draft(self, order: Order) -> list[Draft]:
        """One call for the whole order: ten questions one after the other would take ten times as long."""
        asked = order.count + (1 if order.count > 2 else 0)  # a spare, since some will be refused
        try:
            completion = llm.complete(
                messages(order, asked), schema=SCHEMA, max_tokens=TOKENS_BESIDE + TOKENS_PER_QUESTION * asked
            )
        except llm.LLMError as exc:
            raise SourceFailed(exc.reason) from exc
        origin = Challenge.Origin.NOTES if order.notes else Challenge.Origin.MODEL
        return [
            Draft(
                **fields,
                origin=origin,
                level=order.level,
                detail=f"{completion.model} p{PROMPT_VERSION}"[:100],
                raw_text=completion.text[:4000],
            )
            for item in items_in(completion.text)
            if (fields := fields_of(item))
        ]


def messages(order: Order, count: int) -> list[dict[str, str]]:
    """The prompt. Notes travel in a message of their own, between marks nobody can guess: they are data."""
    level = order.level
    kind = "notes" if order.notes else "theme"
    mark = secrets.token_hex(8)
    system = prompt(order.language, "system").format(mark=mark)
    task = prompt(order.language, kind).format(count=count, theme=order.theme, level=str(level.label), mark=mark)
    said = [{"role": "system", "content": system}, {"role": "user", "content": task}]
    if order.notes:
        said.append({"role": "user", "content": f"<{mark}>\n{order.notes}\n</{mark}>"})
    if order.avoid:
        earlier = "\n".join(f"- {question[:200]}" for question in order.avoid[:AVOID_SHOWN])
        said.append({"role": "user", "content": f"{prompt(order.language, 'avoid')}\n{earlier}"})
    return said


@cache
def prompt(language: str, name: str) -> str:
    return (PROMPTS / language / f"{name}.v{PROMPT_VERSION}.txt").read_text(encoding="utf-8").strip()


def items_in(text: str) -> list[Any]:
    """The question objects in a model's answer, also when it wraps its JSON in a fence or in talk. SourceFailed when
    there is no JSON in it."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = orjson.loads(text[start : end + 1])
    except orjson.JSONDecodeError as exc:
        raise SourceFailed("malformed") from exc
    items = answer.get("questions", [answer])
    return items if isinstance(items, list) else [items]


def fields_of(item: Any) -> dict[str, Any]:
    """question, options, correct and explanation of one item; {} when it is no question at all.

    Beside the schema's answer and distractors, servers that follow no schema tend to send options and a letter.
    """
    if not isinstance(item, dict) or not isinstance(item.get("question"), str):
        return {}
    explanation = item.get("explanation")
    fields = {"question": item["question"].strip(), "explanation": explanation if isinstance(explanation, str) else ""}
    if isinstance(item.get("answer"), str) and isinstance(item.get("distractors"), list):
        options = [item["answer"], *item["distractors"]]
        correct = 0
    elif isinstance(item.get("options"), list):
        options = [option.get("text") if isinstance(option, dict) else option for option in item["options"]]
        letter = str(item.get("correct_answer", item.get("correctAnswer", ""))).strip().upper()
        correct = LETTERS.find(letter) if len(letter) == 1 else -1
    else:
        return {}
    if not all(isinstance(option, str) for option in options):
        return {}
    return fields | {"options": tuple(option.strip() for option in options), "correct": correct}
