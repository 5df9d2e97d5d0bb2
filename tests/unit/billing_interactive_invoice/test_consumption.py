"""Consumption from invoice lines, and why an invoice is higher than another."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import consumption as c

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
VOLUMES = st.fractions(0, 100_000, max_denominator=1000)
BILLS = st.builds(
    c.Bill,
    days=st.integers(0, 400),
    volume=VOLUMES,
    metered=st.integers(-10_000_000, 10_000_000),
    total=st.integers(-10_000_000, 10_000_000),
)
# As invoices are: some days, some usage, priced.
PLAIN_BILLS = st.builds(
    lambda days, volume, price, other: c.Bill(
        days, Fraction(volume), volume * price, volume * price + other
    ),
    st.integers(1, 92),
    st.integers(1, 5000),
    st.integers(1, 400),
    st.integers(0, 100_000),
)


@st.composite
def periods(draw):
    start = draw(DAYS)
    length = draw(st.integers(0, 120))
    return c.Period(start, start + timedelta(days=length), draw(VOLUMES))


def month(year, number, volume):
    start = date(year, number, 1)
    end = (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return c.Period(start, end, Fraction(volume))


def by_reason(before, now):
    return {part.reason: part.amount for part in c.explain(before, now)}


@given(BILLS, BILLS)
def test_the_parts_add_up_to_the_difference_exactly(before, now):
    parts = c.explain(before, now)
    assert sum(part.amount for part in parts) == now.total - before.total
    assert all(part.amount for part in parts)
    assert len({part.reason for part in parts}) == len(parts)


@given(BILLS, BILLS, st.integers(0, 10_000))
def test_small_reasons_are_counted_with_the_biggest(before, now, least):
    exact = c.explain(before, now)
    parts = c.explain(before, now, least)
    assert sum(part.amount for part in parts) == now.total - before.total
    assert {part.reason for part in parts} <= {part.reason for part in exact}
    if len(exact) > 1 and abs(exact[-1].amount) < least:
        assert len(parts) < len(exact)
    assert sum(abs(part.amount) < least for part in parts) <= 1


@given(BILLS, BILLS)
def test_the_biggest_reason_comes_first(before, now):
    sizes = [abs(part.amount) for part in c.explain(before, now)]
    assert sizes == sorted(sizes, reverse=True)


@given(BILLS)
def test_nothing_explains_no_difference(bill):
    assert c.explain(bill, bill) == []


@given(PLAIN_BILLS, PLAIN_BILLS)
def test_each_part_goes_the_way_of_its_cause(before, now):
    parts = by_reason(before, now)
    price = Fraction(before.metered) / before.volume
    expected = {
        c.DAYS: price * before.volume / before.days * (now.days - before.days),
        c.USAGE: price
        * now.days
        * (now.volume / now.days - before.volume / before.days),
        c.PRICE_PART: (Fraction(now.metered) / now.volume - price) * now.volume,
        c.OTHER: (now.total - now.metered) - (before.total - before.metered),
    }
    for reason, amount in expected.items():
        assert abs(parts.get(reason, 0) - amount) < 1


@given(PLAIN_BILLS, st.integers(1, 400))
def test_only_the_price_changed(before, price):
    metered = int(before.volume) * price
    now = c.Bill(
        before.days,
        before.volume,
        metered,
        metered + before.total - before.metered,
    )
    assert set(by_reason(before, now)) <= {c.PRICE_PART}


@given(PLAIN_BILLS, st.integers(1, 5000))
def test_only_the_usage_changed(before, volume):
    metered = before.metered // int(before.volume) * volume
    now = c.Bill(
        before.days,
        Fraction(volume),
        metered,
        metered + before.total - before.metered,
    )
    assert set(by_reason(before, now)) <= {c.USAGE}


def test_twice_the_days_of_the_same_life():
    before = c.Bill(30, Fraction(300), 30_000, 35_000)
    now = c.Bill(60, Fraction(600), 60_000, 65_000)
    assert by_reason(before, now) == {c.DAYS: 30_000}


def test_first_usage_is_usage():
    before = c.Bill(30, Fraction(0), 0, 5_000)
    now = c.Bill(30, Fraction(100), 15_000, 20_000)
    assert by_reason(before, now) == {c.USAGE: 15_000}


def test_what_was_free_before_is_dearer_now():
    before = c.Bill(30, Fraction(100), 0, 0)
    now = c.Bill(30, Fraction(100), 9_000, 9_000)
    assert by_reason(before, now) == {c.PRICE_PART: 9_000}


def test_a_winter_month():
    # 300 kWh in 30 days at 1.00 each, then 434 in 31 at 1.20; fixed fee 39, then 49.
    before = c.Bill(30, Fraction(300), 30_000, 33_900)
    now = c.Bill(31, Fraction(434), 52_080, 56_980)
    assert by_reason(before, now) == {
        c.USAGE: 12_400,
        c.PRICE_PART: 8_680,
        c.DAYS: 1_000,
        c.OTHER: 1_000,
    }


def reading(volume, *, start=1, end=30, meter="M", role=c.GUESS):
    return c.Reading(
        date(2026, 11, start), date(2026, 11, end), Fraction(volume), meter, role
    )


@pytest.mark.parametrize(
    ("readings", "volume"),
    [
        # Power, grid rent and tax on the same kilowatt hours.
        ([reading(412), reading(412), reading(412)], 412),
        # Two halves of the month.
        ([reading(200, end=15), reading(210, start=16)], 410),
        # Two meters that happen to show the same.
        ([reading(100), reading(100, meter="N")], 200),
        # Day and night are said to measure; grid rent on both is not.
        (
            [
                reading(150, role=c.VOLUME),
                reading(150, role=c.VOLUME),
                reading(300),
            ],
            300,
        ),
        ([reading(300, role=c.PRICE), reading(299)], 299),
        ([reading(300, role=c.PRICE)], None),
        ([reading(300, start=20, end=10)], None),
        ([], None),
    ],
)
def test_the_same_consumption_counts_once(readings, volume):
    total = c.whole(c.measured(readings))
    assert (total and total.volume) == volume


@given(st.lists(periods(), min_size=1, max_size=8))
def test_the_whole_has_all_of_it(parts):
    total = c.whole(parts)
    assert total.volume == sum(part.volume for part in parts)
    assert all(
        c.common_days(part, total.start, total.end) == part.days for part in parts
    )


@given(periods(), st.integers(0, 200))
def test_a_period_cut_in_two_is_still_whole(period, at):
    cut = period.start + timedelta(days=min(at, period.days - 1))
    first = c.volume_between([period], period.start, cut)
    if cut == period.end:
        assert first == period.volume
    else:
        second = c.volume_between([period], cut + timedelta(days=1), period.end)
        assert first + second == period.volume


@given(st.lists(periods(), max_size=6), DAYS, st.integers(0, 90))
def test_between_two_days_is_never_more_than_there_is(parts, start, length):
    volume = c.volume_between(parts, start, start + timedelta(days=length))
    assert volume is None or 0 <= volume <= sum(part.volume for part in parts)


def test_little_known_is_nothing_known():
    november = month(2026, 11, 300)
    assert c.volume_between([november], date(2026, 11, 1), date(2026, 11, 30)) == 300
    # Three days of thirty-three are missing, then four of thirty-four.
    assert c.volume_between([november], date(2026, 11, 1), date(2026, 12, 3)) == 300
    assert c.volume_between([november], date(2026, 11, 1), date(2026, 12, 4)) is None
    # Two lines for the same days do not make up for others.
    half = c.Period(date(2026, 11, 1), date(2026, 11, 15), Fraction(1))
    assert c.volume_between([half, half], date(2026, 11, 1), date(2026, 11, 30)) is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((2026, 11, 1), (2026, 11, 30), ((2025, 11, 1), (2025, 11, 30))),
        ((2024, 2, 1), (2024, 2, 29), ((2023, 2, 1), (2023, 2, 28))),
        ((2025, 2, 1), (2025, 2, 28), ((2024, 2, 1), (2024, 2, 29))),
        ((2026, 10, 12), (2026, 11, 11), ((2025, 10, 12), (2025, 11, 11))),
    ],
)
def test_the_same_period_a_year_earlier(start, end, expected):
    period = c.Period(date(*start), date(*end), Fraction(1))
    assert c.last_year(period) == tuple(date(*day) for day in expected)


@given(periods(), periods())
def test_alike_goes_both_ways(one, other):
    share = c.alike(one, other.start, other.end)
    assert share == c.alike(other, one.start, one.end)
    assert 0 <= share <= 1
    assert c.alike(one, one.start, one.end) == 1
