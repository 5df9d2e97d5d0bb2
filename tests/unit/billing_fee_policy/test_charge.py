"""Charges beside each other, interest of what is open, and what a charge rests on."""

import json
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import charge as core
from odoo.addons.billing_fee_policy.core.statute import Pack, Rate, Reason, Verdict

D = Decimal
DUE = date(2026, 3, 2)


def pack(**values):
    rates = (
        Rate("late", date(2026, 1, 1), D("12"), "percent", "", date(2026, 6, 30)),
        Rate("late", date(2026, 7, 1), D("12.25"), "percent", "", date(2026, 12, 31)),
    )
    return Pack(
        **{
            "code": "xx",
            "country": "XX",
            "reviewed_through": date(2026, 12, 31),
            "interest_code": "late",
            "rates": rates,
            **values,
        }
    )


def booked(kind, amount, gross=None):
    return core.Booked(kind, D(amount), D(gross or amount))


def test_compensation_takes_off_what_fees_took():
    fees = [booked("fee", 38), booked("fee", 38)]
    assert core.left_to_charge("compensation", D(430), fees) == D(354)
    assert core.left_to_charge("compensation", D(50), fees) == 0


def test_fees_after_compensation_are_in_it_until_they_are_more():
    standing = [booked("fee", 38), booked("compensation", 392, 430)]
    assert core.left_to_charge("fee", D(38), standing) == 0
    assert core.left_to_charge("fee", D(413), standing) == D(21)


def test_compensation_comes_once():
    assert (
        core.left_to_charge("compensation", D(460), [booked("compensation", 430)]) == 0
    )


def test_interest_comes_beside_either():
    standing = [booked("fee", 38), booked("compensation", 392, 430)]
    assert core.left_to_charge("interest", D("12.34"), standing) == D("12.34")


@given(
    st.lists(
        st.tuples(st.sampled_from(["fee", "compensation"]), st.integers(1, 500)),
        max_size=8,
    )
)
def test_fees_and_compensation_never_exceed_the_larger_of_both(asked):
    standing = []
    fees, most = 0, 0
    for kind, amount in asked:
        left = core.left_to_charge(kind, D(amount), standing)
        if kind == "fee":
            fees += amount
        else:
            most = max(most, amount)
        assert left >= 0
        if left:
            standing.append(core.Booked(kind, left, D(amount)))
        assert sum(charge.amount for charge in standing) <= max(fees, most)


def test_a_claim_is_overdue_from_the_end_of_its_due_date():
    term = core.Term(DUE, D(1000), ((date(2026, 3, 12), D(400)),))
    assert core.balances([term]) == ((DUE, D(1000)), (date(2026, 3, 12), D(600)))


def test_what_came_before_the_due_date_or_was_never_owed_bears_nothing():
    term = core.Term(DUE, D(1000), ((date(2026, 2, 1), D(100)), (None, D(200))))
    assert core.balances([term]) == ((DUE, D(700)),)


def test_interest_day_by_day():
    term = core.Term(DUE, D(36500), ((date(2026, 3, 12), D(18250)),))
    found = core.interest(pack(), [term], None, date(2026, 3, 22), D("0.01"))
    # Ten days of 12 % on 36 500, the day of the payment among them, then ten on half.
    assert [(p.days, p.base, p.amount) for p in found.periods] == [
        (10, D(36500), D("120.00")),
        (10, D(18250), D("60.00")),
    ]
    assert found.amount == D("180.00")
    # From where an earlier charge ended.
    rest = core.interest(
        pack(), [term], date(2026, 3, 12), date(2026, 3, 22), D("0.01")
    )
    assert (rest.amount, rest.periods[0].start) == (D("60.00"), date(2026, 3, 13))


def test_interest_ends_where_the_law_is_not_known():
    term = core.Term(date(2026, 12, 1), D(36500))
    for through in (date(2026, 12, 31), date(2027, 3, 1)):
        found = core.interest(pack(), [term], None, through, D("0.01"))
        assert found.periods[-1].end == date(2026, 12, 31)
    stale = pack(reviewed_through=date(2026, 12, 10))
    found = core.interest(stale, [term], None, date(2026, 12, 31), D("0.01"))
    assert found.periods[-1].end == date(2026, 12, 10)
    late = core.Term(date(2027, 2, 1), D(36500))
    assert (
        core.interest(pack(), [late], None, date(2027, 3, 1), D("0.01"))
        == core.Interest()
    )
    assert core.interest(pack(rates=()), [term], None, date(2027, 3, 1), D("0.01")) == (
        core.Interest()
    )
    assert (
        core.interest(pack(), [], None, date(2027, 3, 1), D("0.01")) == core.Interest()
    )


def test_nothing_is_due_before_the_due_date():
    assert (
        core.interest(pack(), [core.Term(DUE, D(100))], None, DUE, D("0.01")).amount
        == 0
    )


amounts = st.decimals(1, 100_000, places=2)
days = st.integers(-20, 300).map(lambda number: DUE + timedelta(days=number))


@given(amounts, st.lists(st.tuples(days, amounts), max_size=5), days, days)
def test_interest_charged_in_two_goes_covers_each_day_once(whole, paid, middle, end):
    settled = []
    left = whole
    for day, amount in paid:
        amount = min(amount, left)
        left -= amount
        settled.append((day, amount))
    term = core.Term(DUE, whole, tuple(settled))
    args = ([term], None)
    middle, end = sorted((middle, end))
    once = core.interest(pack(), *args, end, D("0.01"))
    first = core.interest(pack(), *args, middle, D("0.01"))
    covered = first.periods[-1].end if first.periods else None
    second = core.interest(pack(), [term], covered, end, D("0.01"))

    def seen(*interests):
        return [
            (period.start + timedelta(days=number), period.base)
            for interest in interests
            for period in interest.periods
            for number in range(period.days)
        ]

    assert seen(first, second) == seen(once)
    # Two roundings instead of one.
    assert abs(first.amount + second.amount - once.amount) <= D("0.01")


def test_what_a_charge_rests_on_comes_back_from_json():
    term = core.Term(DUE, D(36500))
    basis = core.Basis(
        Verdict(
            True,
            D("38"),
            Rate("inkassosats", DUE, D("750"), "currency", "FOR-2025-12-19-2709"),
            14,
            (
                Reason(
                    "fee", "inkassoforskriften § 1-2", {"amount": D("38"), "on": DUE}
                ),
            ),
        ),
        core.interest(pack(), [term], None, date(2026, 3, 22), D("0.01")).periods,
        D("430"),
    )
    assert basis.reason.paragraph == "inkassoforskriften § 1-2"
    assert core.from_json(json.loads(json.dumps(core.to_json(basis)))) == basis
    assert core.from_json(core.to_json(core.Basis())) == core.Basis()
    assert core.from_json(None) == core.Basis()
    assert core.Basis().reason is None
