"""Mail on its way: written down with what it is about, sent later, tried again, given up in the end.

Whoever has something to say calls `enqueue` (or stores `draft`s) inside the transaction in which it becomes true: so
there is a mail exactly if that is committed. `send_due` sends it, in any number of processes at once. A row is claimed
by moving its `not_before` on, past the longest time that sending takes; a process that dies in between leaves a row
that is tried again after that, with the same Message-ID. The text is written at sending: a user who has changed address
or language or wants no more mail is heeded, a broken template keeps nothing from being delivered, and neither texts nor
the links in them, which are as good as passwords, stand in the database.
"""

import logging
import smtplib
import ssl
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import formatdate, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from ops.database import ask, in_transaction, unclaimed
from ops.logs import log_error
from ops.mail import Letter, message_of
from ops.models import OutboxMail

logger = logging.getLogger(__name__)
State = OutboxMail.State
Writer = Callable[[Any, dict[str, Any]], Letter | None]  # (user, facts) -> the letter, or None when it has no use now

MOST_ATTEMPTS = 10  # with the pauses between them about a day
LONGEST_PAUSE = timedelta(hours=6)
PER_CONNECTION = 50  # mails; servers end a connection after some
STUCK_AFTER = timedelta(minutes=15)
STUCK_SHOWN = timedelta(days=7)
UNREACHABLE = "unreachable"  # the mail server as a whole, not one mail

_writers: dict[str, Writer] = {}


def register(kind: str, writer: Writer) -> None:
    """Say who writes mails of this kind."""
    _writers[kind] = writer


# --- Into the outbox -------------------------------------------------------------------------------------------------


def enqueue(user_id: int, kind: str, facts: dict[str, Any], *, language: str, useful_for: timedelta) -> OutboxMail:
    """Store one mail. Call it inside the transaction that makes it true."""
    mail = draft(user_id, kind, facts, language=language, useful_for=useful_for)
    mail.save(force_insert=True)
    return mail


def draft(user_id: int, kind: str, facts: dict[str, Any], *, language: str, useful_for: timedelta) -> OutboxMail:
    """One mail, not stored yet: for those who store many at once."""
    assert kind in _writers, kind
    now = timezone.now()
    return OutboxMail(
        user_id=user_id,
        kind=kind,
        facts=facts,
        language=language,
        message_id=f"<{uuid.uuid4().hex}@{_domain()}>",
        not_before=now,
        created_at=now,
        expires_at=now + useful_for,
    )


def store(drafts: list[OutboxMail]) -> None:
    OutboxMail.objects.bulk_create(drafts)


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def send_again(mail: OutboxMail) -> bool:
    """Have a mail sent anew: whether that can be done now.

    What was sent or given up gets a second mail beside it, useful for as long as the first was. What waits is due at
    once, unless somebody may be sending it at this moment.
    """
    if mail.state != State.WAITING:
        enqueue(
            mail.user_id, mail.kind, mail.facts, language=mail.language, useful_for=mail.expires_at - mail.created_at
        )
        return True
    now = timezone.now()
    began = mail.not_before - pause(mail.attempts) if mail.attempts else mail.created_at
    if mail.attempts and now < began + pause(1):
        return False
    seen = {"pk": mail.pk, "state": State.WAITING, "attempts": mail.attempts, "not_before": mail.not_before}
    return bool(OutboxMail.objects.filter(**seen).update(not_before=now))


# --- Out of it -------------------------------------------------------------------------------------------------------


