"""Scheduled challenges arrive: what is due is handed over, what comes next is made ahead, what was missing follows.

Any number of processes may do this at once. One transaction hands over a batch: each schedule moves on to its next
moment (an update that names the old one, so that it is claimed once), its challenge becomes pending, the moment is
written down in `deliveries` (whose constraint would refuse it a second time) and the mail about it is put into the
outbox. None of that waits for a language model or a mail server. A moment for which no challenge is ready is written
down as waiting, one for a schedule: after an outage, be it of ours or of the model, nobody is sent a pile.

Locks are taken in this order: schedules, challenges, users (by the foreign key of the outbox).
"""

import logging
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.tokens import speaking_for
from learning.calendar import next_delivery
from learning.generation import Order
from learning.models import Challenge, ChallengeSchedule, Delivery
from learning.services.challenges import make_challenges
from learning.services.upcoming import upcoming
from learning.words import Level
from ops import outbox, prometheus
from ops.budget import paid_by
from ops.database import Conflict, ask, in_transaction, unclaimed
from ops.logs import log_business_event, log_error
from persenaut.errors import DomainError

logger = logging.getLogger(__name__)
State = Challenge.State
Stopping = Callable[[], bool]

MAIL = "challenge_delivered"  # the kind of mail
MAIL_USEFUL_FOR = timedelta(days=3)
BATCH = 50  # schedules of one transaction
LATE_AFTER = timedelta(minutes=15)
BROKEN_PAUSE = timedelta(hours=1)  # of a schedule whose next moment cannot be told
MAKING = timedelta(minutes=10)  # longer than making one challenge can take
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)  # between attempts to make one

# What can come of a due moment, and of an attempt to make a challenge.
DELIVERED, WAITING, SKIPPED, REPEATED, BROKEN = "delivered", "waiting", "skipped", "repeated", "broken"
MADE, NO_SOURCE, FAILED, GONE = "made", "no_source", "failed", "gone"
COUNTED = {DELIVERED: "ok", WAITING: "waiting", BROKEN: "broken", NO_SOURCE: "no_source", FAILED: "failed"}


def never() -> bool:
    return False


def unwatched(count: int) -> None:
    pass


# --- Handing over ----------------------------------------------------------------------------------------------------


def deliver_due(
    *, limit: int | None = None, stopping: Stopping = never, progress: Callable[[int], Any] = unwatched
) -> Counter[str]:
    """Hand over what is due, up to `limit` schedules; how many had which outcome. `progress` is told of each batch."""
    done: Counter[str] = Counter()
    while not stopping() and (limit is None or done.total() < limit):
        size = BATCH if limit is None else min(BATCH, limit - done.total())
        outcomes = deliver_batch(size, timezone.now())
        if outcomes is None:
            break
        done += Counter(outcomes)
        progress(len(outcomes))
    return done


@in_transaction
def deliver_batch(size: int, now: datetime) -> list[str] | None:
    """Hand over up to `size` schedules that are due; the outcome of each that was ours, or None when none is due."""
    due = list(unclaimed(ChallengeSchedule.objects.due(now))[:size])
    if not due:
        return None
    users = User.objects.in_bulk({row.user_id for row in due})
    outcomes: list[str] = []
    mine: list[ChallengeSchedule] = []
    for row in due:
        user = users.get(row.user_id)
        if user is None:
            continue  # deleted meanwhile, and with them the schedule
        moment = _moment_after(row, user, now)
        seen = ChallengeSchedule.objects.filter(pk=row.pk, is_active=True, next_delivery=row.next_delivery)
        if not seen.update(next_delivery=moment or now + BROKEN_PAUSE):
            continue  # another process was quicker
        if moment is None:
            outcomes.append(BROKEN)
        elif not user.is_active:
            outcomes.append(SKIPPED)
        else:
            mine.append(row)
    outcomes += _deliver(mine, users, now)
    _count_on_commit(outcomes)
    return outcomes


def _moment_after(row: ChallengeSchedule, user: User, now: datetime) -> datetime | None:
    """When the schedule delivers next; None when that cannot be told."""
    try:
        return next_delivery(row.frequency, row.anchor, row.delivery_time, user.zone, now)
    except Exception as exc:  # a time zone that is none any more, say: one schedule must not hold up all others
        log_error(exc, {"component": "delivery", "scheduleId": row.pk})
        return None


