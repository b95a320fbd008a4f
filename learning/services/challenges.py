"""Challenges: made, delivered, opened, answered, deleted."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.tokens import TokenUser
from learning.generation import Asked, Draft, Order, generate
from learning.models import Challenge, ThemeShelf, UserResponse
from learning.services.upcoming import used_up
from learning.words import Level, theme_key
from metrics.services import AnswerFact, lock_totals, record_answers, unrecord_answers
from ops import statements
from ops.database import in_transaction
from ops.logs import log_business_event
from persenaut.errors import NotFound

State = Challenge.State
AVOID_LOADED = 200  # earlier questions that sources are told of; older repetitions are caught by fingerprint
ROUNDS = 5  # of generating anew, when a request beside this one stored the same question first


class QuestionNotFound(NotFound):
    message = _("Pregunta no encontrada")

    def __init__(self) -> None:
        super().__init__(details=str(self.message))


class ChallengeNotFound(NotFound):
    message = _("Reto no encontrado")


class _AlreadyAsked(Exception):
    """Some drafts are questions the learner has had: those."""


def zone_of(user: TokenUser) -> ZoneInfo:
    return ZoneInfo(user.time_zone or settings.DEFAULT_TIME_ZONE)


def language_of(user: Any) -> str:
    """The language of the questions made for a user or visitor: their setting, else the one they are answered in."""
    return getattr(user, "language", "") or get_language() or settings.LANGUAGE_CODE


def make_challenges(user: TokenUser, order: Order, *, state: str, schedule_id: int | None = None) -> list[Challenge]:
    """Generate up to `order.count` questions for a user and store them, none that they have had before.

    Generation takes seconds and holds no transaction. Raises what `generate` raises.
    """
    told = order.avoid
    for attempt in range(1, ROUNDS + 1):
        order = replace(order, avoid=(*earlier_questions(user.pk, order), *told))
        drafts = generate(order)
        try:
            challenges = store(user.pk, order, drafts, state=state, schedule_id=schedule_id, strict=attempt < ROUNDS)
        except _AlreadyAsked as exc:  # long ago, or in a request beside this one
            told = (*exc.args[0], *told)
            continue
        made = {"count": len(challenges), "origin": drafts[0].origin.value, "questionLevel": order.level.value}
        log_business_event("CHALLENGE_GENERATED", {"userId": user.pk} | made)
        return challenges
    raise AssertionError("unreachable")


def earlier_questions(user_id: int, order: Order) -> list[Asked]:
    """The user's questions of this theme and the levels of the order, newest first."""
    levels = list(Level) if order.mixed else [order.level]
    asked: list[Asked] = []
    for level in levels:  # each from the end of an index, where one query over several would sort the whole theme
        rows = Challenge.objects.of_user(user_id).in_theme(order.theme_key, level)
        rows = rows.order_by("-created_at", "-id").only("question", "options", "correct_letter")
        asked += [Asked(row.question, row.answer) for row in rows[:AVOID_LOADED]]
    return asked


@in_transaction
def store(
    user_id: int, order: Order, drafts: list[Draft], *, state: str, schedule_id: int | None, strict: bool
) -> list[Challenge]:
    """Store drafts as a user's challenges. With `strict`, raise _AlreadyAsked rather than store a question twice that
    was not meant to come again."""
    lock_totals(user_id)
    had = dict(
        Challenge.objects.filter(user_id=user_id, fingerprint__in=[draft.fingerprint for draft in drafts])
        .values_list("fingerprint")
        .annotate(Max("repeat"))
    )
    if strict and (known := [Asked(d.question, d.answer) for d in drafts if d.fingerprint in had and not d.is_repeat]):
        raise _AlreadyAsked(known)
    challenges = [
        Challenge(
            user_id=user_id,
            schedule_id=schedule_id,
            theme=order.theme,
            theme_key=order.theme_key,
            level=draft.level,
            question=draft.question,
            options=list(draft.options),
            correct_letter=draft.correct_letter,
            explanation=draft.explanation,
            origin=draft.origin,
            option_notes=list(draft.why),
            model=draft.model,
            prompt_version=draft.prompt_version,
            verification=draft.verification,
            excerpt=draft.excerpt._asdict() if draft.excerpt else None,
            raw_text=draft.raw_text,
            fingerprint=draft.fingerprint,
            repeat=had.get(draft.fingerprint, -1) + 1,
            state=state,
        )
        for draft in drafts
    ]
    Challenge.objects.bulk_create(challenges)
    for level in {challenge.level for challenge in challenges}:
        put_on_shelf(user_id, order.theme, level, sum(challenge.level == level for challenge in challenges))
    return _with_ids(challenges)


