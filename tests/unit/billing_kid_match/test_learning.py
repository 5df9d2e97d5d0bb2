"""Learning is bounded, keeps what adds up adding up, and finds the truth in the end."""

import json
import random
from dataclasses import replace
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_kid_match.core import calibration, learning, weights
from odoo.addons.billing_kid_match.core.learning import Case, Observations
from odoo.addons.billing_kid_match.core.look import Query
from odoo.addons.billing_kid_match.core.weights import DEFAULT_WEIGHTS

WHOLE = ("reference", "kinds", "names", "accounts", "delays", "amounts")
EVERYTHING = dict.fromkeys(learning.GROUPS, 1)


def log_odds(share):
    return log(share / (1 - share))


def by_category(group):
    return learning.read_group(DEFAULT_WEIGHTS, group)


def counts_of(group):
    return st.fixed_dictionaries(
        {name: st.integers(0, 50_000) for name in by_category(group)}
    )


observations = st.fixed_dictionaries(
    {}, optional={group: counts_of(group) for group in learning.GROUPS}
).map(Observations)


@given(observations, st.floats(0.01, 1.0), st.floats(1.0, 10_000.0))
def test_no_probability_moves_farther_than_the_step(seen, step, prior):
    new, _changes = learning.estimate(
        DEFAULT_WEIGHTS, seen, max_step=step, prior=prior, minimum=EVERYTHING
    )
    for group in learning.GROUPS:
        after = learning.read_group(new, group)
        for name, before in by_category(group).items():
            moved = abs(log_odds(after[name]) - log_odds(before))
            assert moved <= step + 1e-6, (group, name)


@given(st.lists(observations, min_size=1, max_size=8))
def test_what_adds_up_to_one_still_does(runs):
    present = DEFAULT_WEIGHTS
    for seen in runs:
        present, _changes = learning.estimate(present, seen, minimum=EVERYTHING)
    for values in (present.names, present.accounts, present.kinds):
        assert sum(values.values()) == pytest.approx(1, abs=1e-9)
    assert sum(present.delays) == pytest.approx(1, abs=1e-9)
    assert present.amount_equal + present.amount_other == pytest.approx(1, abs=1e-9)
    assert present.exact + present.zeros + sum(present.edits) == pytest.approx(
        0.95 + 0.003 + 0.04 + 0.0025, abs=1e-9
    )
    for group in learning.GROUPS:
        assert all(0 < p < 1 for p in learning.read_group(present, group).values())


@given(observations)
def test_what_changed_is_told_and_nothing_else(seen):
    new, changes = learning.estimate(DEFAULT_WEIGHTS, seen, minimum=EVERYTHING)
    told = {change.group for change in changes}
    for group in learning.GROUPS:
        same = learning.read_group(new, group) == by_category(group)
        assert same == (group not in told)
    for change in changes:
        assert change.before == by_category(change.group)[change.category]
        after = learning.read_group(new, change.group)[change.category]
        assert change.after == pytest.approx(after)
        assert change.sample == seen.sample(change.group)


def test_nothing_seen_nothing_learned():
    assert learning.estimate(DEFAULT_WEIGHTS, Observations()) == (DEFAULT_WEIGHTS, [])


def test_too_little_seen_nothing_learned():
    seen = Observations({"names": {"other": learning.MINIMUM["names"] - 1}})
    assert learning.estimate(DEFAULT_WEIGHTS, seen) == (DEFAULT_WEIGHTS, [])
    seen = seen + Observations({"names": {"other": 1}})
    new, changes = learning.estimate(DEFAULT_WEIGHTS, seen)
    assert new.names["other"] > DEFAULT_WEIGHTS.names["other"]
    assert {change.group for change in changes} == {"names"}


def test_what_agrees_with_what_is_believed_makes_no_version():
    seen = Observations(
        {
            "names": {
                name: round(share * 10_000)
                for name, share in by_category("names").items()
            }
        }
    )
    assert learning.estimate(DEFAULT_WEIGHTS, seen) == (DEFAULT_WEIGHTS, [])


