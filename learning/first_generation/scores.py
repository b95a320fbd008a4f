"""Scores of sessions. What a learner was shown stays: the points and the accuracy of the first row of each session.

How many questions were answered and how many right is taken from the answers that were recorded, graded again; from
the session's own row when that knows of more answers. A session that was finished and has no score gets one by
today's rules: the old service lost it between two writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from learning.first_generation.ledger import Batch, user_of
from learning.first_generation.reading import Row
from learning.first_generation.steps import Person, Run, Step, time_of
from learning.first_generation.values import LeftOut, Notes, counted, game_mode, number, text, theme
from learning.models import IntensiveResponse, IntensiveSession
from learning.words import theme_key
from metrics.models import SessionScore, UserAchievement
from metrics.scoring import ACHIEVEMENTS, accuracy_of, points_of
from ops.fields import MAX_SECONDS

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Played:
    """A session as it is known by now: here, and in its old row."""

    session: IntensiveSession | None
    old: Row | None
    answered: int
    correct: int


class Scores(Step):
    kind = table = "session_scores"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        played = played_by(run, {_session_of(row) for row in rows})
        scored = _scored(played)

        def read(row: Row) -> tuple[SessionScore, Notes]:
            session_id = run.session_id(_session_of(row))
            owner = people.of(user_of(row))
            if session_id in scored:
                raise LeftOut("scored_again", f"{row['points_earned']} points")
            scored.add(session_id)
            return self.read(row, session_id, owner, played[session_id])

        store(batch.read(rows, read), played)

    def read(self, row: Row, session_id: UUID, owner: Person, played: Played) -> tuple[SessionScore, Notes]:
        notes = list(row.notes)
        session = played.session
        if session is None:
            notes.append(("session_missing", str(row["session_id"])))
        elif session.user_id != owner.pk:
            notes.append(("session_of_another", str(row["session_id"])))
        said = theme(row["theme"] or (session.theme if session else None), notes)
        moment = time_of(row, "created_at", _ended(session) or owner.since, notes)
        spent = row["time_spent"] if row["time_spent"] is not None else played.old and played.old["time_used"]
        return SessionScore(
            user_id=owner.pk,
            session_id=session_id,
            points=counted(row["points_earned"], "points_impossible", notes),
            answered=played.answered,
            correct=played.correct,
            accuracy=_accuracy(row["accuracy"], played, notes),
            time_spent=counted(spent, "seconds_impossible", notes, most=MAX_SECONDS),
            game_mode=game_mode(row["game_mode"] or (session.game_mode if session else None), notes),
            theme=said,
            theme_key=theme_key(said),
            day=owner.day(moment),
            created_at=moment,
        ), notes


class Unscored(Step):
    """Sessions that were finished and have no score."""

    kind = "sessions_without_score"
    table = "intensive_sessions"
    where = "completed_at IS NOT NULL"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        played = played_by(run, {row.id for row in rows})
        scored = _scored(played)
        wanting = [row for row in rows if run.session_id(row.id) not in scored]
        made = [(row, played[run.session_id(row.id)]) for row in wanting]

        def read(row: Row) -> tuple[SessionScore, Notes]:
            one = played[run.session_id(row.id)]
            if one.session is None:
                raise LeftOut("session_missing")
            return self.read(row, one.session, people.of(user_of(row)), one)

        store(batch.read([row for row, _one in made], read), played)

    def read(self, row: Row, session: IntensiveSession, owner: Person, played: Played) -> tuple[SessionScore, Notes]:
        notes: Notes = []
        spent = counted(row["time_used"], "seconds_impossible", notes, most=MAX_SECONDS)
        answers: dict[str, Any] = {"answered": played.answered, "correct": played.correct}
        points = points_of(game_mode=session.game_mode, seconds=spent, **answers)
        moment = _ended(session) or owner.since
        notes.append(("score_computed", str(points)))
        return SessionScore(
            user_id=owner.pk,
            session_id=session.pk,
            points=points,
            accuracy=accuracy_of(played.correct, played.answered),
            time_spent=spent,
            game_mode=session.game_mode,
            theme=session.theme,
            theme_key=session.theme_key,
            day=owner.day(moment),
            created_at=moment,
            **answers,
        ), notes


class Achievements(Step):
    kind = table = "user_achievements"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        users = [owner.pk for owner in people.things.values()]
        have = set(UserAchievement.objects.filter(user_id__in=users).values_list("user_id", "achievement_id"))

        def read(row: Row) -> tuple[UserAchievement, Notes]:
            owner = people.of(user_of(row))
            which, notes = text(row["achievement_id"]), list(row.notes)
            if which not in ACHIEVEMENTS:
                raise LeftOut("achievement_unknown", which)
            if (owner.pk, which) in have:
                raise LeftOut("achieved_again", which)
            have.add((owner.pk, which))
            points = counted(row["points_earned"], "points_impossible", notes)
            if row["points_earned"] is None:
                points = ACHIEVEMENTS[which].points
            moment = time_of(row, "achieved_at", owner.since, notes)
            return UserAchievement(
                user_id=owner.pk, achievement_id=which, points_earned=points, achieved_at=moment
            ), notes

        UserAchievement.objects.bulk_create(batch.read(rows, read))


def played_by(run: Run, old_ids: Iterable[Any]) -> dict[UUID, Played]:
    """The sessions with these old ids."""
    ids = {run.session_id(old_id): old_id for old_id in old_ids}
    sessions = IntensiveSession.objects.in_bulk(ids)
    olds = {run.session_id(old_id): row for old_id, row in run.old.by_id("intensive_sessions", ids.values()).items()}
    answers = IntensiveResponse.objects.filter(session_id__in=ids, is_void=False).values("session_id")
    recorded = {
        row["session_id"]: (row["answered"], row["right"])
        for row in answers.annotate(answered=Count("pk"), right=Count("pk", filter=Q(is_correct=True)))
    }
    return {pk: Played(sessions.get(pk), olds.get(pk), *_counts(olds.get(pk), *recorded.get(pk, (0, 0)))) for pk in ids}


def _session_of(score: Row) -> Any:
    """The old id of the session of a score; one that names none is a session of its own."""
    return score["session_id"] or f"score {score.id}"


def _counts(old: Row | None, answered: int, correct: int) -> tuple[int, int]:
    """How many questions of a session were answered, and how many right, by whoever knows of more answers."""
    if old is None:
        return answered, correct
    total, right = counted(old["total_questions"], "", []), counted(old["correct_answers"], "", [])
    return (total, min(right, total)) if total > answered else (answered, correct)


def _scored(played: Iterable[UUID]) -> set[UUID]:
    return set(SessionScore.objects.filter(session_id__in=list(played)).values_list("session_id", flat=True))


def _ended(session: IntensiveSession | None) -> datetime | None:
    return (session.finished_at or session.created_at) if session else None


def _accuracy(value: Any, played: Played, notes: Notes) -> Decimal:
    """As it was shown, if it can have been."""
    shown = number(value)
    if shown is not None and 0 <= shown <= 100:
        return shown.quantize(CENT, ROUND_HALF_UP)
    notes.append(("accuracy_impossible", text(value)[:40]))
    return accuracy_of(played.correct, played.answered)


def store(scores: list[SessionScore], played: dict[UUID, Played]) -> None:
    """Store scores, and close their sessions with them."""
    SessionScore.objects.bulk_create(scores)
    closed = []
    for score in scores:
        session = played[score.session_id].session
        if session is None or session.user_id != score.user_id:
            continue
        session.finished_at = session.finished_at or score.created_at
        session.result = {
            "points": score.points,
            "accuracy": float(score.accuracy),
            "time_spent": score.time_spent,
            "achievements": [],
        }
        closed.append(session)
    IntensiveSession.objects.bulk_update(closed, ["finished_at", "result"], batch_size=200)
