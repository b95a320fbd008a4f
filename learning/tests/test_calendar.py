"""A schedule delivers at the learner's own hour, once in every period, whatever their clock does."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.calendar import first_delivery, instant, next_delivery, nth_day

ZONES = [
    "Etc/GMT+12", "Pacific/Pago_Pago", "America/Lima", "America/St_Johns", "America/New_York", "America/Sao_Paulo",
    "UTC",
    "Europe/Madrid", "Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Kiritimati",
]  # fmt: skip
zones = st.sampled_from(ZONES).map(ZoneInfo)
clocks = st.times(max_value=time(23, 59, 59)).map(lambda clock: clock.replace(microsecond=0))
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
frequencies = st.sampled_from(["daily", "weekly", "monthly"])


def deliveries(frequency, anchor, clock, zone, count):
    moment = instant(anchor, clock, zone)
    found = [moment]
    while len(found) < count:
        found.append(next_delivery(frequency, anchor, clock, zone, found[-1]))
    return found


@given(frequencies, days, clocks, zones)
def test_every_period_has_exactly_one_delivery_at_the_local_hour(frequency, anchor, clock, zone):
    found = deliveries(frequency, anchor, clock, zone, 40)
    assert found == [instant(nth_day(frequency, anchor, step), clock, zone) for step in range(40)]
    assert all(earlier < later for earlier, later in zip(found, found[1:], strict=False))
    for moment in found:
        local = moment.astimezone(zone)
        if local.time() != clock:  # the clock skipped that hour: then the delivery is as much later as it skipped
            gap = datetime.combine(local.date(), local.time()) - datetime.combine(local.date(), clock)
            assert timedelta(0) < gap <= timedelta(hours=1)


@given(days, clocks, zones)
def test_monthly_comes_on_its_day_or_on_the_last_one(anchor, clock, zone):
    for step in range(30):
        day = nth_day("monthly", anchor, step)
        assert (day.year * 12 + day.month) - (anchor.year * 12 + anchor.month) == step
        is_last = (day + timedelta(days=1)).month != day.month
        assert day.day == anchor.day or (is_last and day.day < anchor.day)


@given(frequencies, days, clocks, zones, st.integers(0, 3000))
def test_after_downtime_the_next_delivery_is_the_next_not_a_missed_one(frequency, anchor, clock, zone, gone):
    now = instant(anchor, clock, zone) + timedelta(days=gone, hours=5)
    moment = next_delivery(frequency, anchor, clock, zone, now)
    longest = {"daily": 1, "weekly": 7, "monthly": 31}[frequency]
    assert now < moment <= now + timedelta(days=longest, hours=2)


@given(clocks, zones, st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_the_first_delivery_is_within_a_day(clock, zone, now):
    day, moment = first_delivery(clock, zone, now)
    assert now < moment <= now + timedelta(hours=25)
    assert moment == instant(day, clock, zone)


@pytest.mark.parametrize(
    ("day", "clock", "utc"),
    [
        (date(2026, 3, 28), time(2, 30), "2026-03-28T01:30"),
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # 02:30 does not exist in Madrid: 03:30 on its clocks
        (date(2026, 3, 30), time(2, 30), "2026-03-30T00:30"),
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # 02:30 comes twice: the first one
        (date(2026, 10, 26), time(2, 30), "2026-10-26T01:30"),
    ],
)
def test_daylight_saving_in_madrid(day, clock, utc):
    assert instant(day, clock, ZoneInfo("Europe/Madrid")).strftime("%Y-%m-%dT%H:%M") == utc


def test_month_ends_and_leap_years():
    ends = [nth_day("monthly", date(2027, 12, 31), step) for step in range(4)]
    assert ends == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]
    assert nth_day("monthly", date(2028, 2, 29), 12) == date(2029, 2, 28)
