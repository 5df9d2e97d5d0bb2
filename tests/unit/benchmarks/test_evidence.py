"""The evidence benchmark judges as it says."""

import pytest

from odoo.addons.billing_bank_file.core.decision import (
    ASSIGNED,
    PROPOSED,
    RECONCILED,
    UNMATCHED,
    Candidate,
    Decision,
    Reason,
    Share,
)

from benchmarks.bench_evidence import (
    Tally,
    Truth,
    _batches,
    best_of,
    judge,
    targets,
    upper_limit,
)

OWNERS = {10: 1, 11: 1, 12: 1, 20: 2}


def truth(moves=(10,), partners=(1,), kind="wrong_digit"):
    return Truth(1, 0, kind, "equal", "own", "known", moves, (), partners)


def booked(*moves, probability=1.0):
    shares = tuple(Share(move, 100) for move in moves)
    return Decision(1, RECONCILED, shares, probability)


def candidate(move, probability, *together):
    values = (("count", len(together)), ("move_ids", together))
    reasons = (Reason("part_of_sum", values),) if together else ()
    return Candidate(move, OWNERS[move], probability, 100, "", 0, reasons)


def proposed(*candidates):
    best = max((item.probability for item in candidates), default=0.0)
    return Decision(1, PROPOSED, (), best, (), tuple(candidates))


@pytest.mark.parametrize(
    ("decision", "meant", "verdict"),
    [
        (booked(10), truth(), "right"),
        (booked(10, 11), truth((10, 11)), "right"),
        (booked(10), truth((10, 11)), "incomplete"),
        (booked(11), truth(), "wrong_invoice"),
        (booked(10, 11), truth(), "wrong_invoice"),
        (booked(20), truth(), "wrong_customer"),
        (booked(10, 20), truth(), "wrong_customer"),
        (booked(10), truth(()), "wrong_invoice"),
        (booked(20), truth((), ()), "wrong_customer"),
        (Decision(1, ASSIGNED, partner_id=1), truth(), "assigned"),
        (Decision(1, ASSIGNED, partner_id=1), truth(()), "assigned"),
        (Decision(1, ASSIGNED, partner_id=2), truth(), "assigned_wrong"),
        (Decision(1, ASSIGNED, partner_id=2), truth((), ()), "assigned_wrong"),
        (proposed(candidate(10, 0.6), candidate(11, 0.3)), truth(), "first"),
        (proposed(candidate(11, 0.6), candidate(10, 0.3)), truth(), "top3"),
        (proposed(candidate(11, 0.6)), truth(), "left"),
        (Decision(1, UNMATCHED), truth(), "left"),
    ],
)
def test_verdicts(decision, meant, verdict):
    assert judge(meant, decision, OWNERS) == verdict


def test_a_credit_note_set_off_is_no_invoice():
    decision = Decision(1, RECONCILED, (Share(10, 100), Share(99, -20)), 1.0)
    assert judge(truth(), decision, OWNERS) == "right"


def test_the_best_candidate_may_be_a_set():
    decision = proposed(candidate(10, 0.7, 10, 11, 99), candidate(11, 0.7, 10, 11, 99))
    assert best_of(decision, {99}) == ({10, 11}, 0.7)
    assert best_of(proposed(candidate(10, 0.7), candidate(11, 0.7))) == ({10}, 0.7)
    assert best_of(booked(10, 11, probability=0.9)) == ({10, 11}, 0.9)
    assert best_of(Decision(1, UNMATCHED)) == (set(), 0.0)


def tallied(*pairs):
    tally = Tally(0)
    for meant, decision in pairs:
        tally.add([meant], [decision], OWNERS)
    return {"file": "mix", **tally.result()}


def test_the_tally_adds_up():
    found = tallied(
        (truth(), booked(10, probability=0.9995)),
        (truth(), booked(20, probability=0.97)),
        (truth((10, 11)), booked(10, probability=0.93)),
        (truth((), (), "stranger"), proposed(candidate(10, 0.4))),
    )
    row = found["kinds"]["wrong_digit"]
    assert (row["sent"], row["right"], row["wrong_customer"], row["incomplete"]) == (
        3,
        1,
        1,
        1,
    )
    assert found["nothing_open"]["left"] == 1
    assert found["in_top3"] == {"wrong_digit": 2}
    assert sum(item["count"] for item in found["bins"]) == 4
    assert sum(item["right"] for item in found["bins"]) == 2
    by_threshold = {item["threshold"]: item for item in found["frontier"]}
    assert by_threshold[0.9]["taken"] == 3
    assert by_threshold[0.9]["wrong"] == 1
    assert by_threshold[0.9]["incomplete"] == 1
    assert by_threshold[0.99]["taken"] == by_threshold[0.99]["right"] == 1
    assert by_threshold[0.9999]["precision"] is None


def test_targets_count_what_is_for_nothing_open_apart():
    found = tallied(
        (truth(), booked(10)),
        (truth((), (), "stranger"), booked(20)),
        (truth((), (1,), "paid_again"), Decision(1, ASSIGNED, partner_id=1)),
    )
    measured = {row[0]: (row[1], row[4]) for row in targets(found)}
    assert measured["reconciled without a person"] == (1.0, None)
    assert measured["wrong customer"] == (0.0, 0)
    assert measured["nothing open, reconciled"] == (0.5, 1)


def test_batches_never_cross_a_round():
    rows = [(at, at // 5) for at in range(12)]
    assert [len(group) for group in _batches(rows, 3)] == [3, 2, 3, 2, 2]
    assert list(_batches(rows, 0))[1:] == [[5, 6, 7, 8, 9], [10, 11]]


@pytest.mark.parametrize(("count", "limit"), [(0, 2.996), (1, 4.744), (10, 16.96)])
def test_upper_limits_are_those_of_the_poisson_tables(count, limit):
    assert upper_limit(count) == pytest.approx(limit, abs=0.005)
