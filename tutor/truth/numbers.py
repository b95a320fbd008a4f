"""Is every number of a clause one that the figures hold for what the clause is about?

A number is read with what it counts ("4 de 12", "33 %", "3 sesiones") and compared with that figure of the theme and
level in question. One that counts nothing we know is refused, and so is one that is right only elsewhere.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from tutor.figures import Area, Figures, Score
from tutor.truth import vocabulary as v
from tutor.truth.text import CLOSING_QUOTES, Clause, Token

PLAN_NUMBERS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30)  # what a plan may ask for; the model is told them

NEAR = 4  # tokens around a number that tell what it counts
PAIR_GAP = 4  # tokens between the numbers of "3 de los últimos 7"
THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
# What may stand between a theme and its number where a clause names several: "«Historia» (intermedio), con un 93 %".
_BETWEEN = [
    "(",
    ")",
    ",",
    ":",
    "con",
    "un",
    "una",
    "el",
    "al",
    "en",
    "nivel",
    "level",
    "at",
    "with",
    "a",
    "an",
    "is",
    "es",
]
CLOSE = frozenset(_BETWEEN) | CLOSING_QUOTES | frozenset(v.LEVEL_WORDS)


class Unit(StrEnum):
    PERCENT = "percent"
    CHANGE = "change"  # percentage points
    PAIR = "pair"  # 4 of 12 answers
    ANSWERS = "answers"
    RIGHT = "right"
    WRONG = "wrong"
    DAY_PAIR = "day_pair"  # 3 of 7 days
    SESSIONS = "sessions"
    POINTS = "points"
    DAYS = "days"
    PERIOD = "period"  # the last 7 days
    COMING = "coming"  # the next 7 days
    STREAK = "streak"
    PAUSE = "pause"
    PLAN = "plan"  # minutes, times: never a figure
    UNKNOWN = "unknown"


OF_A_THEME = {Unit.PERCENT, Unit.CHANGE, Unit.PAIR, Unit.ANSWERS, Unit.RIGHT, Unit.WRONG}
PLANNABLE = {Unit.ANSWERS, Unit.RIGHT, Unit.SESSIONS, Unit.DAYS, Unit.COMING, Unit.PLAN}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, in digits or words, and the tokens it takes up."""

    value: Decimal
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One number, or two that belong together, with what it counts."""

    unit: Unit
    values: tuple[Decimal, ...]
    start: int
    end: int


class Numbers:
    def __init__(self, figures: Figures, language: str) -> None:
        self.figures = figures
        self.language = language

    def are_true(self, clause: Clause) -> bool:
        if clause.words & v.VAGUE_AMOUNTS or any(_is_odd(token) for token in clause.tokens) or _has_hundred(clause):
            return False
        claims = read(clause.tokens, self.language)
        if claims and not clause.plan and not self._is_plain(clause):
            return False
        return all(
            (clause.plan and claim.unit in PLANNABLE and all(value in PLAN_NUMBERS for value in claim.values))
            or self._holds(claim, clause.tokens, claims, clause.about)
            for claim in claims
        )

    def _is_plain(self, clause: Clause) -> bool:
        """No "30 al día", and no other period than the one the figures are of."""
        text = f" {' '.join(token.folded for token in clause.tokens)} "
        periods = {v.PERIOD_NOUNS[word] for word in clause.words if word in v.PERIOD_NOUNS}
        return not v.OTHER_PERIODS.search(text) and periods <= {self.figures.days}

    def _holds(self, claim: Claim, clause: Sequence[Token], claims: list[Claim], about: str) -> bool:
        if set(_before(clause, claim.start)[:2]) & v.HEDGES:
            return False  # "more than 12" is not 12
        if claim.unit in OF_A_THEME:
            area = self._area(claim, clause, about)
            return area is not None and _fits(claim, area, clause, is_before=_is_before(claim, clause, claims))
        words = {token.folded for token in clause if token.is_word}
        if any(token.theme_key for token in clause) or (claim.unit != Unit.PERIOD and words & v.BEFORE_WORDS):
            return False  # days, sessions and points are known of all themes together, and of this period only
        return claim.values in self._counts(claim.unit)

    def _counts(self, unit: Unit) -> set[tuple[Decimal | int, ...]]:
        figures = self.figures
        found: dict[Unit, set[tuple[Decimal | int, ...]]] = {
            Unit.DAY_PAIR: {(figures.active_days, figures.days), (figures.active_days, figures.span)},
            Unit.SESSIONS: {(figures.sessions,)},
            Unit.POINTS: {(figures.points,)},
            Unit.DAYS: {(figures.active_days,)},
            Unit.PERIOD: {(figures.days,), (figures.span,)},
            Unit.COMING: {(7,)},
            Unit.STREAK: {(figures.streak,)},
            Unit.PAUSE: {(figures.pause,)},
        }
        return found.get(unit, set())

    def _area(self, claim: Claim, clause: Sequence[Token], about: str) -> Area | None:
        """What the number is about; None when that cannot be told, or when there are no figures for it."""
        places = [index for index, token in enumerate(clause) if token.theme_key]
        named = {clause[index].theme_key for index in places}
        scope: Sequence[Token] = clause
        if len(named) == 1:
            scope = _beside(clause, places[0]) or clause
        elif named:
            before = [index for index in places if index < claim.start]
            scope = clause[before[-1] : claim.start] if before else ()
            if not scope or any(token.folded not in CLOSE for token in scope[1:]):
                return None
            named = {scope[0].theme_key}
        levels = {v.LEVEL_WORDS[token.folded] for token in scope if token.is_word and token.folded in v.LEVEL_WORDS}
        if len(levels) > 1:
            return None
        return self.figures.over(next(iter(named), about), next(iter(levels), ""))


def _beside(clause: Sequence[Token], place: int) -> Sequence[Token]:
    """A theme and its own level, as in «Física» (avanzado): whatever other level is spoken of, that one is meant."""
    end = place + 1
    while end < len(clause) and clause[end].folded in CLOSE:
        end += 1
    said = clause[place:end]
    return said if any(token.folded in v.LEVEL_WORDS for token in said) else ()


# --- Reading ------------------------------------------------------------------------------------------------------
def read(clause: Sequence[Token], language: str) -> list[Claim]:
    """The clause's numbers with what they count."""
    return _enumerated(clause, list(_claims(clause, language)))


