"""Old and new compared: for each user the sums that the old database gives, less what was left out, must be here.

The sums are made by the two databases, not by what the import remembers; of that only what was left out is believed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum

from learning.first_generation.ledger import Ledger
from learning.first_generation.reading import CannotRead, OldDatabase
from learning.first_generation.scores import Unscored
from learning.first_generation.values import MAX_WHOLE
from learning.models import Challenge, IntensiveResponse, IntensiveSession, UserResponse
from metrics.models import SessionScore, UserAchievement, UserMetrics

USERS = 1000  # at a time

SCORED_FIRST = "SELECT MIN(id) FROM session_scores GROUP BY COALESCE(session_id, CONCAT('score ', id))"
POINTS = f"LEAST(GREATEST(COALESCE(points_earned, 0), 0), {MAX_WHOLE})"


@dataclass(frozen=True, slots=True)
class UserSum:
    """One sum that each user has there and here."""

    what: str
    table: str
    old: str  # SQL: user_id, sum
    new: "QuerySet[Any]"
    of: Any = Count("pk")
    since: str = "created_at"  # what happened here after the import is not compared
    kind: str = ""  # of which rows were left out; "": none count


def sums() -> list[UserSum]:
    def rows(table: str) -> str:
        return f"SELECT user_id, COUNT(*) FROM {table}"

    answers = "SELECT s.user_id, COUNT(*) FROM intensive_responses r JOIN intensive_sessions s ON s.id = r.session_id"
    points = f"SELECT user_id, SUM({POINTS}) FROM session_scores WHERE id IN ({SCORED_FIRST})"
    questions = Challenge.objects.filter(origin=Challenge.Origin.IMPORT)
    return [
        UserSum("questions", "questions", rows("questions"), questions, kind="questions"),
        UserSum("answers", "user_responses", rows("user_responses"), UserResponse.objects.all(), kind="user_responses"),
        UserSum(
            "sessions", "intensive_sessions", rows("intensive_sessions"), IntensiveSession.objects.all(),
            kind="intensive_sessions",
        ),
        UserSum(
            "answers in sessions", "intensive_responses", answers, IntensiveResponse.objects.all(),
            kind="intensive_responses",
        ),
        UserSum("scores", "session_scores", rows("session_scores"), SessionScore.objects.all(), kind="session_scores"),
        UserSum("points", "session_scores", points, SessionScore.objects.all(), of=Sum("points")),
        UserSum(
            "achievements", "user_achievements", rows("user_achievements"), UserAchievement.objects.all(),
            since="achieved_at", kind="user_achievements",
        ),
    ]  # fmt: skip


def differences(old: OldDatabase, ledger: Ledger) -> Iterator[str]:
    """What differs, a sentence each. CannotRead before any import."""
    users = ledger.tables().get("users")
    if users is None:
        raise CannotRead("Nothing of this database was imported yet.")
    began = users.began_at
    computed = _computed(ledger)
    for one in sums():
        if old.has(one.table):
            added = computed.get(one.what, Counter())
            yield from _differences_of(one, old, ledger, began, added)
    yield from _totals(ledger)


def _differences_of(
    one: UserSum, old: OldDatabase, ledger: Ledger, began: datetime, added: "Counter[int]"
) -> Iterator[str]:
    left = ledger.left_out(one.kind) if one.kind else Counter()
    group = "s.user_id" if " s ON " in one.old else "user_id"
    with old.streamed(f"{one.old} GROUP BY {group} ORDER BY {group}") as stream:
        ahead = _Ahead(stream)
        for stretch in _stretches(ledger):
            there = ahead.up_to(stretch[-1][1])
            here = _here(one, [new for _place, _old, new in stretch], began)
            for _place, old_id, new_id in stretch:
                should, is_ = there[old_id] - left[old_id] + added[old_id], here[new_id]
                if should != is_:
                    yield (
                        f"user {old_id} (here {new_id}), {one.what}: {there[old_id]} there, {left[old_id]} left out, "
                        f"{added[old_id]} added, so {should} should be here; {is_} are"
                    )


class _Ahead:
    """A stream of (user, sum), by user, of which a stretch is taken at a time."""

    def __init__(self, stream: Iterator[tuple[Any, ...]]) -> None:
        self._stream = stream
        self._next = next(stream, None)

    def up_to(self, user_id: int) -> "Counter[int]":
        taken: Counter[int] = Counter()
        while self._next is not None and (self._next[0] is None or self._next[0] <= user_id):
            if self._next[0] is not None:
                taken[int(self._next[0])] = int(self._next[1] or 0)
            self._next = next(self._stream, None)
        return taken


def _stretches(ledger: Ledger) -> Iterator[list[tuple[int, int, int]]]:
    place = 0
    while stretch := ledger.users(place, USERS):
        yield stretch
        place = stretch[-1][0]


def _here(one: UserSum, user_ids: list[int], began: datetime) -> "Counter[int]":
    rows = one.new.filter(**{"user_id__in": user_ids, f"{one.since}__lt": began}).order_by()
    return Counter(dict(rows.values_list("user_id").annotate(one.of)))


def _computed(ledger: Ledger) -> dict[str, "Counter[int]"]:
    """The scores that were computed since there were none: how many, and what they add."""
    scores: Counter[int] = Counter()
    points: Counter[int] = Counter()
    for rows in ledger.remarks(Unscored.kind):
        for row in rows:
            for code, detail in row.notes:
                if code == "score_computed" and row.owner is not None:
                    scores[row.owner] += 1
                    points[row.owner] += int(detail)
    return {"scores": scores, "points": points}


def _totals(ledger: Ledger) -> Iterator[str]:
    """Totals that are not what the scores add up to."""
    for stretch in _stretches(ledger):
        ids = [new for _place, _old, new in stretch]
        kept = {row.user_id: (row.sessions, row.points) for row in UserMetrics.objects.filter(user_id__in=ids)}
        scores = SessionScore.objects.filter(user_id__in=ids).order_by().values("user_id")
        rows = scores.annotate(sessions=Count("pk"), sum=Sum("points"))
        counted = {row["user_id"]: (row["sessions"], row["sum"]) for row in rows}
        for _place, old_id, new_id in stretch:
            is_, should = kept.get(new_id, (0, 0)), counted.get(new_id, (0, 0))
            if is_ != should:
                yield (
                    f"user {old_id} (here {new_id}), totals: {is_[0]} sessions and {is_[1]} points are kept, "
                    f"{should[0]} and {should[1]} should be"
                )
