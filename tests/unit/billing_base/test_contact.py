import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import contact

STATES = (contact.UNVERIFIED, contact.WORKING, contact.FAILING, contact.BLOCKED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (contact.UNVERIFIED, contact.WORKING),
        (contact.WORKING, contact.WORKING),
        (contact.FAILING, contact.WORKING),
        (contact.BLOCKED, contact.BLOCKED),
    ],
)
def test_success_makes_everything_work_but_the_blocked(before, after):
    assert contact.after_success(before) == after


@given(state=st.sampled_from(STATES), count=st.integers(0, 10))
def test_hard_failure_always_blocks(state, count):
    assert contact.after_failure(state, "hard", count) == contact.BLOCKED


def test_soft_failures_count_only_in_a_row():
    limit = contact.SOFT_FAILURES_BEFORE_FAILING
    for count in range(1, limit):
        assert contact.after_failure(contact.WORKING, "soft", count) == "working"
        assert contact.after_failure(contact.UNVERIFIED, "soft", count) == "unverified"
    assert contact.after_failure(contact.WORKING, "soft", limit) == "failing"
    assert contact.after_failure(contact.FAILING, "soft", 1) == "failing"
    assert contact.after_failure(contact.BLOCKED, "soft", 1) == "blocked"


def test_other_kinds_of_failure_do_not_exist():
    with pytest.raises(ValueError, match="'hard' or 'soft', not 'bounce'"):
        contact.after_failure(contact.WORKING, "bounce", 0)
