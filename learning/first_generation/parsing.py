"""Options and keys out of what the first generation stored: JSON of several shapes, and the text that its model wrote:

    Pregunta: ¿Cuál es la capital de Francia?

    A) Lyon
    B) París
    C) Niza
    D) Lille

    Respuesta correcta: B

in all the dress that a model gives it. What cannot be told for sure is not told.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from learning.first_generation.values import LeftOut, Notes, letter, text
from learning.models import LETTERS
from learning.words import comparable, fold

_DRESS = re.compile(r"[*`]+|(?<!\w)_{2,}|_{2,}(?!\w)|^#+\s*", re.MULTILINE)
# "A) Lyon" at the beginning of a line, also "(a)", "- A.", "A -".
_MARK = re.compile(r"^[ \t]*(?:[-•][ \t]+)?\(?([A-Ha-h])(?:\)|[.:]|[ \t]+[-–])[ \t]*(?=\S)", re.MULTILINE)
_IN_LINE = re.compile(r"(?<!\w)\(?([A-H])\)[ \t]*(?=\S)")
_KEY = re.compile(
    r"^[ \t]*[-•>✅]*[ \t]*(?:la[ \t]+)?(?:respuesta|opci[oó]n|alternativa|soluci[oó]n|correct|right|answer|clave)"
    r"(?:[ \t]+(?:correcta|correct|answer|option|es|is))*"
    r"[ \t]*(?::|=|\bes\b|\bis\b|(?<=correcta)[ \t]|(?<=answer)[ \t])"
    r"[ \t]*(?P<value>\S.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_EXPLANATION = re.compile(r"^[ \t]*(?:explicaci[oó]n|justificaci[oó]n|explanation)[ \t]*:[ \t]*", re.M | re.I)
_LABEL = re.compile(r"^\W*(?:pregunta|question)(?:[ \t]*(?:n[.ºo°]*[ \t]*)?\d+)?[ \t]*[:.)][ \t]*", re.IGNORECASE)
_NAMED = re.compile(r"\W*(?:es[ \t]+)?(?:la[ \t]+)?(?:opci[oó]n|letra|option|letter)[ \t]+(?=\W?[A-D]\b)", re.I)
_LETTER_AND_REASON = re.compile(r"\W*([A-D]),\s.*", re.DOTALL)
_LETTER_AND_TEXT = re.compile(r"\W*?\(?([A-Da-d])(?:\)|[.:]|[ \t]+[-–])[ \t]*(\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """What a raw text tells: four options or none, the key's letter among them or ""."""

    question: str = ""
    options: tuple[str, ...] = ()
    key: str = ""
    explanation: str = ""


def read_raw(value: Any) -> Told:
    """What the old model wrote, taken apart."""
    raw = _DRESS.sub("", text(value).replace("\r\n", "\n"))
    if not raw:
        return Told()
    body, explanation = _split(_EXPLANATION, raw)
    keys = [match["value"] for match in _KEY.finditer(raw)]
    body = _KEY.sub("", body)
    marks = _four(_MARK, body) or _four(_IN_LINE, body)
    if not marks:
        return Told(question=question_text(body) if not _MARK.search(body) else "")
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    options = tuple(_paragraph(body[mark.end() : end]) for mark, end in zip(marks, ends, strict=True))
    letters = {read_key(key, options) for key in keys}
    key = letters.pop() if len(letters) == 1 else ""
    return Told(question_text(body[: marks[0].start()]), options, key, _paragraph(_KEY.sub("", explanation)))


def _split(pattern: re.Pattern[str], raw: str) -> tuple[str, str]:
    match = pattern.search(raw)
    return (raw[: match.start()], raw[match.end() :]) if match else (raw, "")


def _four(pattern: re.Pattern[str], body: str) -> list[re.Match[str]]:
    """The marks of four options, A to D; [] when there are others: two questions in one text, say."""
    marks = list(pattern.finditer(body))
    return marks if [mark[1].upper() for mark in marks] == list(LETTERS) else []


def _paragraph(said: str) -> str:
    """Up to the first empty line, on one line."""
    return " ".join(said.strip().partition("\n\n")[0].split())


def question_text(said: str) -> str:
    """A question without its label."""
    return _LABEL.sub("", said.strip()).strip()


