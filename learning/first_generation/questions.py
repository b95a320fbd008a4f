"""Questions become challenges. What nobody can be asked, for want of options or a key, is left out and listed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from learning.first_generation.ledger import Batch, user_of
from learning.first_generation.parsing import put_together
from learning.first_generation.reading import Row
from learning.first_generation.steps import Person, Run, Step, time_of
from learning.first_generation.values import LeftOut, Notes, level, text, theme, truth
from learning.generation.drafts import fingerprint
from learning.models import Challenge
from learning.words import theme_key

State = Challenge.State
STATES = {"pending": State.PENDING, "active": State.ACTIVE, "completed": State.COMPLETED, "answered": State.COMPLETED}


@dataclass(slots=True)
class Made:
    row: Row
    challenge: Challenge
    notes: Notes


class Questions(Step):
    kind = table = "questions"
    is_mapped = True

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        made = []
        for row in rows:
            try:
                made.append(self.read(row, people.of(user_of(row))))
            except LeftOut as reason:
                batch.leave(row.id, reason.code, reason.detail, owner=user_of(row))
        ids = _stored([one.challenge for one in made])
        for one in made:
            new_id = ids[_identity(one.challenge)]
            batch.keep(one.row.id, one.notes, new_id=new_id, owner=user_of(one.row))

    def read(self, row: Row, person: Person) -> Made:
        """LeftOut when nobody can be asked this."""
        ready = put_together(row["question"], row["options"], row["correct_answer"], row["raw_response"])
        notes = [*row.notes, *ready.notes]
        said = theme(row["theme"], notes)
        created = time_of(row, "created_at", person.since, notes)
        challenge = Challenge(
            user_id=person.pk,
            theme=said,
            theme_key=theme_key(said),
            level=level(row["level"], notes),
            question=ready.question,
            options=ready.options,
            correct_letter=ready.key,
            explanation=ready.explanation,
            origin=Challenge.Origin.IMPORT,
            raw_text=text(row["raw_response"]),
            fingerprint=fingerprint(ready.question),
            state=_state(row, notes),
            created_at=created,
        )
        if challenge.state in (State.PENDING, State.COMPLETED):
            challenge.delivered_at = _delivered(row, created)
        return Made(row, challenge, notes)


def _state(row: Row, notes: Notes) -> State:
    """A standing order's next question is active until the step `orders` gives it its place."""
    said = text(row["display_status"]).lower()
    if said and said not in STATES:
        notes.append(("state_unknown", said[:40]))
    state = STATES.get(said, State.ACTIVE)
    return State.ACTIVE if truth(row["is_active"]) and state == State.PENDING else state


def _delivered(row: Row, created: datetime) -> datetime:
    moment: datetime | None = row["last_delivered"] or row["next_delivery"]
    return max(moment, created) if moment else created


def _stored(challenges: list[Challenge]) -> dict[Any, int]:
    """Store challenges, each question of a user under the number of times that they had it before; {identity: id}."""
    mine = Challenge.objects.filter(
        user_id__in={challenge.user_id for challenge in challenges},
        fingerprint__in={challenge.fingerprint for challenge in challenges},
    )
    had: Counter[tuple[int, str]] = Counter()
    for user_id, said, repeat in mine.values_list("user_id", "fingerprint").annotate(Max("repeat")):
        had[user_id, said] = repeat + 1
    for challenge in challenges:
        key = (challenge.user_id, challenge.fingerprint)
        challenge.repeat = had[key]
        had[key] += 1
    Challenge.objects.bulk_create(challenges)
    if all(challenge.pk for challenge in challenges):
        return {_identity(challenge): challenge.pk for challenge in challenges}
    # MySQL, other than MariaDB and SQLite, does not return the ids of a bulk insert.
    return {tuple(row[1:]): row[0] for row in mine.values_list("pk", "user_id", "fingerprint", "repeat")}


def _identity(challenge: Challenge) -> Any:
    return (challenge.user_id, challenge.fingerprint, challenge.repeat)
