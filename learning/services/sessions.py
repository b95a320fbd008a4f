"""Intensive sessions: started, answered, continued, closed once."""

import json
import random
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tokens import TokenUser
from learning.generation import NoQuestionSource, Order
from learning.models import Challenge, IntensiveResponse, IntensiveSession, ThemeShelf
from learning.services.challenges import QuestionNotFound, fact_of, language_of, make_challenges, zone_of
from learning.words import GameMode, Level, theme_key
from metrics.services import SessionFact, lock_totals, record_answers, record_session
from ops import statements
from ops.database import in_transaction
from ops.logs import log_business_event
from persenaut.errors import DomainError, NotFound

QUESTIONS = {GameMode.TIMED: 10, GameMode.SURVIVAL: 15, GameMode.NORMAL: 10}
SURVIVAL_STEP = 5  # further questions of a survival session at a time
TIMED_SECONDS = 180
IDLE_SECONDS = 600  # a session without a clock that was left open counts until this long after its last answer


class NoChallenges(NotFound):
    message = _("No hay retos para este tema")


class NoMoreChallenges(NotFound):
    message = _("No hay más retos disponibles")


class SessionNotFound(NotFound):
    message = _("Sesión no encontrada")


class IntensiveSessionNotFound(NotFound):
    message = _("Sesión intensiva no encontrada")


class SessionClosed(DomainError):
    status = 409
    code = "session_closed"
    message = _("Esta sesión ya ha terminado. Empieza otra.")


