"""Sessions with their questions and answers."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts.models import User
from learning.first_generation.answers import fields_for, graded
from learning.first_generation.ledger import Batch, user_of
from learning.first_generation.reading import Row
from learning.first_generation.steps import Found, Person, Run, Step, person, time_of
from learning.first_generation.values import LeftOut, Notes, game_mode, theme, whole
from learning.models import Challenge, IntensiveResponse, IntensiveSession
from learning.words import theme_key


class Sessions(Step):
    """They keep their ids. Those that were never finished stay open."""

    kind = table = "intensive_sessions"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        ids = [run.session_id(row.id) for row in rows]
        taken = set(IntensiveSession.objects.filter(pk__in=ids).values_list("pk", flat=True))

        def read(row: Row) -> tuple[IntensiveSession, Notes]:
            session, notes = self.read(row, run.session_id(row.id), people.of(user_of(row)))
            if session.pk in taken:
                raise LeftOut("session_twice")
            taken.add(session.pk)
            return session, notes

        IntensiveSession.objects.bulk_create(batch.read(rows, read))

    def read(self, row: Row, session_id: UUID, owner: Person) -> tuple[IntensiveSession, Notes]:
        notes = list(row.notes)
        said = theme(row["theme"], notes)
        finished: datetime | None = row["completed_at"]
        session = IntensiveSession(
            id=session_id,
            user_id=owner.pk,
            theme=said,
            theme_key=theme_key(said),
            game_mode=game_mode(row["game_mode"], notes),
            created_at=time_of(row, "created_at", finished or owner.since, notes),
            finished_at=finished,
        )
        if str(session_id) != str(row.id).lower():
            notes.append(("session_renamed", str(session_id)))
        return session, notes


class Links(Step):
    """The questions that a session gave out."""

    kind = table = "session_challenges"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        known = _Known(run, rows, "challenge_id")

        def read(row: Row) -> tuple[None, Notes]:
            session, challenge = known.pair(row)
            if not known.give_out(session, challenge):
                raise LeftOut("question_given_twice", row["challenge_id"])
            return None, row.notes

        batch.read(rows, read)
        known.save()


class SessionAnswers(Step):
    """The first answer to a question of a session counts, as it does here; further ones are listed."""

    kind = table = "intensive_responses"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        known = _Known(run, rows, "question_id", *fields_for(rows))
        people = _owners(known.sessions.values())
        mine = IntensiveResponse.objects.filter(session_id__in=known.sessions)
        answered = set(mine.values_list("session_id", "challenge_id"))
        # Whose they are, for the report; answers do not say it themselves.
        olds = run.old.by_id("intensive_sessions", {row["session_id"] for row in rows})

        def read(row: Row) -> tuple[IntensiveResponse, Notes]:
            session, challenge = known.pair(row)
            if (session.pk, challenge.pk) in answered:
                raise LeftOut("answered_again", row["question_id"])
            answered.add((session.pk, challenge.pk))
            known.give_out(session, challenge)
            fields, notes = graded(row, challenge, people[session.user_id])
            # What was chosen was graded here; otherwise it is the client's claim.
            fields["is_graded_here"] = bool(fields["selected_letter"])
            return IntensiveResponse(
                user_id=session.user_id, session=session, challenge_id=challenge.pk, **fields
            ), notes

        def owner(row: Row) -> int | None:
            old = olds.get(row["session_id"])
            return user_of(old) if old else None

        IntensiveResponse.objects.bulk_create(batch.read(rows, read, owner))
        known.save()


class _Known:
    """The sessions and challenges that rows are about."""

    def __init__(self, run: Run, rows: list[Row], column: str, *fields: str) -> None:
        self._run, self._column = run, column
        self.challenges: Found[Challenge] = run.challenges(rows, column, *fields)
        ids = {run.session_id(row["session_id"]) for row in rows}
        # Locked, for what is added to their questions.
        sessions = IntensiveSession.objects.select_for_update().only("user_id", "challenge_ids").order_by("pk")
        self.sessions: dict[UUID, IntensiveSession] = {session.pk: session for session in sessions.filter(pk__in=ids)}
        self._changed: dict[UUID, IntensiveSession] = {}

    def pair(self, row: Row) -> tuple[IntensiveSession, Challenge]:
        session = self.sessions.get(self._run.session_id(row["session_id"]))
        if session is None:
            raise LeftOut("session_missing", row["session_id"])
        challenge = self.challenges.of(whole(row[self._column]))
        if challenge.user_id != session.user_id:
            raise LeftOut("question_of_another", row[self._column])
        return session, challenge

    def give_out(self, session: IntensiveSession, challenge: Challenge) -> bool:
        """Count a challenge among a session's; whether it is new there."""
        if challenge.pk in session.challenge_ids:
            return False
        session.challenge_ids.append(challenge.pk)
        self._changed[session.pk] = session
        return True

    def save(self) -> None:
        IntensiveSession.objects.bulk_update(self._changed.values(), ["challenge_ids"], batch_size=200)


def _owners(sessions: Iterable[IntensiveSession]) -> dict[int, Person]:
    ids = {session.user_id for session in sessions}
    users = User.objects.only("time_zone", "created_at").in_bulk(ids)
    return {pk: person(user) for pk, user in users.items()}
