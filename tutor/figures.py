"""What a learner's answers add up to within a range of days, read from the totals of `metrics`.

Four queries, whatever the history; the rows they fetch are bounded by the learner's themes and by a year of days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, Subquery, Sum

from metrics.models import AnswerDay, DayTotal
from metrics.scoring import accuracy_of

RANGES = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}  # days, today included
LEVELS = ("principiante", "intermedio", "avanzado")  # easiest first
STRONG = 60  # per cent: below it is weak
ENOUGH = 3  # answers, before anything is said about an accuracy
READY_TO_RISE = 85  # per cent: from here the next level is due
STEADY = 3  # percentage points: less than this is no trend
STREAK_DAYS = 365  # a longer streak counts as this long

MARKS = (STRONG, READY_TO_RISE, 100)


@dataclass(frozen=True, slots=True)
class Score:
    """Answers and how many of them were right."""

    answered: int = 0
    correct: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.answered + other.answered, self.correct + other.correct)

    @property
    def wrong(self) -> int:
        return self.answered - self.correct

    @property
    def is_enough(self) -> bool:
        return self.answered >= ENOUGH

    @property
    def accuracy(self) -> Decimal:
        return accuracy_of(self.correct, self.answered)

    @property
    def percent(self) -> int:
        """The accuracy as people read it: rounded, but never up to a mark that was missed (59.6 is 59, not 60)."""
        if not self.answered:
            return 0
        rounded = (200 * self.correct + self.answered) // (2 * self.answered)
        return rounded if rounded not in MARKS or self.reaches(rounded) else rounded - 1

    def reaches(self, mark: int) -> bool:
        """Whether the exact accuracy is at least `mark` per cent; never when nothing was answered."""
        return self.answered > 0 and 100 * self.correct >= mark * self.answered


@dataclass(frozen=True, slots=True)
class Area:
    """A theme on one level, or on all of them (level ""): what was answered in the range, and in the one before."""

    theme: str  # as the learner typed it last
    theme_key: str
    level: str
    now: Score
    before: Score = Score()

    @property
    def is_weak(self) -> bool:
        return self.now.is_enough and not self.now.reaches(STRONG)

    @property
    def is_strong(self) -> bool:
        return self.now.is_enough and self.now.reaches(STRONG)

    @property
    def change(self) -> int | None:
        return change(self.before, self.now)


@dataclass(frozen=True, slots=True)
class Latest:
    """What was practised last, however long ago."""

    theme: str
    theme_key: str
    level: str
    day: date


@dataclass(frozen=True)
class Figures:
    """Everything that advice may be about. Nothing in it says who the learner is."""

    time_range: str
    today: date  # where the learner lives
    areas: tuple[Area, ...] = ()  # by theme and level, most answers first
    sessions: int = 0
    points: int = 0
    active_days: int = 0
    first_day: date | None = None  # of those
    streak: int = 0  # days in a row up to today, or up to yesterday while today is still open
    practised_today: bool = False
    latest: Latest | None = None

    @property
    def days(self) -> int:
        return RANGES[self.time_range]

    @property
    def span(self) -> int:
        """The days that regularity is judged by: for who has just begun, or begun again, those since then."""
        if self.first_day is None or self.before.answered:
            return self.days
        return max(1, (self.today - self.first_day).days + 1)

    @cached_property
    def now(self) -> Score:
        return sum((area.now for area in self.areas), Score())

    @cached_property
    def before(self) -> Score:
        return sum((area.before for area in self.areas), Score())

    @property
    def change(self) -> int | None:
        """Percentage points by which the accuracy differs from the period before; None when that says nothing."""
        return change(self.before, self.now)

    def over(self, theme_key: str = "", level: str = "") -> Area:
        """What was answered in a theme, or in all of them, on one level or on all. Empty when there is nothing."""
        areas = [area for area in self.areas if theme_key in ("", area.theme_key) and level in ("", area.level)]
        now = sum((area.now for area in areas), Score())
        return Area("", theme_key, level, now, sum((area.before for area in areas), Score()))

    @property
    def pause(self) -> int:
        """Days since the last answer; 0 for somebody who never answered."""
        return max(0, (self.today - self.latest.day).days) if self.latest else 0

    @cached_property
    def themes(self) -> tuple[Area, ...]:
        """Every theme over all its levels, most answers first."""
        found: dict[str, Area] = {}
        for area in self.areas:
            known = found.get(area.theme_key) or Area(area.theme, area.theme_key, "", Score())
            found[area.theme_key] = Area(
                known.theme, known.theme_key, "", known.now + area.now, known.before + area.before
            )
        return tuple(sorted(found.values(), key=_most_answered))

    @cached_property
    def judged(self) -> tuple[Area, ...]:
        """What has answers enough to be called weak or strong: each theme by level, or else as a whole."""
        by_level = [area for area in self.areas if area.now.is_enough]
        keys = {area.theme_key for area in by_level}
        whole = [area for area in self.themes if area.theme_key not in keys and area.now.is_enough]
        return tuple(by_level + whole)

    @cached_property
    def weak(self) -> tuple[Area, ...]:
        """Lowest accuracy first."""
        found = (area for area in self.judged if area.is_weak)
        return tuple(sorted(found, key=lambda area: (area.now.accuracy, -area.now.answered, area.theme_key)))

    @cached_property
    def strong(self) -> tuple[Area, ...]:
        """Highest accuracy first."""
        found = (area for area in self.judged if area.is_strong)
        return tuple(sorted(found, key=lambda area: (-area.now.accuracy, -area.now.answered, area.theme_key)))

    @property
    def unjudged(self) -> tuple[Area, ...]:
        """Themes that were answered in the range, but too seldom to say anything."""
        return tuple(area for area in self.themes if 0 < area.now.answered < ENOUGH)

    def area(self, theme_key: str, level: str) -> Area | None:
        same = (area for area in self.areas if (area.theme_key, area.level) == (theme_key, level))
        return next(same, None)


def change(before: Score, now: Score) -> int | None:
    """From the percentages as they are shown, so that a reader's subtraction gives the same."""
    return now.percent - before.percent if before.is_enough and now.is_enough else None


