"""What to work on next, by the figures: which theme on which level, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tutor.figures import ENOUGH, LEVELS, READY_TO_RISE, STRONG, Area, Figures

STEP_DOWN = 40  # per cent: below it an easier level comes first
RISE_ANSWERS = 5  # before an accuracy says that a level is too easy
# How many challenges a step asks for at a time: enough to notice a difference, few enough to be done in ten minutes.
REVIEW, RISE, TASTE = 5, 3, 3

LONG_PAUSE = 7  # days
FEW_ANSWERS = 10
MANY_WRONG = 5  # in one theme
RARE_DAYS = 2  # of seven


class Why(StrEnum):
    WEAK = "weak"  # practise what fails
    EASIER = "easier"  # the same, one level down
    RISE = "rise"  # too easy by now
    COLLECT = "collect"  # too few answers to say anything
    KEEP = "keep"  # fine; do not lose it
    RESUME = "resume"  # nothing in this range


@dataclass(frozen=True, slots=True)
class Step:
    why: Why
    theme: str
    theme_key: str
    level: str  # where to practise now; "" on any
    count: int  # challenges
    area: Area | None = None  # the evidence


def steps(figures: Figures) -> list[Step]:
    """The most needed first. Empty for a learner without any answer."""
    if not figures.now.answered:
        return list(_resuming(figures))
    return [*_weak(figures), *_rising(figures), *_collecting(figures), *_keeping(figures)]


def _resuming(figures: Figures) -> Iterator[Step]:
    """What was weak in the range before; or, when that says nothing, what was practised last."""
    weak = [area for area in figures.areas if area.before.is_enough and not area.before.reaches(STRONG)]
    if weak:
        area = min(weak, key=lambda area: (area.before.accuracy, -area.before.answered, area.theme_key))
        yield Step(Why.RESUME, area.theme, area.theme_key, area.level, REVIEW, area)
    elif latest := figures.latest:
        yield Step(Why.RESUME, latest.theme, latest.theme_key, latest.level, REVIEW)


def _weak(figures: Figures) -> Iterator[Step]:
    """One step for each weak theme, on the easiest of its weak levels: the base first."""
    for key in dict.fromkeys(area.theme_key for area in figures.weak):
        of_theme = [area for area in figures.weak if area.theme_key == key]
        area = min(of_theme, key=lambda area: _rank(area.level))
        below = easier(area.level)
        if below and not area.now.reaches(STEP_DOWN) and not _is_strong(figures, key, below):
            yield Step(Why.EASIER, area.theme, key, below, REVIEW, area)
        else:
            yield Step(Why.WEAK, area.theme, key, area.level, REVIEW, area)


def _rising(figures: Figures) -> Iterator[Step]:
    for area in figures.strong:
        if is_ready_to_rise(figures, area):
            yield Step(Why.RISE, area.theme, area.theme_key, harder(area.level), RISE, area)


def _collecting(figures: Figures) -> Iterator[Step]:
    for area in figures.unjudged:
        level = next(one.level for one in figures.areas if one.theme_key == area.theme_key)
        yield Step(Why.COLLECT, area.theme, area.theme_key, level, TASTE, area)


def _keeping(figures: Figures) -> Iterator[Step]:
    for area in reversed(figures.strong):  # the shakiest first
        outgrown = _is_strong(figures, area.theme_key, harder(area.level))
        if not outgrown and not is_ready_to_rise(figures, area):
            yield Step(Why.KEEP, area.theme, area.theme_key, area.level, REVIEW, area)


def is_ready_to_rise(figures: Figures, area: Area) -> bool:
    """Very good on a level, and the next one hardly tried yet."""
    above = harder(area.level)
    tried = figures.area(area.theme_key, above) if above else None
    hardly_tried = tried is None or (tried.now + tried.before).answered < ENOUGH
    return bool(above) and area.now.answered >= RISE_ANSWERS and area.now.reaches(READY_TO_RISE) and hardly_tried


def easier(level: str) -> str:
    """The next level down; "" when there is none."""
    return LEVELS[_rank(level) - 1] if _rank(level) > 0 else ""


def harder(level: str) -> str:
    """The next level up; "" when there is none."""
    return LEVELS[_rank(level) + 1] if 0 <= _rank(level) < len(LEVELS) - 1 else ""


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else -1


def _is_strong(figures: Figures, theme_key: str, level: str) -> bool:
    area = figures.area(theme_key, level)
    return area is not None and area.is_strong


def is_irregular(figures: Figures) -> bool:
    """Much practice on few days. Less than a week says nothing about that."""
    rare = 7 * figures.active_days <= RARE_DAYS * figures.span
    return figures.span >= 7 and figures.now.answered >= FEW_ANSWERS and rare


def is_regular(figures: Figures) -> bool:
    return figures.active_days >= 3 and 2 * figures.active_days >= figures.span
