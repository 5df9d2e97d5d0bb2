"""Tickets of open pages: whoever has none hears nothing."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import ticket as core
from odoo.addons.billing_interactive_invoice.core.ticket import Ticket

SECRET = "secret of the database"
NOW = 1_795_000_000

ids = st.integers(1, 2**31 - 1)
tickets = st.builds(
    Ticket,
    ids,
    st.sampled_from(core.KINDS),
    ids,
    st.integers(NOW + 1, NOW + core.SECONDS),
)


@given(tickets)
def test_what_was_issued_is_read(ticket):
    assert core.read(SECRET, core.issue(SECRET, ticket), NOW) == ticket


@given(tickets, st.data())
def test_one_character_changed_is_no_ticket(ticket, data):
    text = core.issue(SECRET, ticket)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.sampled_from(string.ascii_letters + string.digits + "-_. ").filter(
            lambda char: char != text[at]
        )
    )
    assert core.read(SECRET, text[:at] + other + text[at + 1 :], NOW) is None


@given(tickets, tickets)
def test_a_signature_is_good_for_its_ticket_alone(one, other):
    mixed = f"{other.text}.{core.issue(SECRET, one).rpartition('.')[2]}"
    assert (core.read(SECRET, mixed, NOW) is not None) == (one == other)


@given(tickets)
def test_another_database_knows_it_not(ticket):
    assert core.read("another secret", core.issue(SECRET, ticket), NOW) is None


@given(tickets, st.integers(0, 10**9))
def test_it_expires(ticket, late):
    text = core.issue(SECRET, ticket)
    assert core.read(SECRET, text, ticket.expires + late) is None
    assert core.read(SECRET, text, ticket.expires - 1) == ticket


@given(st.one_of(st.text(max_size=90), st.none(), st.integers(), st.lists(st.text())))
def test_nonsense_is_no_ticket(value):
    assert core.read(SECRET, value, NOW) is None


def test_a_signed_ticket_with_impossible_ids_is_none():
    text = f"4294967296.link.1.{NOW + 60}"
    signed = f"{text}.{core.core_token.derive(SECRET, core.SCOPE, text)}"
    assert core.read(SECRET, signed, NOW) is None


@pytest.mark.parametrize(
    "values",
    [
        (0, core.LINK, 1, NOW),
        (1, "admin", 1, NOW),
        (1, core.PORTAL, 0, NOW),
        (1, core.STAFF, 0, NOW),
        (1, core.LINK, -1, NOW),
        (1, core.LINK, 2**31, NOW),
    ],
)
def test_impossible_tickets_are_refused(values):
    with pytest.raises(ValueError):
        Ticket(*values)


def test_odoos_own_token_is_a_link_without_a_number():
    ticket = Ticket(1, core.LINK, 0, NOW + 60)
    assert core.read(SECRET, core.issue(SECRET, ticket), NOW) == ticket
