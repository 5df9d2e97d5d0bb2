from math import exp, lgamma, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import pooling
from odoo.addons.billing_dynamic_distribution.core.pooling import Beta

sides = st.floats(0.5, 500)
shares = st.floats(0.001, 0.999)


def test_incomplete_beta_as_published():
    # Abramowitz and Stegun, Handbook (1972), 26.5: I_x(a, 1) = x^a, and the binomial
    # sum 26.5.24: I_0.4(3, 5) = P(at least 3 of 7), p = 0.4
    assert pooling.incomplete_beta(3, 1, 0.3) == pytest.approx(0.027)
    assert pooling.incomplete_beta(3, 5, 0.4) == pytest.approx(0.580096, abs=1e-6)


@given(sides, sides, shares)
def test_incomplete_beta_is_mirrored(a, b, x):
    assert pooling.incomplete_beta(a, b, x) == pytest.approx(
        1 - pooling.incomplete_beta(b, a, 1 - x), abs=1e-9
    )


@given(sides, sides, shares)
def test_quantile_is_the_inverse(a, b, level):
    belief = Beta(a, b)
    assert belief.below(belief.quantile(level)) == pytest.approx(level, abs=1e-6)


@given(st.floats(1, 400), st.floats(1, 400))
def test_interval_holds_the_middle(a, b):
    belief = Beta(a, b)
    low, high = belief.interval(0.9)
    assert 0 <= low < belief.quantile(0.5) < high <= 1
    assert belief.below(high) - belief.below(low) == pytest.approx(0.9, abs=1e-6)


def test_better_agrees_with_drawing():
    ours, other, rng = Beta(20, 10), Beta(15, 15), Random(3)
    drawn = sum(ours.draw(rng) > other.draw(rng) for _nth in range(20_000)) / 20_000
    assert pooling.better(ours, other) == pytest.approx(drawn, abs=0.01)
    assert pooling.better(ours, ours) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("hits, count", [(3, 2), (-1, 2)])
def test_more_hits_than_there_were_are_refused(hits, count):
    with pytest.raises(ValueError):
        Beta(1, 1).after(hits, count)
    with pytest.raises(ValueError):
        pooling.pool({("a",): (hits, count)})


cells = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")),
    st.integers(0, 300).flatmap(
        lambda count: st.tuples(st.integers(0, count), st.just(count))
    ),
    max_size=9,
)


@given(cells)
def test_a_belief_lies_between_what_was_seen_and_what_is_lent(seen):
    known = pooling.pool(seen)
    for key, (hits, count) in seen.items():
        belief, lent = known.belief(key), known.expected(key)
        assert belief.a > 0 and belief.b > 0
        if count:
            low, high = sorted((lent, hits / count))
            assert low - 1e-5 <= belief.mean <= high + 1e-5
            assert belief.weight >= count
    assert pooling.LEAST_LENT <= known.lent <= pooling.MOST_LENT


def test_nothing_seen_is_nothing_known():
    known = pooling.pool({})
    assert known.belief(("a", "x")).mean == pytest.approx(0.5)
    low, high = known.belief(("a", "x")).interval()
    assert low < 0.1 and high > 0.9


def test_what_was_never_tried_stays_uncertain():
    seen = {(s, "mail"): (800, 1000) for s in "abc"}
    known = pooling.pool(seen)
    assert known.belief(("a", "mail")).weight > 1000
    assert known.belief(("a", "sms")).weight < 5


def test_parts_carry_over_to_what_was_not_tried_together():
    """Segment c pays less and SMS does better; c by SMS was never tried."""
    rng = Random(1)
    effect = {"a": 1.0, "b": 0.5, "c": -0.5, "mail": 0.0, "sms": 0.7}
    seen = {}
    for segment in "abc":
        for channel in ("mail", "sms"):
            share = 1 / (1 + exp(-effect[segment] - effect[channel]))
            if (segment, channel) != ("c", "sms"):
                hits = sum(rng.random() < share for _nth in range(4000))
                seen[segment, channel] = (hits, 4000)
    expected = pooling.pool(seen).expected(("c", "sms"))
    assert expected == pytest.approx(1 / (1 + exp(-0.2)), abs=0.03)


def test_more_is_lent_where_cells_are_alike():
    rng = Random(2)

    def lent(spread):
        rows = []
        for _cell in range(200):
            share = min(max(rng.gauss(0.7, spread), 0.01), 0.99)
            rows.append((sum(rng.random() < share for _n in range(40)), 40, 0.7))
        return pooling.fit_lent(rows)

    alike, different = lent(0.01), lent(0.2)
    assert alike > 10 * different
    # standard deviation 0.2 at 0.7: a beta of weight 0.7 * 0.3 / 0.04 - 1
    assert different == pytest.approx(0.7 * 0.3 / 0.04 - 1, rel=0.6)


def test_pooled_estimates_are_nearer_the_truth():
    """The point of it all: less error than each cell on its own, or one for all."""
    rng = Random(5)
    errors = dict.fromkeys(("pooled", "alone", "all alike"), 0.0)
    for _world in range(20):
        truth, seen = {}, {}
        for segment in "abcdef":
            own = rng.gauss(0, 0.6)
            for channel in "wxyz":
                odds = 0.8 + own + 0.3 * "wxyz".index(channel) + rng.gauss(0, 0.2)
                share = truth[segment, channel] = 1 / (1 + exp(-odds))
                count = rng.choice((5, 20, 400))
                hits = sum(rng.random() < share for _nth in range(count))
                seen[segment, channel] = (hits, count)
        known = pooling.pool(seen)
        hits, count = (sum(cell[at] for cell in seen.values()) for at in (0, 1))
        for key, share in truth.items():
            errors["pooled"] += (known.belief(key).mean - share) ** 2
            errors["alone"] += (seen[key][0] / seen[key][1] - share) ** 2
            errors["all alike"] += (hits / count - share) ** 2
    assert errors["pooled"] < 0.5 * errors["alone"]
    assert errors["pooled"] < 0.3 * errors["all alike"]


def test_lending_maximises_the_beta_binomial():
    """Against the plain formula on a fine grid."""
    rows = [(9, 10, 0.6), (2, 10, 0.6), (5, 10, 0.6), (8, 10, 0.6), (1, 10, 0.6)]

    def score(lent):
        total = -((log(lent) - log(pooling.USUAL_LENT)) ** 2) / (2 * 1.5**2)
        for hits, count, share in rows:
            a, b = share * lent, (1 - share) * lent
            total += lgamma(hits + a) + lgamma(count - hits + b) - lgamma(count + lent)
            total += lgamma(lent) - lgamma(a) - lgamma(b)
        return total

    found = pooling.fit_lent(rows)
    grid = [exp(log(4) + at * 0.002) for at in range(3500)]
    assert score(found) >= max(map(score, grid)) - 1e-6