def local_today(time_zone: str, now: datetime) -> date:
    """The date where the learner lives."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def load(user_id: int, time_range: str, today: date) -> Figures:
    """The learner's figures for the days of `time_range` that end today, by their own calendar."""
    start = today - timedelta(days=RANGES[time_range] - 1)
    earlier = start - timedelta(days=RANGES[time_range])
    practised = _days_practised(user_id, today - timedelta(days=STREAK_DAYS - 1))
    active = [day for day in practised if start <= day <= today]
    scored = DayTotal.objects.filter(user_id=user_id, day__gte=start)
    sums = scored.aggregate(sessions=Sum("sessions"), points=Sum("points"))
    return Figures(
        time_range=time_range,
        today=today,
        areas=_areas(user_id, start, earlier),
        sessions=sums["sessions"] or 0,
        points=sums["points"] or 0,
        active_days=len(active),
        first_day=min(active, default=None),
        streak=streak_of(practised, today),
        practised_today=today in practised,
        latest=_latest(user_id),
    )


def streak_of(practised: set[date], today: date) -> int:
    """Days in a row with practice. A day that has only begun does not break it."""
    day = today if today in practised else today - timedelta(days=1)
    length = 0
    while day in practised:
        length += 1
        day -= timedelta(days=1)
    return length


def _areas(user_id: int, start: date, earlier: date) -> tuple[Area, ...]:
    # Days after today are those of a learner who has just travelled west: they are no less theirs.
    now, before = Q(day__gte=start), Q(day__lt=start)
    rows = (
        AnswerDay.objects.filter(user_id=user_id, day__gte=earlier)
        .values("theme_key", "level", "theme")  # the spelling, too: the latest one is shown
        .annotate(
            last=Max("day"),
            answered_now=Sum("answered", filter=now, default=0),
            correct_now=Sum("correct", filter=now, default=0),
            answered_before=Sum("answered", filter=before, default=0),
            correct_before=Sum("correct", filter=before, default=0),
        )
        .order_by("last", "theme")
    )
    spelling: dict[str, str] = {}
    areas: dict[tuple[str, str], tuple[Score, Score]] = {}
    for row in rows:
        key = (row["theme_key"], row["level"])
        spelling[row["theme_key"]] = row["theme"]
        now_sum, before_sum = areas.get(key, (Score(), Score()))
        areas[key] = (
            now_sum + Score(row["answered_now"], row["correct_now"]),
            before_sum + Score(row["answered_before"], row["correct_before"]),
        )
    made = (Area(spelling[key], key, level, *scores) for (key, level), scores in areas.items())
    return tuple(sorted(made, key=_most_answered))


def _most_answered(area: Area) -> tuple[int, str, str]:
    return (-area.now.answered, area.theme_key, area.level)


def _days_practised(user_id: int, since: date) -> set[date]:
    """Days with an answer or a finished session: the second outlives its answers when a theme is deleted."""
    where = {"user_id": user_id, "day__gte": since}
    answers = AnswerDay.objects.filter(**where).values_list("day")
    sessions: Iterable[tuple[date]] = answers.union(DayTotal.objects.filter(**where).values_list("day"))
    return {day for (day,) in sessions}


def _latest(user_id: int) -> Latest | None:
    mine = AnswerDay.objects.filter(user_id=user_id)
    last = mine.order_by("-day").values("day")[:1]  # else the whole history would be sorted
    rows = mine.filter(day=Subquery(last)).order_by("-answered", "theme_key", "level")
    row = rows.values_list("theme", "theme_key", "level", "day").first()
    return Latest(*row) if row else None
