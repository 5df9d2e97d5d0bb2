"""Payments whose reference says too little: who pays, and what for."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.decision import (
    ASSIGNED,
    PARTIAL,
    PROPOSED,
    RECONCILED,
    UNMATCHED,
    Decision,
    Reason,
)
from odoo.addons.billing_base.core.reference import mod10_digit
from odoo.addons.billing_kid_match.core.evidence import Weigher
from odoo.addons.billing_kid_match.core.judge import Judge
from odoo.addons.billing_kid_match.core.look import Paid, Query
from odoo.addons.billing_kid_match.core.scene import Customer, Item, Scene
from odoo.addons.billing_kid_match.core.scoring import Invoice
from odoo.addons.billing_kid_match.core.weights import (
    DEFAULT_POLICY,
    SAID_STEPS,
    Weights,
)

DAY = date(2026, 11, 15)
MILLION = 1_000_000
BEFORE = Decision(1, UNMATCHED, (), 0.0, (Reason("no_reference"),), ())


def kid(base):
    return base + mod10_digit(base)


def invoice(move, amount=65307, partner=1, key="010000100004413", is_open=True):
    return Invoice(move, partner, key, key, amount, amount, is_open, 1)


def item(move, amount=65307, partner=1, due=0, key="010000100004413", **kwargs):
    found = invoice(move, amount, partner, key)
    return Item(found, DAY + timedelta(days=due), **kwargs)


def customer(partner=1, *items, name="Kari Nordmann", **kwargs):
    return Customer(partner, (name,), list(items), **kwargs)


def paid(amount=65307, name="Kari Nordmann", account="15035149098", text="", told=0):
    return Paid(1, 1, 1, amount, 100, (), name, account, DAY, text, told)


#: What is said is what it is worth.
PLAIN = replace(Weights(), calibrated=SAID_STEPS)


def decide(
    payment,
    *customers,
    sharing=1,
    query=None,
    policy=DEFAULT_POLICY,
    weights=None,
    **scene,
):
    judge = Judge(Weigher(weights or PLAIN), policy)
    scene.setdefault("open_count", MILLION)
    return judge.decide(
        payment, query, Scene(sharing=sharing, customers=customers, **scene), BEFORE
    )


def moves(decision):
    return [share.move_id for share in decision.shares]


# Who and what


def test_known_account_name_and_amount_are_enough():
    decision = decide(
        paid(),
        customer(1, item(7), accounts=1, account_share=1.0),
        account_known=True,
        namesakes=30,
    )
    assert decision.outcome == RECONCILED
    assert moves(decision) == [7]


def test_a_name_and_a_usual_amount_are_not():
    decision = decide(paid(account=""), customer(1, item(7)), sharing=37_500)
    assert decision.outcome == PROPOSED
    assert [candidate.move_id for candidate in decision.candidates] == [7]


def test_a_stranger_with_an_amount_of_ours_is_nobody():
    decision = decide(
        paid(name="Per Ukjent", account="12345678903"),
        customer(1, item(7), accounts=1),
        sharing=1,
    )
    assert decision.outcome in (PROPOSED, UNMATCHED)


def test_twins_with_the_same_name_and_amount_are_left_to_a_person():
    decision = decide(
        paid(account=""),
        customer(1, item(7), namesakes=2),
        customer(2, item(8, partner=2), namesakes=2),
        sharing=2,
    )
    assert decision.outcome == PROPOSED
    assert {candidate.move_id for candidate in decision.candidates[:2]} == {7, 8}
    assert decision.probability < 0.6


def test_the_account_tells_twins_apart():
    decision = decide(
        paid(),
        customer(1, item(7), namesakes=2, accounts=1),
        customer(2, item(8, partner=2), namesakes=2, accounts=1, account_share=1.0),
        sharing=2,
        account_known=True,
    )
    assert moves(decision) == [8]


def test_somebody_pays_for_another_customer():
    # The payer has an open invoice of another amount, the amount is a neighbour's
    decision = decide(
        paid(amount=123456),
        customer(1, item(7), accounts=1, account_share=1.0),
        customer(2, item(8, 123456, partner=2), name="Ola Berg"),
        account_known=True,
    )
    assert decision.outcome != RECONCILED


def test_a_repair_without_a_word_on_the_payer_is_asked_for_as_much_as_the_reference():
    """In dense numbering two slips look like one slip of a neighbour: as long as
    nothing speaks for the customer as the payer, the evidence asks for no less than
    the reference alone would have had to bring."""
    right = kid("0000000175495")
    near = right[:6] + "8" + right[7:]
    strict = replace(DEFAULT_POLICY, one_edit=0.99999, evidence=0.998)
    usual = {"sharing": 37_500, "query": Query(near, near), "policy": strict}
    owner = item(7, 69900, key=right)
    decision = decide(paid(69900, name="", account=""), customer(1, owner), **usual)
    assert decision.outcome == PROPOSED
    assert 0.998 < decision.probability < 0.99999
    # what the payer's name or account says for the customer is a witness of its own
    known = customer(1, owner, accounts=1, account_share=1.0)
    decision = decide(paid(69900), known, account_known=True, **usual)
    assert decision.outcome == RECONCILED
    assert moves(decision) == [7]


def test_a_rare_amount_alone_books_nothing():
    decision = decide(
        paid(name="", account=""), customer(1, item(7)), sharing=1, open_count=50
    )
    assert decision.outcome == PROPOSED
    assert decision.candidates[0].move_id == 7


def test_the_customer_on_the_statement_line_counts_by_itself():
    nobody = decide(paid(name="", account=""), customer(1, item(7)))
    assert nobody.outcome == PROPOSED
    decision = decide(paid(name="", account="", told=1), customer(1, item(7)))
    assert decision.outcome == RECONCILED
    assert "customer_set" in [reason.code for reason in decision.reasons]


def test_the_customer_on_the_statement_line_is_no_second_witness():
    # whoever set him may have gone by the name
    told = paid(account="", told=1)
    scene = Scene(MILLION, 1, [customer(1, item(7))])
    [best, *_rest] = Weigher(Weights()).weigh(told, None, scene)
    codes = [part.code for part in best.parts]
    assert ("customer_set" in codes) != ("name_exact" in codes)


def test_the_customer_on_the_statement_line_may_be_wrong():
    decision = decide(
        paid(told=2),
        customer(1, item(7), accounts=1, account_share=1.0),
        customer(2, item(8, 49900, partner=2), name="Ola Berg"),
        account_known=True,
    )
    assert moves(decision) in ([], [7])
    first = decision.candidates[0]
    assert first.move_id == 7
    assert "customer_set_other" in [reason.code for reason in first.reasons]


# Which invoice


def test_two_invoices_of_one_amount_go_to_the_customer():
    decision = decide(
        paid(),
        customer(1, item(7, due=-30), item(8, due=0), accounts=1, account_share=1.0),
        account_known=True,
        sharing=2,
    )
    assert decision.outcome == ASSIGNED
    assert decision.partner_id == 1
    assert not decision.shares
    assert [candidate.move_id for candidate in decision.candidates[:2]] == [8, 7]


def test_the_customer_is_not_credited_when_the_company_says_so():
    decision = decide(
        paid(),
        customer(1, item(7, due=-30), item(8), accounts=1, account_share=1.0),
        account_known=True,
        policy=replace(DEFAULT_POLICY, customer=0.0),
    )
    assert decision.outcome == PROPOSED
    assert decision.partner_id == 1


def test_the_reference_of_a_paid_invoice_leads_to_the_open_one():
    old = invoice(6, 70000, key="010000100003001", is_open=False)
    decision = decide(
        paid(account=""),
        customer(1, item(7), closed=[Item(old)]),
        query=Query("010000100003001", "010000100003001"),
    )
    assert decision.outcome == RECONCILED
    assert moves(decision) == [7]
    assert "reference_earlier" in [reason.code for reason in decision.reasons]


def test_a_paid_invoice_paid_again_is_not_put_on_another_one():
    old = invoice(6, 65307, key="010000100003001", is_open=False)
    decision = decide(
        paid(account=""),
        customer(1, item(7, 49900), closed=[Item(old, DAY - timedelta(days=3))]),
        query=Query("010000100003001", "010000100003001"),
    )
    assert decision.outcome in (PROPOSED, UNMATCHED)
    assert decision.partner_id == 1
    assert decision.reasons[0].code == "reference_paid"


def test_several_invoices_at_once():
    decision = decide(
        paid(amount=65307 + 49900),
        customer(
            1, item(7), item(8, 49900), item(9, 12345), accounts=1, account_share=1.0
        ),
        account_known=True,
        sharing=0,
    )
    assert decision.outcome == RECONCILED
    assert sorted(moves(decision)) == [7, 8]


def test_a_credit_note_is_set_off():
    decision = decide(
        paid(amount=65307 - 10000),
        customer(1, item(7), item(8, -10000), accounts=1, account_share=1.0),
        account_known=True,
        sharing=0,
    )
    assert decision.outcome == RECONCILED
    assert {share.move_id: share.amount for share in decision.shares} == {
        7: 65307,
        8: -10000,
    }


def test_one_payment_for_several_customers():
    decision = decide(
        paid(amount=65307 + 49900, name="Solbakken Borettslag"),
        customer(1, item(7), account_share=0.5, accounts=1),
        customer(2, item(8, 49900, 2), name="Ola Berg", account_share=0.5, accounts=1),
        account_known=True,
        sharing=0,
    )
    assert decision.outcome == RECONCILED
    assert sorted(moves(decision)) == [7, 8]


def test_a_fee_that_was_added_stays_as_credit():
    decision = decide(
        paid(amount=65307 + 3800),
        customer(1, item(7), accounts=1, account_share=1.0),
        account_known=True,
        sharing=0,
        fees=(3800,),
    )
    assert decision.outcome == RECONCILED
    assert [share.amount for share in decision.shares] == [65307]
    assert "fee_included" in [reason.code for reason in decision.reasons]


def test_a_rounded_amount_is_a_part_payment():
    decision = decide(
        paid(amount=65300),
        customer(1, item(7), accounts=1, account_share=1.0),
        account_known=True,
        sharing=0,
    )
    assert decision.outcome == PARTIAL
    assert [share.amount for share in decision.shares] == [65300]


def test_equal_parts_are_told_from_any_amount():
    def weigh(amount):
        scene = Scene(MILLION, 0, [customer(1, item(7, 90000))])
        found = Weigher(Weights()).weigh(paid(amount), None, scene)
        [part] = [
            part
            for explained in found
            if explained.shares
            for part in explained.parts
            if part.code.startswith("amount")
        ]
        return part

    assert weigh(30000).code == "amount_instalment"
    assert dict(weigh(30000).values)["parts"] == 3
    assert weigh(31000).code == "amount_smaller"
    assert weigh(45000).weight > weigh(30000).weight > weigh(31000).weight


def test_candidates_of_a_sum_know_the_whole_sum():
    decision = decide(
        paid(amount=65307 + 49900 - 1000, name=""),
        customer(
            1, item(7), item(8, 49900), item(9, -1000), accounts=1, account_share=1.0
        ),
        account_known=True,
        sharing=0,
    )
    [told] = {
        reason
        for candidate in decision.candidates
        for reason in candidate.reasons
        if reason.code == "part_of_sum"
    }
    assert dict(told.values) == {"count": 3, "move_ids": (7, 8, 9)}


# What is said and what it is worth


def test_what_is_said_is_put_by_its_worth():
    lowered = tuple(min(step, 0.6) for step in SAID_STEPS[:-2])
    weights = replace(Weights(), calibrated=(*lowered, *SAID_STEPS[-2:]))
    people = (
        customer(1, item(7), namesakes=2),
        customer(2, item(8, partner=2, due=9), namesakes=2),
    )
    said = decide(paid(account=""), *people, sharing=2)
    told = decide(paid(account=""), *people, sharing=2, weights=weights)
    best, worth = said.candidates[0], told.candidates[0]
    assert worth.move_id == best.move_id
    assert worth.probability < best.probability
    assert worth.probability == told.probability
    [reason] = [part for part in worth.reasons if part.code == "calibration"]
    assert reason.weight < 0
    assert "calibration" not in [part.code for part in best.reasons]


def test_what_is_asked_is_asked_of_the_worth():
    weights = replace(Weights(), calibrated=tuple(step * 0.9 for step in SAID_STEPS))
    known = customer(1, item(7), accounts=1, account_share=1.0)
    careful = replace(DEFAULT_POLICY, evidence=0.99999)
    said = decide(paid(), known, account_known=True, policy=careful)
    assert said.outcome == RECONCILED
    told = decide(paid(), known, account_known=True, policy=careful, weights=weights)
    assert told.outcome != RECONCILED


# Properties


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.integers(1000, 200_000),
            st.integers(-60, 60),
            st.floats(0, 1),
        ),
        max_size=6,
    ),
    st.integers(1000, 200_000),
    st.integers(0, 1000),
    st.booleans(),
)
def test_explanations_share_one_whole(rows, amount, sharing, known):
    people = {}
    for number, (partner, open_amount, due, share) in enumerate(rows):
        found = people.setdefault(
            partner, customer(partner, account_share=share * known, accounts=1)
        )
        found.open.append(item(number + 1, open_amount, partner, due))
    scene = Scene(5000, sharing, list(people.values()), account_known=known)
    found = Weigher(Weights()).weigh(paid(amount), None, scene)
    assert sum(part.probability for part in found) == pytest.approx(1)
    for part in found:
        settled = sum(taken for _, taken in part.shares)
        assert settled <= amount
        assert len({entry.move_id for entry, _ in part.shares}) == len(part.shares)


@given(st.integers(1000, 200_000), st.integers(1000, 200_000))
def test_no_more_is_settled_than_is_open_or_paid(open_amount, amount):
    decision = decide(
        paid(amount),
        customer(1, item(7, open_amount), accounts=1, account_share=1.0),
        account_known=True,
    )
    assert sum(share.amount for share in decision.shares) <= min(open_amount, amount)
