"""Probabilities of candidates."""

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.reference import mod10_digit
from odoo.addons.billing_kid_match.core import scoring
from odoo.addons.billing_kid_match.core.edits import explain
from odoo.addons.billing_kid_match.core.scoring import Invoice, Surroundings
from odoo.addons.billing_kid_match.core.weights import DEFAULT_WEIGHTS

AROUND = Surroundings(1000, 1)


def invoice(move_id, base, residual=10_000, is_open=True, check=True):
    key = base + mod10_digit(base) if check else base
    return Invoice(move_id, move_id, key, key, residual, residual, is_open, 1)


def score(key, amount, invoices, around=AROUND):
    return scoring.score(key, amount, invoices, around, DEFAULT_WEIGHTS)


bases = st.text("0123456789", min_size=6, max_size=20)


@st.composite
def books(draw):
    """A paid reference and invoices around it."""
    base = draw(bases)
    invoices = []
    for move_id in range(1, draw(st.integers(2, 6))):
        at = draw(st.integers(0, len(base) - 1))
        digit = draw(st.sampled_from("0123456789"))
        invoices.append(
            invoice(
                move_id,
                base[:at] + digit + base[at + 1 :],
                draw(st.integers(1, 5)) * 100,
                draw(st.booleans()),
            )
        )
    return base + mod10_digit(base), invoices


@given(books(), st.integers(1, 5), st.integers(1, 10**6), st.booleans(), st.booleans())
def test_probabilities_add_up_to_less_than_one(book, amount, count, in_text, limited):
    key, invoices = book
    around = Surroundings(count, min(count, 3), in_text, limited)
    scored = score(key, amount * 100, invoices, around)
    total = sum(item.probability for item in scored)
    assert 0 <= total <= 1 + 1e-9
    assert [item.probability for item in scored] == sorted(
        (item.probability for item in scored), reverse=True
    )
    assert all(item.invoice.is_open for item in scored)


@given(bases, st.data())
def test_parts_explain_the_odds_of_a_lone_candidate(base, data):
    issued = invoice(1, base)
    at = data.draw(st.integers(0, len(base)))
    digit = data.draw(st.sampled_from("0123456789"))
    paid = issued.key[:at] + digit + issued.key[at + 1 :]
    [item] = score(paid, 10_000, [issued])
    odds = item.prior + item.reference + item.amount
    assert math.isclose(item.probability, 1 / (1 + math.exp(-odds)), rel_tol=1e-6)


@given(bases, st.data())
def test_an_equal_amount_speaks_for_the_invoice(base, data):
    issued = invoice(1, base)
    at = data.draw(st.integers(0, len(base)))
    paid = issued.key[:at] + issued.key[at + 1 :]
    assume(explain(paid, issued.key))
    [equal] = score(paid, 10_000, [issued])
    [other] = score(paid, 9_000, [issued])
    assert equal.probability >= other.probability
    assert equal.amount > 0 > other.amount
    assert equal.is_amount_equal and not other.is_amount_equal


@given(bases, st.integers(0, 900))
def test_a_rare_amount_says_more(base, sharing):
    issued = invoice(1, base)
    paid = issued.key[:-2] + issued.key[-1]
    assume(explain(paid, issued.key))
    rare = score(paid, 10_000, [issued], Surroundings(1000, sharing))
    usual = score(paid, 10_000, [issued], Surroundings(1000, sharing + 50))
    assert rare[0].amount > usual[0].amount
    assert rare[0].probability >= usual[0].probability


@given(bases)
def test_fewer_edits_are_likelier(base):
    issued = invoice(1, base).key
    chances = []
    for paid in (issued, issued[:2] + issued[3:], issued[:2] + issued[4:]):
        explanation = explain(paid, issued)
        assume(explanation is not None)
        chances.append(scoring.log_reference(explanation, len(issued), DEFAULT_WEIGHTS))
    assume(explain(issued[:2] + issued[4:], issued).distance == 2)
    assert chances == sorted(chances, reverse=True)


def test_equal_neighbours_share_the_probability():
    one, two = invoice(1, "1234567"), invoice(2, "1234576")
    # one edit from both
    between = next(
        text
        for at in range(8)
        for digit in "0123456789"
        for text in [one.key[:at] + digit + one.key[at + 1 :]]
        if text not in (one.key, two.key)
        and explain(text, one.key).distance == 1
        and (found := explain(text, two.key))
        and found.distance == 1
    )
    scored = score(between, 10_000, [one, two])
    assert 0.1 < scored[1].probability <= scored[0].probability < 0.9


def test_a_paid_neighbour_takes_its_part():
    issued = invoice(1, "1234567")
    paid = issued.key[:-1] + str((int(issued.key[-1]) + 1) % 10)
    rival = invoice(2, "1234568", is_open=False)
    assert explain(paid, rival.key)
    alone = score(paid, 10_000, [issued])[0].probability
    beside = score(paid, 10_000, [issued, rival])[0].probability
    assert beside < alone


def test_a_right_check_digit_speaks_for_somebody_else():
    issued = invoice(1, "123456")
    extra = {"right": [], "wrong": []}
    for at in range(1, 7):
        for digit in "0123456789":
            paid = issued.key[:at] + digit + issued.key[at:]
            is_right = mod10_digit(paid[:-1]) == paid[-1]
            [item] = score(paid, 10_000, [issued])
            extra["right" if is_right else "wrong"].append(item.reference)
    assert max(extra["right"]) < min(extra["wrong"])


def test_far_references_are_no_candidates():
    assert score("99999999", 10_000, [invoice(1, "1234567")]) == []


def test_short_unrelated_number_is_not_sure():
    issued = invoice(1, "12346", check=False)
    scored = score("12345", 10_000, [issued], Surroundings(20_000, 600))
    assert scored[0].probability < 0.9
