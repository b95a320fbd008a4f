"""Standing orders for challenges: given, changed, paused, ended."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tokens import TokenUser
from learning.calendar import first_delivery, instant, moved_delivery, next_delivery
from learning.generation import Order
from learning.models import Challenge, ChallengeSchedule, Delivery
from learning.services.challenges import zone_of
from learning.services.upcoming import let_go, make_now, upcoming
from learning.words import Level, theme_key
from metrics.services import lock_totals
from ops.database import in_transaction
from persenaut.errors import DomainError, NotFound

DEFAULT_DELIVERY_TIME = time(9)


class ScheduleNotFound(NotFound):
    message = _("Programación no encontrada")


class ScheduleExists(DomainError):
    status = 409
    code = "schedule_exists"
    message = _("Ya tienes una programación para este tema y nivel.")


def create_schedule(
    user: TokenUser,
    *,
    theme: str,
    level: Level,
    language: str,
    delivery_time: time = DEFAULT_DELIVERY_TIME,
    **options: Any,
) -> ChallengeSchedule:
    """A new standing order; ScheduleExists when there is one. Its first challenge is made by deliver_challenges."""
    now = timezone.now()
    day, moment = first_delivery(delivery_time, zone_of(user), now)
    row = ChallengeSchedule(
        user_id=user.pk,
        theme=theme,
        theme_key=theme_key(theme),
        level=level,
        language=language,
        delivery_time=delivery_time,
        anchor=day,
        next_delivery=moment,
        make_at=now,
        **options,
    )
    _store(row, force_insert=True)
    return row


@in_transaction
def schedule_challenge(
    user: TokenUser, order: Order, challenge: Challenge, *, schedule: dict[str, Any], moment: datetime
) -> ChallengeSchedule:
    """Store the standing order for the theme and level of a challenge, or change the one there is, and let the
    challenge be the next that it delivers. `moment` is its next delivery."""
    lock_totals(user.pk)
    row, _created = ChallengeSchedule.objects.update_or_create(
        user_id=user.pk,
        theme_key=order.theme_key,
        level=order.level,
        defaults={"theme": order.theme, "language": order.language, "next_delivery": moment, **schedule},
    )
    Challenge.objects.filter(pk=challenge.pk).update(schedule=row)
    if row.make_at is not None:  # a delivery may be waiting for this one
        make_now([row.pk])
    return row


@in_transaction
def change_schedule(user: TokenUser, schedule_id: int, changes: dict[str, Any]) -> ChallengeSchedule:
    """Change fields of a standing order; ScheduleExists when another has the new theme and level."""
    lock_totals(user.pk)
    row = _locked(user, schedule_id)
    old = {field: getattr(row, field) for field in (*changes, "theme_key", "level")}
    for field, value in changes.items():
        setattr(row, field, value)
    row.theme_key = theme_key(row.theme)
    changed = {field for field, before in old.items() if getattr(row, field) != before}
    _retime(row, changed, zone_of(user))
    if changed & {"theme_key", "level"}:
        let_go(row.pk)
        row.make_at, row.make_attempts = timezone.now(), 0
    _store(row)
    return row


@in_transaction
def delete_schedule(user: TokenUser, schedule_id: int) -> None:
    """End a standing order. Its questions stay."""
    lock_totals(user.pk)
    row = _locked(user, schedule_id)
    let_go(row.pk)
    row.delete()


def follow_time_zone(*, user_id: int, before: ZoneInfo, after: ZoneInfo, **signal: Any) -> None:
    """The learner's clock is another one: what was to come at nine comes at nine by that. Inside a transaction."""
    lock_totals(user_id)
    for row in ChallengeSchedule.objects.of_user(user_id).select_for_update().order_by("id"):
        # Its date stays, and so each date has one; what that makes late is due at once.
        row.next_delivery = instant(row.next_delivery.astimezone(before).date(), row.delivery_time, after)
        row.save(update_fields=["next_delivery"])


def lock_all(*, user_id: int, **signal: Any) -> None:
    """Keep everybody from adding to what belongs to a user, until the transaction ends, which deletes it."""
    lock_totals(user_id)
    lock_schedules(user_id)


def lock_schedules(user_id: int, key: str = "", level: str | None = None) -> None:
    """Keep deliver_challenges from these schedules of a user (all, or those of a theme) until the transaction ends."""
    rows = ChallengeSchedule.objects.of_user(user_id)
    rows = rows.in_theme(key, level) if key else rows
    list(rows.select_for_update().order_by("id").values_list("pk", flat=True))


def _locked(user: TokenUser, schedule_id: int) -> ChallengeSchedule:
    row = ChallengeSchedule.objects.of_user(user.pk).select_for_update().filter(pk=schedule_id).first()
    if row is None:
        raise ScheduleNotFound
    return row  # type: ignore[no-any-return]


@in_transaction
def _store(row: ChallengeSchedule, **how: Any) -> None:
    try:
        with transaction.atomic():
            row.save(**how)
    except IntegrityError as exc:  # the constraint decides, so that of two at once one wins
        raise ScheduleExists from exc


def _retime(row: ChallengeSchedule, changed: set[str], zone: ZoneInfo) -> None:
    """Set when the schedule delivers next, after these fields have changed."""
    now = timezone.now()
    if "frequency" in changed:
        row.anchor, row.next_delivery = first_delivery(row.delivery_time, zone, now)
    elif "delivery_time" in changed and row.is_active and "is_active" not in changed:
        row.next_delivery = _moved(row, zone, now)
    elif changed & {"delivery_time", "is_active"}:  # what fell into a pause is not owed
        row.next_delivery = next_delivery(row.frequency, row.anchor, row.delivery_time, zone, now)
    if "is_active" in changed:
        _pause_or_resume(row, now)


def _pause_or_resume(row: ChallengeSchedule, now: datetime) -> None:
    if not row.is_active:
        Delivery.objects.filter(schedule=row, delivered_at=None).delete()
    elif not upcoming([row.pk]).exists():
        row.make_at, row.make_attempts = now, 0


def _moved(row: ChallengeSchedule, zone: ZoneInfo, now: datetime) -> datetime:
    """The next delivery at another hour."""
    day = row.next_delivery.astimezone(zone).date()
    midnight = instant(now.astimezone(zone).date(), time(0), zone)
    today = Delivery.objects.filter(schedule=row, due_at__gte=midnight)
    return moved_delivery(row.frequency, day, row.delivery_time, zone, now, had_today=today.exists())