def _with_ids(challenges: list[Challenge]) -> list[Challenge]:
    """The rows with their ids: MySQL, other than MariaDB and SQLite, does not return those of a bulk insert."""
    if all(challenge.pk for challenge in challenges):
        return challenges
    which = Q()
    for challenge in challenges:
        which |= Q(fingerprint=challenge.fingerprint, repeat=challenge.repeat)
    return list(Challenge.objects.filter(which, user_id=challenges[0].user_id).order_by("id"))


def put_on_shelf(user_id: int, theme: str, level: str, count: int) -> None:
    """Count `count` new questions of a theme and level. The caller holds the user's lock."""
    where = {"user_id": user_id, "theme_key": theme_key(theme), "level": level}
    latest = {"theme": theme, "last_created": timezone.now()}
    if not ThemeShelf.objects.filter(**where).update(questions=F("questions") + count, **latest):
        ThemeShelf.objects.create(**where, questions=count, **latest)


@in_transaction
def answer_challenge(
    user: TokenUser, challenge_id: int, *, letter: str, response_time: Decimal
) -> tuple[UserResponse, Challenge]:
    """Grade the answer to a challenge outside a session, once; a second answer changes nothing and gets the first
    one's result. QuestionNotFound for an unknown or foreign challenge."""
    lock_totals(user.pk)  # a double tap sends two requests: the second waits here, then finds the first one's answer
    challenge = statements.first(Challenge, id=challenge_id, user_id=user.pk)
    if challenge is None or challenge.hidden_at is not None:
        raise QuestionNotFound
    if given := statements.first(UserResponse, challenge_id=challenge_id, attempt=1):
        return given, challenge
    now = timezone.now()
    response = UserResponse(
        user_id=user.pk,
        challenge=challenge,
        selected_letter=letter,
        is_correct=letter == challenge.correct_letter,
        response_time=response_time,
        day=now.astimezone(zone_of(user)).date(),
        created_at=now,
    )
    statements.insert(response)
    statements.update(Challenge, {"id": challenge.pk}, {}, state=State.COMPLETED)
    used_up(challenge)
    record_answers(user.pk, [fact_of(challenge, response)])
    return response, challenge


def fact_of(challenge: Challenge, answer: Any) -> AnswerFact:
    return AnswerFact(challenge.theme, challenge.theme_key, challenge.level, answer.day, answer.is_correct)


@in_transaction
def start_challenge(user: TokenUser, challenge_id: int) -> None:
    """Open a delivered challenge. Opening it again, or one already answered, changes nothing."""
    mine = Challenge.objects.of_user(user.pk).visible().filter(pk=challenge_id)
    if mine.filter(state=State.PENDING).update(state=State.ACTIVE):
        return
    challenge = mine.only("state", "schedule_id").first()
    if challenge is None:
        raise ChallengeNotFound
    if mine.filter(state=State.UPCOMING).update(state=State.ACTIVE):
        used_up(challenge)


@in_transaction
def delete_challenge(user: TokenUser, challenge_id: int) -> None:
    """Delete one question of a user with its answers. Points already earned are kept."""
    lock_totals(user.pk)
    # Locked: a delivery recorded meanwhile would keep it from being deleted.
    challenge = Challenge.objects.of_user(user.pk).select_for_update().filter(pk=challenge_id).first()
    if challenge is None:
        raise ChallengeNotFound
    answers = [*challenge.responses.filter(is_void=False), *challenge.intensive_responses.filter(is_void=False)]
    unrecord_answers(user.pk, [fact_of(challenge, answer) for answer in answers])
    shelf = ThemeShelf.objects.of_user(user.pk).in_theme(challenge.theme_key, challenge.level)
    if challenge.hidden_at is None:  # a reported one is off the shelf already
        shelf.update(questions=F("questions") - 1)
        shelf.filter(questions=0).delete()
    challenge.delete()
    used_up(challenge)