def _deliver(rows: list[ChallengeSchedule], users: dict[int, User], now: datetime) -> list[str]:
    """Write down the due moments of these schedules, locked by us, and hand over what is ready for them."""
    if not rows:
        return []
    ids = [row.pk for row in rows]
    given = set(
        Delivery.objects.filter(schedule__in=ids, due_at__in={row.next_delivery for row in rows}).values_list(
            "schedule_id", "due_at"
        )
    )
    waiting = set(Delivery.objects.filter(schedule__in=ids, delivered_at=None).values_list("schedule_id", flat=True))
    ready = _oldest_ready(ids)
    outcomes, handed, lacking = [], [], []
    for row in rows:
        if (row.pk, row.next_delivery) in given:  # the clock was set so that this moment comes again
            outcomes.append(REPEATED)
            continue
        challenge_id, is_last = ready.get(row.pk, (None, True))
        if is_last:
            lacking.append(row.pk)
        outcomes.append(DELIVERED if challenge_id else WAITING)
        if challenge_id or row.pk not in waiting:
            handed.append((row, Delivery(schedule=row, due_at=row.next_delivery, challenge_id=challenge_id)))
    _hand_over([(row, delivery) for row, delivery in handed if delivery.challenge_id], users, now)
    Delivery.objects.bulk_create([delivery for _row, delivery in handed])
    ChallengeSchedule.objects.filter(pk__in=lacking, make_at=None).update(make_at=now, make_attempts=0)
    return outcomes


def _oldest_ready(schedule_ids: list[int]) -> dict[int, tuple[int, bool]]:
    """{schedule: (its challenge to be delivered now, whether that is the last one ready)}"""
    ready: dict[int, tuple[int, bool]] = {}
    for schedule_id, challenge_id in upcoming(schedule_ids).values_list("schedule_id", "id"):
        first, _is_last = ready.get(schedule_id, (challenge_id, True))
        ready[schedule_id] = first, first == challenge_id
    return ready


def _hand_over(handed: list[tuple[ChallengeSchedule, Delivery]], users: dict[int, User], now: datetime) -> None:
    """Make the challenges of these deliveries pending, and put the mail about them into the outbox. The caller stores
    the deliveries."""
    mails = []
    for row, delivery in handed:
        delivery.delivered_at = now
        user = users[row.user_id]
        if user.wants_email:
            facts = {"theme": row.theme, "level": row.level}
            mails.append(outbox.draft(user.pk, MAIL, facts, language=row.language, useful_for=MAIL_USEFUL_FOR))
        _tell_on_commit(row, delivery)
    ids = [delivery.challenge_id for _row, delivery in handed if delivery.challenge_id]
    # Not locked when they were read: by their index that is the other way round than everybody else locks them.
    ready = Challenge.objects.filter(pk__in=ids, state=State.UPCOMING)
    if ready.update(state=State.PENDING, delivered_at=now) != len(ids):
        raise Conflict  # one was opened, answered or deleted meanwhile
    outbox.store(mails)


def _tell_on_commit(row: ChallengeSchedule, delivery: Delivery) -> None:
    late = int((delivery.delivered_at - delivery.due_at).total_seconds())  # type: ignore[operator]
    facts = {"userId": row.user_id, "scheduleId": row.pk, "challengeId": delivery.challenge_id, "secondsLate": late}
    transaction.on_commit(lambda: log_business_event("CHALLENGE_DELIVERED", facts))


def _count_on_commit(outcomes: list[str]) -> None:
    for outcome, count in Counter(outcomes).items():
        if word := COUNTED.get(outcome):
            transaction.on_commit(lambda word=word, count=count: prometheus.delivered(word, count))  # type: ignore[misc]


# --- Making ahead ----------------------------------------------------------------------------------------------------


def make_ahead(
    *, limit: int | None = None, stopping: Stopping = never, progress: Callable[[int], Any] = unwatched
) -> Counter[str]:
    """Make the next challenge of every schedule that lacks one, and hand it over where a delivery waits for it; how
    many attempts had which outcome. Each is put off when it fails, so this ends."""
    done: Counter[str] = Counter()
    while not stopping() and (limit is None or done[MADE] + done[NO_SOURCE] + done[FAILED] < limit):
        row = claim_making(timezone.now())
        if row is None:
            break
        done += Counter(make_for(row))
        progress(1)
    return done


