"""Cut as decided, a payment settles exactly what was decided when Odoo is greedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.parcels import DoesNotFit, Take, cut


def reconcile(open_by_item, ids):
    """What Odoo does with one set: oldest first, as far as the money goes."""
    debits = sorted(i for i in ids if open_by_item[i] > 0)
    credits = sorted(i for i in ids if open_by_item[i] < 0)
    for debit in debits:
        for credit in credits:
            used = min(open_by_item[debit], -open_by_item[credit])
            open_by_item[debit] -= used
            open_by_item[credit] += used


def carry_out(takes, parcels):
    """Book the parcels and reconcile; what is open on each item afterwards."""
    open_by_item = {take.item_id: take.open for take in takes}
    for number, parcel in enumerate(parcels):
        # a parcel's own item is newer than what it settles
        own = 1_000_000 + number
        open_by_item[own] = -parcel.amount
        for at, ids in enumerate(parcel.rounds):
            reconcile(open_by_item, [own, *ids] if at == 0 else ids)
    return open_by_item


@st.composite
def wholes_and_parts(draw):
    """Invoices of several customers, each settled whole or in part."""
    takes = []
    for item_id in range(draw(st.integers(1, 6))):
        opened = draw(st.integers(1, 1000))
        amount = opened if draw(st.booleans()) else draw(st.integers(1, opened))
        takes.append(Take(item_id, draw(st.integers(1, 3)), 1, amount, opened))
    return takes


@st.composite
def with_credit_notes(draw):
    """Whole invoices of one customer less credit notes, at most one of them in part."""
    takes = []
    for item_id in draw(st.permutations(range(draw(st.integers(1, 4))))):
        opened = draw(st.integers(100, 1000))
        takes.append(Take(item_id, 1, 1, opened, opened))
    left = sum(take.amount for take in takes) - 1
    part_at = draw(st.integers(0, 2))
    for number in range(draw(st.integers(1, 3))):
        if left < 1:
            break
        amount = draw(st.integers(1, left))
        left -= amount
        more = draw(st.integers(0, 500)) if number == part_at else 0
        # some credit notes are older than the invoices, some newer
        item_id = draw(st.sampled_from([-10, 10])) - number
        takes.append(Take(item_id, 1, 1, -amount, -amount - more))
    return takes


@given(wholes_and_parts(), st.integers(0, 300))
def test_each_item_gets_what_was_decided(takes, rest):
    amount = sum(take.amount for take in takes) + rest
    parcels = cut(takes, amount)
    assert sum(parcel.amount for parcel in parcels) == amount
    left = carry_out(takes, parcels)
    for take in takes:
        assert left[take.item_id] == take.open - take.amount
    assert sum(value for at, value in left.items() if at >= 1_000_000) == -rest


@given(with_credit_notes(), st.integers(0, 300))
def test_credit_notes_are_set_off_as_decided(takes, rest):
    amount = sum(take.amount for take in takes) + rest
    parcels = cut(takes, amount)
    left = carry_out(takes, parcels)
    for take in takes:
        assert left[take.item_id] == take.open - take.amount
    assert sum(value for at, value in left.items() if at >= 1_000_000) == -rest


@given(wholes_and_parts())
def test_no_item_belongs_to_two_customers(takes):
    by_item = {take.item_id: take.partner_id for take in takes}
    for parcel in cut(takes, sum(take.amount for take in takes)):
        for ids in parcel.rounds:
            assert {by_item[item_id] for item_id in ids} == {parcel.partner_id}


@given(wholes_and_parts(), st.integers(-50, 50).filter(bool))
def test_a_written_off_difference_leaves_nothing_over(takes, write_off):
    total = sum(take.amount for take in takes)
    amount = total - write_off
    if amount <= 0:
        return
    parcels = cut(takes, amount, write_off)
    assert sum(parcel.amount for parcel in parcels) == total


def test_whole_invoices_of_one_customer_share_one_item():
    takes = [Take(1, 7, 1, 100, 100), Take(2, 7, 1, 50, 50)]
    [parcel] = cut(takes, 150)
    assert parcel.rounds == ((1, 2),)


def test_money_paid_out_settles_credit_notes():
    [parcel] = cut([Take(1, 7, 1, -100, -100)], -100)
    assert (parcel.amount, parcel.rounds) == (-100, ((1,),))


@pytest.mark.parametrize(
    "takes, amount, write_off",
    [
        pytest.param([Take(1, 7, 1, 100, 100)], 90, 0, id="more than there is"),
        pytest.param([Take(1, 7, 1, 100, 100)], 120, 5, id="rest and write-off"),
        pytest.param([], 100, 0, id="nothing"),
        pytest.param(
            [Take(1, 7, 1, 100, 100), Take(2, 8, 1, -30, -30)],
            70,
            0,
            id="another customer's credit note",
        ),
        pytest.param(
            [Take(1, 7, 1, 100, 200), Take(2, 7, 1, -30, -30)],
            70,
            0,
            id="credit note against a part",
        ),
        pytest.param(
            [
                Take(1, 7, 1, 100, 100),
                Take(2, 7, 1, -30, -40),
                Take(3, 7, 1, -30, -40),
            ],
            40,
            0,
            id="two credit notes in part",
        ),
    ],
)
def test_what_cannot_be_settled_so_is_refused(takes, amount, write_off):
    with pytest.raises(DoesNotFit):
        cut(takes, amount, write_off)