def send_due(*, limit: int | None = None, stopping: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Send what is due, up to `limit` mails; how many were sent, put off, given up. While the server as a whole cannot
    be reached, nothing is attempted and no mail loses a try."""
    done: Counter[str] = Counter()
    with Post() as post:
        while not stopping() and (limit is None or done.total() < limit):
            if not OutboxMail.objects.due(timezone.now()).exists():
                break
            if not post.is_open():
                done[UNREACHABLE] += 1
                break
            if mail := _claim():
                done[_send(mail, post)] += 1
    return done


def summary(done: Counter[str]) -> str:
    """One line about a round."""
    line = f"mails: {done['sent']} sent, {done['put_off']} put off, {done['given_up']} given up"
    return line + (", and now the mail server cannot be used: the log says why" if done[UNREACHABLE] else "")


def stuck(now: datetime) -> list[OutboxMail]:
    """Mails that have waited long, the oldest first, and those given up lately."""
    waiting = OutboxMail.objects.filter(state=State.WAITING, created_at__lt=now - STUCK_AFTER)
    given_up = OutboxMail.objects.filter(state=State.GIVEN_UP, created_at__gt=now - STUCK_SHOWN)
    return [*waiting.order_by("created_at")[:1000], *given_up.order_by("created_at")[:1000]]


@in_transaction
def _claim() -> OutboxMail | None:
    """One due mail that is nobody else's now; None when others were quicker."""
    now = timezone.now()
    for mail in unclaimed(OutboxMail.objects.due(now))[:1]:
        seen = {"pk": mail.pk, "state": State.WAITING, "attempts": mail.attempts, "not_before": mail.not_before}
        mail.attempts += 1
        mail.not_before = now + pause(mail.attempts)
        changes = {"attempts": mail.attempts, "not_before": mail.not_before}
        if OutboxMail.objects.filter(**seen).update(**changes):
            return mail  # type: ignore[no-any-return]
    return None


def pause(attempt: int) -> timedelta:
    """How long after its start an attempt counts as failed: longer than sending can take, doubled each time."""
    longest = timedelta(seconds=max(300, 30 * settings.EMAIL_TIMEOUT))  # of one mail: a time-out per command
    return max(longest, min(LONGEST_PAUSE, longest * (1 << min(attempt - 1, 20))))


class Post:
    """The connection to the mail server, made when it is needed and anew when it has broken."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._carried = 0

    def is_open(self) -> bool:
        """Whether mail can be handed in now; opens the connection if there is none."""
        if self._backend is not None and self._carried < PER_CONNECTION:
            return True
        self.close()
        self._backend, self._carried = get_connection(), 0
        try:
            self._backend.open()
        except (OSError, smtplib.SMTPException) as exc:
            logger.warning("mail server cannot be used", extra={"reason": word_for(exc)})
            self.close()  # it may have been half open
            return False
        return True

    def carry(self, message: EmailMultiAlternatives) -> None:
        self._carried += 1
        self._backend.send_messages([message])

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            with suppress(OSError, smtplib.SMTPException):  # what was sent is sent, however it says goodbye
                backend.close()

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _send(mail: OutboxMail, post: Post) -> str:
    """Send a claimed mail and write down how it went: "sent", "put_off" or "given_up"."""
    if mail.attempts > MOST_ATTEMPTS:  # whoever tried last did not live to say so
        return _given_up(mail, mail.last_error or "interrupted")
    if mail.expires_at <= timezone.now():
        return _given_up(mail, "expired")
    try:
        message = _written(mail)
    except Exception as exc:  # a mistake in one kind of mail must not hold up the others
        log_error(exc, {"component": "outbox", "mail": mail.pk, "kind": mail.kind})
        return _failed(mail, "not_written", final=False)
    if message is None:
        return _given_up(mail, "unwanted")
    try:
        post.carry(message)
    except (OSError, smtplib.SMTPException, ValueError) as exc:  # ValueError: an address that is none
        post.close()  # in what state it is, nobody knows
        return _failed(mail, word_for(exc), final=is_final(exc))
    _mark(mail, state=State.SENT, sent_at=timezone.now(), last_error="")
    logger.info("mail sent", extra={"mail": mail.pk, "kind": mail.kind, "userId": mail.user_id})
    return "sent"


def _written(mail: OutboxMail) -> EmailMultiAlternatives | None:
    """The message in the language of whoever reads it; None when it has no use any more."""
    user = mail.user
    language = user.language or mail.language or settings.LANGUAGE_CODE
    with translation.override(language):
        letter = _writers[mail.kind](user, mail.facts) if user.is_active else None
        if letter is None:
            return None
        written = formatdate(mail.created_at.timestamp())
        return message_of(
            letter, to=user.email, language=language, headers={"Message-ID": mail.message_id, "Date": written}
        )


def _failed(mail: OutboxMail, reason: str, *, final: bool) -> str:
    if final or mail.attempts >= MOST_ATTEMPTS:
        return _given_up(mail, reason)
    _mark(mail, last_error=reason)
    logger.warning("mail put off", extra={"mail": mail.pk, "reason": reason, "attempt": mail.attempts})
    return "put_off"


def _given_up(mail: OutboxMail, reason: str) -> str:
    _mark(mail, state=State.GIVEN_UP, last_error=reason)
    level = logging.INFO if reason in ("expired", "unwanted") else logging.WARNING
    logger.log(level, "mail given up", extra={"mail": mail.pk, "reason": reason, "attempt": mail.attempts})
    return "given_up"


def _mark(mail: OutboxMail, **changes: Any) -> None:
    # Only the attempt that is still the latest one has a say.
    OutboxMail.objects.filter(pk=mail.pk, attempts=mail.attempts).update(**changes)


def word_for(exc: BaseException) -> str:
    """What went wrong, in a stable word: servers put addresses into what they say."""
    match exc:
        case smtplib.SMTPRecipientsRefused():
            return "address_refused"
        case smtplib.SMTPSenderRefused():
            return "sender_refused"
        case smtplib.SMTPDataError():
            return "content_refused"
        case smtplib.SMTPAuthenticationError():
            return "login_refused"
        case smtplib.SMTPNotSupportedError():
            return "not_supported"  # STARTTLS, most likely
        case ssl.SSLError():
            return "not_trusted" if isinstance(exc, ssl.SSLCertVerificationError) else "no_tls"
        case smtplib.SMTPServerDisconnected() | OSError():
            return "connection_lost"
        case ValueError():
            return "no_address"
    return "refused"


def is_final(exc: BaseException) -> bool:
    """Whether trying again is no use: the server has refused this very mail for good (5xx)."""
    match exc:
        case smtplib.SMTPRecipientsRefused():
            return all(code >= 500 for code, _said in exc.recipients.values())
        case smtplib.SMTPDataError():
            return bool(exc.smtp_code >= 500)
        case OSError():
            return False  # SMTPException is one
    return isinstance(exc, ValueError)


# --- Is it well? -----------------------------------------------------------------------------------------------------


def check_mail() -> Any:
    late = OutboxMail.objects.filter(state=State.WAITING, created_at__lt=timezone.now() - STUCK_AFTER)
    return gettext_lazy("Hay correos que esperan desde hace más de 15 minutos.") if ask(late.exists) else ""
