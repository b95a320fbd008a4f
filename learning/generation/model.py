"""Questions from a language model: asked for as JSON, read with suspicion, solved by another call before they count."""

import secrets
import time
from typing import Any

import orjson
from django.conf import settings

from learning.generation.drafts import Draft, Order, SourceFailed
from learning.generation.excerpts import find_excerpt
from learning.generation.prompts import prompt
from learning.generation.solve import verify
from learning.models import LETTERS, Challenge
from ops import llm

PROMPT_VERSION = "1"
AVOID_SHOWN = 30  # earlier questions that the prompt lists; the rest is caught afterwards
CHUNK = 5  # questions of one call: several calls at once are sooner done than one long one
TOKENS_PER_QUESTION, TOKENS_BESIDE = 450, 700  # the second also pays for a reasoning model's thoughts
LEAST_SECONDS = 0.5  # with less left there is no sense in asking


def _schema(*, with_excerpt: bool) -> dict[str, Any]:
    """The JSON Schema of an answer; questions from notes quote what they rest on."""
    text = {"type": "string"}
    distractor = {
        "type": "object",
        "additionalProperties": False,
        "required": ["text", "why"],
        "properties": {"text": text, "why": text},
    }
    fields: dict[str, Any] = {
        "question": text,
        "answer": text,
        "distractors": {"type": "array", "items": distractor},
        "explanation": text,
    } | ({"excerpt": text} if with_excerpt else {})
    item = {"type": "object", "additionalProperties": False, "required": list(fields), "properties": fields}
    return {
        "title": "questions",
        "type": "object",
        "additionalProperties": False,
        "required": ["questions"],
        "properties": {"questions": {"type": "array", "items": item}},
    }


class Model:
    """One order's dealings with the model: all its rounds share one time budget."""

    name = "model"
    rounds = 2

    def __init__(self, seconds: float | None = None) -> None:
        self.deadline = time.monotonic() + (settings.AI_TIMEOUT if seconds is None else seconds)

    def can_serve(self, order: Order) -> bool:
        return llm.is_configured()

    def draft(self, order: Order) -> list[Draft]:
        if self._left() < LEAST_SECONDS:
            raise SourceFailed("timeout")
        counts = [min(CHUNK, order.count - start) for start in range(0, order.count, CHUNK)]
        # A spare in each larger call, since some will be refused.
        prompts = [self._prompt(order, count + (count > 2)) for count in counts]
        answers = llm.complete_many(prompts, seconds=self._left())
        failed = [answer for answer in answers if isinstance(answer, llm.LLMError)]
        if len(failed) == len(answers):
            raise SourceFailed(failed[0].reason)
        said = [answer for answer in answers if isinstance(answer, llm.Completion)]
        return [draft for completion in said for draft in drafts_in(completion, order)]

    def verified(self, drafts: list[Draft], order: Order) -> list[tuple[Draft, str]]:
        return verify(drafts, order, seconds=max(LEAST_SECONDS, self._left()))

    def _left(self) -> float:
        return self.deadline - time.monotonic()

    def _prompt(self, order: Order, count: int) -> llm.Prompt:
        return llm.Prompt(
            messages(order, count),
            _schema(with_excerpt=bool(order.notes)),
            TOKENS_BESIDE + TOKENS_PER_QUESTION * count,
            purpose="notes" if order.notes else "questions",
        )


def messages(order: Order, count: int) -> list[dict[str, str]]:
    """The prompt. Notes travel in a message of their own, between marks nobody can guess: they are data."""

    def text(name: str) -> str:
        return prompt(order.language, name, PROMPT_VERSION)

    mark = secrets.choice("abcdef") + secrets.token_hex(8)[1:]  # with a letter: no number of somebody's looks like it
    task = text("notes" if order.notes else "theme")
    said = [
        {"role": "system", "content": text("system").format(mark=mark)},
        {
            "role": "user",
            "content": task.format(count=count, theme=order.theme, level=str(order.level.label), mark=mark),
        },
    ]
    if order.notes:
        said.append({"role": "user", "content": f"<{mark}>\n{order.notes}\n</{mark}>"})
    if order.avoid:
        earlier = "\n".join(f"- {asked.question[:200]}" for asked in order.avoid[:AVOID_SHOWN])
        said.append({"role": "user", "content": f"{text('avoid')}\n{earlier}"})
    return said


def drafts_in(completion: llm.Completion, order: Order) -> list[Draft]:
    """The questions in a model's answer, still to be checked; [] when there is no question in it."""
    drafts = []
    for item in items_in(completion.text):
        if fields := fields_of(item):
            excerpt = find_excerpt(order.notes, item.get("excerpt")) if order.notes else None
            drafts.append(
                Draft(
                    **fields,
                    origin=Challenge.Origin.NOTES if order.notes else Challenge.Origin.MODEL,
                    level=order.level,
                    excerpt=excerpt,
                    model=completion.model[:100],
                    prompt_version=PROMPT_VERSION,
                    raw_text=orjson.dumps(item).decode()[:4000],
                )
            )
    return drafts


def items_in(text: str) -> list[Any]:
    """The question objects in a model's answer, also when it wraps its JSON in a fence or in talk."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = orjson.loads(text[start : end + 1])
    except orjson.JSONDecodeError:
        return []
    items = answer.get("questions", [answer])
    return items if isinstance(items, list) else [items]


def fields_of(item: Any) -> dict[str, Any]:
    """question, options, correct, explanation and why of one item; {} when it is no question at all.

    Beside the schema's answer and distractors, servers that follow no schema tend to send options and a letter.
    """
    if not isinstance(item, dict) or not isinstance(item.get("question"), str):
        return {}
    if isinstance(item.get("answer"), str) and isinstance(item.get("distractors"), list):
        options, correct = [item["answer"], *item["distractors"]], 0
    elif isinstance(item.get("options"), list):
        options = item["options"]
        letter = str(item.get("correct_answer", item.get("correctAnswer", ""))).strip().upper()
        correct = LETTERS.find(letter) if len(letter) == 1 else -1
    else:
        return {}
    given = [option.get("text") if isinstance(option, dict) else option for option in options]
    texts = [text.strip() for text in given if isinstance(text, str)]
    if len(texts) != len(given):
        return {}
    why = [_text(option.get("why")) if isinstance(option, dict) else "" for option in options]
    return {
        "question": item["question"].strip(),
        "explanation": _text(item.get("explanation")),
        "options": tuple(texts),
        "correct": correct,
        "why": tuple(why) if any(why) else (),
    }


def _text(value: Any) -> str:
    return value.strip()[:600] if isinstance(value, str) else ""
