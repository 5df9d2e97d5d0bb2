"""Each rate on record, on the first and last day of what it holds for."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from odoo.addons.billing_fee_policy.core import law, review
from odoo.addons.billing_fee_policy.core.interest import interest_rates

from .shipped_law import packs

NO, NEW, SE = (packs()[code] for code in ("no_1988", "no_2026", "se_1981"))
DAY = timedelta(days=1)

NO_INTEREST = {
    "2016H1": "8.75",
    "2016H2": "8.50",
    "2017H1": "8.50",
    "2017H2": "8.50",
    "2018H1": "8.50",
    "2018H2": "8.50",
    "2019H1": "8.75",
    "2019H2": "9.25",
    "2020H1": "9.50",
    "2020H2": "8.00",
    "2021H1": "8.00",
    "2021H2": "8.00",
    "2022H1": "8.50",
    "2022H2": "9.25",
    "2023H1": "10.75",
    "2023H2": "11.75",
    "2024H1": "12.50",
    "2024H2": "12.50",
    "2025H1": "12.50",
    "2025H2": "12.25",
    "2026H1": "12.00",
    "2026H2": "12.25",
    "2015H2": None,
    "2027H1": None,
}
NO_COMPENSATION = {
    "2016H1": None,
    "2016H2": "370",
    "2017H1": None,
    "2020H1": None,
    "2020H2": "430",
    "2021H1": None,
    "2021H2": "400",
    "2022H1": "390",
    "2022H2": "400",
    "2023H1": "410",
    "2023H2": "460",
    "2024H1": "470",
    "2024H2": "460",
    "2025H1": "470",
    "2025H2": "460",
    "2026H1": "460",
    "2026H2": "430",
    "2027H1": None,
}
SE_LATE_INTEREST = {
    "2018H2": None,
    "2019H1": "7.50",
    "2019H2": "8.00",
    "2020H1": "8.00",
    "2020H2": "8.00",
    "2021H1": "8.00",
    "2021H2": "8.00",
    "2022H1": "8.00",
    "2022H2": "8.50",
    "2023H1": "10.50",
    "2023H2": "11.50",
    "2024H1": "12.00",
    "2024H2": "12.00",
    "2025H1": "11.00",
    "2025H2": "10.00",
    "2026H1": "10.00",
    "2026H2": None,
}


def border_days(half_year):
    year, half = int(half_year[:4]), half_year[4:]
    if half == "H1":
        return date(year, 1, 1), date(year, 6, 30)
    return date(year, 7, 1), date(year, 12, 31)


def value(pack, code, day):
    rate = pack.rate_on(code, day)
    return rate and rate.value


@pytest.mark.parametrize(("half_year", "expected"), NO_INTEREST.items())
@pytest.mark.parametrize("pack", [NO, NEW], ids=lambda pack: pack.code)
def test_norwegian_late_interest(pack, half_year, expected):
    for day in border_days(half_year):
        assert value(pack, "late_interest", day) == (expected and Decimal(expected))


@pytest.mark.parametrize(("half_year", "expected"), NO_COMPENSATION.items())
def test_norwegian_compensation(half_year, expected):
    for day in border_days(half_year):
        assert value(NO, "b2b_compensation", day) == (expected and Decimal(expected))


@pytest.mark.parametrize(("half_year", "expected"), SE_LATE_INTEREST.items())
def test_swedish_late_interest_is_the_reference_rate_and_eight_points(
    half_year, expected
):
    for day in border_days(half_year):
        found = [
            rate.value
            for rate in interest_rates(SE)
            if rate.valid_from <= day <= rate.expires
        ]
        assert found == ([Decimal(expected)] if expected else [])


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2014, 12, 31), None),
        (date(2015, 1, 1), 650),
        (date(2015, 12, 31), 650),
        (date(2016, 1, 1), 670),
        (date(2016, 12, 31), 670),
        (date(2017, 1, 1), 700),
        (date(2025, 12, 31), 700),
        (date(2026, 1, 1), 750),
        (date(2026, 12, 31), 750),
    ],
)
def test_inkassosats(day, expected):
    assert value(NO, "inkassosats", day) == expected


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("fee_fraction_reminder", "0.1", "0.05"),
        ("fee_fraction_own_demand", "0.3", "0.15"),
    ],
)
def test_shares_of_it(code, old, new):
    assert value(NO, code, date(2020, 9, 30)) == Decimal(old)
    assert value(NO, code, date(2020, 10, 1)) == Decimal(new)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("reminder_fee", 60),
        ("collection_demand_fee", 180),
        ("instalment_plan_fee", 170),
        ("b2b_compensation", 450),
    ],
)
def test_swedish_amounts(code, expected):
    assert value(SE, code, date(2013, 3, 15)) is None
    assert value(SE, code, date(2013, 3, 16)) == expected
    assert value(SE, code, date(2026, 12, 31)) == expected


@pytest.mark.parametrize("pack", [NO, NEW, SE], ids=lambda pack: pack.code)
def test_every_rate_names_its_source_and_stands_once(pack):
    assert all(rate.source for rate in pack.rates)
    keys = [(rate.code, rate.valid_from) for rate in pack.rates]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("pack", [NO, SE], ids=lambda pack: pack.code)
def test_every_code_that_the_law_uses_has_a_rate_once(pack):
    known = {rate.code for rate in pack.rates}
    assert review.used_codes(pack) <= known
    assert not pack.rounding_code or pack.rounding_code in known


# === WHAT IS TO BE LOOKED UP === #


def test_what_runs_out_with_the_year_is_found_before():
    assert review.shortfalls(NO, date(2026, 11, 22), date(2026, 12, 31)) == {}
    assert review.shortfalls(NO, date(2026, 11, 22), date(2027, 1, 1)) == {
        "late_interest": date(2027, 1, 1),
        "b2b_compensation": date(2027, 1, 1),
    }


def test_what_is_missing_already_is_found_at_once():
    day = date(2026, 11, 22)
    assert review.shortfalls(SE, day, day) == {"reference_rate": day}
    assert review.shortfalls(SE, date(2026, 6, 30), date(2026, 7, 15)) == {
        "reference_rate": date(2026, 7, 1)
    }


def test_sizes_of_fees_for_who_looks_for_them_in_a_payment():
    both = [NO, SE]
    sizes = [Decimal(n) for n in (35, 38, 105, 113)]
    assert review.fee_sizes(both, "NO", date(2026, 11, 22)) == sizes
    assert review.fee_sizes(both, "NO", date(2026, 12, 31)) == sizes
    assert review.fee_sizes(both, "NO", date(2027, 1, 1)) == sizes[1::2]
    assert review.fee_sizes(both, "SE", date(2026, 11, 22)) == [60, 180]
    assert review.fee_sizes(both, "DK", date(2026, 11, 22)) == []


def test_a_new_rate_counts_from_its_day():
    rate = law.Rate("inkassosats", date(2027, 1, 1), Decimal(780))
    longer = replace(NO, rates=(*NO.rates, rate), reviewed_through=date(2027, 12, 31))
    due = date(2026, 12, 1)
    claim = law.Debt(due, due, Decimal(500))
    assert law.fee(longer, "reminder", claim, date(2026, 12, 31)).amount == 38
    assert law.fee(longer, "reminder", claim, date(2027, 1, 1)).amount == 39
