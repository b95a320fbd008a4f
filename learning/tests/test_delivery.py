"""Scheduled challenges arrive: once per due moment, with a mail, and whether or not a model answers."""

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core import mail as django_mail
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts.services import unsubscribe
from conftest import Api
from learning import delivery
from learning.calendar import instant
from learning.delivery import check_deliveries, deliver_due, make_ahead
from learning.models import Challenge, ChallengeSchedule, Delivery
from learning.services import schedules
from learning.words import theme_key
from ops import llm
from ops.models import ModelBudget, OutboxMail
from ops.outbox import send_due
from tests import model_server as says

pytestmark = pytest.mark.django_db
State = Challenge.State
NINE = time(9)
MONDAY = datetime(2027, 3, 1, 8, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock(monkeypatch):
    """It is Monday, eight in the morning in UTC, until the test says otherwise."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def make_schedule(clock, make_user):
    """A schedule that is due at nine, with one challenge ready."""

    def make(user=None, *, theme="Historia", ready=1, **fields):
        user = user or make_user()
        schedule = ChallengeSchedule.objects.create(
            user=user,
            theme=theme,
            theme_key=theme_key(theme),
            **{
                "level": "principiante",
                "delivery_time": NINE,
                "anchor": MONDAY.date(),
                "next_delivery": instant(MONDAY.date(), NINE, user.zone),
            }
            | fields,
        )
        for number in range(ready):
            make_challenge(schedule, number)
        return schedule

    return make


def make_challenge(schedule, number=0, state=State.UPCOMING):
    return Challenge.objects.create(
        user=schedule.user,
        schedule=schedule,
        theme=schedule.theme,
        theme_key=schedule.theme_key,
        level=schedule.level,
        question=f"¿Pregunta {number} hecha de antemano?",
        options=["uno", "dos", "tres", "cuatro"],
        correct_letter="A",
        origin="bank",
        fingerprint=f"{schedule.pk}-{number}",
        state=state,
    )


def delivered():
    return Delivery.objects.exclude(delivered_at=None)


@pytest.fixture
def no_source(model, settings):
    """The model is down until `no_source.back()`, and the bank knows nothing of the theme `Ajedrez`."""
    settings.AI_RETRIES = 0
    model.reset(lambda payload, number: says.error(503))

    def back():
        model.reset()
        llm.breaker.cache_clear()  # its seconds are real ones

    return SimpleNamespace(back=back)


# --- Handing over -------------------------------------------------------------------------------------------------


def test_a_due_challenge_becomes_pending_and_its_mail_is_on_its_way(clock, make_schedule):
    schedule = make_schedule()
    assert deliver_due() == {}, "not before its hour"
    clock.forward(hours=1)
    assert deliver_due() == {"delivered": 1}
    challenge = Challenge.objects.get()
    assert (challenge.state, challenge.delivered_at) == (State.PENDING, clock.now)
    row = Delivery.objects.get()
    assert (row.schedule, row.due_at, row.delivered_at, row.challenge) == (schedule, clock.now, clock.now, challenge)
    mail = OutboxMail.objects.get()
    assert (mail.user, mail.facts) == (schedule.user, {"theme": "Historia", "level": "principiante"})
    schedule.refresh_from_db()
    assert schedule.next_delivery == MONDAY + timedelta(hours=25)
    assert deliver_due() == {}


def test_the_learner_sees_it_in_pending_as_ever(clock, make_schedule):
    schedule = make_schedule(frequency="weekly")
    clock.forward(hours=1)
    deliver_due()
    [seen] = Api(schedule.user).post("/api/challenges/pending").json()["challenges"]
    assert (seen["display_status"], seen["frequency"], seen["theme"]) == ("pending", "weekly", "Historia")
    api = Api(schedule.user)
    assert api.post("/api/challenges/start", {"challengeId": seen["id"]}).status_code == 200
    assert api.post("/api/save-response", {"questionId": seen["id"], "selectedAnswer": "A"}).json()["isCorrect"]


def test_what_generate_ordered_arrives_and_goes_on_arriving(clock, learner):
    api = Api(learner)
    order = {"theme": "Historia", "level": "easy", "preferences": {"deliveryTime": "09:00", "frequency": "daily"}}
    first = api.post("/api/challenges/generate", order).json()["savedQuestionId"]
    for day in range(3):
        clock.now = MONDAY + timedelta(days=day, hours=1)
        assert deliver_due() == {"delivered": 1}
        assert make_ahead() == {"made": 1}
    seen = [row["id"] for row in api.post("/api/challenges/pending").json()["challenges"]]
    assert len(seen) == 3 and first in seen
    assert len(set(Challenge.objects.values_list("question", flat=True))) == 4


def test_the_oldest_one_ready_goes_first(clock, make_schedule):
    schedule = make_schedule(ready=2)
    clock.forward(hours=1)
    deliver_due()
    assert Challenge.objects.get(state=State.PENDING).fingerprint == f"{schedule.pk}-0"
    assert make_ahead() == {}, "another is ready"
    clock.forward(days=1)
    deliver_due()
    assert Challenge.objects.filter(state=State.PENDING).count() == 2
    assert make_ahead() == {"made": 1}


def test_after_downtime_each_schedule_delivers_once(clock, make_schedule):
    schedules = [make_schedule(ready=3, frequency=frequency) for frequency in ("daily", "weekly", "monthly")]
    clock.forward(days=40)
    assert deliver_due() == {"delivered": 3}
    assert deliver_due() == {}
    for schedule in schedules:
        schedule.refresh_from_db()
        assert clock.now < schedule.next_delivery <= clock.now + timedelta(days=31)
    assert delivered().count() == 3


def test_paused_schedules_and_those_of_users_who_are_switched_off_deliver_nothing(clock, make_schedule, make_user):
    make_schedule(is_active=False)
    off = make_schedule(make_user(is_active=False))
    clock.forward(hours=1)
    assert deliver_due() == {"skipped": 1}
    assert deliver_due() == {}, "its moment has passed"
    assert not Delivery.objects.exists() and not OutboxMail.objects.exists()
    off.refresh_from_db()
    assert off.next_delivery > clock.now
    ChallengeSchedule.objects.update(make_at=clock.now)
    assert make_ahead() == {"skipped": 1}


def test_a_moment_that_comes_again_is_not_delivered_again(clock, make_schedule):
    schedule = make_schedule(ready=2)
    clock.forward(hours=1)
    deliver_due()
    ChallengeSchedule.objects.update(next_delivery=schedule.next_delivery)  # as if nobody had moved it on
    assert deliver_due() == {"repeated": 1}
    assert Challenge.objects.filter(state=State.PENDING).count() == 1
    with pytest.raises(IntegrityError):
        Delivery.objects.create(schedule=schedule, due_at=schedule.next_delivery)


def test_one_schedule_that_cannot_be_read_holds_up_no_other(clock, make_schedule):
    bad = make_schedule()
    bad.user.time_zone = "Nowhere/Nothing"
    bad.user.save()
    make_schedule()
    clock.forward(hours=1)
    assert deliver_due() == {"broken": 1, "delivered": 1}
    assert deliver_due() == {}


def test_a_limit_and_a_stop_are_heeded(clock, make_schedule):
    for _ in range(5):
        make_schedule()
    clock.forward(hours=1)
    assert deliver_due(limit=2) == {"delivered": 2}
    assert deliver_due(stopping=lambda: True) == {}
    assert deliver_due() == {"delivered": 3}
    assert make_ahead(limit=1).total() == 1


def test_who_wants_no_mail_gets_the_challenge_without(clock, make_schedule, make_user):
    make_schedule(make_user(wants_email=False))
    clock.forward(hours=1)
    assert deliver_due() == {"delivered": 1}
    assert not OutboxMail.objects.exists()


def test_who_ends_mails_before_it_is_sent_does_not_get_it(clock, make_schedule):
    schedule = make_schedule()
    clock.forward(hours=1)
    deliver_due()
    unsubscribe(schedule.user_id)
    assert send_due() == {"given_up": 1}
    assert django_mail.outbox == []


# --- Without a source ---------------------------------------------------------------------------------------------


def test_delivering_asks_no_model(clock, make_schedule, model):
    make_schedule(theme="Ajedrez")
    make_schedule(theme="Ajedrez", ready=0)
    clock.forward(hours=1)
    assert deliver_due() == {"delivered": 1, "waiting": 1}
    assert model.calls == []


def test_a_delivery_that_found_nothing_ready_is_made_up_for(clock, make_schedule, no_source):
    schedule = make_schedule(theme="Ajedrez", ready=0)
    clock.forward(hours=1)
    assert deliver_due() == {"waiting": 1}
    assert make_ahead() == {"no_source": 1}
    assert not delivered().exists() and not OutboxMail.objects.exists()
    no_source.back()
    clock.forward(hours=1)
    assert make_ahead() == {"made": 2, "delivered": 1}, "what was missing, and the next one"
    row = Delivery.objects.get()
    assert (row.due_at, row.delivered_at) == (MONDAY + timedelta(hours=1), clock.now)
    assert row.challenge.state == State.PENDING and OutboxMail.objects.count() == 1
    schedule.refresh_from_db()
    assert schedule.make_at is None and schedule.make_attempts == 0


def test_attempts_in_vain_come_ever_more_rarely_but_at_least_hourly(clock, make_schedule, no_source):
    schedule = make_schedule(theme="Ajedrez", ready=0, make_at=MONDAY)
    pauses = []
    for _ in range(9):
        assert make_ahead() == {"no_source": 1}
        assert make_ahead() == {}, "not again at once"
        schedule.refresh_from_db()
        pauses.append((schedule.make_at - clock.now).total_seconds() / 60)
        clock.now = schedule.make_at
    for pause, longest in zip(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert 0.79 * longest <= pause <= longest


def test_a_day_without_the_model(clock, make_schedule, no_source):
    """Every delivery still happens, from what was made ahead; what was missing is made when the model is back."""
    schedules = [make_schedule(theme="Ajedrez") for _ in range(12)]
    without = make_schedule(theme="Ajedrez", ready=0)
    late = MONDAY + timedelta(hours=25)  # the second due moment, one hour before the model is back
    for _ in range(2 * 25):
        deliver_due()
        make_ahead()
        clock.forward(minutes=30)
    assert clock.now == late
    assert delivered().count() == len(schedules)
    assert deliver_due() == {"waiting": 13}
    no_source.back()
    clock.forward(hours=1)
    deliver_due()
    make_ahead()
    assert set(delivered().filter(due_at=late).values_list("schedule", flat=True)) == {row.pk for row in schedules}
    assert delivered().filter(schedule=without).count() == 1, "a long outage brings one, not a pile"
    assert not Delivery.objects.filter(delivered_at=None).exists()
    for schedule in [*schedules, without]:
        assert Challenge.objects.filter(schedule=schedule, state=State.UPCOMING).count() == 1
    assert OutboxMail.objects.count() == delivered().count() == 25


def test_what_is_made_is_paid_by_its_learner_and_in_their_language(clock, make_schedule, make_user, model):
    chosen = make_schedule(make_user(language="en"), theme="Chess", ready=0, make_at=MONDAY)
    ordered = make_schedule(theme="Chess", ready=0, make_at=MONDAY, language="en")
    neither = make_schedule(theme="Ajedrez", ready=0, make_at=MONDAY)
    told = []
    for schedule in (chosen, ordered, neither):
        model.reset()
        make_ahead(limit=1)
        told.append(re.sub("[0-9a-f]{16}", "", model.calls[0]["messages"][0]["content"]))
        assert ModelBudget.objects.get(payer=f"u:{schedule.user_id}").used >= 1
    assert told[0] == told[1] != told[2]


def test_whoever_asks_for_a_question_while_one_is_missing_gets_the_delivery_too(clock, make_schedule, no_source):
    schedule = make_schedule(theme="Ajedrez", ready=0)
    clock.forward(hours=1)
    deliver_due()
    make_ahead()
    no_source.back()
    Api(schedule.user).post("/api/challenges/generate", {"theme": "Ajedrez", "level": "easy"})
    assert make_ahead() == {"delivered": 1, "made": 1}


@pytest.mark.parametrize("how", ["answer", "open", "delete"])
def test_one_that_is_used_before_its_day_is_made_anew_at_once(clock, make_schedule, how):
    schedule = make_schedule()
    challenge = Challenge.objects.get()
    api = Api(schedule.user)
    if how == "answer":
        api.post("/api/save-response", {"questionId": challenge.pk, "selectedAnswer": "A"})
    elif how == "open":
        api.post("/api/challenges/start", {"challengeId": challenge.pk})
    else:
        api.delete(f"/api/challenges/{challenge.pk}")
    assert make_ahead() == {"made": 1}
    clock.forward(hours=1)
    assert deliver_due() == {"delivered": 1}


def test_a_schedule_that_changes_while_its_challenge_is_made(clock, make_schedule):
    schedule = make_schedule(ready=0, make_at=MONDAY)
    claimed = delivery.claim_making(clock.now)
    assert delivery.claim_making(clock.now) is None, "one at a time"
    ChallengeSchedule.objects.filter(pk=schedule.pk).update(theme="Biología", theme_key="biologia")
    assert delivery.make_for(claimed) == ["made"]
    stray = Challenge.objects.get()
    assert (stray.theme, stray.state, stray.schedule) == ("Historia", State.ACTIVE, None)
    assert make_ahead() == {"made": 1}
    assert Challenge.objects.get(schedule=schedule).theme == "Biología"


@pytest.mark.django_db(transaction=True)
def test_a_schedule_that_is_deleted_while_its_challenge_is_made(clock, make_schedule):
    schedule = make_schedule(ready=0, make_at=MONDAY)
    claimed = delivery.claim_making(clock.now)
    ChallengeSchedule.objects.filter(pk=schedule.pk).delete()
    assert delivery.make_for(claimed) == ["gone"]
    assert not Challenge.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_that_is_used_in_the_very_moment_of_its_delivery_lets_the_batch_begin_again(
    clock, make_schedule, monkeypatch
):
    for _ in range(2):
        make_schedule()
    real, tries = delivery._oldest_ready, []

    def meddled_with(ids):
        found = real(ids)
        if not tries:
            Challenge.objects.filter(pk__in=[pk for pk, _last in found.values()][:1]).update(state=State.ACTIVE)
        tries.append(len(found))
        return found

    monkeypatch.setattr(delivery, "_oldest_ready", meddled_with)
    clock.forward(hours=1)
    assert deliver_due() == {"delivered": 2} and tries == [2, 2]
    assert (Delivery.objects.count(), OutboxMail.objects.count()) == (2, 2)


def test_whoever_dies_while_making_leaves_it_to_others(clock, make_schedule):
    make_schedule(ready=0, make_at=MONDAY)
    delivery.claim_making(clock.now)
    assert make_ahead() == {}
    clock.forward(minutes=11)
    assert make_ahead() == {"made": 1}


# --- Cut short ----------------------------------------------------------------------------------------------------


class Cut(Exception):
    pass


def cut_at(number):
    """Whatever is asked of the database `number` queries from now fails, as if the process had been killed there."""
    left = iter(range(number))

    def wrapper(execute, sql, params, many, context):
        if "SAVEPOINT" not in sql and next(left, None) is None:
            raise Cut
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def cut_everywhere(unit, is_undone):
    """Cut `unit` at each of its queries in turn; it is undone each time, until it is not cut any more."""
    for number in range(200):
        try:
            with cut_at(number):
                return unit(), number
        except Cut:
            assert is_undone(), number
    raise AssertionError("it never ends")


def nothing_has_happened():
    return (
        not Delivery.objects.exists()
        and not OutboxMail.objects.exists()
        and not Challenge.objects.filter(state=State.PENDING).exists()
        and ChallengeSchedule.objects.filter(next_delivery__gt=timezone.now()).count() == 0
    )


def test_a_batch_that_is_cut_short_anywhere_has_not_happened(clock, make_schedule):
    for _ in range(3):
        make_schedule()
    make_schedule(theme="Ajedrez", ready=0)
    clock.forward(hours=1)
    outcomes, cuts = cut_everywhere(lambda: delivery.deliver_batch(50, clock.now), nothing_has_happened)
    assert Counter(outcomes) == {"delivered": 3, "waiting": 1} and cuts > 10
    assert (Delivery.objects.count(), OutboxMail.objects.count()) == (4, 3)


def test_making_up_for_a_delivery_that_is_cut_short_anywhere_has_not_happened(clock, make_schedule):
    schedule = make_schedule(ready=0)
    clock.forward(hours=1)
    deliver_due()
    make_challenge(schedule)

    def still_waits():
        return Delivery.objects.get().delivered_at is None and not OutboxMail.objects.exists()

    outcomes, cuts = cut_everywhere(lambda: delivery.settle(schedule, clock.now), still_waits)
    assert outcomes == ["delivered"] and cuts > 5
    assert Challenge.objects.get().state == State.PENDING and OutboxMail.objects.count() == 1


# --- Cost, command, health ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [0, 60])
def test_a_batch_costs_the_same_whatever_else_there_is(clock, make_schedule, django_assert_max_num_queries, total):
    for _ in range(total):
        make_schedule(next_delivery=MONDAY + timedelta(days=3))
    for _ in range(10):
        make_schedule()
    clock.forward(hours=1)
    with django_assert_max_num_queries(10 + 14):  # one update each, and those of the batch
        deliver_due()


def test_the_command_does_one_pass_and_says_what_it_did(clock, make_schedule):
    make_schedule()
    clock.forward(hours=1)
    said = StringIO()
    call_command("deliver_challenges", stdout=said)
    assert said.getvalue() == (
        "challenges: 1 delivered, 1 made ahead\nmails: 1 sent, 0 put off, 0 given up\n"
    )  # fmt: skip
    [message] = django_mail.outbox
    assert message.subject == "Nuevo reto: Historia (principiante)"


def test_the_command_can_leave_the_mail_to_send_outbox(clock, make_schedule):
    make_schedule()
    clock.forward(hours=1)
    call_command("deliver_challenges", "--no-mail", stdout=StringIO())
    assert django_mail.outbox == [] and OutboxMail.objects.get().state == "waiting"


@pytest.mark.parametrize("argument", ["--loop=0", "--loop=x", "--limit=0", "--limit=-1", "--limit=1.5"])
def test_arguments_that_cannot_be_meant_are_refused(argument):
    with pytest.raises(Exception, match="use"):
        call_command("deliver_challenges", argument)


def test_health_notices_that_nobody_delivers(clock, make_schedule):
    make_schedule()
    make_schedule(is_active=False, next_delivery=MONDAY - timedelta(days=9))
    clock.forward(hours=1, minutes=10)
    assert check_deliveries() == ""
    clock.forward(minutes=10)
    assert "15" in str(check_deliveries())
    deliver_due()
    assert check_deliveries() == ""


def test_deliveries_are_told_in_the_log(clock, make_schedule, caplog, django_capture_on_commit_callbacks):
    schedule = make_schedule()
    clock.forward(hours=1, seconds=5)
    with caplog.at_level("INFO", "persenaut.business"), django_capture_on_commit_callbacks(execute=True):
        deliver_due()
    [line] = [record for record in caplog.records if getattr(record, "event", "") == "CHALLENGE_DELIVERED"]
    assert (line.userId, line.scheduleId, line.secondsLate) == (schedule.user_id, schedule.pk, 5)


def test_day_and_hour_are_the_learners_own(clock, make_schedule, make_user):
    far = make_user(time_zone="Pacific/Kiritimati")  # UTC+14: Monday nine there is Sunday evening here
    schedule = make_schedule(far, anchor=date(2027, 2, 28), next_delivery=instant(date(2027, 2, 28), NINE, far.zone))
    deliver_due()
    schedule.refresh_from_db()
    assert schedule.next_delivery == datetime(2027, 3, 1, 19, tzinfo=UTC)


def test_services_and_delivery_agree_on_what_is_ready(clock, learner, asking):
    made = schedules.create_schedule(asking, theme="Historia", level="principiante", language="es")
    assert make_ahead() == {"made": 1}
    assert Challenge.objects.get(schedule=made).state == State.UPCOMING
