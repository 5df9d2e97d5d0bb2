"""Which answer is possible in which state, whatever order answers come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core import claim_life as life

STATES = (*life.OPEN, *life.CLOSED)


def test_every_state_is_open_or_closed():
    assert len(set(STATES)) == len(STATES)
    assert set(life.OUT) < set(life.OPEN)


@pytest.mark.parametrize("state", life.CLOSED)
def test_a_failure_told_late_undoes_nothing(state):
    assert life.after(state, life.FAILED) is None


@pytest.mark.parametrize("state", [life.FAILED, life.REJECTED, life.CANCELLED])
def test_money_that_comes_after_all_counts(state):
    assert life.after(state, life.PAID) == life.PAID


@pytest.mark.parametrize("state", [life.PLANNED, life.BATCHED])
def test_what_the_bank_does_not_know_of_is_not_paid_by_it(state):
    assert life.after(state, life.PAID) is None


def test_a_cancellation_that_is_refused_changes_nothing():
    assert life.after(life.DELIVERED, "cancel_refused") == life.DELIVERED


def test_there_is_no_such_answer():
    with pytest.raises(ValueError):
        life.after(life.PLANNED, "lost")


@given(st.lists(st.sampled_from(life.RESULTS)))
def test_paid_stays_paid_until_it_is_refunded(results):
    state, paid = life.DELIVERED, False
    for result in results:
        after = life.after(state, result)
        if after is None:
            continue
        if paid:
            assert (state, after) == (life.PAID, life.REFUNDED)
        state, paid = after, after == life.PAID
        assert state in STATES
