"""Years, centuries and quantities: where notes have them, and what else they might have been."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from learning.generation.reading.kinds import Kind
from learning.generation.reading.lexicon import LEXICONS, word_set
from learning.generation.reading.sentences import Sentence
from learning.generation.reading.text import ROMAN, fold

FIRST_YEAR, LAST_YEAR = 1000, 2100
MAX_NUMBER_CHARS = 18

# --- In a sentence -------------------------------------------------------------------------------

_NUMBER = re.compile(r"[-−]?[0-9]+(?:[ .,][0-9]+)*")
_ORDINAL = re.compile(r"[0-9]{1,2}(?:st|nd|rd|th)")
_UNIT_SIGN = re.compile(r"\s?([%‰€$]|°\s?[CF]?\b|º\s?C\b)")
_NUMBERED_THINGS = word_set("""
    tema capitulo pagina pag fig figura tabla apartado unidad numero n o nº num nro
    chapter page figure table section unit number no
""")
_ERAS = frozenset({"a", "d", "bc", "ad", "bce", "ce", "aec"})


def find_numbers(sentence: Sentence) -> Iterator[tuple[int, int, Kind, str]]:
    """(first token, token after the last, kind, unit) of each number that can be asked for."""
    lexicon = sentence.lexicon
    for index, token in enumerate(sentence.tokens):
        previous = sentence.word_before(index)
        following = sentence.word_after(index)
        if _NUMBER.fullmatch(token.text):
            if len(token.text) <= MAX_NUMBER_CHARS and _stands_alone(sentence, index):
                yield index, index + 1, *_kind_of_number(sentence, index)
        elif previous and previous.folded in {"siglo", "siglos"} and ROMAN.fullmatch(token.text):
            yield index, index + 1, Kind.CENTURY, "roman"
        elif following and following.folded == "century" and _ORDINAL.fullmatch(token.text):
            yield index, index + 1, Kind.CENTURY, "ordinal"
        elif token.folded in lexicon.counts and following and sentence.is_content(following):
            yield index, index + 1, Kind.COUNT, ""


def _stands_alone(sentence: Sentence, index: int) -> bool:
    """Whether a number is a quantity or a year: no part of a date, a range, a formula, a page reference."""
    token = sentence.tokens[index]
    before = sentence.text[max(0, token.start - 2) : token.start]
    after = sentence.text[token.end : token.end + 2]
    if before and before[-1] not in ' («“"~≈<>≥≤$€':
        return False
    if after and (after[0] not in ' ),.;:%‰€$°º»”"' or after.strip()[:1] in {"×", "*", "^", "=", "+", "/"}):
        return False
    if before.strip() in {"=", "+", "×", "*", "/"} and after.strip():
        return False
    previous, following = sentence.word_before(index), sentence.word_after(index)
    if previous and (previous.folded in _NUMBERED_THINGS or previous.folded in sentence.lexicon.months):
        return False
    if following and (following.folded in sentence.lexicon.months or following.text[0].isdigit()):
        return False
    if following and following.folded == "de" and index + 2 < len(sentence.tokens):
        return sentence.tokens[index + 2].folded not in sentence.lexicon.months
    return token.text not in {"0", "1"}


def _kind_of_number(sentence: Sentence, index: int) -> tuple[Kind, str]:
    token = sentence.tokens[index]
    previous, following = sentence.word_before(index), sentence.word_after(index)
    unit = _unit(sentence, index)
    is_in_reach = re.fullmatch(r"[0-9]{4}", token.text) and FIRST_YEAR <= int(token.text) <= LAST_YEAR
    if not is_in_reach or unit in _ERAS or _UNIT_SIGN.match(sentence.text, token.end):
        return Kind.NUMBER, unit
    led = previous is not None and previous.folded in sentence.lexicon.year_lead
    counts_something = following is not None and following.text.islower() and sentence.is_content(following)
    return (Kind.YEAR, "") if led or not counts_something else (Kind.NUMBER, unit)


def _unit(sentence: Sentence, index: int) -> str:
    token, following = sentence.tokens[index], sentence.word_after(index)
    if sign := _UNIT_SIGN.match(sentence.text, token.end):
        return sign[1]
    if sentence.text[token.start - 1 : token.start] in {"$", "€"}:
        return sentence.text[token.start - 1]
    if following is None:
        return ""
    if following.folded in _ERAS or following.folded not in sentence.lexicon.stop:
        return following.folded
    return ""


# --- What else it might have been ----------------------------------------------------------------

_ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_CENTURIES = {
    "roman": [tens + ones for tens in ("", "X") for ones in _ONES][1:] + ["XX", "XXI"],
    "ordinal": ["1st", "2nd", "3rd", *(f"{number}th" for number in range(4, 21)), "21st"],
}


def numbers_near(kind: Kind, text: str, unit: str, language: str) -> list[str]:
    """Plausible neighbours of a number, written like it: 1492 -> 1485, 1500; XVIII -> XVII, XIX."""
    if kind is Kind.YEAR:
        return _years_near(int(text))
    if kind is Kind.COUNT:
        return _around(LEXICONS[language].counts, fold(text))
    if kind is Kind.CENTURY:
        return _around(_CENTURIES[unit], text)
    figure = Figure.parse(text, language)
    limit = 100 * 10**figure.decimals if unit == "%" else 0
    near = figure.neighbours()
    return [figure.write(digits) for digits in near if digits <= limit or figure.digits > limit]


def _years_near(year: int) -> list[str]:
    reach = (1, 2, 3, 4, 5) if year >= 1990 else (2, 3, 4, 5, 7, 8, 10, 12, 15)
    after = () if year >= 2015 else reach  # no years to come
    return [str(year - step) for step in reach] + [str(year + step) for step in after]


def _around(row: Sequence[str], text: str) -> list[str]:
    """The three before and the three after in a row; none for what is not in it."""
    if text not in row:
        return []
    place = row.index(text)
    return [*row[max(0, place - 3) : place], *row[place + 1 : place + 4]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A written number as its digits, and how they were written: "-1.250,5" is 12505, one decimal."""

    digits: int
    decimals: int
    point: str
    grouping: str
    sign: str

    @classmethod
    def parse(cls, text: str, language: str) -> "Figure":
        sign = text[0] if text[0] in "-−" else ""
        body = text[len(sign) :]
        marks = re.findall(r"[ .,]", body)
        thousands = " ." if language == "es" else " ,"
        grouping = point = ""
        if marks and len(marks) == len(re.findall(r"[ .,][0-9]{3}(?![0-9])", body)) and len(set(marks)) == 1:
            is_grouped = len(marks) > 1 or marks[0] in thousands
            grouping, point = (marks[0], "") if is_grouped else ("", marks[0])
        elif marks:
            grouping, point = marks[0] if len(marks) > 1 else "", marks[-1]
        decimals = len(body.rsplit(point, 1)[1]) if point else 0
        return cls(int(re.sub(r"[ .,]", "", body)), decimals, point, grouping, sign)

    def write(self, digits: int) -> str:
        text = str(digits).zfill(self.decimals + 1)
        whole, fraction = (text[: -self.decimals], text[-self.decimals :]) if self.decimals else (text, "")
        if self.grouping:
            whole = f"{int(whole):,}".replace(",", self.grouping)
        return f"{self.sign}{whole}{self.point}{fraction}"

    def neighbours(self) -> list[int]:
        """Digits of numbers near this one and as round as it is: 300000 -> 200000, 400000; 46 -> 41, 51."""
        if self.digits == 0:
            return []
        significant, roundness = self.digits, 1
        while significant % 10 == 0:
            significant, roundness = significant // 10, roundness * 10
        if significant < 3 and roundness > 1:
            significant, roundness = significant * 10, roundness // 10
        if significant < 20:
            steps = {1, 2, 3, 4}
        else:
            steps = {max(1, round(significant * share)) for share in (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)}
        near = sorted({significant + step for step in steps} | {significant - step for step in steps})
        return [number * roundness for number in near if number > 0]
