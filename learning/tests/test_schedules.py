"""Schedules as a resource: ordered, listed, changed, paused, ended (contract section 5)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conftest import Api
from learning.calendar import instant, moved_delivery
from learning.delivery import deliver_due, make_ahead
from learning.models import Challenge, ChallengeSchedule, Delivery
from learning.tests.test_calendar import clocks, days, frequencies, zones
from tests.test_bad_input import NASTY, is_told, rows

pytestmark = pytest.mark.django_db
State = Challenge.State
MADRID = "Europe/Madrid"
MONDAY = datetime(2027, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    """Set the time: at("2027-03-01T08:00")."""

    def set_time(text: str) -> datetime:
        now = datetime.fromisoformat(text).replace(tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    set_time("2027-03-01T08:00")
    return set_time


@pytest.fixture
def order(at, api):
    def make(**body):
        reply = api.post("/api/schedules", {"theme": "Historia", "level": "easy"} | body)
        assert reply.status_code == 201, reply.content
        return reply.json()

    return make


def test_an_order_and_its_defaults(order, api):
    made = order()
    assert made == {
        "id": made["id"], "theme": "Historia", "level": "principiante", "frequency": "daily",
        "deliveryTime": "09:00:00", "isActive": True, "nextDelivery": "2027-03-01T09:00:00Z",
        "createdAt": made["createdAt"],
    }  # fmt: skip
    assert api.get(f"/api/schedules/{made['id']}").json() == made
    assert api.get("/api/schedules").json() == {"next": None, "previous": None, "results": [made]}


def test_its_first_challenge_is_made_ahead_and_arrives(order, api, at):
    order(theme="Biología", difficulty="hard", deliveryTime="10:30", frequency="weekly")
    assert make_ahead() == {"made": 1}
    at("2027-03-01T10:30")
    assert deliver_due() == {"delivered": 1}
    [seen] = api.post("/api/challenges/pending").json()["challenges"]
    assert (seen["theme"], seen["frequency"]) == ("Biología", "weekly")


@pytest.mark.parametrize("theme", ["Historia", " HISTÓRIA "])
def test_there_is_one_per_theme_and_level(order, api, theme):
    order()
    refused = api.post("/api/schedules", {"theme": theme, "level": "básico"})
    assert (refused.status_code, refused.json()["code"]) == (409, "schedule_exists")
    other = order(level="hard")
    refused = api.request("PATCH", f"/api/schedules/{other['id']}", {"level": "easy"})
    assert (refused.status_code, refused.json()["code"]) == (409, "schedule_exists")
    assert ChallengeSchedule.objects.count() == 2
    assert ChallengeSchedule.objects.get(pk=other["id"]).level == "avanzado"


def test_generate_changes_the_one_there_is(order, api):
    made = order()
    api.post("/api/challenges/generate", {"theme": "historia", "level": "easy", "preferences": {"frequency": "weekly"}})
    [row] = api.get("/api/schedules").json()["results"]
    assert (row["id"], row["frequency"]) == (made["id"], "weekly")


def test_the_list_is_by_theme_and_comes_in_pages(order, api, django_assert_max_num_queries):
    for theme in ("Música", "arte", "Ñandú", "Bach"):
        order(theme=theme)
    page = api.get("/api/schedules?limit=3").json()
    assert [row["theme"] for row in page["results"]] == ["arte", "Bach", "Música"]
    with django_assert_max_num_queries(1):
        rest = api.get(page["next"].partition("testserver")[2]).json()
    assert [row["theme"] for row in rest["results"]] == ["Ñandú"]


def change(api, made, **body):
    reply = api.request("PATCH", f"/api/schedules/{made['id']}", body)
    assert reply.status_code == 200, reply.content
    return reply.json()


@pytest.mark.parametrize(
    ("frequency", "had_today", "hour", "expected"),
    [
        ("daily", False, "20:00", "2027-03-01T20:00:00Z"),  # today, since nothing came today
        ("daily", False, "10:00", "2027-03-01T10:00:00Z"),  # today's hour has passed meanwhile: it is due
        ("daily", True, "20:00", "2027-03-02T20:00:00Z"),  # today's has come
        ("weekly", True, "20:00", "2027-03-08T20:00:00Z"),
        ("monthly", True, "20:00", "2027-04-01T20:00:00Z"),
    ],
)
def test_another_hour(order, api, at, frequency, had_today, hour, expected):
    if had_today:
        made = order(frequency=frequency)
        at("2027-03-01T09:00")
        deliver_due()
        at("2027-03-01T12:00")
    else:
        at("2027-03-01T08:00")
        made = order(frequency=frequency, deliveryTime="13:00")
        at("2027-03-01T12:00")
    assert change(api, made, deliveryTime=hour)["nextDelivery"] == expected


def test_another_frequency_begins_anew(order, api, at):
    made = order()
    at("2027-03-03T12:00")
    changed = change(api, made, frequency="weekly", deliveryTime="18:00")
    assert (changed["frequency"], changed["nextDelivery"]) == ("weekly", "2027-03-03T18:00:00Z")
    assert ChallengeSchedule.objects.get().anchor == date(2027, 3, 3)


def test_a_pause_owes_nothing(order, api, at):
    made = order(theme="Ajedrez")  # which nobody can serve here
    at("2027-03-01T09:00")
    assert deliver_due() == {"waiting": 1}
    paused = change(api, made, isActive=False)
    assert (paused["isActive"], paused["nextDelivery"]) == (False, None)
    at("2027-03-05T12:00")
    assert deliver_due() == {} and make_ahead() == {}
    assert not Delivery.objects.exists()
    resumed = change(api, made, isActive=True)
    assert resumed["nextDelivery"] == "2027-03-06T09:00:00Z"


def test_another_theme_frees_what_was_made_for_the_old_one(order, api):
    made = order()
    make_ahead()
    changed = change(api, made, theme="Biología", level="medium")
    assert (changed["theme"], changed["level"]) == ("Biología", "intermedio")
    old = Challenge.objects.get()
    assert (old.theme, old.state, old.schedule) == ("Historia", State.ACTIVE, None)
    assert make_ahead() == {"made": 1}
    assert Challenge.objects.get(state=State.UPCOMING).theme == "Biología"


def test_writing_the_theme_differently_frees_nothing(order, api):
    made = order()
    make_ahead()
    assert change(api, made, theme="HISTORIA")["theme"] == "HISTORIA"
    assert Challenge.objects.get().state == State.UPCOMING


def test_ending_one_keeps_its_questions(order, api, at):
    made = order()
    make_ahead()
    at("2027-03-01T09:00")
    deliver_due()
    make_ahead()
    reply = api.delete(f"/api/schedules/{made['id']}")
    assert (reply.status_code, reply.json()["success"]) == (200, True)
    assert sorted(Challenge.objects.values_list("state", flat=True)) == [State.ACTIVE, State.PENDING]
    assert not Delivery.objects.exists()
    assert api.delete(f"/api/schedules/{made['id']}").status_code == 404
    assert api.post("/api/challenges/pending").json()["challenges"][0]["frequency"] is None


def test_deleting_theme_or_account_takes_it_along(order, api, at):
    order()
    make_ahead()
    at("2027-03-01T09:00")
    deliver_due()
    assert api.delete("/api/themes/Historia").status_code == 200
    assert not ChallengeSchedule.objects.exists() and not Delivery.objects.exists()


def test_the_clock_of_the_learner_decides(make_user, at):
    api = Api(make_user(time_zone=MADRID))
    made = api.post("/api/schedules", {"theme": "Arte", "level": "easy"}).json()
    assert made["nextDelivery"] == "2027-03-02T08:00:00Z"


def move(api, user, zone):
    body = {"name": user.name, "username": user.username, "email": user.email, "timeZone": zone}
    assert api.put("/api/user/profile", body).status_code == 200


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/New_York", "2027-03-02T14:00"),  # nine there
        ("Asia/Tokyo", "2027-03-02T00:00"),
        ("Pacific/Kiritimati", "2027-03-01T19:00"),
        (MADRID, "2027-03-02T08:00"),
    ],
)
def test_another_time_zone_moves_what_is_to_come(make_user, at, zone, expected):
    user = make_user(time_zone=MADRID)
    api = Api(user)
    at("2027-03-01T12:00")
    api.post("/api/schedules", {"theme": "Arte", "level": "easy"})
    move(api, user, zone)
    assert ChallengeSchedule.objects.get().next_delivery.isoformat()[:16] == expected
    move(api, user, MADRID)
    assert ChallengeSchedule.objects.get().next_delivery == datetime(2027, 3, 2, 8, tzinfo=UTC), "there and back"


def test_a_profile_that_is_refused_moves_nothing(make_user, at):
    user, other = make_user(time_zone=MADRID), make_user()
    api = Api(user)
    api.post("/api/schedules", {"theme": "Arte", "level": "easy"})
    before = ChallengeSchedule.objects.get().next_delivery
    body = {"name": user.name, "username": user.username, "email": other.email, "timeZone": "Asia/Tokyo"}
    assert api.put("/api/user/profile", body).status_code == 400
    assert ChallengeSchedule.objects.get().next_delivery == before


def test_travelling_neither_loses_a_day_nor_doubles_one(make_user, at):
    """To the west after today's has come, and back to the east: each local date has one."""
    user = make_user(time_zone=MADRID)
    api = Api(user)
    at("2027-03-01T07:00")
    api.post("/api/schedules", {"theme": "Arte", "level": "easy"})
    now = at("2027-03-01T08:00")
    assert deliver_due() == {"waiting": 1}
    move(api, user, "America/New_York")
    for hour in range(1, 72):
        at((now + timedelta(hours=hour)).isoformat()[:16])
        make_ahead()
        deliver_due()
        if hour == 40:
            move(api, user, "Asia/Tokyo")
    dates = sorted(Delivery.objects.values_list("due_at", flat=True))
    zones = [MADRID, "America/New_York", "Asia/Tokyo", "Asia/Tokyo"]
    local = [due.astimezone(ZoneInfo(zone)) for due, zone in zip(dates, zones, strict=True)]
    assert [moment.day for moment in local] == [1, 2, 3, 4] and {moment.hour for moment in local} == {9}


@given(frequencies, days, clocks, zones, st.integers(-30, 30), st.booleans())
def test_a_moved_delivery_keeps_its_date_or_comes_today(frequency, day, clock, zone, ahead, had_today):
    now = instant(day, clock, zone) - timedelta(hours=ahead)
    moment = moved_delivery(frequency, day, clock, zone, now, had_today=had_today)
    if moment != instant(day, clock, zone):
        assert frequency == "daily" and not had_today
        assert moment > now and moment == instant(day - timedelta(days=1), clock, zone)


@pytest.mark.parametrize("field", ["theme", "level", "frequency", "deliveryTime", "isActive"])
def test_a_nasty_change(order, api, field):
    made = order()
    change(api, made)  # the first write begins the learner's totals
    for nasty in NASTY:
        before = rows()
        reply = api.request("PATCH", f"/api/schedules/{made['id']}", {field: nasty})
        assert reply.status_code in (200, 400), (nasty, reply.content)
        assert rows() == before
        if reply.status_code == 400:
            is_told(reply)
    assert api.request("PATCH", f"/api/schedules/{made['id']}", {}).status_code == 200


def test_what_a_client_reads_back_it_may_send(order, api):
    made = order()
    assert change(api, made, **made) == made
