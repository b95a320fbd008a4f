"""Whether a draft is a proper question. A refusal is a stable word, so that refusals can be counted by reason."""

import re
from collections.abc import Iterable

from learning.generation.drafts import Asked, Draft, fingerprint
from learning.generation.likeness import Likeness
from learning.generation.reading.language import language_of
from learning.generation.reading.text import tokenise
from learning.models import Challenge
from learning.words import fold

QUESTION_LENGTH = range(10, 601)  # characters
OPTION_LENGTH = range(1, 201)
MAX_EXPLANATION = 1200
MIN_LEAK = 4  # characters of an answer that tell something when they stand in the question

# Options that speak of other options: the options are shuffled.
_ABOUT_OTHERS = re.compile(
    r"(todas?|ningun[ao]s?|ambas?|cualquiera) (de )?(las?|los)? ?(respuestas? |opciones? )?(anteriores?|otras|demas)"
    r"|(all|none|both|any) of the (above|other|others|options)|ninguna es correcta|todas son correctas|ambas son"
    r"|^(a|b|c|d) (y|and|e|o|or) (a|b|c|d)$"
)


class Seen:
    """What was asked before, and what this order has accepted."""

    def __init__(self, asked: Iterable[Asked]) -> None:
        asked = list(asked)
        self._fingerprints = {fingerprint(question) for question, _answer in asked}
        self._likeness = Likeness(asked)

    def has(self, draft: Draft) -> bool:
        return draft.fingerprint in self._fingerprints

    def has_like(self, draft: Draft) -> bool:
        return self._likeness.has_like(draft.question, draft.answer)

    def add(self, draft: Draft) -> None:
        self._fingerprints.add(draft.fingerprint)
        self._likeness.add(draft.question, draft.answer)


def refusal(draft: Draft, seen: Seen, *, language: str = "es") -> str:
    """Why this draft is refused, or ""."""
    return _form(draft) or _content(draft, language) or _novelty(draft, seen)


def _form(draft: Draft) -> str:
    if len(draft.options) != 4:
        return "options_count"
    if not 0 <= draft.correct < 4:
        return "no_key"
    if len(draft.question.strip()) not in QUESTION_LENGTH:
        return "question_length"
    if any(len(option.strip()) not in OPTION_LENGTH for option in draft.options):
        return "option_length"
    if len(draft.explanation) > MAX_EXPLANATION:
        return "explanation_length"
    if has_control_characters(draft.question, draft.explanation, *draft.options):
        return "control_characters"
    if len({fold(option) for option in draft.options}) != 4:
        return "options_alike"
    return ""


def _content(draft: Draft, language: str) -> str:
    if any(_ABOUT_OTHERS.search(fold(option)) for option in draft.options):
        return "about_other_options"
    if draft.origin in (Challenge.Origin.MODEL, Challenge.Origin.NOTES):
        if leaks(draft.question, draft.answer):
            return "key_leaked"
        if not is_in(draft.question, language):
            return "language"
    if draft.origin == Challenge.Origin.NOTES and draft.excerpt is None:
        return "not_in_notes"
    return ""


def _novelty(draft: Draft, seen: Seen) -> str:
    if draft.is_repeat:
        return ""
    if seen.has(draft):
        return "duplicate"
    return "near_duplicate" if seen.has_like(draft) else ""


def leaks(question: str, answer: str) -> bool:
    """Whether the question holds its answer, as words of its own."""
    folded = fold(answer)
    return len(folded) >= MIN_LEAK and re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", fold(question)) is not None


def is_in(text: str, language: str) -> bool:
    """Whether a text is in a language, or does not tell."""
    return language_of(tokenise(text), language) in ("", language)


def has_control_characters(*texts: str) -> bool:
    return any(ord(c) < 32 and c not in "\n\t" or ord(c) == 127 for text in texts for c in text)
