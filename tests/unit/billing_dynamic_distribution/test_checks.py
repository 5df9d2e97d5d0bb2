"""What is asked before each send."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import checks, clock
from odoo.addons.billing_dynamic_distribution.core.checks import Caps, Facts, Verdict

DAY = datetime(2026, 11, 23, 10)  # a Monday
NIGHT = datetime(2026, 11, 23, 23)
OSLO = clock.Calendar(zone="Europe/Oslo", country="NO")
FINE = Facts(at=DAY, calendar=OSLO)


def test_what_nothing_speaks_against_is_sent():
    assert checks.decide(FINE) == Verdict(checks.SEND)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"is_posted": False}, Verdict(checks.END, checks.RESET)),
        ({"is_open": False}, Verdict(checks.END, checks.PAID)),
        ({"is_needed": False}, Verdict(checks.NOT_NEEDED, checks.NOT_NEEDED)),
        ({"has_channel": False}, Verdict(checks.SKIP, checks.NO_CHANNEL)),
        ({"is_available": False}, Verdict(checks.SKIP, checks.CHANNEL_OFF)),
        ({"point_problem": "no_address"}, Verdict(checks.SKIP, checks.NO_ADDRESS)),
        (
            {"is_held": True},
            Verdict(checks.POSTPONE, checks.HOLD, datetime(2026, 11, 24, 7)),
        ),
        (
            {"payment_blocked": True},
            Verdict(checks.POSTPONE, checks.BLOCKED, datetime(2026, 11, 24, 7)),
        ),
        (
            {"at": NIGHT},
            Verdict(checks.POSTPONE, checks.QUIET, datetime(2026, 11, 24, 7)),
        ),
    ],
)
def test_one_no_is_enough(change, verdict):
    assert checks.decide(replace(FINE, **change)) == verdict


def test_a_paid_invoice_ends_its_run_whatever_else_there_is():
    facts = replace(FINE, is_open=False, is_held=True, has_channel=False, at=NIGHT)
    assert checks.decide(facts).kind == checks.END


def test_a_held_invoice_waits_rather_than_lose_its_step():
    facts = replace(FINE, is_held=True, has_channel=False)
    assert checks.decide(facts).kind == checks.POSTPONE


def test_a_letter_may_be_written_at_night():
    facts = replace(FINE, at=NIGHT, is_intrusive=False, sent=(NIGHT,), caps=Caps(1, 1))
    assert checks.decide(facts).kind == checks.SEND


def test_the_third_message_of_a_day_waits_until_tomorrow():
    sent = (DAY - timedelta(hours=1), DAY - timedelta(hours=2))
    facts = replace(FINE, sent=sent, caps=Caps(day=2))
    # The earlier of the two is 24 hours ago at eight; the hours of the day begin then.
    assert checks.decide(facts) == Verdict(
        checks.POSTPONE, checks.CAP, DAY - timedelta(hours=2) + timedelta(days=1)
    )
    assert checks.decide(replace(facts, caps=Caps(day=3))).kind == checks.SEND


moments = st.lists(
    st.integers(0, 14 * 24 * 60).map(lambda minutes: DAY - timedelta(minutes=minutes)),
    max_size=15,
)


@given(moments, st.integers(0, 4), st.integers(0, 8))
def test_caps_hold_at_the_moment_they_name_and_not_longer(sent, day, week):
    caps = Caps(day, week)
    free = caps.free_at(sent, DAY)
    assert free >= DAY

    def within(at, span):
        return sum(at - span < moment <= at for moment in sent)

    def fits(at):
        return (not day or within(at, timedelta(days=1)) < day) and (
            not week or within(at, timedelta(days=7)) < week
        )

    assert fits(free)
    if free > DAY:
        assert not fits(free - timedelta(seconds=1))


def test_what_fails_for_everybody_says_nothing_of_an_address():
    later = DAY + timedelta(hours=1)
    verdict = checks.decide(
        Facts(at=DAY, trouble_until=later, point_problem=checks.ADDRESS_BLOCKED)
    )
    assert verdict == checks.Verdict(checks.POSTPONE, checks.TROUBLE, later)


facts = st.builds(
    Facts,
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    is_posted=st.booleans(),
    is_open=st.booleans(),
    payment_blocked=st.booleans(),
    is_held=st.booleans(),
    is_needed=st.booleans(),
    has_channel=st.booleans(),
    is_available=st.booleans(),
    point_problem=st.sampled_from(["", checks.NO_ADDRESS, checks.OPTED_OUT]),
    is_intrusive=st.booleans(),
    calendar=st.sampled_from([OSLO, clock.Calendar(week=clock.ALWAYS)]),
)


@given(facts)
def test_nothing_goes_out_that_should_not(facts):
    verdict = checks.decide(facts)
    if verdict.kind == checks.SEND:
        assert facts.is_posted and facts.is_open
        assert not facts.is_held and not facts.payment_blocked
        assert facts.is_needed and facts.has_channel and facts.is_available
        assert not facts.point_problem
        assert not facts.is_intrusive or facts.calendar.is_allowed(facts.at)
    if verdict.kind == checks.POSTPONE:
        assert verdict.until > facts.at
        assert facts.calendar.is_allowed(verdict.until)
    else:
        assert verdict.until is None
