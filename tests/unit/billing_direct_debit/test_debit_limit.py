"""The limit of a payer, learnt from what went through."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core import failure
from odoo.addons.billing_direct_debit.core.debit_limit import (
    ABOVE,
    FITS,
    UNKNOWN,
    Limit,
    Tried,
    learn,
)

TRIED = st.lists(
    st.builds(
        Tried,
        st.dates(date(2026, 1, 1), date(2026, 6, 30)),
        st.integers(1, 10_000),
        st.sampled_from(["", *failure.CODES]),
    ),
    max_size=30,
)


def on(day, amount, reason="", month=1):
    return Tried(date(2026, month, day), amount, reason)


def test_nothing_is_known_at_first():
    assert learn([]).judge(1) == UNKNOWN
    assert learn([], asked=1000).judge(1000) == FITS
    assert learn([], asked=1000).judge(1001) == ABOVE


def test_a_month_is_summed_up():
    limit = learn([on(5, 300), on(20, 400), on(5, 500, month=2)])
    assert limit == Limit(paid=700)
    assert limit.judge(700) == FITS
    assert limit.judge(701) == UNKNOWN


def test_what_failed_above_all_that_went_through_may_be_the_limit():
    limit = learn([on(5, 600), on(20, 500, failure.NOT_PAID)])
    assert limit == Limit(paid=600, refused=1100)
    assert limit.judge(1000) == UNKNOWN
    assert limit.judge(1100) == ABOVE


def test_what_failed_below_was_something_else():
    assert learn([on(5, 600), on(20, 600, failure.NOT_PAID, 2)]) == Limit(paid=600)
    # Nor without a single debit that went through.
    assert learn([on(20, 600, failure.NOT_PAID)]) == Limit()
    assert learn([on(5, 100), on(20, 600, failure.FUNDS)]) == Limit(paid=100)


def test_the_payer_may_raise_it():
    limit = learn([on(5, 500), on(20, 900, failure.NOT_PAID, 2), on(5, 900, month=3)])
    assert limit == Limit(paid=900)


def test_the_payer_may_lower_it():
    limit = learn([on(5, 900), on(5, 400, failure.LIMIT, 2)])
    assert limit == Limit(paid=399, refused=400)
    assert limit.judge(900) == ABOVE


def test_of_one_day_all_that_was_paid_is_in_the_refused_sum():
    limit = learn([on(5, 500, failure.LIMIT), on(5, 700)])
    assert limit == Limit(paid=700, refused=1200)


def test_what_was_asked_for_is_outdone_by_what_happened():
    assert Limit(paid=2000, asked=1000).judge(1500) == FITS
    assert Limit(paid=2000, refused=4000, asked=1000).judge(3000) == UNKNOWN


@given(TRIED, st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(tried, shuffler):
    shuffled = [*tried]
    shuffler.shuffle(shuffled)
    assert learn(shuffled) == learn(tried)


@given(TRIED, st.integers(1, 200_000), st.integers(1, 200_000))
def test_more_is_never_better(tried, one, other):
    rank = {FITS: 0, UNKNOWN: 1, ABOVE: 2}
    limit = learn(tried)
    low, high = sorted((one, other))
    assert rank[limit.judge(low)] <= rank[limit.judge(high)]
    if limit.refused is not None:
        assert limit.paid < limit.refused


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 10_000)), max_size=20))
def test_what_fits_is_never_called_above(debits):
    """A payer who keeps one limit, and whose bank says so when it is reached."""
    ceiling = 8_000
    drawn = {}
    tried = []
    for day, (month, amount) in enumerate(sorted(debits), start=1):
        total = drawn.get(month, 0) + amount
        if total <= ceiling:
            drawn[month] = total
        reason = "" if total <= ceiling else failure.LIMIT
        tried.append(Tried(date(2026, month, day), amount, reason))
    limit = learn(tried)
    assert limit.paid == max(drawn.values(), default=0)
    assert limit.judge(ceiling) != ABOVE