def _claims(clause: Sequence[Token], language: str) -> Iterator[Claim]:
    found = list(quantities(clause, language))
    position = 0
    while position < len(found):
        one, other = found[position], next(iter(found[position + 1 :]), None)
        if other and _is_pair(clause, one, other):
            counts_days = any(word in v.DAY_NOUNS for word in _after(clause, other.end)[:2])
            unit = Unit.DAY_PAIR if counts_days else Unit.PAIR
            yield Claim(unit, (one.value, other.value), one.start, other.end)
            position += 2
        else:
            yield Claim(unit_of(clause, one), (one.value,), one.start, one.end)
            position += 1


def _enumerated(clause: Sequence[Token], claims: list[Claim]) -> list[Claim]:
    """In «1, 3 y 7 días» the last one says what all of them count."""
    for index in range(len(claims) - 1, 0, -1):
        one, other = claims[index - 1], claims[index]
        between = [token.folded for token in clause[one.end : other.start]]
        if one.unit == Unit.UNKNOWN and between and set(between) <= {",", "y", "e", "o", "and", "or"}:
            claims[index - 1] = replace(one, unit=other.unit)
    return claims


def quantities(clause: Sequence[Token], language: str) -> Iterator[Quantity]:
    index = 0
    while index < len(clause):
        end, value = index + 1, _value_of(clause[index], language)
        tens = v.TENS[language].get(clause[index].folded) if clause[index].is_word else None
        if tens is not None:
            value, end = _with_units(clause, index, tens, language)
        if value is not None:
            yield Quantity(value, index, end)
        index = end


def _value_of(token: Token, language: str) -> Decimal | None:
    if token.is_word:
        word = v.NUMBER_WORDS[language].get(token.folded)
        return None if word is None else Decimal(word)
    if not token.is_number:
        return None
    if THOUSANDS.fullmatch(token.text):
        return Decimal(re.sub(r"[.,]", "", token.text))
    return Decimal(token.text.replace(",", "."))


def _with_units(clause: Sequence[Token], index: int, tens: int, language: str) -> tuple[Decimal, int]:
    """«treinta y cinco», "thirty-five"."""
    link = index + 1 if index + 1 < len(clause) and clause[index + 1].folded in ("y", "-", "‐", "‑") else index
    units = v.NUMBER_WORDS[language] | v.UNITS_AFTER_TENS[language]
    unit = units.get(clause[link + 1].folded, 0) if link + 1 < len(clause) else 0
    if 0 < unit < 10 and (link > index or language == "en"):
        return Decimal(tens + unit), link + 2
    return Decimal(tens), index + 1


def _has_hundred(clause: Clause) -> bool:
    """«ciento» as a number of its own; in «por ciento» it is none."""
    words = [token.folded for token in clause.tokens]
    return any(word == "ciento" and words[place - 1 : place] != ["por"] for place, word in enumerate(words))


def _is_odd(token: Token) -> bool:
    """A number in a writing that nobody needs here: ½, ², ٣, 1.2.3."""
    if token.theme_key:
        return False
    if token.is_number:
        plain = token.text.isascii() and (len(re.findall(r"[.,]", token.text)) < 2 or THOUSANDS.fullmatch(token.text))
        return not plain
    return any(character.isnumeric() for character in token.text)


def _is_pair(clause: Sequence[Token], one: Quantity, other: Quantity) -> bool:
    between = [token.folded for token in clause[one.end : other.start]]
    if not between or len(between) > PAIR_GAP:
        return False
    rest = between[2:] if between[:2] == ["out", "of"] else between[1:]
    return between[0] in ("de", "of", "/", "out") and all(word in v.FUNCTION_WORDS | v.PERIOD_WORDS for word in rest)


