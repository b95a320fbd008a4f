"""The challenges that were made ahead for a schedule and wait for their day."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from learning.models import Challenge, ChallengeSchedule

State = Challenge.State


def upcoming(schedule_ids: Iterable[int]) -> "QuerySet[Challenge]":
    """By schedule, the one to be delivered next first."""
    rows: QuerySet[Challenge] = Challenge.objects.filter(schedule__in=list(schedule_ids), state=State.UPCOMING)
    return rows.order_by("schedule_id", "created_at", "id")


def used_up(challenge: Challenge) -> None:
    """A challenge is being opened, answered or deleted; `challenge` as it was before. If it was the one made ahead for
    a schedule, the next is to be made."""
    if challenge.state != State.UPCOMING or challenge.schedule_id is None:
        return
    left = Challenge.objects.filter(schedule=OuterRef("pk"), state=State.UPCOMING).exclude(pk=challenge.pk)
    schedule = ChallengeSchedule.objects.filter(~Exists(left), pk=challenge.schedule_id, make_at=None)
    schedule.update(make_at=timezone.now(), make_attempts=0)


def make_now(schedule_ids: Iterable[int]) -> None:
    """Let the next challenge of these schedules be made soon, also where that was put off."""
    ids = list(schedule_ids)
    if ids:
        ChallengeSchedule.objects.filter(pk__in=ids).update(make_at=timezone.now(), make_attempts=0)


def let_go(schedule_id: int) -> None:
    """What was made for a schedule is the learner's own from now on: questions that can be answered at once."""
    upcoming([schedule_id]).update(state=State.ACTIVE, schedule=None)
