from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import bank_days
from odoo.addons.billing_base.core.bank_days import BankCalendar

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
COUNTRIES = st.sampled_from(["NO", "SE", "DK", ""])


# The published calendars of the banks: Finans Norge and Bankgirot, 2026.
@pytest.mark.parametrize(
    ("country", "day", "is_open"),
    [
        ("NO", date(2026, 4, 2), False),  # Maundy Thursday
        ("SE", date(2026, 4, 2), True),  # a half-day in Sweden
        ("NO", date(2026, 5, 1), False),
        ("SE", date(2026, 5, 1), False),
        ("NO", date(2026, 5, 14), False),  # Ascension Day
        ("NO", date(2026, 5, 25), False),  # Whit Monday
        ("SE", date(2026, 5, 25), True),  # no holiday in Sweden since 2005
        ("SE", date(2025, 6, 6), False),  # national day, a Friday
        ("NO", date(2025, 6, 6), True),
        ("SE", date(2026, 6, 19), False),  # Midsummer Eve
        ("NO", date(2026, 6, 19), True),
        ("NO", date(2026, 12, 24), True),  # NICS settles, a half-day
        ("SE", date(2026, 12, 24), False),
        ("NO", date(2026, 12, 25), False),
        ("NO", date(2026, 12, 31), True),
        ("SE", date(2026, 12, 31), False),
        ("SE", date(2026, 1, 6), False),  # Epiphany
        ("NO", date(2026, 1, 6), True),
        ("NO", date(2027, 5, 17), False),  # Constitution Day, a Monday
        ("NO", date(2026, 11, 21), False),  # a Saturday
        ("", date(2026, 5, 1), True),
        ("", date(2026, 5, 2), False),
        ("se", date(2026, 12, 24), False),
    ],
)
def test_bank_day_of_country(country, day, is_open):
    assert bank_days.is_bank_day(day, country) is is_open


def test_easter_is_bridged_in_norway():
    assert bank_days.next_bank_day(date(2026, 4, 2), "NO") == date(2026, 4, 7)
    assert BankCalendar("NO").previous_bank_day(date(2026, 4, 6)) == date(2026, 4, 1)
    assert bank_days.add_bank_days(date(2026, 4, 1), 1, "NO") == date(2026, 4, 7)
    assert bank_days.bank_days_between(date(2026, 4, 1), date(2026, 4, 7), "NO") == 1


def test_own_days_win_over_the_country():
    monday, sunday = date(2026, 11, 23), date(2026, 11, 22)
    calendar = BankCalendar("NO", frozenset([monday]), frozenset([sunday]))
    assert not calendar.is_bank_day(monday)
    assert calendar.is_bank_day(sunday)
    assert calendar.next_bank_day(monday) == date(2026, 11, 24)


def test_calendar_without_an_open_day_is_refused():
    day = date(2026, 1, 1)
    closed = frozenset(day + timedelta(days=n) for n in range(100))
    with pytest.raises(ValueError, match="no bank day within 60 days of 2026-01-01"):
        BankCalendar("NO", closed).next_bank_day(day)


@given(day=DAYS, country=COUNTRIES)
def test_next_bank_day_is_the_first_one(day, country):
    found = bank_days.next_bank_day(day, country)
    assert bank_days.is_bank_day(found, country)
    between = [day + timedelta(days=n) for n in range((found - day).days)]
    assert not any(bank_days.is_bank_day(other, country) for other in between)


@given(day=DAYS, count=st.integers(-60, 60), country=COUNTRIES)
def test_adding_and_counting_agree(day, count, country):
    start = bank_days.next_bank_day(day, country)
    end = bank_days.add_bank_days(start, count, country)
    assert bank_days.bank_days_between(start, end, country) == count
    assert bank_days.add_bank_days(end, -count, country) == start


@given(start=DAYS, length=st.integers(0, 400), country=COUNTRIES)
def test_swapping_start_and_end_changes_the_sign(start, length, country):
    end = start + timedelta(days=length)
    there = bank_days.bank_days_between(start, end, country)
    assert bank_days.bank_days_between(end, start, country) == -there
