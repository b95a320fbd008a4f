"""A year of a learner who keeps at it, to look around in.

Rows are built as the services build them, with the times of then in place of now; `metrics.services` scores and counts
them as it does for everybody.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.tokens import speaking_for
from learning.calendar import instant
from learning.generation import Order, shuffled
from learning.generation.bank import Bank
from learning.models import (
    LETTERS,
    Challenge,
    IntensiveResponse,
    IntensiveSession,
    ThemeShelf,
    UserResponse,
)
from learning.services.challenges import fact_of, store
from learning.services.schedules import create_schedule
from learning.services.sessions import QUESTIONS, TIMED_SECONDS
from learning.words import GameMode, Level, theme_key
from metrics.services import SessionFact, lock_totals, record_answers, record_session
from ops.database import in_transaction

THEMES = ["Historia", "Biología", "Programación", "Música", "Geografía", "Química"]  # in the order of their discovery
DAYS, SESSIONS, SINGLE_ANSWERS, PENDING = 365, 150, 48, 3
EVENTS = SESSIONS + SINGLE_ANSWERS
MODES = {GameMode.NORMAL: 5, GameMode.TIMED: 3, GameMode.SURVIVAL: 3}  # how often, in proportion
HARDER = {Level.BEGINNER: 0.0, Level.INTERMEDIATE: 0.06, Level.ADVANCED: 0.14}
MORNING, EVENING = time(9), time(18)


@in_transaction
def live_a_year(user: User, happened: Callable[[], object]) -> None:
    """Record a year that ended yesterday, all of it or nothing; `happened` is called for each of its EVENTS."""
    lock_totals(user.pk)
    year = Year(user)
    for number, moment in enumerate(year.evenings()):
        year.play(number / SESSIONS, moment)
        happened()
    for challenge, moment in year.mornings():
        year.answer(challenge, moment)
        happened()
    year.leave_something_to_do()


class Year:
    def __init__(self, user: User) -> None:
        self.user = user
        self.random = random.Random("persenaut")  # the same year for everybody, and for every test
        self.yesterday = timezone.now().astimezone(user.zone).date() - timedelta(days=1)
        self.stock: dict[str, list[Challenge]] = {theme: [] for theme in THEMES}

    def evenings(self) -> Iterator[datetime]:
        """When sessions began, oldest first: more and more often, and on each of the last five days."""
        ago = [int(DAYS * self.random.random() ** 1.3) for _ in range(SESSIONS - 5)]
        played: Counter[int] = Counter()
        for days in sorted([*ago, 4, 3, 2, 1, 0], reverse=True):
            minutes = 40 * played[days] + self.random.uniform(0, 30)
            played[days] += 1
            yield instant(self.yesterday - timedelta(days=days), EVENING, self.user.zone) + timedelta(minutes=minutes)

    def play(self, progress: float, moment: datetime) -> None:
        """One session, `progress` (0 to 1) of the way."""
        mode = self.random.choices(list(MODES), list(MODES.values()))[0]
        theme = self.random.choice(THEMES[: 1 + int(progress * len(THEMES))])
        questions = self.questions(theme, QUESTIONS[mode], moment)
        session = IntensiveSession.objects.create(
            user_id=self.user.pk,
            theme=theme,
            theme_key=theme_key(theme),
            game_mode=mode,
            challenge_ids=[challenge.pk for challenge in questions],
            created_at=moment,
        )
        answers = []
        clock = moment
        for challenge in questions:
            seconds = max(3.0, self.random.gauss(16 - 7 * progress, 4))
            clock += timedelta(seconds=seconds)
            if mode == GameMode.TIMED and (clock - moment).total_seconds() > TIMED_SECONDS:
                break
            answer = IntensiveResponse(session=session, **self.attempt(challenge, progress, clock, seconds))
            answers.append(answer)
            if mode == GameMode.SURVIVAL and not answer.is_correct:
                break
        IntensiveResponse.objects.bulk_create(answers)
        record_answers(self.user.pk, [fact_of(answer.challenge, answer) for answer in answers])
        self.close(session, answers)

    def close(self, session: IntensiveSession, answers: list[IntensiveResponse]) -> None:
        ended = answers[-1].created_at + timedelta(seconds=1)
        fact = SessionFact(
            session_id=session.pk,
            game_mode=session.game_mode,
            theme=session.theme,
            theme_key=session.theme_key,
            answered=len(answers),
            correct=sum(answer.is_correct for answer in answers),
            time_spent=int((ended - session.created_at).total_seconds()),
            day=answers[-1].day,
            ended_at=ended,
        )
        scored = record_session(self.user.pk, fact)
        session.finished_at = ended
        session.result = {
            "points": scored.points,
            "accuracy": float(scored.accuracy),
            "time_spent": fact.time_spent,
            "achievements": [achievement.id for achievement in scored.achievements],
        }
        session.save(update_fields=["finished_at", "result"])

    def questions(self, theme: str, count: int, moment: datetime) -> list[Challenge]:
        """Questions for a session: those the learner has, and the next level's when they are too few."""
        stock = self.stock[theme]
        for level in Level:
            if len(stock) < count:
                stock += self.make(theme, level, moment)
        return self.random.sample(stock, min(count, len(stock)))

    def make(self, theme: str, level: Level, moment: datetime) -> list[Challenge]:
        """A level of a theme from the bank; none when the learner has it."""
        if any(challenge.level == level for challenge in self.stock[theme]):
            return []
        order = Order(theme=theme, theme_key=theme_key(theme), level=level, count=100)
        drafts = [shuffled(draft) for draft in Bank().draft(order)]
        made = store(self.user.pk, order, drafts, state=Challenge.State.ACTIVE, schedule_id=None, strict=True)
        for challenge in made:
            challenge.created_at = moment
        Challenge.objects.bulk_update(made, ["created_at"])
        shelf = ThemeShelf.objects.of_user(self.user.pk).in_theme(order.theme_key, level)
        shelf.update(first_created=moment, last_created=moment)
        return made

    def attempt(self, challenge: Challenge, progress: float, clock: datetime, seconds: float) -> dict[str, object]:
        """The fields that every answer has."""
        right = self.random.random() < 0.56 + 0.38 * progress - HARDER[Level(challenge.level)]
        wrong = LETTERS.replace(challenge.correct_letter, "")
        return {
            "user_id": self.user.pk,
            "challenge": challenge,
            "selected_letter": challenge.correct_letter if right else self.random.choice(wrong),
            "is_correct": right,
            "response_time": Decimal(f"{seconds:.3f}"),
            "day": clock.astimezone(self.user.zone).date(),
            "created_at": clock,
        }

    def mornings(self) -> Iterator[tuple[Challenge, datetime]]:
        """Challenges that came by schedule, each on a morning after it was made."""
        made = [challenge for stock in self.stock.values() for challenge in stock]
        for challenge in self.random.sample(made, SINGLE_ANSWERS):
            first = challenge.created_at.astimezone(self.user.zone).date() + timedelta(days=1)
            days = max(0, (self.yesterday - first).days)
            day = min(first + timedelta(days=self.random.randint(0, days)), self.yesterday)
            yield challenge, instant(day, MORNING, self.user.zone)

    def answer(self, challenge: Challenge, delivered: datetime) -> None:
        seconds = self.random.uniform(5, 40)
        clock = delivered + timedelta(minutes=self.random.uniform(1, 90))
        progress = 1 - (timezone.now() - clock).days / DAYS
        answer = UserResponse.objects.create(**self.attempt(challenge, progress, clock, seconds))
        state = {"state": Challenge.State.COMPLETED, "delivered_at": delivered}
        Challenge.objects.filter(pk=challenge.pk).update(**state)
        record_answers(self.user.pk, [fact_of(challenge, answer)])

    def leave_something_to_do(self) -> None:
        """A few delivered challenges that wait, and a schedule that brings one each morning."""
        asking, language = speaking_for(self.user), self.user.language
        schedule = create_schedule(
            asking, theme=THEMES[-1], level=Level.BEGINNER, language=language, delivery_time=MORNING
        )
        waiting = Challenge.objects.of_user(self.user.pk).in_theme(schedule.theme_key, schedule.level)
        ids = waiting.filter(state=Challenge.State.ACTIVE).values_list("pk", flat=True)[:PENDING]
        delivered = instant(self.yesterday, MORNING, self.user.zone)
        Challenge.objects.filter(pk__in=list(ids)).update(
            state=Challenge.State.PENDING, delivered_at=delivered, schedule=schedule
        )
