"""Quiet hours, time zones, the two days a year with an hour too many or too few."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_dynamic_distribution.core import clock

OSLO = clock.Calendar(zone="Europe/Oslo", country="NO", bank=BankCalendar("NO"))
ZONES = ["Europe/Oslo", "Europe/Stockholm", "America/St_Johns", "Asia/Kathmandu", "UTC"]

moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)).map(
    lambda at: at.replace(microsecond=0)
)
hours = st.none() | st.tuples(st.integers(0, 1380), st.integers(30, 1440)).map(
    lambda pair: (min(pair), max(pair[1], min(pair) + 30))
)
weeks = st.tuples(*[hours] * 7).filter(any)
calendars = st.builds(
    clock.Calendar,
    zone=st.sampled_from(ZONES),
    week=weeks,
    country=st.sampled_from(["", "NO", "SE"]),
    bank=st.sampled_from([BankCalendar("NO"), BankCalendar("SE"), BankCalendar("")]),
    bank_days_only=st.just(False),
)


@given(calendars, moments)
def test_the_next_moment_is_allowed_and_not_before(calendar, at):
    found = calendar.next_allowed(at)
    assert found >= at
    assert calendar.is_allowed(found)
    assert calendar.next_allowed(found) == found


@given(calendars, moments, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_who_asks_later_does_not_go_first(calendar, at, later):
    assert calendar.next_allowed(at) <= calendar.next_allowed(at + later)


@given(calendars, moments, st.data())
def test_no_allowed_moment_is_passed_over(calendar, at, data):
    found = calendar.next_allowed(at)
    if found > at:
        seconds = int((found - at).total_seconds())
        before = at + timedelta(seconds=data.draw(st.integers(0, seconds - 1)))
        assert not calendar.is_allowed(before)


@given(
    calendars,
    moments,
    st.integers(0, 30),
    st.sampled_from(clock.UNITS),
)
def test_a_wait_ends_after_it_began(calendar, at, wait, unit):
    found = calendar.after(at, wait, unit)
    assert calendar.is_allowed(found)
    # An hour that comes twice is one hour for whoever waits whole days.
    assert found >= at - timedelta(hours=1) if wait and unit != clock.HOURS else at


@given(st.sampled_from(ZONES), moments)
def test_there_and_back(zone, at):
    local = clock.to_local(at, zone)
    back = clock.to_utc(local, zone)
    # Of an hour that comes twice the first one is meant.
    assert at - back in (timedelta(0), timedelta(hours=1))
    assert clock.to_local(back, zone) == local


def oslo(text):
    return clock.to_utc(datetime.fromisoformat(text), "Europe/Oslo")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"),  # Monday, in the middle of the day
        ("2026-11-23T07:59", "2026-11-23T08:00"),
        ("2026-11-23T21:00", "2026-11-24T08:00"),
        ("2026-11-20T21:30", "2026-11-21T09:00"),  # Friday night, Saturday is later
        ("2026-11-21T15:00", "2026-11-23T08:00"),  # Saturday afternoon, over Sunday
        ("2026-12-24T22:00", "2026-12-28T08:00"),  # Christmas, then a weekend
        ("2027-05-17T12:00", "2027-05-18T08:00"),  # the national day
    ],
)
def test_hours_in_norway(at, expected):
    assert OSLO.next_allowed(oslo(at)) == oslo(expected)


def test_three_days_end_at_the_same_time_of_day_though_the_clock_jumps():
    # In the night to 29 March 2026 the clock jumps from two to three.
    sent = oslo("2026-03-27T10:15")
    assert OSLO.elapsed(sent, 3, clock.DAYS) == oslo("2026-03-30T10:15")
    assert OSLO.elapsed(sent, 3, clock.DAYS) - sent == timedelta(hours=71)
    assert OSLO.elapsed(sent, 72, clock.HOURS) - sent == timedelta(hours=72)


def test_a_window_within_the_hour_that_is_left_out():
    night = clock.Calendar(zone="Europe/Oslo", week=((150, 300),) * 7)  # from 2.30
    found = night.next_allowed(oslo("2026-03-28T23:00"))
    assert clock.to_local(found, "Europe/Oslo") == datetime(2026, 3, 29, 3, 30)


def test_a_window_within_the_hour_that_comes_twice_opens_once():
    night = clock.Calendar(zone="Europe/Oslo", week=((150, 180),) * 7)  # 2.30 to 3
    opens, closes = night.window(date(2026, 10, 25))
    assert closes - opens == timedelta(minutes=90)
    assert night.next_allowed(closes) == night.window(date(2026, 10, 26))[0]


def test_the_customer_s_own_clock_counts():
    # Half past seven in Oslo is half past eight in Helsinki.
    at = oslo("2026-11-23T07:30")
    helsinki = clock.Calendar(zone="Europe/Helsinki")
    assert helsinki.is_allowed(at)
    assert not OSLO.is_allowed(at)


def test_where_somebody_lives():
    assert clock.zone_of("Europe/Helsinki", "NO") == "Europe/Helsinki"
    assert clock.zone_of(None, "no") == "Europe/Oslo"
    assert clock.zone_of("Middle/Earth", "SE") == "Europe/Stockholm"
    assert clock.zone_of(None, None, "Europe/Oslo") == "Europe/Oslo"


def test_on_bank_days_only():
    swedish = clock.Calendar(
        zone="Europe/Stockholm", bank=BankCalendar("SE"), bank_days_only=True
    )
    # Midsummer Eve 2026 is a Friday on which banks are closed.
    found = swedish.next_allowed(datetime(2026, 6, 19, 9, 0))
    assert clock.to_local(found, "Europe/Stockholm") == datetime(2026, 6, 22, 8, 0)


def test_bank_days_pass_over_holidays():
    sent = oslo("2026-04-01T10:00")  # Wednesday before Easter
    assert OSLO.after(sent, 1, clock.BANK_DAYS) == oslo("2026-04-07T10:00")


def test_hours_that_never_come_are_an_error():
    never = clock.Calendar(week=(None,) * 7)
    with pytest.raises(ValueError, match="no hour to write"):
        never.next_allowed(datetime(2026, 1, 1))


def test_unknown_units_and_waits_back_are_refused():
    for wait, unit in ((1, "weeks"), (0, "weeks"), (-1, clock.DAYS)):
        with pytest.raises(ValueError):
            OSLO.elapsed(datetime(2026, 1, 1), wait, unit)