@in_transaction
def claim_making(now: datetime) -> ChallengeSchedule | None:
    """A schedule for which a challenge is to be made now, put off for everybody else for as long as that may take."""
    for row in unclaimed(ChallengeSchedule.objects.lacking(now))[:1]:
        seen = ChallengeSchedule.objects.filter(pk=row.pk, make_at=row.make_at)
        row.make_at = now + MAKING
        if seen.update(make_at=row.make_at):
            return row  # type: ignore[no-any-return]
    return None


def make_for(row: ChallengeSchedule) -> list[str]:
    """Make the next challenge of a claimed schedule, and hand it over if a delivery waits; what came of it."""
    user = User.objects.filter(pk=row.user_id, is_active=True).first()
    if user is None:
        ChallengeSchedule.objects.filter(pk=row.pk).update(make_at=None)
        return [SKIPPED]
    outcomes = []
    try:
        if not upcoming([row.pk]).exists():
            with paid_by(user.pk):
                make_challenges(speaking_for(user), order_of(row, user), state=State.UPCOMING, schedule_id=row.pk)
            outcomes.append(MADE)
    except DomainError as exc:
        return [put_off(row, NO_SOURCE, exc.code)]
    except IntegrityError:  # the schedule was deleted meanwhile
        return [GONE]
    except Exception as exc:  # whatever it is, the next schedule may fare better
        log_error(exc, {"component": "delivery", "scheduleId": row.pk})
        return [put_off(row, FAILED, type(exc).__name__)]
    return [*outcomes, *settle(row, timezone.now())]


def order_of(row: ChallengeSchedule, user: User) -> Order:
    language = user.language or row.language or settings.LANGUAGE_CODE
    return Order(theme=row.theme, theme_key=row.theme_key, level=Level(row.level), language=language)


def put_off(row: ChallengeSchedule, outcome: str, reason: str) -> str:
    """Try again after a while, the longer the more attempts there were; `outcome`, counted."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.make_attempts, 10)) * random.uniform(0.8, 1.0)
    attempt = row.make_attempts + 1
    ChallengeSchedule.objects.filter(pk=row.pk).update(make_at=timezone.now() + pause, make_attempts=attempt)
    prometheus.delivered(COUNTED[outcome])
    logger.warning("challenge not made", extra={"scheduleId": row.pk, "reason": reason, "attempt": attempt})
    return outcome


@in_transaction
def settle(made_for: ChallengeSchedule, now: datetime) -> list[str]:
    """A challenge of the schedule `made_for`, as it was then, is ready: hand it over if a delivery waits for it."""
    row = ChallengeSchedule.objects.select_for_update().filter(pk=made_for.pk).first()
    if row is None:
        return [GONE]
    if (row.theme_key, row.level) != (made_for.theme_key, made_for.level):  # changed meanwhile, after it was made
        strangers = upcoming([row.pk]).exclude(theme_key=row.theme_key, level=row.level)
        strangers.update(state=State.ACTIVE, schedule=None)
    ready = _oldest_ready([row.pk])
    waits = Delivery.objects.filter(schedule=row, delivered_at=None).order_by("due_at").first()
    challenge_id, is_last = ready.get(row.pk, (None, True))
    outcomes = []
    if challenge_id and waits and row.is_active:
        waits.challenge_id = challenge_id
        _hand_over([(row, waits)], User.objects.in_bulk([row.user_id]), now)
        waits.save(update_fields=["challenge", "delivered_at"])
        outcomes.append(DELIVERED)
        _count_on_commit(outcomes)
    lacks = is_last if outcomes else not ready
    row.make_at, row.make_attempts = now if lacks else None, 0
    row.save(update_fields=["make_at", "make_attempts"])
    return outcomes


# --- Is it well? -----------------------------------------------------------------------------------------------------


def check_deliveries() -> Any:
    """For the health page: whether somebody delivers."""
    late = ChallengeSchedule.objects.active().filter(next_delivery__lt=timezone.now() - LATE_AFTER)
    return gettext_lazy("Hay entregas de retos que llevan más de 15 minutos de retraso.") if ask(late.exists) else ""


def summary(done: Counter[str]) -> str:
    """One line about a pass."""
    parts = [f"{done[DELIVERED]} delivered", f"{done[MADE]} made ahead"]
    rest = {
        WAITING: "waiting for a challenge",
        NO_SOURCE: "without a source, to be tried again",
        FAILED: "failed, to be tried again",
        BROKEN: "whose next moment cannot be told",
        SKIPPED: "of users who are switched off",
        REPEATED: "that had been delivered before",
    }
    return "challenges: " + ", ".join([*parts, *(f"{done[word]} {text}" for word, text in rest.items() if done[word])])
