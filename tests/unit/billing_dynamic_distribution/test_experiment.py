import hashlib
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import experiment
from odoo.addons.billing_dynamic_distribution.core.experiment import Row

shares = st.floats(0, 0.5)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_customer_always_falls_into_the_same_bucket(key, customer):
    number = experiment.bucket(key, customer)
    assert number == experiment.bucket(key, customer)
    digest = hashlib.md5(f"{key}:{customer}".encode()).hexdigest()
    assert number == int(digest[:8], 16)
    assert 0 <= number < experiment.BUCKETS


@given(st.integers(1, 99), st.integers(1, 10**6), shares, shares, shares)
def test_a_larger_share_only_adds_customers(key, customer, holdout, one, other):
    small, large = sorted((one, other))
    before = experiment.group(key, customer, holdout, small)
    after = experiment.group(key, customer, holdout, large)
    if before == experiment.TRIAL:
        assert after == experiment.TRIAL
    assert (before == experiment.HOLDOUT) == (after == experiment.HOLDOUT)


def test_shares_are_what_was_asked_for_and_tries_are_independent():
    groups = Counter(experiment.group(7, c, 0.1, 0.3) for c in range(1, 20_001))
    assert groups[experiment.HOLDOUT] / 20_000 == pytest.approx(0.1, abs=0.01)
    assert groups[experiment.TRIAL] / 20_000 == pytest.approx(0.3, abs=0.01)
    both = sum(
        experiment.group(7, c, 0.1, 0.3)
        == experiment.group(8, c, 0.1, 0.3)
        == experiment.TRIAL
        for c in range(1, 20_001)
    )
    assert both / 20_000 == pytest.approx(0.09, abs=0.01)


@pytest.mark.parametrize("holdout, share", [(0.6, 0.5), (-0.1, 0.5), (0.1, 1.1)])
def test_more_than_all_customers_are_refused(holdout, share):
    with pytest.raises(ValueError):
        experiment.limits(holdout, share)


def test_no_holdout_and_everybody():
    assert experiment.limits(0, 1) == (0, 0)
    assert experiment.group(1, 1, 0, 1) == experiment.TRIAL
    assert experiment.group(1, 1, 0, 0) == experiment.CONTROL


def rows_of(rng, customers, rates, periods=("1", "2"), spread=0.0):
    """Customers with an invoice a period; a customer leans one way by ``spread``."""
    rows = []
    for customer in range(customers):
        is_trial = customer % 2 == 1
        lean = rng.gauss(0, spread)
        for at, period in enumerate(periods):
            share = min(max(rates[is_trial][at] + lean, 0), 1)
            rows.append(Row(is_trial, period, customer, 1, int(rng.random() < share)))
    return rows


def test_only_the_same_weeks_are_compared():
    """All B in the good week, all A in the bad one: nothing can be said."""
    rows = [Row(False, "bad", c, 1, c % 2) for c in range(100)]
    rows += [Row(True, "good", 100 + c, 1, 1) for c in range(100)]
    found = experiment.compare(rows)
    assert (found.rate_a, found.rate_b, found.difference) == (0.5, 1.0, None)
    assert found.verdict == experiment.OPEN


def test_growing_share_does_not_mix_up_weeks():
    """Simpson: B gets most of the bad week, and is the better one in both."""
    rng = Random(4)
    rows = []
    for customer in range(4000):
        week = "good" if customer % 2 else "bad"
        is_trial = rng.random() < (0.2 if week == "good" else 0.8)
        share = (0.9 if week == "good" else 0.5) + 0.05 * is_trial
        rows.append(Row(is_trial, week, customer, 1, int(rng.random() < share)))
    found = experiment.compare(rows)
    assert found.rate_b < found.rate_a
    assert found.low < 0.05 < found.high
    assert found.difference == pytest.approx(0.05, abs=0.03)


def test_customers_count_not_invoices():
    """Twelve equal invoices of one customer are no twelve times the evidence."""
    rng = Random(6)
    once, often = [], []
    for customer in range(400):
        hit = int(rng.random() < 0.7)
        once.append(Row(bool(customer % 2), "1", customer, 1, hit))
        often.append(Row(bool(customer % 2), "1", customer, 12, 12 * hit))
    one, other = experiment.compare(once), experiment.compare(often)
    assert other.count_a == 12 * one.count_a
    assert other.customers_a == one.customers_a
    assert (other.low, other.high) == pytest.approx((one.low, one.high))


@pytest.mark.nightly
def test_the_interval_holds_the_truth_however_often_one_looks():
    """No effect, looked at twenty times: at most one try in twenty is ever misled."""
    rng = Random(11)
    misled = 0
    for _try in range(200):
        rows = []
        for look in range(20):
            for nth in range(40):
                customer = look * 40 + nth
                rows.append(
                    Row(nth % 2 == 1, str(look), customer, 1, int(rng.random() < 0.75))
                )
            if experiment.compare(rows).verdict != experiment.OPEN:
                misled += 1
                break
    assert misled <= 10


def test_an_effect_is_found_in_the_end():
    rng = Random(12)
    rows = rows_of(rng, 12_000, ((0.70, 0.74), (0.75, 0.79)), spread=0.1)
    found = experiment.compare(rows)
    assert found.verdict == experiment.BETTER
    assert found.low < 0.05 < found.high
    worse = [Row(not r.is_trial, r.period, r.customer, r.count, r.hits) for r in rows]
    assert experiment.compare(worse).verdict == experiment.WORSE


@given(
    st.lists(
        st.builds(
            lambda side, period, customer, count, hits: Row(
                side, period, customer, count, min(hits, count)
            ),
            st.booleans(),
            st.sampled_from("12"),
            st.integers(1, 30),
            st.integers(0, 5),
            st.integers(0, 5),
        ),
        max_size=60,
    )
)
def test_any_rows_can_be_compared(rows):
    found = experiment.compare(rows)
    assert -1 <= found.low <= found.high <= 1
    if found.difference is not None:
        assert found.low <= found.difference <= found.high
    mirrored = experiment.compare(
        [Row(not r.is_trial, r.period, r.customer, r.count, r.hits) for r in rows]
    )
    assert (mirrored.difference is None) == (found.difference is None)
    if found.difference is not None:
        assert mirrored.low == pytest.approx(-found.high)


def test_needed_grows_as_effects_shrink():
    small = experiment.needed(0.8, 0.02, 0.5)
    assert small > 3 * experiment.needed(0.8, 0.04, 0.5)
    assert small > 5000
    assert experiment.needed(0.8, 0.02, 0.1) > small
