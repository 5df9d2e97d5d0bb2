from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core.visitor_rights import (
    RIGHTS,
    Visitor,
)

LATER = datetime(2026, 11, 22, 12)
visitors = st.builds(
    Visitor,
    st.sampled_from(["link", "portal", "staff"]),
    st.none() | st.integers(1),
    st.none() | st.integers(1),
    st.none() | st.integers(1),
    st.none() | st.just(LATER),
)


@given(visitors)
def test_who_gets_in_sees(visitor):
    assert visitor.may("see")
    assert visitor.rights() <= RIGHTS


@given(visitors, st.sampled_from(sorted(RIGHTS - {"see"})))
def test_staff_touch_nothing_whatever_they_came_by(visitor, right):
    if visitor.kind == "staff":
        assert not visitor.may(right)
        assert not visitor.can_step_up(right)
        assert not visitor.is_customer


@pytest.mark.parametrize("right", ["contact", "other_invoices", "direct_debit"])
def test_a_link_alone_opens_no_more_than_the_invoice(right):
    assert not Visitor("link", link_id=1).may(right)
    assert Visitor("link", link_id=1).can_step_up(right)
    assert Visitor("link", link_id=1, elevated_until=LATER).may(right)
    assert Visitor("portal", user_id=2).may(right)


def test_direct_debit_is_the_customers_and_not_of_the_company_above():
    above = Visitor("portal", user_id=2, is_own=False)
    assert above.rights() == RIGHTS - {"direct_debit"}
    assert not above.can_step_up("direct_debit")


@pytest.mark.parametrize("right", ["see", "pay", "chat", "self_service"])
def test_a_link_opens_what_the_paper_would(right):
    assert Visitor("link", link_id=1).may(right)
    assert not Visitor("link", link_id=1).can_step_up(right)


def test_what_is_no_right_is_an_error():
    with pytest.raises(ValueError, match="everything"):
        Visitor("portal").may("everything")
    with pytest.raises(ValueError, match="guest"):
        Visitor("guest")


def test_readers_are_told_apart_by_link_or_user():
    assert Visitor("link", link_id=1, partner_id=7).key == "link:1"
    assert Visitor("link", link_id=2, partner_id=7).key == "link:2"
    assert Visitor("link", partner_id=7).key == "partner:7"
    assert Visitor("portal", partner_id=7, user_id=3).key == "user:3"
    assert Visitor("staff", partner_id=7, user_id=4).key == "user:4"
