"""When a question is wrong: reported by a learner, decided by staff, and put right for everybody who met it."""

import uuid
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.tokens import TokenUser
from learning.models import LETTERS, Challenge, IntensiveResponse, QuestionReport, RetiredQuestion, ThemeShelf
from learning.question_statistics import mark
from learning.services.challenges import ChallengeNotFound, fact_of
from learning.services.upcoming import used_up
from learning.words import fold
from metrics.services import correct_session, lock_totals, record_answers, unrecord_answers
from ops.database import in_transaction
from ops.logs import log_business_event
from persenaut.errors import DomainError

State = QuestionReport.State


class NotAnOption(DomainError):
    code = "not_an_option"


@in_transaction
def report_question(user: TokenUser, challenge_id: int, *, reason: str, comment: str = "") -> QuestionReport:
    """Put a question of the user into the staff's queue, hide it and void its answers. Reporting it again changes
    nothing. ChallengeNotFound for an unknown or foreign one."""
    lock_totals(user.pk)
    challenge = Challenge.objects.of_user(user.pk).filter(pk=challenge_id).first()
    if challenge is None:
        raise ChallengeNotFound
    report, is_new = QuestionReport.objects.get_or_create(
        challenge=challenge, defaults={"user_id": user.pk, "reason": reason, "comment": comment}
    )
    if is_new:
        _put_right(challenge, is_void=True)
        log_business_event("QUESTION_REPORTED", {"userId": user.pk, "challenge": challenge.pk, "reason": reason})
    return report


def accept(report: QuestionReport, staff_id: int) -> int:
    """The question is no good: retire it, and void its answers for everybody who met it. How many that were."""
    _retire(report.challenge)
    count = _for_everybody(report.challenge, is_void=True)
    _decide(report, State.ACCEPTED, staff_id)
    return count


def correct(report: QuestionReport, staff_id: int, *, answer: str) -> int:
    """Another of its options is right: regrade everybody who met the question. How many that were.

    No source may hand it out again, since it would come with the wrong key.
    """
    if fold(answer) not in map(fold, report.challenge.options):
        raise NotAnOption
    _retire(report.challenge)
    count = _for_everybody(report.challenge, is_void=False, answer=answer)
    _decide(report, State.CORRECTED, staff_id)
    return count


def reject(report: QuestionReport, staff_id: int) -> None:
    """The question is right: it comes back to the learner, and their answers count again."""
    _put_right_later(report.challenge_id, is_void=False)
    _decide(report, State.REJECTED, staff_id)


def retire(challenge: Challenge, staff_id: int) -> int:
    """Staff found a question wrong that nobody had to report: as `accept`, and so is an open report of it."""
    if report := _open_report(challenge):
        return accept(report, staff_id)
    _retire(challenge)
    count = _for_everybody(challenge, is_void=True)
    log_business_event("QUESTION_RETIRED", {"challenge": challenge.pk, "staff": staff_id})
    return count


def put_key_right(challenge: Challenge, staff_id: int, *, answer: str) -> int:
    """Staff found the key of a question wrong: as `correct`, and so is an open report of it."""
    if report := _open_report(challenge):
        return correct(report, staff_id, answer=answer)
    if fold(answer) not in map(fold, challenge.options):
        raise NotAnOption
    _retire(challenge)
    count = _for_everybody(challenge, is_void=False, answer=answer)
    log_business_event("QUESTION_CORRECTED", {"challenge": challenge.pk, "staff": staff_id})
    return count


def _open_report(challenge: Challenge) -> QuestionReport | None:
    return QuestionReport.objects.filter(challenge=challenge, state=State.OPEN).select_related("challenge").first()


def _retire(challenge: Challenge) -> None:
    RetiredQuestion.objects.get_or_create(fingerprint=challenge.fingerprint, defaults={"question": challenge.question})


def _decide(report: QuestionReport, state: str, staff_id: int) -> None:
    report.state, report.decided_by_id, report.decided_at = state, staff_id, timezone.now()
    report.save(update_fields=["state", "decided_by", "decided_at"])
    mark(report.challenge.fingerprint)
    log_business_event("REPORT_DECIDED", {"report": report.pk, "decision": state, "staff": staff_id})


def _for_everybody(challenge: Challenge, **change: Any) -> int:
    """Put every copy of a question right, each learner's in a transaction of its own."""
    ids = Challenge.objects.filter(fingerprint=challenge.fingerprint).order_by("pk").values_list("pk", flat=True)
    for pk in list(ids):
        _put_right_later(pk, **change)
    return len(ids)


@in_transaction
def _put_right_later(challenge_id: int, **change: Any) -> None:
    owner = Challenge.objects.filter(pk=challenge_id).values_list("user_id", flat=True).first()
    if owner is None:  # deleted meanwhile
        return
    lock_totals(owner)
    if challenge := Challenge.objects.filter(pk=challenge_id).first():
        _put_right(challenge, **change)


def _put_right(challenge: Challenge, *, is_void: bool, answer: str = "") -> None:
    """Void a question and its answers, or let them count (with another right answer): totals and scores follow.

    The caller holds the lock of the challenge's owner.
    """
    user_id = challenge.user_id
    answers: list[Any] = [*challenge.responses.all(), *challenge.intensive_responses.all()]
    counts_before = _counts(answers)
    unrecord_answers(user_id, [fact_of(challenge, one) for one in answers if not one.is_void])
    _show(challenge, is_shown=not is_void)
    if answer:
        options = [fold(option) for option in challenge.options]
        challenge.correct_letter = LETTERS[options.index(fold(answer))]
        challenge.save(update_fields=["correct_letter"])
    for one in answers:
        one.is_void = is_void
        if answer and one.selected_letter:
            one.is_correct = one.selected_letter == challenge.correct_letter
        one.save(update_fields=["is_void", "is_correct"])
    record_answers(user_id, [fact_of(challenge, one) for one in answers if not one.is_void])
    counts_after = _counts(answers)
    for session_id, (answered, correct) in counts_after.items():
        was_answered, was_correct = counts_before[session_id]
        correct_session(user_id, session_id, answered=answered - was_answered, correct=correct - was_correct)
    mark(challenge.fingerprint)


def _counts(answers: list[Any]) -> dict[uuid.UUID, tuple[int, int]]:
    """{session: (answers that count, right ones among them)}"""
    counts: dict[uuid.UUID, tuple[int, int]] = {}
    for one in answers:
        if isinstance(one, IntensiveResponse):
            answered, correct = counts.get(one.session_id, (0, 0))
            counts[one.session_id] = answered + (not one.is_void), correct + (not one.is_void and one.is_correct)
    return counts


def _show(challenge: Challenge, *, is_shown: bool) -> None:
    """Hide a challenge from its learner or bring it back, and count it on their shelf accordingly."""
    if (challenge.hidden_at is None) == is_shown:
        return
    was_upcoming = challenge.state == Challenge.State.UPCOMING
    challenge.hidden_at = None if is_shown else timezone.now()
    if was_upcoming and not is_shown:
        used_up(challenge)  # it will not be delivered
        challenge.state = Challenge.State.ACTIVE
    challenge.save(update_fields=["hidden_at", "state"])
    shelf = ThemeShelf.objects.of_user(challenge.user_id).in_theme(challenge.theme_key, challenge.level)
    shelf.update(questions=F("questions") + (1 if is_shown else -1))
