"""Years, centuries and quantities: where notes have them, and what else they might have been."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from learning.generation.reading.kinds import Kind
from learning.generation.reading.lexicon import LEXICONS
from learning.generation.reading.sentences import Sentence

FIRST_YEAR, LAST_YEAR = 1000, 2100

# --- In a sentence -------------------------------------------------------------------------------

_NUMBER = re.compile(r"[-−]?[0-9]+(?:[ .,][0-9]+)*")
ROMAN = re.compile(r"[IVXLC]+")
_ORDINAL = re.compile(r"[0-9]{1,2}(?:st|nd|rd|th)")
_UNIT_SIGN = re.compile(r"\s?([%‰€$]|°\s?[CF]?\b|º\s?C\b)")
_NUMBERED_THINGS = frozenset(
    [
        "tema",
        "capitulo",
        "pagina",
        "pag",
        "fig",
        "figura",
        "tabla",
        "apartado",
        "unidad",
        "numero",
        "n",
        "o",
        "nº",
        "num",
        "nro",
        "chapter",
        "page",
        "figure",
        "table",
        "section",
        "unit",
        "number",
        "no",
    ]
)
_ERAS = frozenset({"a", "d", "bc", "ad", "bce", "ce", "aec"})


def find_numbers(sentence: Sentence) -> Iterator[tuple[int, int, Kind, str]]:
    """(first token, token after the last, kind, unit) of each number that can be asked for."""
    lexicon = sentence.lexicon
    for index, token in enumerate(sentence.tokens):
        previous = token_before(sentence, index)
        following = token_after(sentence, index)
        if _NUMBER.fullmatch(token.text):
            if _stands_alone(sentence, index):
                yield index, index + 1, *_kind_of_number(sentence, index)
        elif previous and previous.folded in {"siglo", "siglos"} and ROMAN.fullmatch(token.text):
            yield index, index + 1, Kind.CENTURY, "roman"
        elif following and following.folded == "century" and _ORDINAL.fullmatch(token.text):
            yield index, index + 1, Kind.CENTURY, "ordinal"
        elif token.folded in lexicon.counts and following and is_content(following, sentence):
            yield index, index + 1, Kind.COUNT, lexicon.code


def _stands_alone(sentence: Sentence, index: int) -> bool:
    """Whether a number is a quantity or a year: no part of a date, a range, a formula or a page reference."""
    token = sentence.tokens[index]
    before = sentence.text[max(0, token.start - 2) : token.start]
    after = sentence.text[token.end : token.end + 2]
    if before and before[-1] not in ' («“"~≈<>≥≤$€':
        return False
    if after and (after[0] not in ' ),.;:%‰€$°º»”"' or after.strip()[:1] in {"×", "*", "^", "=", "+", "/"}):
        return False
    if before.strip() in {"=", "+", "×", "*", "/"} and after.strip():
        return False
    previous, following = token_before(sentence, index), token_after(sentence, index)
    if previous and (previous.folded in _NUMBERED_THINGS or previous.folded in sentence.lexicon.months):
        return False
    if following and (following.folded in sentence.lexicon.months or following.text[0].isdigit()):
        return False
    if following and following.folded == "de" and index + 2 < len(sentence.tokens):
        return sentence.tokens[index + 2].folded not in sentence.lexicon.months
    return token.text not in {"0", "1"}


def _kind_of_number(sentence: Sentence, index: int) -> tuple[Kind, str]:
    token = sentence.tokens[index]
    previous, following = token_before(sentence, index), token_after(sentence, index)
    unit = _unit(sentence, index)
    is_four_digits = (
        len(token.text) == 4 and token.text.isdigit() and FIRST_YEAR <= int(token.text) <= LAST_YEAR
    )
    if not is_four_digits or unit in _ERAS or _UNIT_SIGN.match(sentence.text, token.end):
        return Kind.NUMBER, unit
    led = previous is not None and previous.folded in sentence.lexicon.year_lead
    counts_something = following is not None and following.text.islower() and is_content(following, sentence)
    return (Kind.YEAR, "") if led or not counts_something else (Kind.NUMBER, unit)


def _unit(sentence: Sentence, index: int) -> str:
    token, following = sentence.tokens[index], token_after(sentence, index)
    if sign := _UNIT_SIGN.match(sentence.text, token.end):
        return sign[1]
    if sentence.text[token.start - 1 : token.start] in {"$", "€"}:
        return sentence.text[token.start - 1]
    if following is None:
        return ""
    if following.folded in _ERAS or following.folded not in sentence.lexicon.stop:
        return following.folded
    return ""


_ROMAN_NUMERALS = [
    "0",
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
    "XVI",
    "XVII",
    "XVIII",
    "XIX",
    "XX",
    "XXI",
]


def _derive(mention: Mention, rng: random.Random) -> Iterator[str]:
    """Plausible neighbours of a number, for notes that have too few: the only options not taken from them."""
    derive: dict[Kind, Callable[[Mention], list[str]]] = {
        Kind.YEAR: _near_years,
        Kind.CENTURY: _near_centuries,
        Kind.COUNT: _near_counts,
        Kind.NUMBER: _near_numbers,
    }
    options = derive[mention.kind](mention)
    rng.shuffle(options)
    yield from options


def _near_years(mention: Mention) -> list[str]:
    year = int(mention.key)
    reach = (1, 2, 3, 4, 5) if year >= 1990 else (2, 3, 4, 5, 7, 8, 10, 12, 15)
    after = () if year >= 2015 else reach  # no years to come
    return [str(year - step) for step in reach] + [str(year + step) for step in after]


def _near_centuries(mention: Mention) -> list[str]:
    if mention.unit == "ordinal":
        number = int(re.sub(r"\D", "", mention.text))
        return [
            _ordinal(near) for near in range(number - 3, number + 4) if 1 <= near <= 21 and near != number
        ]
    if mention.text not in _ROMAN_NUMERALS:
        return []
    number = _ROMAN_NUMERALS.index(mention.text)
    return [
        _ROMAN_NUMERALS[near] for near in range(number - 3, number + 4) if 1 <= near <= 21 and near != number
    ]


def _ordinal(number: int) -> str:
    special = {1: "st", 2: "nd", 3: "rd", 21: "st"}
    return f"{number}{special.get(number, 'th')}"


def _near_counts(mention: Mention) -> list[str]:
    counts = LEXICONS[mention.unit].counts
    place = counts.index(mention.key)
    near = [counts[i] for i in range(max(0, place - 3), min(len(counts), place + 4)) if i != place]
    return [word.capitalize() for word in near] if mention.opens else near


def _near_numbers(mention: Mention) -> list[str]:
    figure = _Figure.parse(mention.text, "es")
    near = figure.neighbours()
    if mention.unit == "%" and figure.digits <= 100 * 10**figure.decimals:
        near = [digits for digits in near if digits <= 100 * 10**figure.decimals]
    return [figure.write(digits) for digits in near]


@dataclass(frozen=True, slots=True)
class _Figure:
    """A written number as its digits, and how they were written: "-1.250,5" is 12505, one decimal."""

    digits: int
    decimals: int
    point: str
    grouping: str
    sign: str

    @classmethod
    def parse(cls, text: str, language: str) -> "_Figure":
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
        if self.digits == 0 or self.digits > 10**15:
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
