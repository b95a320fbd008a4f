"""Whether a draft is a proper question. A refusal is a stable word, so that refusals can be counted by reason."""

import re
from collections.abc import Iterable

from learning.generation.drafts import Asked, Draft, fingerprint
from learning.generation.likeness import Likeness
from learning.generation.options import look_alike
from learning.generation.wording import has_hidden, is_in, leaks, tells_instructions
from learning.models import Challenge
from learning.words import fold

QUESTION_LENGTH = range(10, 601)  # characters
OPTION_LENGTH = range(1, 201)
MAX_EXPLANATION = 1200

# Options that speak of other options: the options are shuffled.
_ABOUT_OTHERS = re.compile(
    r"(tod[ao]s?|ningun[ao]s?|amb[ao]s|cualquiera) (de )?(las?|los)? ?(respuestas? |opciones? )?"
    r"(anteriores?|(otr[ao]s|demas)( respuestas| opciones)?$)"
    r"|(all|none|both|any|neither) of (the|these) (above|others?|options|answers|choices)"
    r"|^(solo |only |both )?((las )?(opciones|respuestas) |(options|answers) )?"
    r"[abcd](, [abcd])*,? (y|e|o|and|or|&) [abcd]( (son|are) \w+)?$"
    r"|^(solo )?(las|los) (dos|tres) (primer|ultim)[ao]s( opciones| respuestas)?( son .*)?$"
    r"|^(only )?the (first|last) (two|three)( options| answers)?( are .*)?$"
)
# The same, unless several options do: then it is statements in the question that they speak of.
_JUDGES_OTHERS = re.compile(
    r"^(todas|ningun[ao]|ambas|las (dos|tres))( (las )?(respuestas|opciones))?( anteriores)?"
    r" (son|es) (in)?(correct|verdader|ciert|fals|valid)[ao]s?$"
    r"|^(all|none|both)( of them)? (are|is) (correct|true|right|wrong|false)$"
)
# What a model leaves where it had nothing to say.
_PLACEHOLDER = re.compile(
    r"^(opcion|respuesta|alternativa|distractor|option|answer|choice) "
    r"((correcta|incorrecta|falsa|verdadera|correct|wrong|incorrect)( [a-d1-9])?|[a-d1-9])$"
    r"|^(correct|wrong|incorrect|right|false) (option|answer|choice)( [a-d1-9])?$"
    r"|^(\.{2,}|_+|n/a|tbd|lorem ipsum.*)$"
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
    excerpt = draft.excerpt.text if draft.excerpt else ""
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
    if has_hidden(draft.question, draft.explanation, *draft.options, *draft.why, excerpt):
        return "control_characters"
    if not re.search(r"\w.*\w", draft.question) or any(_PLACEHOLDER.search(fold(text)) for text in draft.options):
        return "says_nothing"
    if look_alike(draft.options, draft.question):
        return "options_alike"
    return ""


def _content(draft: Draft, language: str) -> str:
    if _speaks_of_options(draft.options):
        return "about_other_options"
    if draft.origin in (Challenge.Origin.MODEL, Challenge.Origin.NOTES) and (reason := _writing(draft, language)):
        return reason
    if draft.origin == Challenge.Origin.NOTES and draft.excerpt is None:
        return "not_in_notes"
    return ""


def _speaks_of_options(options: tuple[str, ...]) -> bool:
    folded = [fold(option).rstrip(".") for option in options]
    judging = sum(_JUDGES_OTHERS.search(option) is not None for option in folded)
    return judging == 1 or any(_ABOUT_OTHERS.search(option) for option in folded)


def _writing(draft: Draft, language: str) -> str:
    """What a model may do wrong that a person who writes for the bank does not."""
    if tells_instructions(draft.question, draft.explanation, *draft.options, *draft.why):
        return "prompt_leaked"
    others = [option for place, option in enumerate(draft.options) if place != draft.correct]
    if leaks(draft.question, draft.answer, others):
        return "key_leaked"
    if not (is_in(draft.question, language) and is_in(draft.explanation, language, lenient=True)):
        return "language"  # lenient: a short explanation ("Dos veces dos.") has no mark of its language
    return ""


def _novelty(draft: Draft, seen: Seen) -> str:
    if draft.is_repeat:
        return ""
    if seen.has(draft):
        return "duplicate"
    return "near_duplicate" if seen.has_like(draft) else ""
