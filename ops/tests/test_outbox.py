"""Mail on its way: written down once, sent once, tried again, given up in the end."""

import smtplib
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from ops import outbox
from ops.mail import Letter, one_line
from ops.models import OutboxMail
from ops.outbox import MOST_ATTEMPTS, check_mail, pause, send_due

pytestmark = pytest.mark.django_db
State = OutboxMail.State


@pytest.fixture(autouse=True)
def _writer(monkeypatch):
    """A kind of mail that says what it is told; it is for nobody once the facts say so."""

    def write(user, facts):
        if facts.get("boom"):
            raise KeyError(facts["boom"])
        letter = Letter(subject=facts.get("subject", "Hola"), title="T", paragraphs=["p"])
        return None if facts.get("useless") else letter

    monkeypatch.setitem(outbox._writers, "test", write)


@pytest.fixture
def put(learner):
    def store(user=None, *, useful_for=timedelta(days=1), **facts):
        return outbox.enqueue((user or learner).pk, "test", facts, language="", useful_for=useful_for)

    return store


@pytest.fixture
def broken_post(monkeypatch):
    """The mail server's behaviour: `broken_post[address]` is raised for mails to that address."""
    faults = {}

    def send_messages(self, messages):
        for message in messages:
            if fault := faults.get(message.to[0]):
                raise fault
        return real(self, messages)

    real = EmailBackend.send_messages
    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    return faults


def later(seconds=10**6):
    """As if that time had passed for the mails that wait."""
    for mail in OutboxMail.objects.all():
        mail.not_before -= timedelta(seconds=seconds)
        mail.save()


def test_a_mail_is_sent_once_to_the_address_of_now(put, learner):
    mail = put()
    learner.email = "nueva@example.org"
    learner.save()
    assert send_due() == {"sent": 1}
    assert send_due() == {}
    [message] = django_mail.outbox
    assert message.to == ["nueva@example.org"]
    assert message.message()["Message-ID"] == mail.message_id
    assert message.message()["Auto-Submitted"] == "auto-generated"
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.last_error) == (State.SENT, 1, "") and mail.sent_at


def test_there_is_a_mail_exactly_if_what_it_tells_is_committed(put):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        put()
        raise ZeroDivisionError
    assert send_due() == {}


def test_a_kind_that_nobody_writes_is_a_mistake_at_once(learner):
    with pytest.raises(AssertionError):
        outbox.draft(learner.pk, "nothing", {}, language="", useful_for=timedelta(1))


def test_what_fails_is_put_off_longer_each_time_and_keeps_its_message_id(put, learner, broken_post):
    mail = put()
    broken_post[learner.email] = smtplib.SMTPRecipientsRefused({learner.email: (451, b"later, ana1@example.org")})
    waits = []
    for attempt in range(1, 4):
        assert send_due() == {"put_off": 1}
        assert send_due() == {}, "not before its time"
        mail.refresh_from_db()
        assert (mail.state, mail.attempts, mail.last_error) == (State.WAITING, attempt, "address_refused")
        waits.append((mail.not_before - timezone.now()).total_seconds())
        later()
    assert waits == pytest.approx([300, 600, 1200], abs=5)
    broken_post.clear()
    assert send_due() == {"sent": 1}
    assert django_mail.outbox[0].message()["Message-ID"] == mail.message_id


def test_a_mail_is_given_up_after_so_many_attempts(put, learner, broken_post):
    mail = put()
    broken_post[learner.email] = smtplib.SMTPServerDisconnected("gone")
    for _ in range(MOST_ATTEMPTS):
        send_due()
        later()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.last_error) == (State.GIVEN_UP, MOST_ATTEMPTS, "connection_lost")
    assert send_due() == {}


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}), "address_refused"),
        (smtplib.SMTPDataError(554, b"spam"), "content_refused"),
        (ValueError("Invalid address"), "no_address"),
    ],
)
def test_what_the_server_refuses_for_good_is_given_up_at_once(put, learner, broken_post, fault, word):
    mail = put()
    broken_post[learner.email] = fault
    assert send_due() == {"given_up": 1}
    mail.refresh_from_db()
    assert (mail.state, mail.last_error) == (State.GIVEN_UP, word)


