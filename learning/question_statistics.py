"""How good questions are, seen from their answers.

Nothing of this happens while somebody answers. Each round `mark_answered` reads which questions have new answers, and
`count_due` counts those anew, whole, from the facts; staff's decisions and reports mark a question at once. A question
is the text that copies share (their fingerprint). Of one that very many met, the last COPIES copies are counted.

*Answered*: first answers that were not voided. *Facility*: the share of right ones. *Discrimination*: the item-rest
correlation, that is the point-biserial correlation of being right with the learner's share of right answers to the
other questions of the theme, the question itself left out (Henrysson, S., 1963, Correction of item-total correlations
in item analysis, Psychometrika 28, 211-218); near 0 or below, those who know fare no better than those who do not. Only
learners with REST other answers in the theme are in it, by their totals as they are when it is counted. *Distractors
never chosen* are compared by their text, since each copy has its own order of letters. No figure stands on fewer
answers than LEAST and its neighbours say.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, Sum, Value, When
from django.utils import timezone

from learning.models import (
    LETTERS,
    Challenge,
    IntensiveResponse,
    QuestionReport,
    QuestionStatistics,
    RetiredQuestion,
    SourceStatistics,
    StatisticsCursor,
    UserResponse,
)
from learning.words import fold
from metrics.reads import answer_sums
from ops.database import in_transaction

COPIES = 20_000  # of one question that are counted at most
CHUNK = 500  # rows that one statement reads
LEAST, LEAST_PAIRS, LEAST_CHOICES = 10, 30, 30  # answers below which there is no facility, discrimination, choices
REST = 5  # other answers of a learner that make a score
LAG = timedelta(minutes=2)  # longer than any transaction that writes answers
PER_COPY = timedelta(milliseconds=600)  # a question of n copies is counted again after n times this, at the earliest
ANSWERS: list[Any] = [UserResponse, IntensiveResponse]
FIGURES = [
    "example_id", "origin", "model", "copies", "answered", "correct", "facility", "discrimination", "unchosen",
    "reports", "agreed", "is_retired", "trouble",
]  # fmt: skip
FINE = Decimal("0.0001")


def never() -> bool:
    return False


# --- What is to be counted -------------------------------------------------------------------------------------------


def mark(fingerprint: str) -> None:
    """This question was judged: count it next."""
    now = timezone.now()
    if not QuestionStatistics.objects.filter(fingerprint=fingerprint).update(due_at=now):
        QuestionStatistics.objects.bulk_create(
            [QuestionStatistics(fingerprint=fingerprint, due_at=now)], ignore_conflicts=True
        )


@in_transaction
def mark_answered(answers: Any, *, lag: timedelta = LAG, size: int = CHUNK) -> int:
    """Mark the questions of the next answers in a table (UserResponse or IntensiveResponse) that nobody has looked at;
    how many answers there were.

    Numbers are given when a row is written, not when it is committed: an answer is looked at `lag` after one with a
    higher number was seen, so that none comes in behind.
    """
    kind = answers._meta.db_table
    StatisticsCursor.objects.get_or_create(kind=kind)
    cursor = StatisticsCursor.objects.select_for_update().get(kind=kind)
    now = timezone.now()
    if cursor.last_id >= cursor.seen_id:  # all that was seen then is marked
        cursor.seen_id, cursor.seen_at = _newest(answers), now
    count = 0
    if cursor.last_id < cursor.seen_id and cursor.seen_at + lag <= now:
        last, count = _mark_stretch(answers, after=cursor.last_id, to=cursor.seen_id, size=size, now=now)
        cursor.last_id = last
    cursor.save()
    return count


def _newest(answers: Any) -> int:
    return int(answers.objects.aggregate(last=Max("pk"))["last"] or 0)


def _mark_stretch(answers: Any, *, after: int, to: int, size: int, now: datetime) -> tuple[int, int]:
    """Mark the questions of up to `size` answers above `after`; the last number that was looked at, and how many."""
    stretch = answers.objects.filter(pk__gt=after, pk__lte=to).order_by("pk")
    rows = list(stretch.values_list("pk", "challenge_id")[:size])
    chunk = {challenge for _pk, challenge in rows}
    prints = set(Challenge.objects.filter(pk__in=chunk).values_list("fingerprint", flat=True))
    known = {row.fingerprint: row for row in QuestionStatistics.objects.filter(fingerprint__in=prints)}
    for row in known.values():
        if row.due_at is None:
            row.due_at = max(now, (row.counted_at or now) + row.copies * PER_COPY)
            QuestionStatistics.objects.filter(pk=row.pk, due_at=None).update(due_at=row.due_at)
    QuestionStatistics.objects.bulk_create(
        [QuestionStatistics(fingerprint=each, due_at=now) for each in sorted(prints - known.keys())],
        ignore_conflicts=True,
    )
    return (rows[-1][0] if len(rows) == size else to), len(rows)


def count_due(*, limit: int, stopping: Callable[[], bool] = never) -> int:
    """Count up to `limit` questions that are due; how many."""
    due = QuestionStatistics.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    done = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        if stopping():
            break
        count(pk, only_due=True)
        done += 1
    return done


def refresh(*, limit: int = 200, stopping: Callable[[], bool] = never, lag: timedelta = LAG) -> int:
    """One bounded step: look at the next answers, count `limit` questions. How many answers and questions it was."""
    looked = sum(mark_answered(answers, lag=lag) for answers in ANSWERS)
    return looked + count_due(limit=limit, stopping=stopping)


def rebuild(progress: Callable[[int], Any] = lambda count: None) -> int:
    """Count every question anew, and the sums over them; how many. The cursors stay: what they come to is counted
    twice."""
    now = timezone.now()
    for answers in ANSWERS:
        after, newest = 0, _newest(answers)
        while after < newest:
            after, _count = _mark_stretch(answers, after=after, to=newest, size=CHUNK, now=now)
    total = 0
    keys = QuestionStatistics.objects.order_by("pk").values_list("pk", flat=True)
    last = 0
    while chunk := list(keys.filter(pk__gt=last)[:CHUNK]):
        for pk in chunk:
            count(pk)
        last = chunk[-1]
        total += len(chunk)
        progress(len(chunk))
    sum_sources()
    return total


# --- Counting one ----------------------------------------------------------------------------------------------------


@in_transaction
def count(pk: int, *, only_due: bool = False) -> None:
    """Count one question anew from the facts, and put the sums of its source right. It goes when no copy is left."""
    # Before anything is read: what is committed after this marks the row again.
    row = QuestionStatistics.objects.select_for_update().filter(pk=pk).first()
    if row is None or (only_due and row.due_at is None):  # another process was here first
        return
    before = _share(row)
    figures = figures_of(row.fingerprint)
    if figures is None:
        _add(row.origin, row.model, before, sign=-1)
        row.delete()
        return
    was = (row.origin, row.model)
    for name, value in figures.items():
        setattr(row, name, value)
    row.due_at, row.counted_at = None, timezone.now()
    row.save()
    after = _share(row)
    if was != (row.origin, row.model) or before != after:
        _add(*was, before, sign=-1)
        _add(row.origin, row.model, after)


@dataclass(slots=True)
class Tally:
    """What the answers to one question come to."""

    answered: int = 0
    correct: int = 0
    own: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    choices: int = 0
    chosen: set[str] = field(default_factory=set)
    is_right: list[tuple[int, str, bool]] = field(default_factory=list)

    def add(self, user_id: int, theme: str, is_correct: bool, is_first: bool, option: str) -> None:
        own = self.own[user_id, theme]
        own[0] += 1
        own[1] += is_correct
        if not is_first:
            return
        self.answered += 1
        self.correct += is_correct
        self.is_right.append((user_id, theme, is_correct))
        if option:
            self.choices += 1
            self.chosen.add(fold(option))


def figures_of(fingerprint: str) -> dict[str, Any] | None:
    """The FIGURES of a question, from the facts; None when nobody has a copy."""
    tally = Tally()
    example: Challenge | None = None
    copies = reports = 0
    below: dict[str, Any] = {}
    while copies < COPIES:
        mine = Challenge.objects.filter(fingerprint=fingerprint, **below).order_by("-pk")
        chunk = list(mine.only("pk", "user_id", "theme_key", "options", "origin", "model", "verification")[:CHUNK])
        if not chunk:
            break
        copies += len(chunk)
        example = chunk[-1]
        below = {"pk__lt": example.pk}
        ids = {copy.pk: copy for copy in chunk}
        reports += _reports(ids)
        for answers in ANSWERS:
            _read(answers, ids, tally)
    if example is None:
        return None
    right, discrimination = tally.correct, _discrimination(tally)
    facility = _fine(right / tally.answered) if tally.answered >= LEAST else None
    unchosen = None
    if tally.choices >= LEAST_CHOICES:
        unchosen = sum(fold(option) not in tally.chosen for option in example.options)
    is_retired = RetiredQuestion.objects.filter(fingerprint=fingerprint).exists()
    figures = {
        "example_id": example.pk,
        "origin": example.origin,
        "model": example.model,
        "copies": copies,
        "answered": tally.answered,
        "correct": right,
        "facility": facility,
        "discrimination": discrimination,
        "unchosen": unchosen,
        "reports": reports,
        "agreed": int(example.verification.get("agreed") or 0),
        "is_retired": is_retired,
    }
    return figures | {"trouble": trouble(figures)}


def _reports(ids: Iterable[int]) -> int:
    found = QuestionReport.objects.filter(challenge__in=list(ids)).exclude(state=QuestionReport.State.REJECTED)
    return found.count()


def _read(answers: Any, copies: dict[int, Challenge], tally: Tally) -> None:
    """Count the answers that count to these copies."""
    fields = ["user_id", "challenge_id", "is_correct", "selected_letter"]
    has_attempts = answers is UserResponse
    rows = answers.objects.filter(challenge__in=list(copies), is_void=False)
    for user_id, challenge, is_correct, letter, *attempt in rows.values_list(
        *fields, *(["attempt"] if has_attempts else [])
    ):
        copy = copies[challenge]
        option = copy.options[LETTERS.index(letter)] if letter and letter in LETTERS else ""
        tally.add(user_id, copy.theme_key, is_correct, attempt in ([], [1]), option)


def _discrimination(tally: Tally) -> Decimal | None:
    """The item-rest correlation; None while it would stand on too few, or when all fare alike."""
    scores = _rest_scores(tally)
    pairs = [
        (float(is_correct), scores[user_id, theme])
        for user_id, theme, is_correct in tally.is_right
        if (user_id, theme) in scores
    ]
    if len(pairs) < LEAST_PAIRS:
        return None
    return correlation(pairs)


def _rest_scores(tally: Tally) -> dict[tuple[int, str], float]:
    """{(user, theme): share right among the user's other answers of the theme}, where there are REST of them."""
    scores: dict[tuple[int, str], float] = {}
    users = sorted({user_id for user_id, _theme in tally.own})
    themes = sorted({theme for _user_id, theme in tally.own})
    for start in range(0, len(users), CHUNK):
        for key, (answered, correct) in answer_sums(users[start : start + CHUNK], themes).items():
            own = tally.own.get(key)
            if own and answered - own[0] >= REST:
                scores[key] = (correct - own[1]) / (answered - own[0])
    return scores


def correlation(pairs: Sequence[tuple[float, float]]) -> Decimal | None:
    """Pearson's, of (x, y); None when either does not vary."""
    mean_x = math.fsum(x for x, _y in pairs) / len(pairs)
    mean_y = math.fsum(y for _x, y in pairs) / len(pairs)
    xx = math.fsum((x - mean_x) ** 2 for x, _y in pairs)
    yy = math.fsum((y - mean_y) ** 2 for _x, y in pairs)
    xy = math.fsum((x - mean_x) * (y - mean_y) for x, y in pairs)
    if xx < 1e-12 or yy < 1e-12:
        return None
    return _fine(max(-1.0, min(1.0, xy / math.sqrt(xx * yy))))


def trouble(figures: dict[str, Any]) -> Decimal:
    """How much a question needs looking at: 0 for nothing, more is worse.

    A report weighs 1 (up to three); discrimination counts for what it lacks of 0.2 (0 to 1.2); facility for being below
    a guess among four (up to 1) or above 0.95 (up to 0.25); each distractor that nobody chooses 0.1. A retired question
    is nobody's trouble any more.
    """
    if figures["is_retired"]:
        return Decimal(0)
    total = float(min(figures["reports"], 3))
    if figures["discrimination"] is not None:
        total += max(0.0, 0.2 - float(figures["discrimination"]))
    if figures["facility"] is not None:
        facility = float(figures["facility"])
        total += max(0.0, 1 - 4 * facility) + max(0.0, 5 * (facility - 0.95))
    return _fine(total + 0.1 * (figures["unchosen"] or 0))


def _fine(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(FINE)


# --- Sums over the questions of a source -----------------------------------------------------------------------------

SUMS = [
    "questions", "answered", "correct", "discriminated", "discrimination_sum", "unchosen", "reports", "verified",
    "retired",
]  # fmt: skip


def _share(row: QuestionStatistics) -> dict[str, Any]:
    """What a question adds to the sums of its source; nothing before it was counted once."""
    if row.counted_at is None:
        return dict.fromkeys(SUMS, 0)
    return {
        "questions": 1,
        "answered": row.answered,
        "correct": row.correct,
        "discriminated": int(row.discrimination is not None),
        "discrimination_sum": row.discrimination or Decimal(0),
        "unchosen": row.unchosen or 0,
        "reports": row.reports,
        "verified": int(row.agreed > 0),
        "retired": int(row.is_retired),
    }


def _add(origin: str, model: str, share: dict[str, Any], *, sign: int = 1) -> None:
    if not any(share.values()):
        return
    change: dict[str, Any] = {name: F(name) + sign * value for name, value in share.items()}
    sums = SourceStatistics.objects.filter(origin=origin, model=model)
    if not sums.update(**change):
        SourceStatistics.objects.bulk_create([SourceStatistics(origin=origin, model=model)], ignore_conflicts=True)
        sums.update(**change)


@in_transaction
def sum_sources() -> None:
    """Add all questions up anew."""
    # Whoever counts a question meanwhile waits here, and adds what changed to what we write.
    list(SourceStatistics.objects.select_for_update().order_by("pk").values_list("pk"))

    def those(**condition: Any) -> Any:
        return Sum(Case(When(then=Value(1), **condition), default=Value(0), output_field=IntegerField()))

    sums = [
        Count("pk"), Sum("answered"), Sum("correct"), Count("discrimination"), Sum("discrimination"), Sum("unchosen"),
        Sum("reports"), those(agreed__gt=0), those(is_retired=True),
    ]  # fmt: skip
    counted = QuestionStatistics.objects.filter(counted_at__isnull=False).order_by().values("origin", "model")
    truth: Any = counted.annotate(**{f"all_{name}": total for name, total in zip(SUMS, sums, strict=True)})
    rows = [
        SourceStatistics(origin=row["origin"], model=row["model"], **{name: row[f"all_{name}"] or 0 for name in SUMS})
        for row in truth
    ]
    SourceStatistics.objects.all().delete()
    SourceStatistics.objects.bulk_create(rows)
