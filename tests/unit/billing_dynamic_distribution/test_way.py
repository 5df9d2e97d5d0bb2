"""Why a message waits: what the engine worked out is what staff are told."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import (
    checks,
    clock,
    hours,
    plan,
    way,
)

MONDAY = datetime(2026, 11, 23, 9)
OSLO = clock.Calendar(zone="Europe/Oslo", country="NO")

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1))
steps = st.builds(
    plan.Step,
    id=st.just(1),
    channel=st.sampled_from(("email", "sms", "letter")),
    wait=st.integers(0, 30),
    unit=st.sampled_from(clock.UNITS),
    window=st.sampled_from(hours.WINDOWS),
)


def pending(next_at, **values):
    return way.Pending(
        **{
            "next_at": next_at,
            "now": MONDAY,
            "step": plan.Step(1, "sms", 3),
            "since": MONDAY,
            "calendar": OSLO,
            **values,
        }
    )


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ({"next_at": MONDAY}, (way.DUE,)),
        ({"next_at": MONDAY - timedelta(days=2), "code": checks.CAP}, (way.DUE,)),
        ({"next_at": MONDAY + timedelta(days=3)}, (way.WAIT,)),
        ({"next_at": MONDAY + timedelta(days=1), "code": "hold"}, ("hold",)),
        ({"next_at": MONDAY + timedelta(hours=1), "retry": 1}, (way.RETRY,)),
        (
            {"next_at": MONDAY + timedelta(minutes=1), "other_point": True},
            (way.OTHER_ADDRESS,),
        ),
        # Thursday's message left out on Monday: the next one comes at once.
        ({"next_at": MONDAY + timedelta(minutes=1)}, (way.AT_ONCE,)),
        # The third day after Wednesday evening is a Saturday after closing time.
        (
            {
                "since": datetime(2026, 11, 25, 17),
                "next_at": datetime(2026, 11, 30, 7),
            },
            (way.WAIT, way.HOURS),
        ),
        ({"since": None, "next_at": MONDAY + timedelta(hours=2)}, (way.AT_ONCE,)),
    ],
)
def test_what_a_message_waits_for(values, codes):
    assert way.reasons(pending(**values)) == codes


def test_a_failure_at_night_waits_for_the_morning():
    night = datetime(2026, 11, 23, 23)
    assert way.reasons(
        pending(OSLO.next_allowed(night), now=night, retry=2, since=night)
    ) == (way.RETRY, way.HOURS)


@given(steps, moments, st.timedeltas(timedelta(0), timedelta(days=60)))
def test_what_the_plan_worked_out_is_explained(step, since, later):
    """Every wait that ``core.plan`` makes has the reasons it was made of."""
    nxt = plan.start((step,), since, OSLO)
    now = since + later
    codes = way.reasons(pending(nxt.at, now=now, since=since, step=step))
    assert (codes == (way.DUE,)) == (nxt.at <= now)
    if nxt.at > now:
        elapsed = OSLO.elapsed(since, step.wait, step.unit)
        assert (way.HOURS in codes) == (not OSLO.is_allowed(elapsed))
        assert (way.WAIT in codes) == (elapsed > since)
        assert (way.WINDOW in codes) == (nxt.at > OSLO.next_allowed(elapsed))


@given(
    steps,
    moments,
    moments,
    st.one_of(st.none(), moments),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from(("", checks.HOLD, checks.CAP)),
)
def test_there_is_always_a_reason(step, at, now, since, retry, other, code):
    codes = way.reasons(way.Pending(at, now, step, since, retry, other, code, OSLO))
    assert codes
    assert len(set(codes)) == len(codes)
    if way.DUE in codes:
        assert codes == (way.DUE,)