def read_options(value: Any) -> list[str]:
    """The options' texts as they were stored, in the order of their letters; [] when that cannot be told."""
    said = text(value)
    found: Any = said
    for _round in range(2):  # some were encoded twice
        try:
            found = json.loads(found, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            return []
        if not isinstance(found, str):
            break
    if isinstance(found, dict):
        found = [{"letter": name, "text": option} for name, option in found.items()]
    if not isinstance(found, list) or not all(isinstance(option, str | dict) for option in found):
        return []
    return _undressed(_ordered(found))


def _ordered(found: list[Any]) -> list[str]:
    lettered = [option for option in found if isinstance(option, dict)]
    if not any("letter" in option for option in lettered):
        said = [option.get("text") if isinstance(option, dict) else option for option in found]
        return [text(option) for option in said] if all(isinstance(option, str) for option in said) else []
    names = [_name(option.get("letter")) for option in lettered]
    if len(lettered) < len(found) or sorted(names) != list("ABCDEFGH"[: len(names)]):
        return []
    by_name = {name: option.get("text") for name, option in zip(names, lettered, strict=True)}
    if not all(isinstance(said, str) for said in by_name.values()):
        return []
    return [text(by_name[name]) for name in sorted(by_name)]


def _name(value: Any) -> str:
    match = re.fullmatch(r"[\W_]*([A-Ha-h])[\W_]*", text(value))
    return match[1].upper() if match else ""


def _undressed(options: list[str]) -> list[str]:
    """Without the letters that some clients wrote into the texts as well."""
    marks = [_MARK.match(option) for option in options]
    names = [mark[1].upper() if mark else "" for mark in marks]
    if names and names == list(LETTERS[: len(options)]):
        options = [option[mark.end() :] for option, mark in zip(options, marks, strict=True) if mark]
    return [" ".join(option.split()) for option in options]


def read_key(value: Any, options: Sequence[str]) -> str:
    """The letter of the option that a cell or a phrase names, by letter, by text, or by both when they agree."""
    said = _NAMED.sub("", text(value), count=1)
    if found := letter(said):
        return found
    if match := _LETTER_AND_REASON.fullmatch(said):
        return match[1]
    if match := _LETTER_AND_TEXT.fullmatch(said):
        option = options[LETTERS.index(match[1].upper())] if len(options) == len(LETTERS) else ""
        return match[1].upper() if option and _begins(match[2], option) else ""
    same = [name for name, option in zip(LETTERS, options, strict=False) if _same(option, said)]
    return same[0] if len(same) == 1 else ""


def _same(one: str, other: str) -> bool:
    return fold(one).rstrip(".") == fold(other).rstrip(".")


def _begins(said: str, option: str) -> bool:
    """Whether a phrase is an option, perhaps with a reason after it: "París, porque ..."."""
    rest = fold(said).removeprefix(fold(option).rstrip("."))
    return rest != fold(said) and not re.match(r"\w", rest)


# --- A question put together ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ready:
    """A question that can be asked."""

    question: str
    options: list[str]
    key: str
    explanation: str
    notes: Notes


def put_together(question: Any, options: Any, key: Any, raw: Any) -> Ready:
    """A question out of its four columns; LeftOut when it cannot be told for sure."""
    asked, stored = question_text(text(question)), read_options(options)
    letter_ = read_key(key, stored) if len(stored) == len(LETTERS) else ""
    notes: Notes = []
    told = Told()
    if not (asked and letter_) or "xplica" in text(raw):
        told = read_raw(raw) if text(raw) else read_raw(question)
    if told.options and len(stored) != len(LETTERS):
        asked, stored, letter_ = _from_raw(asked, told, key, has_raw=bool(text(raw)))
        notes.append(("options_from_raw", ""))
    if not asked and told.question:
        asked = told.question
        notes.append(("question_from_raw", ""))
    if not asked:
        raise LeftOut("question_missing")
    if len(stored) != len(LETTERS):
        raise LeftOut("options_not_four" if stored else "options_missing")
    if not all(stored):
        raise LeftOut("options_missing")
    if not letter_:
        letter_ = _key_of(told, asked, stored)
        if not letter_:
            raise LeftOut("key_missing" if not text(key) else "key_unclear")
        notes.append(("key_from_raw", ""))
    _check_alike(stored, letter_, notes)
    return Ready(asked, stored, letter_, told.explanation, notes)


def _from_raw(asked: str, told: Told, key: Any, *, has_raw: bool) -> tuple[str, list[str], str]:
    """Question, options and key when the options are those of the raw text."""
    if has_raw and asked and told.question and not _same_question(asked, told.question):
        raise LeftOut("raw_of_another")
    if not has_raw:  # the whole text was stored as the question
        asked = told.question
    stored = list(told.options)
    return asked, stored, read_key(key, stored)


def _key_of(told: Told, asked: str, stored: list[str]) -> str:
    """The key that the raw text names, if it is about this question and these options, whatever their order."""
    if not told.key or (told.question and not _same_question(asked, told.question)):
        return ""
    answer = told.options[LETTERS.index(told.key)]
    same = [name for name, option in zip(LETTERS, stored, strict=True) if _same(option, answer)]
    return same[0] if len(same) == 1 else ""


def _same_question(one: str, other: str) -> bool:
    return comparable(one) == comparable(other)


def _check_alike(options: list[str], key: str, notes: Notes) -> None:
    """Two equal options are one too few; when the key is one of them, nobody can tell who was right."""
    answer = options[LETTERS.index(key)]
    if options.count(answer) > 1:
        raise LeftOut("options_alike")
    if len(set(options)) < len(options):
        notes.append(("options_alike", ""))