def test_the_same_world_again_and_again_is_learned():
    rng = random.Random(7)
    truth = replace(
        DEFAULT_WEIGHTS,
        exact=0.85,
        zeros=0.013,
        edits=(0.12, 0.0125),
        kinds={"wrong": 0.2, "missing": 0.5, "extra": 0.1, "swapped": 0.2},
        names={
            "exact": 0.4,
            "part": 0.2,
            "initials": 0.1,
            "typo": 0.05,
            "surname": 0.15,
            "other": 0.1,
        },
        accounts={"same": 0.7, "other": 0.1, "new": 0.2},
        remembered=0.5,
        amount_equal=0.8,
        amount_other=0.2,
        several=0.02,
        bare=0.05,
        stale=0.001,
    )
    groups = (
        "reference", "kinds", "names", "accounts", "remembered", "amounts",
        "several", "bare", "stale",
    )  # fmt: skip
    present = DEFAULT_WEIGHTS
    for _month in range(40):
        counts = {}
        for group in groups:
            shares = learning.read_group(truth, group)
            drawn = rng.choices(list(shares), list(shares.values()), k=5000)
            counts[group] = {name: drawn.count(name) for name in shares}
        present, _changes = learning.estimate(present, Observations(counts))
    for group in groups:
        learned = learning.read_group(present, group)
        for name, share in learning.read_group(truth, group).items():
            assert learned[name] == pytest.approx(share, rel=0.15, abs=0.004), (
                group,
                name,
            )


def test_what_fits_the_world_surprises_less():
    seen = Observations({"names": {"exact": 40, "part": 60}})
    new, _changes = learning.estimate(
        DEFAULT_WEIGHTS, seen, minimum={**learning.MINIMUM, "names": 10}
    )
    assert learning.surprise(new, seen) < learning.surprise(DEFAULT_WEIGHTS, seen)
    with pytest.raises(ValueError, match="nothing was observed"):
        learning.surprise(new, Observations())


@pytest.mark.parametrize(
    ("stated", "issued", "expected"),
    [
        ("1234567", ["1234567"], ("exact", ())),
        ("1234567", ["001234567"], ("zeros", ())),
        ("1234568", ["1234567"], ("one", ("wrong",))),
        ("123567", ["1234567"], ("one", ("missing",))),
        ("12345678", ["1234567"], ("one", ("extra",))),
        ("1243567", ["1234567"], ("one", ("swapped",))),
        ("7654321", ["1234567"], ("foreign", ())),
        ("5550001", ["1234567"], ("stale", ())),
        ("1234567", ["9999999", "1234567"], ("exact", ())),
        ("1234567", ["INV/1", ""], ("foreign", ())),
    ],
)
def test_how_a_reference_arrived(stated, issued, expected):
    queries = (Query(stated, stated),)
    assert learning.how_stated(queries, issued, {"555 0001"}) == expected


def test_the_number_of_another_invoice_is_no_slip():
    queries = (Query("1234568", "1234568"),)
    assert learning.how_stated(queries, ["1234567"], {"1234568"}) == ("stale", ())
    both = (*queries, Query("1234567", "1234567"))
    assert learning.how_stated(both, ["1234567"], {"1234568"}) == ("exact", ())


def test_two_slips_are_told_apart_and_nothing_stated_is_bare():
    how, slips = learning.how_stated((Query("9234568", "9234568"),), ["1234567"], ())
    assert (how, slips) == ("two", ("wrong", "wrong"))
    assert learning.how_stated((), ["1234567"], ()) == ("bare", ())
    in_text = (Query("7654321", "7654321", in_text=True),)
    assert learning.how_stated(in_text, ["1234567"], ()) == ("bare", ())


def test_only_what_was_named_exactly_tells_about_name_account_day_and_amount():
    facts = {
        "name": "exact",
        "account": "same",
        "knew_account": True,
        "delay": 2,
        "amount": "less",
        "told": False,
    }
    repaired = learning.observe([Case("one", ("wrong",), **facts)])
    assert set(repaired.counts) == {
        "reference", "kinds", "bare", "foreign", "stale", "several",
    }  # fmt: skip
    named = learning.observe([Case("exact", is_named=True, **facts)])
    assert named.counts["names"] == {"exact": 1}
    assert named.counts["accounts"] == {"same": 1}
    assert named.counts["remembered"] == {"yes": 1}
    assert named.counts["delays"] == {"3": 1}
    assert named.counts["amounts"] == {"other": 1}
    assert named.counts["part"] == {"yes": 1}
    assert named.counts["more"] == {"no": 1}
    assert named.counts["told"] == {"no": 1}


