from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import optimiser
from odoo.addons.billing_dynamic_distribution.core.optimiser import Arm, Rails, Tally
from odoo.addons.billing_dynamic_distribution.core.pooling import Beta

from benchmarks import population

MAIL = Arm("email", "morning", "3")
SMS = Arm("sms", "morning", "3")
EVENING = Arm("email", "evening", "3")
RAILS = Rails()


def tally(count, share, cost=0.0):
    return Tally(count, round(count * share), round(count * share), count * cost)


def examined(tallies, proposed=SMS, volumes=None, rails=RAILS, **kwargs):
    return optimiser.examine(
        optimiser.learn(tallies),
        MAIL,
        proposed,
        volumes or {"a": 100},
        rails,
        Random(1),
        **kwargs,
    )


@pytest.mark.parametrize(
    "hours, name",
    [
        (None, "none"),
        (0, "1"),
        (24, "1"),
        (25, "2"),
        (72, "3"),
        (144, "7"),
        (999, "14"),
    ],
)
def test_waits_are_told_in_days(hours, name):
    assert optimiser.wait_of(hours) == name


def test_a_better_channel_is_found_with_its_price():
    found = examined(
        {("a", MAIL): tally(2000, 0.7, 0.02), ("a", SMS): tally(2000, 0.8, 0.5)}
    )
    assert found.factor == "channel"
    assert found.obstacles == ()
    assert found.paid.low < 0.1 < found.paid.high
    assert found.paid.mean == pytest.approx(0.1, abs=0.02)
    assert found.certainty > 0.99
    assert found.sample == (2000, 2000)
    assert found.cost == pytest.approx(0.48, abs=0.01)
    assert found.cost_month == pytest.approx(48, abs=1)
    assert found.net == pytest.approx(0.1 * 50 - 0.48, abs=1)


@pytest.mark.parametrize(
    "code, tallies, rails",
    [
        (optimiser.FEW, {("a", SMS): tally(150, 0.95)}, RAILS),
        (optimiser.UNSURE, {("a", SMS): tally(300, 0.71)}, RAILS),
        (optimiser.SMALL, {("a", SMS): tally(9000, 0.65)}, RAILS),
        (
            optimiser.DEAR,
            {("a", SMS): tally(2000, 0.9, 3.0)},
            replace(RAILS, cost_per_invoice=2.0),
        ),
        (
            optimiser.MONTH,
            {("a", SMS): tally(2000, 0.9, 3.0)},
            replace(RAILS, cost_per_month=200.0),
        ),
        (
            # Worth less than it costs
            optimiser.SMALL,
            {("a", SMS): tally(20_000, 0.75, 14.0)},
            RAILS,
        ),
    ],
)
def test_each_guard_rail_holds_a_change_back(code, tallies, rails):
    known = {("a", MAIL): tally(20_000, 0.7, 0.02), **tallies}
    assert code in examined(known, rails=rails).obstacles


def test_what_the_law_asks_for_is_not_changed():
    known = {("a", MAIL): tally(9000, 0.5), ("a", SMS): tally(9000, 0.9)}
    assert examined(known, is_required=True).obstacles == (optimiser.REQUIRED,)


def test_no_segment_may_pay_for_the_others():
    known = {
        ("a", MAIL): tally(5000, 0.6),
        ("a", SMS): tally(5000, 0.9),
        ("b", MAIL): tally(5000, 0.9),
        ("b", SMS): tally(5000, 0.8),
    }
    found = examined(known, volumes={"a": 100, "b": 50})
    assert found.paid.mean > 0.1
    assert found.segments["b"].mean < 0
    assert optimiser.HURTS in found.obstacles


def test_segments_of_different_size_do_not_fool():
    """Simpson: SMS went to those who pay, and does nothing."""
    known = {
        ("payers", SMS): tally(9000, 0.95),
        ("payers", MAIL): tally(1000, 0.95),
        ("others", SMS): tally(1000, 0.5),
        ("others", MAIL): tally(9000, 0.5),
    }
    found = examined(known, volumes={"payers": 10, "others": 10})
    assert abs(found.paid.mean) < 0.02
    assert optimiser.SMALL in found.obstacles


def test_one_factor_at_a_time():
    with pytest.raises(ValueError, match="one factor"):
        examined({}, proposed=Arm("sms", "evening", "3"))
    with pytest.raises(ValueError, match="without invoices"):
        examined({}, volumes={"a": 0})


def test_all_allowed_changes_are_examined_and_the_free_ones_come_first():
    known = {
        ("a", MAIL): tally(3000, 0.7),
        ("a", SMS): tally(3000, 0.75),
        ("a", EVENING): tally(3000, 0.85),
    }
    choices = [
        SMS,
        EVENING,
        MAIL,
        Arm("letter", "morning", "3"),
        Arm("sms", "evening", "1"),
    ]
    found = optimiser.propose(
        optimiser.learn(known), MAIL, choices, {"a": 100}, RAILS, Random(1)
    )
    assert [f.proposed.channel for f in found] == ["email", "sms", "letter"]
    assert [bool(f.obstacles) for f in found] == [False, False, True]
    fixed = optimiser.propose(
        optimiser.learn(known),
        MAIL,
        choices,
        {"a": 100},
        RAILS,
        Random(1),
        required=["band"],
    )
    assert optimiser.REQUIRED in next(f for f in fixed if f.factor == "band").obstacles


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.sampled_from([MAIL, SMS, EVENING])),
        st.integers(0, 400).flatmap(
            lambda n: st.builds(
                Tally,
                st.just(n),
                st.integers(0, n),
                st.integers(0, n),
                st.floats(0, 99),
            )
        ),
    )
)
def test_whatever_was_seen_a_finding_is_sound(tallies):
    found = examined(tallies, volumes={"a": 3, "b": 1}, draws=200)
    for span in (found.paid, found.opened, *found.segments.values()):
        assert -1 <= span.low <= span.high <= 1
    assert 0 <= found.certainty <= 1
    same = examined(tallies, volumes={"a": 3, "b": 1}, draws=200)
    assert same == found, "the same seed, the same answer"
    if min(found.sample) < RAILS.least_sample:
        assert optimiser.FEW in found.obstacles


