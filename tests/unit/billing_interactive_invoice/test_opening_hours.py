from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core.opening_hours import (
    OpeningHours,
    grouped,
)

# 23 November 2026 is a Monday.
MONDAY = date(2026, 11, 23)
OFFICE = OpeningHours(tuple((weekday, 8 * 60, 16 * 60) for weekday in range(5)))


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute)


@st.composite
def weeks(draw):
    spans = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 600)).map(
        lambda span: (span[0], span[1], min(span[1] + span[2], 1440))
    )
    return OpeningHours(tuple(draw(st.lists(spans, min_size=1, max_size=8))))


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


def test_nobody_is_there_before_after_or_on_sundays():
    assert OFFICE.is_open(at(23, 8))
    assert OFFICE.is_open(at(23, 15, 59))
    assert not OFFICE.is_open(at(23, 7, 59))
    assert not OFFICE.is_open(at(23, 16))
    assert not OFFICE.is_open(at(22, 12))


def test_a_holiday_is_closed():
    hours = OpeningHours(OFFICE.weekly, lambda day: day == MONDAY)
    assert not hours.is_open(at(23, 12))
    assert hours.opens(at(23, 12)) == at(24, 8)


def test_friday_afternoon_goes_on_on_monday():
    assert OFFICE.add(at(20, 15, 30), 60) == at(23, 8, 30)
    assert OFFICE.minutes_between(at(20, 15, 30), at(23, 8, 30)) == 60


def test_hours_that_fill_the_day_end_with_it():
    assert OFFICE.add(at(23, 8), 8 * 60) == at(23, 16)


def test_without_hours_the_clock_never_stops():
    always = OpeningHours()
    assert always.is_open(at(22, 3))
    assert always.closes(at(22, 3)) is None
    assert always.add(at(22, 3), 48 * 60) == at(24, 3)
    assert always.minutes_between(at(22, 3), at(24, 3)) == 48 * 60
    assert always.minutes_a_day() == 24 * 60


def test_who_is_always_closed_never_answers():
    never = OpeningHours(OFFICE.weekly, lambda day: True)
    assert never.opens(at(23, 8)) is None
    assert never.add(at(23, 8), 1) is None


def test_hours_that_touch_are_one_and_keep_open():
    hours = OpeningHours(((0, 720, 960), (0, 480, 720), (0, 900, 930)))
    assert hours.weekly == ((0, 480, 960),)
    assert hours.closes(at(23, 12)) == at(23, 16)


@pytest.mark.parametrize("span", [(7, 0, 60), (-1, 0, 60), (0, 60, 60), (0, 0, 1441)])
def test_hours_that_do_not_exist_are_refused(span):
    with pytest.raises(ValueError, match="no opening hours"):
        OpeningHours((span,))


def test_a_wait_cannot_be_negative():
    with pytest.raises(ValueError, match="cannot wait"):
        OFFICE.add(at(23, 8), -1)


def test_days_alike_share_a_row():
    hours = OpeningHours((*OFFICE.weekly[:4], (4, 480, 900), (6, 600, 660)))
    assert grouped(hours) == [
        ([0, 1, 2, 3], [(480, 960)]),
        ([4], [(480, 900)]),
        ([6], [(600, 660)]),
    ]


def test_days_alike_with_a_closed_one_between_do_not():
    hours = OpeningHours(((0, 480, 960), (2, 480, 960)))
    assert [days for days, _spans in grouped(hours)] == [[0], [2]]


@given(hours=weeks(), start=moments, minutes=st.integers(0, 5000))
def test_what_is_added_lies_between(hours, start, minutes):
    end = hours.add(start, minutes)
    assert end >= start
    assert hours.minutes_between(start, end) == minutes


@given(
    hours=weeks(),
    start=moments,
    gaps=st.tuples(st.integers(0, 9000), st.integers(0, 9000)),
)
def test_two_stretches_are_as_long_as_the_whole(hours, start, gaps):
    middle = start + timedelta(minutes=gaps[0])
    end = middle + timedelta(minutes=gaps[1])
    assert hours.minutes_between(start, end) == hours.minutes_between(
        start, middle
    ) + hours.minutes_between(middle, end)


@given(hours=weeks(), moment=moments)
def test_when_it_opens_it_is_open(hours, moment):
    opens = hours.opens(moment)
    assert hours.is_open(opens)
    assert (opens == moment) == hours.is_open(moment)
    assert hours.minutes_between(moment, opens) == 0


@given(hours=weeks(), moment=moments)
def test_until_it_closes_every_minute_counts(hours, moment):
    moment = hours.opens(moment)
    closes = hours.closes(moment)
    waited = hours.minutes_between(moment, closes)
    assert timedelta(minutes=waited) == closes - moment > timedelta()
    assert closes.date() != moment.date() or not hours.is_open(closes)