class NotSurvival(DomainError):
    code = "not_survival"
    message = _("Solo una sesión de supervivencia puede continuar.")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a client that grades by itself says: ids it calls right and wrong, and the seconds it took."""

    right: list[int]
    wrong: list[int]
    seconds: int | None


def start_session(user: TokenUser, *, theme: str, game_mode: GameMode) -> tuple[IntensiveSession, list[Challenge]]:
    """A new session and its questions: stored ones of the theme in random order, missing ones generated together.

    NoChallenges when there is none and none can be made.
    """
    challenges = gather(user, theme, QUESTIONS[game_mode], exclude=())
    if not challenges:
        raise NoChallenges
    session = IntensiveSession.objects.create(
        user_id=user.pk,
        theme=theme,
        theme_key=theme_key(theme),
        game_mode=game_mode,
        challenge_ids=[challenge.pk for challenge in challenges],
    )
    return session, challenges


def continue_survival(user: TokenUser, session_id: uuid.UUID, used: Collection[int]) -> list[Challenge]:
    """The next questions of a survival session, none that it had; NoMoreChallenges when there are none, or when the
    session has ended at a mistake."""
    session = IntensiveSession.objects.of_user(user.pk).filter(pk=session_id).first()
    if session is None:
        raise SessionNotFound
    if session.game_mode != GameMode.SURVIVAL:
        raise NotSurvival
    if session.result is not None:
        raise SessionClosed
    if session.responses.filter(is_correct=False, is_void=False).exists():
        raise NoMoreChallenges
    challenges = gather(user, session.theme, SURVIVAL_STEP, exclude={*session.challenge_ids, *used})
    if not challenges:
        raise NoMoreChallenges
    _give_out(user.pk, session_id, [challenge.pk for challenge in challenges])
    return challenges


@in_transaction
def _give_out(user_id: int, session_id: uuid.UUID, challenge_ids: list[int]) -> None:
    lock_totals(user_id)
    session = IntensiveSession.objects.get(pk=session_id)
    session.challenge_ids = list(dict.fromkeys([*session.challenge_ids, *challenge_ids]))
    session.save(update_fields=["challenge_ids"])


def gather(user: TokenUser, theme: str, count: int, *, exclude: Collection[int]) -> list[Challenge]:
    """Up to `count` questions of a theme in random order; what is not stored is generated, if anybody can."""
    stored = random_challenges(user.pk, theme_key(theme), count, exclude=exclude)
    missing = count - len(stored)
    if not missing:
        return stored
    order = Order(
        theme=theme,
        theme_key=theme_key(theme),
        level=_usual_level(user.pk, theme),
        mixed=True,
        count=missing,
        language=language_of(user),
        seconds=settings.AI_BATCH_SECONDS,
    )
    try:
        made = make_challenges(user, order, state=Challenge.State.ACTIVE)
    except NoQuestionSource:
        return stored  # a shorter session is better than none
    return [*stored, *made]


def random_challenges(user_id: int, key: str, count: int, *, exclude: Collection[int]) -> list[Challenge]:
    """Questions of a theme, at random: a stretch of their random order from a random place on, drawn from again.

    The rows read do not grow with the theme, other than with ORDER BY RAND().
    """
    rows = (
        Challenge.objects.of_user(user_id).visible().in_theme(key).exclude(pk__in=exclude).order_by("shuffle_key", "id")
    )
    place, stretch = random.getrandbits(31), 3 * count
    found = list(rows.filter(shuffle_key__gte=place)[:stretch])
    if len(found) < stretch:
        found += rows.filter(shuffle_key__lt=place)[: stretch - len(found)]
    return random.sample(found, min(count, len(found)))


def _usual_level(user_id: int, theme: str) -> Level:
    """The level the user has most questions of in this theme; the first one for a new theme."""
    shelf = ThemeShelf.objects.of_user(user_id).in_theme(theme_key(theme)).order_by("-questions", "level").first()
    return Level(shelf.level) if shelf else Level.BEGINNER


@in_transaction
def answer_in_session(
    user: TokenUser, session_id: uuid.UUID, challenge_id: int, *, letter: str, response_time: Decimal
) -> tuple[IntensiveResponse, Challenge]:
    """Grade one answer of a session, once; a second one to the same question gets the first one's result.

    Of the challenge, and of an answer given before, only what grading needs is loaded.
    """
    lock_totals(user.pk)
    found = _look_up(user.pk, session_id, challenge_id)
    if found is None:
        raise IntensiveSessionNotFound
    if found.challenge is None or challenge_id not in found.challenge_ids:
        raise QuestionNotFound
    if found.given:
        return found.given, found.challenge
    if found.is_closed:
        raise SessionClosed
    now = timezone.now()
    response = IntensiveResponse(
        user_id=user.pk,
        session_id=session_id,
        challenge_id=challenge_id,
        selected_letter=letter,
        is_correct=letter == found.challenge.correct_letter,
        response_time=response_time,
        day=now.astimezone(zone_of(user)).date(),
        created_at=now,
    )
    statements.insert(response)
    record_answers(user.pk, [fact_of(found.challenge, response)])
    return response, found.challenge


@dataclass(frozen=True, slots=True)
class _Asked:
    """A session, a question of the same user, and the answer that it may have in that session."""

    challenge_ids: list[int]
    is_closed: bool
    challenge: Challenge | None
    given: IntensiveResponse | None


# One statement written out, where Django would make and read three.
_CHALLENGE = ["id", "theme", "theme_key", "level", "correct_letter", "explanation", "option_notes"]
_LOOK_UP = """
    SELECT s.challenge_ids, s.result, r.id, r.is_correct,
        c.id, c.theme, c.theme_key, c.difficulty, c.correct_letter, c.explanation, c.option_notes
    FROM intensive_sessions s
    LEFT JOIN challenges c ON c.id = %s AND c.user_id = s.user_id AND c.hidden_at IS NULL
    LEFT JOIN intensive_responses r ON r.session_id = s.id AND r.challenge_id = c.id
    WHERE s.id = %s AND s.user_id = %s"""


def _look_up(user_id: int, session_id: uuid.UUID, challenge_id: int) -> _Asked | None:
    """What an answer is about; None when the user has no such session."""
    database = transaction.get_connection()
    ident = IntensiveSession._meta.pk.get_db_prep_value(session_id, database)
    with database.cursor() as cursor:
        cursor.execute(_LOOK_UP, [challenge_id, ident, user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    challenge_ids, result, given_id, given_right, *question, option_notes = row
    alias = database.alias
    return _Asked(
        challenge_ids=json.loads(challenge_ids),
        is_closed=result is not None and json.loads(result) is not None,
        challenge=Challenge.from_db(alias, _CHALLENGE, [*question, json.loads(option_notes)]) if question[0] else None,
        given=IntensiveResponse.from_db(alias, ["id", "is_correct"], [given_id, bool(given_right)])
        if given_id
        else None,
    )


@in_transaction
def close_session(user: TokenUser, session_id: uuid.UUID, claims: Claims) -> dict[str, Any]:
    """Score a session from its recorded answers. Closing it again returns the first result and adds nothing.

    Returns {points, accuracy, time_spent, achievements: [id]}.
    """
    lock_totals(user.pk)
    session = statements.first(IntensiveSession, id=session_id, user_id=user.pk)
    if session is None:
        raise SessionNotFound
    if session.result is not None:
        return dict(session.result)
    now = timezone.now()
    answers = statements.rows(IntensiveResponse, session_id=session.pk, is_void=False)
    if settings.EXPOSE_ANSWER_KEY:
        answers += _believe(user, session, claims, {answer.challenge_id for answer in answers}, now)
    seconds = _seconds_taken(session, answers, now)
    if settings.EXPOSE_ANSWER_KEY and claims.seconds is not None:
        seconds = claims.seconds
    fact = SessionFact(
        session_id=session.pk,
        game_mode=session.game_mode,
        theme=session.theme,
        theme_key=session.theme_key,
        answered=len(answers),
        correct=sum(answer.is_correct for answer in answers),
        time_spent=seconds,
        day=now.astimezone(zone_of(user)).date(),
        ended_at=now,
    )
    scored = record_session(user.pk, fact)
    session.finished_at = now
    session.result = {
        "points": scored.points,
        "accuracy": float(scored.accuracy),
        "time_spent": seconds,
        "achievements": [achievement.id for achievement in scored.achievements],
    }
    result: dict[str, Any] = session.result
    statements.update(IntensiveSession, {"id": session.pk}, {}, finished_at=now, result=result)
    transaction.on_commit(lambda: _tell(user.pk, fact, result))
    return result


def _believe(
    user: TokenUser, session: IntensiveSession, claims: Claims, answered: set[int], now: datetime
) -> list[IntensiveResponse]:
    """Record what a client that grades by itself claims: only for questions of this session, and only where no answer
    was recorded here. A question claimed right and wrong is wrong."""
    claimed = dict.fromkeys(claims.right, True) | dict.fromkeys(claims.wrong, False)
    ids = [pk for pk in session.challenge_ids if pk in claimed and pk not in answered]
    challenges = Challenge.objects.of_user(user.pk).in_bulk(ids)
    answers = [
        IntensiveResponse(
            user_id=user.pk,
            session=session,
            challenge_id=pk,
            is_correct=claimed[pk],
            response_time=Decimal(0),
            day=now.astimezone(zone_of(user)).date(),
            created_at=now,
            is_graded_here=False,
        )
        for pk in challenges
    ]
    IntensiveResponse.objects.bulk_create(answers)
    record_answers(user.pk, [fact_of(challenges[answer.challenge_id], answer) for answer in answers])
    return answers


def _seconds_taken(session: IntensiveSession, answers: list[IntensiveResponse], now: datetime) -> int:
    """Whole seconds from the start to the close, by our clock. A session with a clock ends with it; one that was left
    open ends a while after its last answer."""
    last = max([answer.created_at for answer in answers], default=session.created_at)
    ended = min(now, last + timedelta(seconds=IDLE_SECONDS))
    seconds = max(0, int((ended - session.created_at).total_seconds()))
    return min(seconds, TIMED_SECONDS) if session.game_mode == GameMode.TIMED else seconds


def _tell(user_id: int, fact: SessionFact, result: dict[str, Any]) -> None:
    facts = {"userId": user_id, "sessionId": str(fact.session_id), "gameMode": fact.game_mode}
    log_business_event("SESSION_FINISHED", facts | {"points": result["points"], "answered": fact.answered})
    for achievement in result["achievements"]:
        log_business_event("ACHIEVEMENT_EARNED", {"userId": user_id, "achievement": achievement})