def test_one_bad_mail_does_not_hold_up_the_others(put, make_user, broken_post):
    bad = make_user()
    broken_post[bad.email] = smtplib.SMTPDataError(451, b"later")
    put(bad)
    put(boom="a mistake of ours")
    put()
    assert send_due() == {"put_off": 2, "sent": 1}
    assert set(OutboxMail.objects.values_list("last_error", flat=True)) == {"content_refused", "not_written", ""}


def test_an_unreachable_server_costs_no_attempt(put, monkeypatch):
    def refuse(self):
        raise ConnectionRefusedError

    mail = put()
    monkeypatch.setattr(EmailBackend, "open", refuse)
    assert send_due() == {"unreachable": 1}
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (State.WAITING, 0)
    monkeypatch.undo()


def test_what_has_no_use_any_more_is_not_sent(put, make_user):
    put(useless=True)
    put(useful_for=timedelta(seconds=-1))
    put(make_user(is_active=False))
    assert send_due() == {"given_up": 3}
    assert sorted(OutboxMail.objects.values_list("last_error", flat=True)) == ["expired", "unwanted", "unwanted"]
    assert django_mail.outbox == []


def test_a_process_that_died_leaves_a_mail_that_is_tried_again_after_its_time(put):
    mail = put()
    assert outbox._claim().pk == mail.pk  # and dies
    assert send_due() == {}
    later()
    assert send_due() == {"sent": 1}
    assert django_mail.outbox[0].message()["Message-ID"] == mail.message_id


def test_an_attempt_that_took_too_long_has_no_say_any_more(put):
    slow = put() and outbox._claim()
    later()
    assert send_due() == {"sent": 1}
    outbox._failed(slow, "connection_lost", final=True)
    assert OutboxMail.objects.get().state == State.SENT


def test_a_pause_is_longer_than_sending_can_take(settings):
    assert pause(1) == timedelta(minutes=5)
    assert pause(50) == timedelta(hours=6)
    settings.EMAIL_TIMEOUT = 60
    assert pause(1) == timedelta(minutes=30)


@pytest.mark.parametrize("text", ["a\r\nBcc: x@example.org", "a\nb", "a\u2028b", "a\x00b", "a\u202eb"])
def test_no_header_can_be_smuggled_in(put, text):
    put(subject=text)
    assert send_due() == {"sent": 1}
    sent = django_mail.outbox[0].message()
    assert sent["Bcc"] is None and "\n" not in str(sent["Subject"])
    assert len(one_line(text).splitlines()) == 1


def test_stuck_mails_are_shown_without_addresses(put, learner, broken_post):
    broken_post[learner.email] = smtplib.SMTPDataError(451, b"later " + learner.email.encode())
    mail = put()
    put()
    send_due()
    OutboxMail.objects.filter(pk=mail.pk).update(created_at=timezone.now() - timedelta(hours=2))
    shown = StringIO()
    call_command("send_outbox", "--stuck", stdout=shown)
    line, last = shown.getvalue().splitlines()
    assert f"mail {mail.pk}  user {learner.pk}  test  120 min old  tried 1 times" in line and "content_refused" in line
    assert last == "1 stuck" and learner.email not in shown.getvalue()


def test_the_command_says_what_it_did(put):
    put()
    said = StringIO()
    call_command("send_outbox", "--limit", "5", stdout=said)
    assert said.getvalue() == "mails: 1 sent, 0 put off, 0 given up\n"


def test_health_notices_mail_that_waits(put):
    mail = put()
    assert check_mail() == ""
    OutboxMail.objects.filter(pk=mail.pk).update(created_at=timezone.now() - timedelta(minutes=16))
    assert "15" in str(check_mail())


@pytest.mark.parametrize("others", [0, 30])
def test_sending_costs_the_same_however_many_wait(put, django_assert_max_num_queries, others):
    for _ in range(others):
        put()
    with django_assert_max_num_queries(9):
        put()
        send_due(limit=1)
