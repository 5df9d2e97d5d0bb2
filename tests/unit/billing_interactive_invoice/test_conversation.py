from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import conversation as core

NOON = datetime(2026, 11, 23, 12)
WAIT = timedelta(minutes=5)


def later(minutes):
    return NOON + timedelta(minutes=minutes)


def test_a_question_waits_from_its_first_message():
    facts = core.customer_wrote(core.Facts(), NOON)
    facts = core.customer_wrote(facts, later(10))
    assert facts.state == core.OPEN
    assert facts.waiting_since == NOON
    assert facts.unread_by_staff == 2


def test_an_answer_ends_the_wait():
    facts = core.customer_wrote(core.Facts(), NOON)
    facts, answered = core.staff_wrote(facts, later(30))
    assert answered == core.Answered(NOON, later(30))
    assert facts.state == core.WAITING
    assert facts.waiting_since is None
    assert facts.unread_by_staff == 0
    assert facts.unread_since == later(30)


def test_a_word_that_nobody_asked_for_ends_no_wait():
    facts, answered = core.staff_wrote(core.Facts(), NOON)
    assert answered is None
    assert facts.unread_since == NOON


def test_who_writes_has_read():
    facts, _answered = core.staff_wrote(core.Facts(), NOON)
    facts = core.customer_wrote(facts, later(1))
    assert facts.unread_since is None


def test_a_closed_conversation_begins_again_with_a_question():
    facts = core.closed(core.customer_wrote(core.Facts(), NOON))
    assert (facts.state, facts.waiting_since) == (core.CLOSED, None)
    facts = core.customer_wrote(facts, later(5))
    assert (facts.state, facts.waiting_since) == (core.OPEN, later(5))


def test_the_customer_is_told_when_it_lay_unread():
    facts, _answered = core.staff_wrote(core.Facts(), NOON)
    assert core.notice_at(facts, NOON, WAIT) == later(5)


def test_the_second_answer_does_not_put_the_notice_off():
    facts, _answered = core.staff_wrote(core.Facts(), NOON)
    facts, _answered = core.staff_wrote(facts, later(4))
    assert core.notice_at(facts, later(4), WAIT) == later(5)


def test_nothing_is_told_that_was_read():
    facts, _answered = core.staff_wrote(core.Facts(), NOON)
    assert core.notice_at(core.customer_read(facts), NOON, WAIT) is None


def test_who_was_told_is_not_told_again_for_a_day():
    facts = core.Facts(unread_since=NOON, notified_at=later(5))
    assert core.notice_at(facts, later(20), WAIT) == later(5) + core.NOTICE_PAUSE
    assert core.notice_at(facts, later(3000), WAIT) == later(3005)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["customer", "staff", "read", "close"]),
            st.integers(0, 500),
        ),
        max_size=30,
    )
)
def test_whoever_spoke_last_decides_and_waits_never_overlap(steps):
    facts = core.Facts()
    now = NOON
    last_end = NOON
    spoke = None
    for step, minutes in steps:
        now += timedelta(minutes=minutes)
        if step == "customer":
            facts = core.customer_wrote(facts, now)
            spoke = core.OPEN
        elif step == "staff":
            facts, answered = core.staff_wrote(facts, now)
            spoke = core.WAITING
            if answered:
                assert last_end <= answered.asked_at <= answered.answered_at == now
                last_end = now
        elif step == "read":
            facts = core.customer_read(facts)
        else:
            facts = core.closed(facts)
            spoke = core.CLOSED
            last_end = now
        assert facts.state == (spoke or core.WAITING)
        assert (facts.waiting_since is not None) == (facts.state == core.OPEN)
        assert facts.unread_by_staff == 0 or facts.state == core.OPEN


@pytest.mark.parametrize(
    ("policy", "name", "shown"),
    [
        (core.FULL_NAME, "Anne  Marie Lie", "Anne Marie Lie"),
        (core.FIRST_NAME, "Anne Marie Lie", "Anne"),
        (core.TEAM_NAME, "Anne Marie Lie", "Customer Service"),
        (core.FULL_NAME, "", "Customer Service"),
        (core.FIRST_NAME, None, "Customer Service"),
    ],
)
def test_staff_is_called_as_the_company_chose(policy, name, shown):
    assert core.shown_name(policy, name, "Customer Service") == shown


def test_another_policy_is_refused():
    with pytest.raises(ValueError, match="unknown way"):
        core.shown_name("nickname", "Anne", "Team")
