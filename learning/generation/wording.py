"""What a question's words give away: its language, its own answer, our instructions."""

import re
from collections.abc import Sequence
from functools import cache

from learning.generation.excerpts import is_hidden
from learning.generation.options import looks
from learning.generation.prompts import FOLDER
from learning.generation.reading.language import language_of
from learning.generation.reading.lexicon import ENGLISH, LEXICONS, SPANISH
from learning.generation.reading.text import Token, tokenise
from learning.words import comparable, fold

QUOTED = re.compile(r"«([^»]+)»|“([^”]+)”|\"([^\"]+)\"|‘([^’]+)’|(?<!\w)'([^']+)'(?!\w)|`([^`]+)`")

# --- Language ------------------------------------------------------------------------------------

_CODE = re.compile(r"\[[^\]]*\]|\{[^}]*\}|\w+\([^)]*\)")
_SPANISH_MARKS = re.compile("[¿¡]")


def is_in(text: str, language: str, *, lenient: bool = False) -> bool:
    """Whether a text is in a language, or does not tell. What it quotes (a word to translate, a sentence to complete,
    code) may be in any. `lenient`: two function words more of another language are needed to say that it is not."""
    own = _CODE.sub(" ", QUOTED.sub(" ", text))
    is_marked = _SPANISH_MARKS.search(own) is not None
    if is_marked and language != "es":
        return False
    return _is_in(own, language, lenient=lenient or is_marked) or _opens_in(own, language)


def _is_in(text: str, language: str, *, lenient: bool) -> bool:
    return language_of(_words(text), language if lenient else "") in ("", language)


def _opens_in(text: str, language: str) -> bool:
    """Whether the instruction before a colon is in the language: "Completa en inglés: She ___ to school"."""
    head, colon, _rest = text.partition(":")
    words = _words(head)
    stop = LEXICONS[language].stop if language in LEXICONS else frozenset()
    return bool(colon) and any(word.folded in stop for word in words) and _is_in(head, language, lenient=False)


def _words(text: str) -> tuple[Token, ...]:
    """The words of a text but for single letters: those are variables as often as words."""
    return tuple(token for token in tokenise(text) if len(token.folded) > 1)


# --- The answer in the question ------------------------------------------------------------------

MIN_LEAK = 3  # letters of an answer that tell something when they stand in the question
_EMPTY = SPANISH.stop | ENGLISH.stop | SPANISH.weak | ENGLISH.weak
_ASKS_DATE = re.compile(r"\b(años?|cuando|fecha|siglo|year|when|date|century)\b")
_PREMISE = re.compile(r"^(si|cuando|al|dad[ao]s?|if|when|given|suppose)\b")


def leaks(question: str, answer: str, others: Sequence[str] = ()) -> bool:
    """Whether the question gives its answer away: it holds it, or all its words of meaning, and no other option.

    It does not when it names the options to choose from ("¿Cuál es esdrújula: árbol, música...?"), asks about the very
    word ("¿Cuál es el plural de «crisis»?"), or states what the answer repeats ("Si la demanda sube, ¿qué hace...?").
    """
    asked = _bare(QUOTED.sub(lambda match: " " if looks(_inside(match)) == looks(answer) else match[0], question))
    said = _bare(answer)
    if any(_stands_in(_bare(other), asked) for other in others if len(_letters(other)) >= MIN_LEAK):
        return False
    if not _letters(answer):
        return len(said) == 4 and _ASKS_DATE.search(asked) is not None and _stands_in(said, asked)
    if len(said.replace(" ", "")) < MIN_LEAK or _says_little(answer, question):
        return False
    if _stands_in(said, asked):
        return True
    words = _meaning(said)
    return len(words) > 1 and words <= set(asked.split()) and len(" ".join(words)) > MIN_LEAK


def _says_little(answer: str, question: str) -> bool:
    """Whether an answer's words stand in a question without telling: common ones, a verb, the state a premise names."""
    if not _meaning(_bare(answer)):
        return True
    is_name = answer.lower() not in re.findall(r"[^\W_]+", question)
    is_verb = any(lexicon.is_verb(answer) for lexicon in LEXICONS.values())
    return not is_name and (is_verb or _PREMISE.search(_bare(question)) is not None)


def _inside(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None)


def _bare(text: str) -> str:
    """Folded words and figures alone."""
    return " ".join(re.findall(r"[^\W_]+", fold(text)))


def _stands_in(words: str, text: str) -> bool:
    return bool(words) and f" {words} " in f" {text} "


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalpha())


def _meaning(said: str) -> set[str]:
    return {word for word in said.split() if word not in _EMPTY}


# --- What is not to be seen ----------------------------------------------------------------------

_MARK = re.compile(r"(?<![0-9a-z])(?=\d*[a-f])[0-9a-f]{16}(?![0-9a-z])")  # as model.messages() makes them
RUN = 6  # words of our instructions in a row: nobody writes them by chance


def has_hidden(*texts: str) -> bool:
    """Whether there are characters that a person does not see: control, zero-width, bidirectional, tags, lost ones."""
    return any(is_hidden(char) for text in texts for char in text)


def tells_instructions(*texts: str) -> bool:
    """Whether a text holds a piece of the prompt or a mark that set notes apart in it."""
    return any(_MARK.search(text.casefold()) or not _runs().isdisjoint(_runs_of(text)) for text in texts)


@cache
def _runs() -> frozenset[str]:
    """All runs of words of all our prompts."""
    return frozenset(run for path in FOLDER.glob("*/*.txt") for run in _runs_of(path.read_text(encoding="utf-8")))


def _runs_of(text: str) -> list[str]:
    words = comparable(text).split()
    return [" ".join(words[start : start + RUN]) for start in range(len(words) - RUN + 1)]