# === TRYING === #

rates = st.floats(0.05, 0.95)


@settings(max_examples=40)
@given(rates, rates, st.integers(0, 500), st.integers(1, 500), st.integers(0, 10**4))
def test_shares_stay_within_holdout_and_allowance(fixed, other, served, today, total):
    total += served
    ours, theirs = Beta.of(fixed, 50 + total), Beta.of(other, 2 + served)
    shares = optimiser.allocate(
        ours, {"b": theirs}, {"b": served}, total, today, RAILS, Random(1), draws=60
    )
    assert 0 <= shares["b"] <= 1 - RAILS.holdout + 1e-9
    loss = optimiser.worst_loss(ours, theirs)
    if shares["b"]:
        spent = (served + shares["b"] * today) * loss
        assert spent <= RAILS.tolerance * (total + today) + 1e-6


def test_what_is_surely_better_gets_all_but_the_holdout():
    shares = optimiser.allocate(
        Beta(500, 500), {"b": Beta(900, 100)}, {"b": 1000}, 9999, 100, RAILS, Random(1)
    )
    assert shares == {"b": pytest.approx(0.9)}


def test_what_is_surely_worse_gets_nothing():
    shares = optimiser.allocate(
        Beta(900, 100), {"b": Beta(500, 500)}, {"b": 1000}, 9999, 100, RAILS, Random(1)
    )
    assert shares == {"b": 0}


def test_trying_never_loses_more_than_allowed():
    """Every alternative is worse than the fixed plan; what it cost is counted."""
    broken = 0
    for seed in range(30):
        rng = Random(seed)
        fixed, trial = 0.8, 0.8 - rng.choice((0.02, 0.1, 0.3))
        tallies = {"a": [0, 0], "b": [0, 0]}
        lost = total = 0
        for _week in range(20):
            beliefs = {
                code: Beta(1, 1).after(hits, count)
                for code, (hits, count) in tallies.items()
            }
            share = optimiser.allocate(
                beliefs["a"],
                {"b": beliefs["b"]},
                {"b": tallies["b"][1]},
                total,
                200,
                RAILS,
                rng,
                draws=100,
            )["b"]
            for _invoice in range(200):
                code = "b" if rng.random() < share else "a"
                hit = rng.random() < (trial if code == "b" else fixed)
                tallies[code][0] += hit
                tallies[code][1] += 1
                lost += (fixed - trial) if code == "b" else 0
                total += 1
        broken += lost > RAILS.tolerance * total
    assert broken <= 1


# === CUSTOMERS === #


def test_a_customer_is_known_by_own_messages_and_by_the_segment():
    known = {"email": Beta.of(0.6, 8), "sms": Beta.of(0.6, 8)}
    own = {"email": (0, 10), "sms": (6, 6)}
    found = optimiser.prefer("email", known, own, Random(1))
    assert (found.choice, found.count) == ("sms", 6)
    assert found.certainty >= 0.9
    assert optimiser.prefer("email", known, {"sms": (2, 2)}, Random(1)) is None
    assert optimiser.prefer("letter", known, own, Random(1)) is None
    # What the customer never got is never preferred
    assert optimiser.prefer("email", known, {"email": (0, 30)}, Random(1)) is None


def test_customers_who_differ_are_lent_little():
    rng = Random(9)
    alike = [
        ("sms", sum(rng.random() < 0.5 for _n in range(10)), 10) for _c in range(200)
    ]
    split = [("sms", 10 * (c % 2), 10) for c in range(200)]
    assert optimiser.customer_prior(alike)["sms"].weight > 50
    assert optimiser.customer_prior(split)["sms"].weight < 8
    assert optimiser.customer_prior(split[:5]) == {}


# === A WORLD WHOSE TRUTH IS KNOWN === #


def test_estimates_hold_the_truth_as_often_as_they_say():
    held = count = 0
    for seed in range(6):
        world = population.World(seed)
        rng = Random(seed)
        arms = world.arms()
        tallies = {
            (segment, arm): world.serve(segment, arm, rng.choice((10, 60, 300)), rng)
            for segment in population.SEGMENTS
            for arm in rng.sample(arms, 16)
        }
        table = optimiser.learn(tallies)
        for (segment, arm), _seen in list(tallies.items())[::4]:
            low, high = table.paid.belief(arm.key(segment)).interval(0.9)
            held += low <= world.rate(segment, arm) <= high
            count += 1
    assert 0.8 <= held / count <= 0.98
