"""Deadlines of both schemes, on days that were looked up by hand and on any day."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_direct_debit.core import schedule

NORWAY, SWEDEN = BankCalendar("NO"), BankCalendar("SE")
AVTALEGIRO = schedule.Rules(
    scheme="avtalegiro",
    lead_days=4,
    lead_unit="bank_days",
    cut_off=time(14),
    cancel_days=1,
    cancel_unit="bank_days",
    cancel_cut_off=time(14),
    notice_days=3,
    notice_unit="bank_days",
    window_day=15,
)
AUTOGIRO = schedule.Rules(
    scheme="autogiro",
    lead_days=1,
    lead_unit="bank_days",
    cut_off=time(19),
    cancel_days=1,
    cancel_unit="bank_days",
    cancel_cut_off=time(19),
    notice_days=8,
    notice_unit="bank_days",
    grace_bank_days=1,
    bank_retry_bank_days=3,
)
CASES = ((AVTALEGIRO, NORWAY), (AUTOGIRO, SWEDEN))
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


# === DAYS LOOKED UP BY HAND === #


def test_a_norwegian_claim_is_delivered_four_bank_days_before():
    # Tuesday 1 December 2026: Monday, Friday, Thursday, Wednesday before it.
    found = schedule.latest_delivery(AVTALEGIRO, NORWAY, date(2026, 12, 1))
    assert found == datetime(2026, 11, 25, 14)


def test_holidays_take_bank_days_away():
    # Between Easter 2026 and its Tuesday: Thursday to Monday are closed.
    found = schedule.latest_delivery(AVTALEGIRO, NORWAY, date(2026, 4, 8))
    assert found == datetime(2026, 3, 30, 14)


def test_a_swedish_order_goes_the_evening_before():
    found = schedule.latest_delivery(AUTOGIRO, SWEDEN, date(2026, 11, 30))
    assert found == datetime(2026, 11, 27, 19)


@pytest.mark.parametrize(
    "day, last",
    [
        # The window is from the 15th to the 14th; 31 October 2026 is a Saturday.
        (date(2026, 11, 14), datetime(2026, 9, 30, 14)),
        (date(2026, 11, 15), datetime(2026, 10, 30, 14)),
        (date(2026, 12, 14), datetime(2026, 10, 30, 14)),
        (date(2026, 12, 15), datetime(2026, 11, 30, 14)),
        (date(2027, 1, 10), datetime(2026, 11, 30, 14)),
    ],
)
def test_with_the_banks_notice_claims_go_by_the_month(day, last):
    assert schedule.latest_delivery(AVTALEGIRO, NORWAY, day, True) == last


def test_a_scheme_without_bank_notice_has_no_window():
    day = date(2026, 11, 16)
    assert schedule.latest_delivery(
        AUTOGIRO, SWEDEN, day, True
    ) == schedule.latest_delivery(AUTOGIRO, SWEDEN, day)


def test_one_minute_after_the_cut_off_it_is_a_day_later():
    on_time, late = datetime(2026, 11, 23, 14), datetime(2026, 11, 23, 14, 1)
    assert schedule.earliest_debit(AVTALEGIRO, NORWAY, on_time) == date(2026, 11, 27)
    assert schedule.earliest_debit(AVTALEGIRO, NORWAY, late) == date(2026, 11, 30)


def test_who_is_told_today_is_debited_eight_bank_days_later():
    # Monday 23 November, eight bank days: Thursday 3 December 2026.
    found = schedule.earliest_debit(
        AUTOGIRO, SWEDEN, datetime(2026, 11, 23, 10), told_on=date(2026, 11, 23)
    )
    assert found == date(2026, 12, 3)
    assert schedule.notice_deadline(AUTOGIRO, SWEDEN, found) == date(2026, 11, 23)


def test_a_wish_for_a_sunday_is_drawn_on_monday():
    found = schedule.earliest_debit(
        AVTALEGIRO, NORWAY, datetime(2026, 11, 2), not_before=date(2026, 11, 29)
    )
    assert found == schedule.debit_day(NORWAY, date(2026, 11, 29)) == date(2026, 11, 30)


def test_a_cancellation_is_in_time_until_the_cut_off():
    day, last = date(2026, 12, 1), datetime(2026, 11, 30, 14)
    assert schedule.cancel_deadline(AVTALEGIRO, NORWAY, day) == last
    assert schedule.may_cancel(AVTALEGIRO, NORWAY, day, last)
    assert not schedule.may_cancel(AVTALEGIRO, NORWAY, day, last + timedelta(seconds=1))


def test_the_bank_trying_again_makes_grace_longer():
    day = date(2026, 11, 27)
    assert schedule.grace_until(AUTOGIRO, SWEDEN, day) == date(2026, 11, 30)
    assert schedule.grace_until(AUTOGIRO, SWEDEN, day, True) == date(2026, 12, 2)


@pytest.mark.parametrize(
    "day, first",
    [
        (date(2026, 12, 1), date(2025, 12, 1)),
        (date(2028, 2, 29), date(2027, 3, 1)),
    ],
)
def test_claims_are_taken_a_year_ahead(day, first):
    assert schedule.first_delivery(AVTALEGIRO, day) == first


def test_february_has_no_thirtieth():
    rules = replace(AVTALEGIRO, months_ahead=10)
    assert schedule.first_delivery(rules, date(2026, 12, 30)) == date(2026, 3, 1)


def test_days_of_the_calendar_end_on_a_bank_day():
    rules = replace(AVTALEGIRO, lead_days=4, lead_unit="days")
    # Four days before Thursday is Sunday: Friday it is.
    found = schedule.latest_delivery(rules, NORWAY, date(2026, 11, 26))
    assert found == datetime(2026, 11, 20, 14)


def test_files_go_some_days_ahead_and_no_earlier():
    day = date(2026, 12, 1)
    args = (AVTALEGIRO, NORWAY, day)
    assert not schedule.should_go(*args, date(2026, 11, 22), 2)
    assert schedule.should_go(*args, date(2026, 11, 23), 2)
    assert not schedule.should_go(*args, date(2026, 11, 24), 0)
    assert schedule.should_go(*args, date(2026, 11, 25), 0)


@pytest.mark.parametrize(
    "told_on, needed",
    [(None, True), (date(2026, 11, 23), False), (date(2026, 11, 24), True)],
)
def test_who_was_told_too_late_was_not_told(told_on, needed):
    assert schedule.needs_notice(told_on, date(2026, 11, 23)) is needed


@pytest.mark.parametrize(
    "wrong",
    [
        {"lead_unit": "weeks"},
        {"cancel_days": -1},
        {"months_ahead": 0},
        {"window_day": 30},
    ],
)
def test_rules_that_cannot_be(wrong):
    with pytest.raises(ValueError):
        replace(AVTALEGIRO, **wrong)


def test_rules_that_allow_no_day():
    with pytest.raises(ValueError, match="no day within"):
        schedule.earliest_debit(
            replace(AUTOGIRO, lead_days=5000, lead_unit="days"),
            SWEDEN,
            datetime(2026, 1, 2),
        )


# === ANY DAY === #


@given(
    case=st.sampled_from(CASES),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31)),
    told_after=st.none() | st.integers(-30, 10),
    wish_after=st.none() | st.integers(-30, 90),
    bank_notice=st.booleans(),
)
def test_the_earliest_day_is_allowed_and_the_one_before_is_not(
    case, now, told_after, wish_after, bank_notice
):
    rules, calendar = case
    told_on = told_after and now.date() + timedelta(days=told_after)
    wish = wish_after and now.date() + timedelta(days=wish_after)
    day = schedule.earliest_debit(
        rules,
        calendar,
        now,
        bank_notice=bank_notice,
        told_on=told_on or None,
        not_before=wish or None,
    )

    def allowed(other):
        return (
            now <= schedule.latest_delivery(rules, calendar, other, bank_notice)
            and not (
                told_on
                and schedule.needs_notice(
                    told_on, schedule.notice_deadline(rules, calendar, other)
                )
            )
            and other >= max(now.date(), wish or now.date())
        )

    assert calendar.is_bank_day(day)
    assert allowed(day)
    assert not allowed(calendar.add_bank_days(day, -1))


@given(case=st.sampled_from(CASES), day=DAYS, bank_notice=st.booleans())
def test_deadlines_lie_before_the_debit_and_on_bank_days(case, day, bank_notice):
    rules, calendar = case
    last = schedule.latest_delivery(rules, calendar, day, bank_notice)
    assert last.date() < day
    for deadline in (
        last.date(),
        schedule.cancel_deadline(rules, calendar, day).date(),
        schedule.notice_deadline(rules, calendar, day),
    ):
        assert calendar.is_bank_day(deadline)
    # With the bank's notice there is never more time.
    assert last <= schedule.latest_delivery(rules, calendar, day)
    assert schedule.debit_day(calendar, day) < schedule.grace_until(
        rules, calendar, day
    )


@given(case=st.sampled_from(CASES), day=DAYS, later=st.integers(0, 60))
def test_a_later_debit_never_has_an_earlier_deadline(case, day, later):
    rules, calendar = case
    other = day + timedelta(days=later)
    for bank_notice in (False, True):
        assert schedule.latest_delivery(
            rules, calendar, day, bank_notice
        ) <= schedule.latest_delivery(rules, calendar, other, bank_notice)
    assert schedule.cancel_deadline(rules, calendar, day) <= schedule.cancel_deadline(
        rules, calendar, other
    )
