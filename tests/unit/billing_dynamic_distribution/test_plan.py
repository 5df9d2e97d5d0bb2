"""How an invoice steps through a plan."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import clock, plan, state
from odoo.addons.billing_dynamic_distribution.core.plan import Next, Retries, Seen, Step

ALWAYS = clock.Calendar(week=clock.ALWAYS)
AT = datetime(2026, 11, 23, 10)
EMAIL = Step(1, "email")
SMS = Step(2, "sms", 3, "days", plan.NOT_OPENED)
LETTER = Step(3, "letter", 2, "days", plan.NOT_OPENED)
INVOICE = (EMAIL, SMS, LETTER)
NOTHING = Seen()
REACHED = Seen(reached=True, delivered=True)
OPENED = Seen(reached=True, delivered=True, opened=True)


def after(step, outcome, seen, **options):
    return plan.after(INVOICE, step.id, outcome, AT, seen, ALWAYS, **options)


def test_it_begins_with_the_first_step():
    assert plan.start(INVOICE, AT, ALWAYS) == Next(plan.WAIT, EMAIL, AT)


def test_a_plan_without_steps_is_done_before_it_begins():
    assert plan.start((), AT, ALWAYS) == Next(plan.DONE, code="no_steps")


def test_three_days_after_the_email_comes_the_sms():
    found = after(EMAIL, state.SENT, REACHED)
    assert found == Next(plan.WAIT, SMS, AT + timedelta(days=3), code="sent")


def test_a_bounced_email_is_followed_by_the_sms_at_once():
    found = after(EMAIL, state.FAILED_HARD, NOTHING)
    assert found == Next(plan.WAIT, SMS, AT, code="failed_hard")


def test_at_once_still_means_at_an_hour_people_may_be_written_to():
    calendar = clock.Calendar(zone="Europe/Oslo")
    night = datetime(2026, 11, 23, 23)
    found = plan.after(INVOICE, 1, state.FAILED_HARD, night, NOTHING, calendar)
    assert found.at == datetime(2026, 11, 24, 7)


def test_a_step_may_keep_its_wait_after_a_failure():
    patient = (EMAIL, Step(2, "sms", 3, at_once_on_failure=False))
    found = plan.after(patient, 1, state.FAILED_HARD, AT, NOTHING, ALWAYS)
    assert found.at == AT + timedelta(days=3)


def test_who_opened_the_email_gets_nothing_more():
    assert after(EMAIL, state.OPENED, OPENED) == Next(plan.DONE, code="opened")


def test_a_step_without_condition_comes_though_the_email_was_opened():
    steps = (EMAIL, SMS, Step(3, "letter", 5))
    found = plan.after(steps, 1, state.SENT, AT, OPENED, ALWAYS)
    assert found.step.id == 3


def test_what_was_not_needed_is_passed_over():
    assert not plan.is_needed(SMS, OPENED)
    assert after(SMS, plan.NOT_NEEDED, REACHED).step == LETTER


def test_not_delivered_may_become_true_again():
    step = Step(2, "sms", 1, condition=plan.NOT_DELIVERED)
    assert not plan.is_needed(step, REACHED)
    # A message may still come back, so the run waits to see.
    assert plan.can_be_needed(step, REACHED)
    assert not plan.can_be_needed(step, OPENED)


def test_after_the_last_message_it_is_done():
    assert after(LETTER, state.SENT, REACHED) == Next(plan.DONE, code="sent")


def test_when_nothing_reached_the_customer_somebody_has_to_look():
    found = after(LETTER, state.FAILED_HARD, NOTHING)
    assert found == Next(plan.STUCK, code="failed_hard")
    assert after(LETTER, plan.SKIPPED, NOTHING).kind == plan.STUCK


def test_when_the_last_channel_fails_but_an_earlier_one_arrived_it_is_done():
    assert after(LETTER, plan.SKIPPED, REACHED).kind == plan.DONE


def test_uncertain_waits_for_the_next_step_as_usual():
    assert after(EMAIL, state.UNCERTAIN, NOTHING).at == AT + timedelta(days=3)


def test_uncertain_at_the_end_is_for_staff():
    assert after(LETTER, state.UNCERTAIN, NOTHING).kind == plan.STUCK
    assert after(LETTER, state.UNCERTAIN, REACHED).kind == plan.DONE


def test_passing_trouble_is_tried_again_with_growing_waits():
    retries = Retries(3, timedelta(minutes=30))
    waits = []
    for retry in range(3):
        found = after(EMAIL, state.FAILED_SOFT, NOTHING, retries=retries, retry=retry)
        assert (found.step, found.retry) == (EMAIL, retry + 1)
        waits.append(found.at - AT)
    assert waits == [timedelta(minutes=minutes) for minutes in (30, 60, 120)]
    found = after(EMAIL, state.FAILED_SOFT, NOTHING, retries=retries, retry=3)
    assert found.step == SMS
    assert found.at == AT


def test_the_second_address_is_tried_before_the_next_channel():
    found = after(EMAIL, state.FAILED_HARD, NOTHING, other_point=True)
    assert found == Next(plan.WAIT, EMAIL, AT, code="failed_hard", other_point=True)


def test_unknown_steps_and_outcomes_are_refused():
    with pytest.raises(ValueError, match="no step"):
        plan.after(INVOICE, 9, state.SENT, AT, NOTHING, ALWAYS)
    with pytest.raises(ValueError, match="nothing that becomes"):
        plan.after(INVOICE, 1, "vanished", AT, NOTHING, ALWAYS)


def test_seen_sums_up_all_messages():
    assert Seen.of([]) == NOTHING
    assert Seen.of([(state.FAILED_HARD, True), (state.SENT, True)]) == Seen(True)
    # A channel that never tells has delivered what it took.
    assert Seen.of([(state.SENT, False)]) == Seen(True, True)
    assert Seen.of([(state.OPENED, True), (state.UNCERTAIN, True)]) == OPENED


steps = st.lists(
    st.builds(
        Step,
        id=st.just(0),
        channel=st.sampled_from(["email", "sms", "letter", "preferred"]),
        wait=st.integers(0, 20),
        unit=st.sampled_from(clock.UNITS),
        condition=st.sampled_from(plan.CONDITIONS),
        at_once_on_failure=st.booleans(),
    ),
    min_size=1,
    max_size=6,
).map(
    lambda found: tuple(
        Step(
            number, step.channel, step.wait, step.unit, step.condition,
            step.at_once_on_failure,
        )
        for number, step in enumerate(found, start=1)
    )
)  # fmt: skip
outcomes = st.lists(st.sampled_from(sorted(plan.OUTCOMES)), min_size=40, max_size=40)


@given(steps, outcomes, st.integers(0, 3), st.booleans())
def test_every_run_ends_and_never_goes_back(steps, outcomes, times, has_second):
    """Whatever becomes of the steps: in order, in time, and to an end."""
    calendar = clock.Calendar(zone="Europe/Oslo", country="NO")
    retries = Retries(times, timedelta(minutes=30))
    states = []
    now = plan.start(steps, AT, calendar)
    for outcome in outcomes:
        if now.kind != plan.WAIT:
            break
        assert calendar.is_allowed(now.at)
        step, at = now.step, now.at
        if outcome not in (plan.SKIPPED, plan.NOT_NEEDED):
            states.append((outcome, True))
        nxt = plan.after(
            steps, step.id, outcome, at, Seen.of(states), calendar,
            retries=retries, retry=now.retry,
            other_point=has_second and not now.other_point,
        )  # fmt: skip
        if nxt.kind == plan.WAIT:
            assert nxt.at >= at
            assert nxt.step.id >= step.id
            if nxt.step.id == step.id:
                assert outcome in state.FAILED
                assert nxt.retry <= times
        now = nxt
    assert now.kind in (plan.DONE, plan.STUCK)
    seen = Seen.of(states)
    if now.kind == plan.STUCK:
        assert not seen.opened
    if seen.opened or seen.delivered:
        assert now.kind == plan.DONE


@given(steps, st.integers(0, 40))
def test_a_wait_for_a_provider_is_never_longer_than_said(steps, retry):
    retries = Retries(99, timedelta(minutes=5), timedelta(hours=1))
    assert timedelta(minutes=5) <= retries.wait(retry) <= timedelta(hours=1)
