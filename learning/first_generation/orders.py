"""Standing orders: the questions that were `is_active` become schedules, and those questions the next they deliver.

The latest first: of several orders of one user for the same theme and level it stays, and the others are listed.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from learning.calendar import instant, next_delivery
from learning.first_generation.ledger import Batch, user_of
from learning.first_generation.reading import Row
from learning.first_generation.steps import Found, Person, Run, Step
from learning.first_generation.values import LeftOut, Notes, clock_time, level, text, theme, whole
from learning.models import Challenge, ChallengeSchedule
from learning.services.schedules import DEFAULT_DELIVERY_TIME
from learning.words import theme_key

State, Frequency = Challenge.State, ChallengeSchedule.Frequency
OLD_LANGUAGE = "es"  # the first generation spoke no other
FAR = timedelta(days=400)  # no order waits that long

Key = tuple[int, str, str]  # user, theme key, level


class Orders(Step):
    kind = "standing_orders"
    table = "questions"
    where = "is_active = 1"
    descending = True

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        mine = ChallengeSchedule.objects.filter(user_id__in=list(people.things))
        have: set[Key] = set(mine.values_list("user_id", "theme_key", "level"))
        now = timezone.now()

        def read(row: Row) -> tuple[tuple[Row, ChallengeSchedule], Notes]:
            schedule, notes = self.read(row, people.of(user_of(row)), now)
            if (key := key_of(schedule)) in have:
                raise LeftOut("order_given_again", schedule.theme)
            have.add(key)
            return (row, schedule), notes

        made = batch.read(rows, read)
        schedules = _stored([schedule for _row, schedule in made])
        challenges = run.challenges(rows, "id", "state", "schedule")
        _give_next([(row, schedules[key_of(schedule)]) for row, schedule in made], challenges)
        _give_pending(list(schedules.values()))

    def read(self, row: Row, owner: Person, now: datetime) -> tuple[ChallengeSchedule, Notes]:
        notes: Notes = []
        said = theme(row["theme"], [])  # noted with the question
        clock = clock_time(row["delivery_time"])
        if clock is None:
            notes.append(("hour_unknown", text(row["delivery_time"])[:40]))
            clock = DEFAULT_DELIVERY_TIME
        frequency = text(row["frequency"]).lower()
        if frequency not in Frequency.values:
            notes.append(("frequency_unknown", frequency[:40]))
            frequency = Frequency.DAILY
        anchor = owner.day(_anchor(row, owner, now))
        return ChallengeSchedule(
            user_id=owner.pk,
            theme=said,
            theme_key=theme_key(said),
            level=level(row["level"], []),
            frequency=frequency,
            delivery_time=clock,
            anchor=anchor,
            next_delivery=_next(frequency, anchor, clock, owner.zone, now),
            language=OLD_LANGUAGE,
            make_at=now,  # unless its next question is there
            created_at=row["created_at"] or now,
        ), notes


def key_of(row: ChallengeSchedule | Challenge) -> Key:
    return (row.user_id, row.theme_key, row.level)


def _anchor(row: Row, owner: Person, now: datetime) -> datetime:
    """A moment on the day that tells the weekday or the day of the month."""
    for moment in (row["next_delivery"], row["last_delivered"], row["created_at"]):
        if moment is not None and moment < now + FAR:
            return moment  # type: ignore[no-any-return]
    return owner.since


def _next(frequency: str, anchor: date, clock: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The next time in its rhythm. What fell due while nobody delivered is not owed."""
    first = instant(anchor, clock, zone)
    return first if first > now else next_delivery(frequency, anchor, clock, zone, now)


def _stored(schedules: list[ChallengeSchedule]) -> dict[Key, ChallengeSchedule]:
    ChallengeSchedule.objects.bulk_create(schedules)
    if all(schedule.pk for schedule in schedules):
        return {key_of(schedule): schedule for schedule in schedules}
    # MySQL, other than MariaDB and SQLite, does not return the ids of a bulk insert.
    wanted = {key_of(schedule) for schedule in schedules}
    mine = ChallengeSchedule.objects.filter(user_id__in={schedule.user_id for schedule in schedules})
    return {key_of(schedule): schedule for schedule in mine if key_of(schedule) in wanted}


def _give_next(made: list[tuple[Row, ChallengeSchedule]], challenges: Found[Challenge]) -> None:
    """Let the question of each order be the next that it delivers, unless it was answered or cannot be asked."""
    changed, ready = [], []
    for row, schedule in made:
        try:
            challenge = challenges.of(whole(row.id))
        except LeftOut:
            continue
        if challenge.state == State.ACTIVE and challenge.schedule_id is None:
            challenge.state, challenge.schedule = State.UPCOMING, schedule
            changed.append(challenge)
            ready.append(schedule.pk)
    Challenge.objects.bulk_update(changed, ["state", "schedule"], batch_size=200)
    ChallengeSchedule.objects.filter(pk__in=ready).update(make_at=None)


def _give_pending(schedules: list[ChallengeSchedule]) -> None:
    """Let what was delivered and waits for its answer know the order that brought it."""
    by_key = {key_of(schedule): schedule for schedule in schedules}
    waiting = Challenge.objects.filter(
        user_id__in={schedule.user_id for schedule in schedules}, state=State.PENDING, schedule=None
    )
    changed = []
    for challenge in waiting.filter(origin=Challenge.Origin.IMPORT).only("user_id", "theme_key", "level"):
        if schedule := by_key.get(key_of(challenge)):
            challenge.schedule = schedule
            changed.append(challenge)
    Challenge.objects.bulk_update(changed, ["schedule"], batch_size=200)
