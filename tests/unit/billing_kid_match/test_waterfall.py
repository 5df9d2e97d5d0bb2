from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_kid_match.core.waterfall import (
    CALIBRATION,
    LEAST_REST,
    MOST,
    RIVALS,
    log_odds,
    waterfall,
)

weights = st.floats(-20, 20, allow_nan=False)
parts = st.lists(
    st.tuples(
        st.sampled_from(["open_invoices", "digit_wrong", "amount_exact", "name"]),
        weights,
    ),
    max_size=8,
)


@given(parts, st.floats(0, 1))
def test_steps_follow_each_other_without_a_gap(found, probability):
    steps = waterfall(found, probability)
    total = 0.0
    for step in steps:
        assert step.before == pytest.approx(total)
        total = step.after


@given(parts, st.floats(0.00002, 0.99998))
def test_steps_end_at_the_odds_of_the_probability(found, probability):
    steps = waterfall(found, probability)
    if steps:
        assert steps[-1].after == pytest.approx(log_odds(probability), abs=LEAST_REST)


@given(parts, st.floats(0, 1))
def test_everything_that_weighs_is_shown_once(found, probability):
    steps = waterfall(found, probability)
    places = sorted(step.place for step in steps if step.place >= 0)
    assert places == [at for at, (_code, weight) in enumerate(found) if weight]
    assert len([step for step in steps if step.place < 0]) <= 1


def test_what_is_expected_comes_first():
    steps = waterfall([("amount_exact", 5.0), ("open_invoices", -9.0)], 0.018)
    assert [step.code for step in steps[:2]] == ["open_invoices", "amount_exact"]


def test_other_candidates_take_their_part():
    # two invoices that explain a payment equally well share it
    [part, rest] = waterfall([("amount_exact", log(1000))], 0.5)
    assert part.code == "amount_exact"
    assert rest.code == RIVALS
    assert rest.weight == pytest.approx(-log(1000))


def test_a_certainty_beyond_the_scale_is_not_explained_away():
    assert [step.code for step in waterfall([("reference_exact", 25.0)], 1.0)] == [
        "reference_exact"
    ]


def test_a_probability_above_its_parts_says_so():
    assert waterfall([("name", 1.0)], 0.9)[-1].code == CALIBRATION


def test_nothing_weighed_nothing_shown():
    assert waterfall([("same_customer", 0.0)], 0.3) == []


@pytest.mark.parametrize(
    "factor, word",
    [
        (5000, "decisive"),
        (100, "strong"),
        (10, "some"),
        (2, "slight"),
        (1.1, "none"),
    ],
)
def test_strength_is_the_same_for_and_against(factor, word):
    for sign in (1, -1):
        [step, *_rest] = waterfall([("name", sign * log(factor))], 0.5)
        assert step.strength == word
        assert step.factor == pytest.approx(factor)


@given(st.floats(0, 1))
def test_odds_stay_on_the_scale_and_keep_the_order(probability):
    assert -MOST <= log_odds(probability) <= MOST
    assert 1 / (1 + exp(-log_odds(probability))) == pytest.approx(
        probability, abs=0.00002
    )
