from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import profit
from odoo.addons.billing_fee_policy.core.profit import Figures, Prices

PRICES = Prices(Decimal(600), Decimal(1), Decimal(10), customer=Decimal(1000))
#: A hundred fees of 38, all paid, each tenth with a conversation: 3800 − 2000 is left.
YEAR = Figures(
    fees=100,
    due=Decimal(3800),
    paid=Decimal(3800),
    letters=100,
    conversations=10,
)


def year(payers=0, payers_lost=0, spared=0, spared_lost=0, **values):
    base = {f.name: getattr(YEAR, f.name) for f in fields(YEAR)}
    return Figures(
        **{
            **base,
            "payers": payers,
            "payers_lost": payers_lost,
            "spared": spared,
            "spared_lost": spared_lost,
            **values,
        }
    )


counts = st.integers(0, 400).flatmap(
    lambda count: st.tuples(st.integers(0, count), st.just(count))
)
figures = st.builds(
    lambda fees, paid, payers, spared: Figures(
        fees=fees,
        due=Decimal(38) * fees,
        paid=Decimal(paid),
        letters=fees,
        conversations=fees // 10,
        payers_lost=payers[0],
        payers=payers[1],
        spared_lost=spared[0],
        spared=spared[1],
    ),
    st.integers(0, 200),
    st.integers(0, 8000),
    counts,
    counts,
)


# === SHARES === #


def test_a_share_of_none_says_nothing():
    assert profit.wilson(0, 0) == profit.Share(0, 0, 0.0, 0.0, 1.0)


def test_more_hits_than_there_were_are_refused():
    with pytest.raises(ValueError):
        profit.wilson(2, 1)


def test_the_interval_of_the_books():
    """Newcombe (1998), table II: 56/70 and 48/80, method 10."""
    one, other = profit.wilson(56, 70), profit.wilson(48, 80)
    found = profit.difference(one, other)
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(counts, counts)
def test_intervals_hold_what_was_seen(one, other):
    one, other = profit.wilson(*one), profit.wilson(*other)
    for share in (one, other):
        assert 0 <= share.low <= share.value <= share.high <= 1
    found = profit.difference(one, other)
    assert -1 <= found.low + 1e-9
    assert found.low <= found.value <= found.high <= 1 + 1e-9
    back = profit.difference(other, one)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


# === FIGURES === #


@given(st.lists(figures, max_size=6))
def test_totals_are_the_sums_of_their_parts(parts):
    total = profit.together(parts)
    for field in fields(Figures):
        assert getattr(total, field.name) == sum(
            (getattr(part, field.name) for part in parts), 0
        )


def test_minutes_and_what_they_cost():
    assert PRICES.minutes(100, 10) == 200
    assert PRICES.cost(Decimal(200)) == 2000


# === JUDGEMENT === #


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Figures(), profit.NOTHING),
        (year(fees=29), profit.FEW),
        (year(paid=Decimal(2000)), profit.LOSES),
        (year(paid=Decimal(0), unpaid=Decimal(2000)), profit.LOSES),
        (year(paid=Decimal(0), unpaid=Decimal(2001)), profit.EARLY),
        (year(29, 0, 500, 0), profit.FEW),
        (year(500, 0, 29, 0), profit.FEW),
        # Half of those charged left, and hardly one of those forgiven.
        (year(100, 50, 100, 1), profit.COSTS_CUSTOMERS),
        # Those forgiven left more often.
        (year(100, 5, 100, 40), profit.EARNS),
        (year(100, 6, 100, 4), profit.UNSURE),
    ],
)
def test_what_can_be_said(found, code):
    assert profit.judge(found, PRICES).code == code


def test_without_the_worth_of_a_customer_only_money_is_compared():
    prices = Prices(Decimal(600), Decimal(1), Decimal(10))
    judged = profit.judge(year(100, 50, 100, 1), prices)
    assert judged.code == profit.UNPRICED
    assert judged.left == 1800
    assert judged.lost_high is None
    assert judged.excess.value == pytest.approx(0.49)


def test_how_many_more_customers_would_tell():
    judged = profit.judge(year(100, 6, 100, 4), PRICES)
    assert judged.tipping == pytest.approx(1800 / (100 * 1000))
    # At that number, with the same shares, it can be told.
    scale = judged.needed // 50 * 2
    found = year(
        payers=50 * scale,
        payers_lost=3 * scale,
        spared=50 * scale,
        spared_lost=2 * scale,
        # What is left grows with the number of customers.
        paid=Decimal(2000) + 18 * 50 * scale,
    )
    assert judged.needed > 100
    assert profit.judge(found, PRICES).code != profit.UNSURE


@given(figures)
def test_nothing_is_concluded_from_few(found):
    judged = profit.judge(found, PRICES)
    groups = min(found.payers, found.spared)
    if found.fees < profit.LEAST:
        assert judged.code in (profit.NOTHING, profit.FEW)
    elif groups < profit.LEAST:
        assert judged.code in (profit.FEW, profit.LOSES)


@given(figures)
def test_what_is_said_follows_from_the_figures(found):
    judged = profit.judge(found, PRICES)
    if judged.code == profit.EARNS:
        assert 0 < judged.left
        assert judged.lost_high < judged.left
    if judged.code == profit.COSTS_CUSTOMERS:
        assert judged.lost_low > judged.left
    if judged.code == profit.UNSURE:
        assert judged.lost_low <= judged.left <= judged.lost_high


def test_if_as_many_left_as_the_guides_say():
    """One in three of 90, each worth 1,000."""
    assert round(profit.scenario(90, Decimal(1) / 3, Decimal(1000))) == 30000
