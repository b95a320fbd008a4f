"""When a schedule delivers next, by the learner's clock.

A local time that daylight saving skips or repeats is read as RFC 5545 (3.3.5) reads it: a skipped one with the offset
from before the gap, a repeated one as its first occurrence.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from learning.models import ChallengeSchedule

Frequency = ChallengeSchedule.Frequency


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which a clock in `zone` shows this day and time."""
    return datetime.combine(day, clock.replace(fold=0), zone).astimezone(UTC)


def first_delivery(clock: time, zone: ZoneInfo, now: datetime) -> tuple[date, datetime]:
    """The next time it is `clock` in `zone` after `now`: the local date, and the moment."""
    today = now.astimezone(zone).date()
    day = today if instant(today, clock, zone) > now else today + timedelta(days=1)
    return day, instant(day, clock, zone)


def next_delivery(frequency: str, anchor: date, clock: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment after `after` at which a schedule that began on `anchor` delivers."""
    step = max(0, _periods_before(frequency, anchor, after.astimezone(zone).date()) - 1)
    while True:
        moment = instant(nth_day(frequency, anchor, step), clock, zone)
        if moment > after:
            return moment
        step += 1


def moved_delivery(
    frequency: str, day: date, clock: time, zone: ZoneInfo, now: datetime, *, had_today: bool
) -> datetime:
    """The next delivery of a schedule whose hour was changed, when `day` was its next one.

    Its period keeps its date and so its one delivery: at an hour that has passed by now it is due at once. Only a daily
    one that would have come tomorrow may come today, unless the learner has had today's.
    """
    today = now.astimezone(zone).date()
    if frequency == Frequency.DAILY and day == today + timedelta(days=1) and not had_today:
        moment = instant(today, clock, zone)
        if moment > now:
            return moment
    return instant(day, clock, zone)


def nth_day(frequency: str, anchor: date, step: int) -> date:
    """The local date of the delivery `step` periods after the first. A monthly one on the 31st comes on the last day of
    a shorter month."""
    if frequency == Frequency.DAILY:
        return anchor + timedelta(days=step)
    if frequency == Frequency.WEEKLY:
        return anchor + timedelta(weeks=step)
    years, month = divmod(anchor.month - 1 + step, 12)
    year, month = anchor.year + years, month + 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def _periods_before(frequency: str, anchor: date, today: date) -> int:
    """About how many deliveries lie before today: where the search begins, so that years of them cost nothing."""
    if frequency == Frequency.MONTHLY:
        return (today.year - anchor.year) * 12 + today.month - anchor.month
    return (today - anchor).days // (1 if frequency == Frequency.DAILY else 7)
