from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core.interest import (
    NoRate,
    interest_rates,
    known_through,
    late_interest,
)
from odoo.addons.billing_fee_policy.core.law import Rate, interest_from

from .shipped_law import packs

NO, SE = packs()["no_1988"], packs()["se_1981"]
NO_RATES, SE_RATES = interest_rates(NO), interest_rates(SE)
DAY = timedelta(days=1)


def owed(due, amount, *payments):
    """Return the changes of a claim: the whole on the due date, then what is left."""
    return [(due, Decimal(amount)), *((day, Decimal(rest)) for day, rest in payments)]


def total(periods):
    return sum((period.amount for period in periods), Decimal(0))


def test_interest_runs_from_the_day_after_the_due_date_and_counts_its_last_day():
    due = date(2026, 9, 1)
    periods = late_interest(
        NO_RATES, owed(due, 1000), interest_from(NO, due), date(2026, 10, 1)
    )
    assert [(p.start, p.end, p.days) for p in periods] == [
        (date(2026, 9, 2), date(2026, 10, 1), 30)
    ]
    assert total(periods) == Decimal("10.07")  # 1000 × 12,25 % × 30 / 365


def test_nothing_before_the_first_day():
    due = date(2026, 9, 1)
    assert late_interest(NO_RATES, owed(due, 1000), due + DAY, due) == ()


@pytest.mark.parametrize(
    ("due", "through", "rates"),
    [
        (date(2025, 6, 1), date(2025, 7, 31), ["12.50", "12.25"]),
        (date(2025, 12, 1), date(2026, 1, 31), ["12.25", "12.00"]),
        (date(2024, 5, 1), date(2024, 8, 1), ["12.50", "12.50"]),
    ],
)
def test_periods_split_at_the_half_year_even_where_the_rate_stays(due, through, rates):
    periods = late_interest(NO_RATES, owed(due, 5000), due + DAY, through)
    assert [period.rate for period in periods] == [Decimal(rate) for rate in rates]
    assert periods[1].start.day == 1
    assert periods[1].start.month in (1, 7)
    assert periods[0].end + DAY == periods[1].start


def test_an_old_claim_takes_every_half_years_rate():
    due = date(2023, 1, 1)
    periods = late_interest(NO_RATES, owed(due, 1000), due + DAY, date(2024, 12, 31))
    assert [str(period.rate) for period in periods] == [
        "10.75",
        "11.75",
        "12.50",
        "12.50",
    ]
    assert [period.days for period in periods] == [180, 184, 182, 184]


def test_a_part_payment_bears_interest_through_its_own_day():
    due = date(2026, 8, 1)
    paid = date(2026, 8, 11)
    periods = late_interest(
        NO_RATES, owed(due, 1000, (paid, 400)), due + DAY, date(2026, 8, 31)
    )
    assert [(p.days, p.base) for p in periods] == [(10, 1000), (20, 400)]
    assert periods[0].end == paid


def test_what_is_paid_or_overpaid_bears_nothing():
    due = date(2026, 8, 1)
    changes = owed(due, 1000, (date(2026, 8, 11), -50))
    periods = late_interest(NO_RATES, changes, due + DAY, date(2026, 8, 31))
    assert [period.days for period in periods] == [10]


def test_swedish_interest_stops_where_nobody_knows_the_reference_rate():
    due = date(2026, 5, 31)
    assert known_through(SE_RATES, due + DAY) == date(2026, 6, 30)
    periods = late_interest(SE_RATES, owed(due, 10000), due + DAY, date(2026, 6, 30))
    assert total(periods) == Decimal("82.19")  # 10 000 × 10 % × 30 / 365
    with pytest.raises(NoRate) as error:
        late_interest(SE_RATES, owed(due, 10000), due + DAY, date(2026, 7, 1))
    assert error.value.day == date(2026, 7, 1)
    assert known_through(SE_RATES, date(2026, 7, 1)) is None


def test_a_gap_does_not_matter_once_everything_is_paid():
    due = date(2026, 5, 31)
    changes = owed(due, 10000, (date(2026, 6, 20), 0))
    periods = late_interest(SE_RATES, changes, due + DAY, date(2026, 9, 1))
    assert [period.days for period in periods] == [20]


def test_known_through_goes_on_over_half_years_and_forever_without_an_end():
    assert known_through(NO_RATES, date(2019, 3, 1)) == date(2026, 12, 31)
    assert known_through(
        [Rate("x", date(2020, 1, 1), Decimal(5))], date(2021, 1, 1)
    ) == (date.max)


def test_leap_years_count_366_days_where_the_law_says_so():
    rates = [Rate("late_interest", date(2020, 1, 1), Decimal(10), "percent")]
    changes = owed(date(2023, 12, 30), 36600)
    args = (rates, changes, date(2023, 12, 31), date(2024, 1, 1))
    assert [p.amount for p in late_interest(*args, day_count="actual/actual")] == [
        Decimal("10.03"),
        Decimal("10.00"),
    ]
    assert total(late_interest(*args)) == Decimal("20.05")


def test_whole_kroner_where_the_currency_has_no_smaller():
    due = date(2026, 8, 1)
    periods = late_interest(
        NO_RATES, owed(due, 1000), due + DAY, date(2026, 8, 31), unit=Decimal(1)
    )
    assert total(periods) == 10


@pytest.mark.parametrize("changes", [[], [(date(2026, 9, 2), Decimal(5))]])
def test_what_was_open_has_to_be_known(changes):
    with pytest.raises(ValueError, match="not known"):
        late_interest(NO_RATES, changes, date(2026, 9, 2), date(2026, 9, 30))


def test_an_unknown_day_count_is_an_error():
    with pytest.raises(ValueError, match="30/360"):
        late_interest(
            NO_RATES,
            owed(date(2026, 9, 1), 5),
            date(2026, 9, 2),
            date(2026, 9, 3),
            "30/360",
        )


# === PROPERTIES === #

days = st.dates(date(2019, 1, 2), date(2026, 6, 29))
cents = st.integers(0, 10**9).map(lambda n: Decimal(n) / 100)


@st.composite
def claims(draw):
    due = draw(days)
    through = draw(st.dates(due, date(2026, 6, 30)))
    payments = draw(st.lists(st.tuples(st.dates(due, through), cents), max_size=5))
    return due, through, [(due, draw(cents)), *sorted(payments, key=lambda p: p[0])]


@given(claims(), st.sampled_from([NO_RATES, SE_RATES]))
def test_periods_follow_each_other_and_add_up_to_the_day_by_day_sum(claim, rates):
    due, through, changes = claim
    periods = late_interest(rates, changes, due + DAY, through)
    exact = Fraction(0)
    day = due + DAY
    while day <= through:
        base = [amount for change, amount in changes if change < day][-1]
        rate = next(r.value for r in rates if r.valid_from <= day <= r.expires)
        exact += Fraction(base) * Fraction(rate) / 36500
        day += DAY
    assert abs(Fraction(total(periods)) - exact) <= Fraction(1, 200)
    assert all(period.amount >= 0 for period in periods)
    for one, other in zip(periods, periods[1:], strict=False):
        assert one.end < other.start
    for period in periods:
        assert (period.end - period.start).days + 1 == period.days
        assert (period.start.year, period.start.month > 6) == (
            period.end.year,
            period.end.month > 6,
        )


@given(claims(), st.integers(1, 400))
def test_more_days_never_cost_less(claim, count):
    due, through, changes = claim
    longer = min(through + count * DAY, date(2026, 6, 30))
    args = (NO_RATES, changes, due + DAY)
    assert total(late_interest(*args, longer)) >= total(late_interest(*args, through))
