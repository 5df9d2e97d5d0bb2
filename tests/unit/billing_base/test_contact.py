from typing import NamedTuple

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


class Point(NamedTuple):
    id: int
    sequence: int = 50
    state: str = contact.WORKING
    consent_billing: bool = True


points = st.builds(
    Point,
    id=st.integers(1, 99),
    sequence=st.integers(0, 3),
    state=st.sampled_from(STATES),
    consent_billing=st.booleans(),
)


def test_the_customers_own_order_decides_among_what_works():
    first, second = Point(7, sequence=1), Point(3, sequence=2, state="unverified")
    assert contact.preferred([second, first]) == [first, second]


def test_what_fails_at_the_moment_is_the_last_resort():
    failing, other = Point(1, sequence=1, state="failing"), Point(2, sequence=9)
    assert contact.preferred([failing, other]) == [other, failing]
    assert contact.preferred([failing]) == [failing]


@given(st.lists(points))
def test_nobody_is_written_to_who_said_no_or_where_nothing_arrives(given_points):
    chosen = contact.preferred(given_points)
    for point in chosen:
        assert point.consent_billing
        assert point.state != contact.BLOCKED
    left = [point for point in given_points if point not in chosen]
    assert all(not p.consent_billing or p.state == contact.BLOCKED for p in left)


class Address(NamedTuple):
    channel: str = "email"
    state: str = contact.WORKING
    consent_billing: bool = True


addresses = st.builds(
    Address,
    channel=st.sampled_from([*sorted(contact.ELECTRONIC), "letter"]),
    state=st.sampled_from(STATES),
    consent_billing=st.booleans(),
)


@pytest.mark.parametrize(
    ("given_addresses", "health"),
    [
        ([], contact.NONE),
        ([Address("letter")], contact.NONE),
        ([Address()], contact.GOOD),
        ([Address(state="unverified")], contact.GOOD),
        ([Address(state="blocked"), Address("sms")], contact.GOOD),
        ([Address(state="blocked"), Address("sms", "failing")], contact.WEAK),
        ([Address(state="failing")], contact.WEAK),
        ([Address(state="blocked"), Address("letter")], contact.LOST),
        ([Address(consent_billing=False)], contact.DECLINED),
        ([Address(state="blocked"), Address("sms", consent_billing=False)], "lost"),
    ],
)
def test_health_is_that_of_what_is_left(given_addresses, health):
    assert contact.health(given_addresses) == health


@given(st.lists(addresses))
def test_another_address_is_asked_for_only_where_one_failed(given_addresses):
    electronic = [a for a in given_addresses if a.channel != "letter"]
    wanted = [a for a in electronic if a.consent_billing]
    broken = [a for a in wanted if a.state in ("failing", "blocked")]
    needed = bool(wanted) and len(broken) == len(wanted)
    assert contact.needs_another(given_addresses) == needed


@given(st.lists(addresses), addresses)
def test_an_address_that_works_settles_it(given_addresses, new):
    works = new._replace(channel="sms", state="working", consent_billing=True)
    assert contact.health([*given_addresses, works]) == contact.GOOD