def test_what_is_not_known_is_not_counted():
    seen = learning.observe([Case("exact", is_named=True)])
    assert set(seen.counts) == {"reference", "bare", "foreign", "stale", "several"}


def test_several_invoices_count_for_one_customer_only():
    cases = [Case("exact", invoices=3), Case("exact", invoices=3, customers=2)]
    assert learning.observe(cases).counts["several"] == {"yes": 1, "no": 1}


@given(st.integers(-400, 20_000))
def test_every_delay_has_a_step(days):
    step = int(learning.delay_step(days))
    assert step in weights.DELAY_STEPS
    assert days <= step or step == weights.DELAY_STEPS[-1]


def test_weights_of_another_release_are_read_as_far_as_they_fit():
    data = DEFAULT_WEIGHTS.to_json() | {
        "version": 7,
        "bare": 0.5,
        "gone": 1,
        "kinds": {"wrong": 1.0},
        "delays": [0.5, 0.5],
    }
    del data["names"]
    assert learning.revive(data) == replace(DEFAULT_WEIGHTS, version=7, bare=0.5)


@given(observations)
def test_what_was_stored_is_read_as_it_was(seen):
    new, _changes = learning.estimate(DEFAULT_WEIGHTS, seen, minimum=EVERYTHING)
    revived = learning.revive(json.loads(json.dumps(new.to_json(), sort_keys=True)))
    assert revived == new
    assert list(revived.names) == list(new.names)


# What is said and what it is worth

PLAIN = replace(DEFAULT_WEIGHTS, calibrated=weights.SAID_STEPS)
JUDGED = st.lists(
    st.tuples(st.floats(0.0001, 0.99999), st.booleans()), min_size=1, max_size=400
)


@given(JUDGED, st.integers(1, 4))
def test_calibration_rises_and_moves_by_a_step_at_most(judged, runs):
    present = PLAIN
    for _run in range(runs):
        new, changes = learning.recalibrate(present, judged, minimum=1)
        assert list(new.calibrated) == sorted(new.calibrated)
        for before, after in zip(present.calibrated, new.calibrated, strict=True):
            assert abs(log_odds(after) - log_odds(before)) <= learning.MAX_STEP + 1e-9
        assert bool(changes) == (new != present)
        present = new


@given(JUDGED)
def test_calibration_never_lifts_what_is_about_to_book(judged):
    present = PLAIN
    for _run in range(10):
        present, _changes = learning.recalibrate(present, judged, minimum=1)
    for said, worth in zip(weights.SAID_STEPS, present.calibrated, strict=True):
        assert worth <= max(said, learning.NEVER_LIFTED) + 1e-12


def test_what_was_said_too_boldly_is_lowered_until_it_fits():
    rng = random.Random(3)
    present = PLAIN
    curve = calibration.Curve(weights.SAID_STEPS, present.calibrated)
    for _week in range(30):
        # of what evidence says 93 % of, 72 % are right
        judged = [(curve(0.93), rng.random() < 0.72) for _ in range(1000)]
        judged += [(curve(0.999), rng.random() < 0.999) for _ in range(1000)]
        present, _changes = learning.recalibrate(present, judged)
        curve = calibration.Curve(weights.SAID_STEPS, present.calibrated)
    assert curve(0.93) == pytest.approx(0.72, abs=0.04)
    assert curve(0.999) == pytest.approx(0.999, abs=0.0005)


def test_a_few_judgements_move_nothing():
    judged = [(0.95, False)] * (learning.MINIMUM_JUDGED - 1)
    assert learning.recalibrate(PLAIN, judged) == (PLAIN, [])
    new, changes = learning.recalibrate(PLAIN, [*judged, (0.95, False)])
    assert new.calibrated[7] < PLAIN.calibrated[7]
    assert {change.group for change in changes} == {"calibrated"}


def test_a_better_calibration_surprises_less():
    judged = [(0.95, True)] * 300 + [(0.95, False)] * 100
    new, _changes = learning.recalibrate(PLAIN, judged)
    surprise = learning.surprise_of_calibration
    assert surprise(PLAIN, new, judged) < surprise(PLAIN, PLAIN, judged)
    with pytest.raises(ValueError, match="nothing was judged"):
        surprise(PLAIN, new, [])