def unit_of(clause: Sequence[Token], quantity: Quantity) -> Unit:
    after, before = _after(clause, quantity.end), _before(clause, quantity.start)
    match after[:2]:
        case ["%" | "percent", *_] | ["por", "ciento"] | ["per", "cent"]:
            return Unit.PERCENT
        case ["puntos", "porcentuales"] | ["percentage", "points" | "point"]:
            return Unit.CHANGE
    for place, word in enumerate(after[:3]):
        if unit := _unit_named(word, after[place + 1 :], before):
            return unit
    if set(before[:2]) & v.PERIOD_WORDS:
        return Unit.PERIOD
    if set(before[:2]) & v.COMING_WORDS:
        return Unit.COMING
    return _unit_of_verb(before) or Unit.UNKNOWN


def _unit_named(word: str, following: list[str], before: list[str]) -> Unit | None:
    if word in v.ANSWER_NOUNS:
        said = following[:2]
        if any(one in v.RIGHT_ADJECTIVES for one in said):
            return Unit.RIGHT
        if any(one in v.WRONG_ADJECTIVES for one in said):
            return Unit.WRONG
        return _unit_of_verb(before) or Unit.ANSWERS
    if word in v.DAY_NOUNS:
        return _unit_of_days(following, before)
    nouns = {
        Unit.SESSIONS: v.SESSION_NOUNS,
        Unit.POINTS: v.POINT_NOUNS,
        Unit.PLAN: v.PLAN_NOUNS,
        Unit.RIGHT: v.RIGHT_WORDS,
        Unit.WRONG: v.WRONG_WORDS,
    }
    return next((unit for unit, names in nouns.items() if word in names), None)


def _unit_of_days(following: list[str], before: list[str]) -> Unit:
    if set(following[:3] + before[:3]) & v.STREAK_WORDS:
        return Unit.STREAK
    if set(before[:2] + following[:1]) & v.PAUSE_WORDS:
        return Unit.PAUSE
    if set(before[:2]) & v.COMING_WORDS:
        return Unit.COMING
    return Unit.PERIOD if set(before[:2] + following[:1]) & v.PERIOD_WORDS else Unit.DAYS


def _unit_of_verb(before: list[str]) -> Unit | None:
    for word in before[:3]:  # the nearest first
        if word in v.RIGHT_VERBS:
            return Unit.RIGHT
        if word in v.WRONG_VERBS:
            return Unit.WRONG
        if word in v.ANSWERED_VERBS:
            return Unit.ANSWERS
    return None


def _after(clause: Sequence[Token], position: int) -> list[str]:
    return _until_break(clause[position : position + NEAR + 1])


def _before(clause: Sequence[Token], position: int) -> list[str]:
    """The nearest word first."""
    return _until_break(clause[max(0, position - NEAR) : position][::-1])


def _until_break(tokens: Sequence[Token]) -> list[str]:
    words: list[str] = []
    for token in tokens:
        if token.is_number or token.theme_key or token.folded in v.BREAKS:
            break
        words.append(token.folded)
    return words


# --- Comparing ----------------------------------------------------------------------------------------------------
def _is_before(claim: Claim, clause: Sequence[Token], claims: list[Claim]) -> bool:
    """Whether a number is about the period before: "del 52 % al 67 %", "antes era el 52 %"."""
    percents = [one for one in claims if one.unit == Unit.PERCENT]
    if len(percents) == 2:
        first, second = (set(_before(clause, one.start)[:2]) for one in percents)
        if first & {"del", "from"} and second & {"al", "to"}:
            return claim == percents[0]
    if not any(token.folded in v.BEFORE_WORDS for token in clause if token.is_word):
        return False
    return len(claims) == 1 or bool(set(_before(clause, claim.start)) & v.BEFORE_WORDS)


def _fits(claim: Claim, area: Area, clause: Sequence[Token], *, is_before: bool) -> bool:
    score = area.before if is_before else area.now
    if not score.answered:
        return False
    value = claim.values[0]
    match claim.unit:
        case Unit.PERCENT:
            return value in percents_of(score)
        case Unit.CHANGE:
            return area.change is not None and value == abs(area.change)
        case Unit.PAIR:
            return claim.values == _pair(score, {token.folded for token in clause if token.is_word})
        case Unit.RIGHT:
            return value == score.correct
        case Unit.WRONG:
            return value == score.wrong
        case _:
            return value == score.answered


def _pair(score: Score, words: set[str]) -> tuple[Decimal, ...]:
    """What "x of y" must say: right ones or wrong ones, by the words around it; () when both are spoken of."""
    wrong, right = bool(words & v.WRONG_WORDS), bool(words & v.RIGHT_WORDS)
    if wrong and right:
        return ()
    return Decimal(score.wrong if wrong else score.correct), Decimal(score.answered)


def percents_of(score: Score) -> set[Decimal]:
    """The accuracy as it may be written: as shown, or with one or two decimals."""
    return {Decimal(score.percent), score.accuracy, score.accuracy.quantize(Decimal("0.1"), ROUND_HALF_UP)}
