import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import page_limit
from odoo.addons.billing_interactive_invoice.core.page_limit import Limit


@pytest.mark.parametrize(
    "values", [("crowd", 1, 1), ("network", 0, 1), ("subject", 1, 0)]
)
def test_a_limit_is_a_number_of_times_within_minutes(values):
    with pytest.raises(ValueError, match="a limit"):
        Limit(*values)


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 60)), min_size=1, max_size=4)
)
def test_one_limit_that_is_reached_is_enough(pairs):
    limits = [Limit("network", count, 10) for count, _used in pairs]
    used = [used for _count, used in pairs]
    reached = any(used >= count for count, used in pairs)
    assert page_limit.exceeded(limits, used) is reached


def test_uses_are_known_for_as_long_as_any_limit_looks_back():
    assert page_limit.longest() == 24 * 60
    assert page_limit.longest({"a": (Limit("network", 1, 7),)}) == 7


def test_codes_cannot_be_guessed_within_their_limits():
    """At most one customer in ten thousand a day, of whom somebody holds a link."""
    a_day = max(
        limit.count
        for limit in page_limit.LIMITS["code_send"]
        if limit.who == page_limit.SUBJECT and limit.minutes == 24 * 60
    )
    assert a_day * 5 / 1_000_000 <= 1 / 10_000


def test_every_scope_counts_the_network():
    for limits in page_limit.LIMITS.values():
        assert page_limit.NETWORK in {limit.who for limit in limits}
