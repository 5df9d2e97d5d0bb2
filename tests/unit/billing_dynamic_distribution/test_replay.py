from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import plan, replay
from odoo.addons.billing_dynamic_distribution.core.clock import Calendar

from benchmarks import population
from benchmarks.population import WATERFALL, steps

ALWAYS = Calendar(week=((0, 24 * 60),) * 7)
OSLO = population.calendar()
END = datetime(2026, 12, 31)
AT = datetime(2026, 3, 2, 9)
DAY = timedelta(days=1)

plans = st.lists(
    st.tuples(
        st.sampled_from(population.CHANNELS),
        st.integers(0, 6),
        st.sampled_from(("hours", "days", "bank_days")),
        st.sampled_from(plan.CONDITIONS),
        st.sampled_from(("any", "morning", "evening")),
    ),
    min_size=1,
    max_size=4,
)


def story(messages=(), own=WATERFALL, **values):
    return replay.Story(
        key=1,
        segment="a",
        period="2026-03",
        calendar=ALWAYS,
        steps=own,
        trigger_at=AT,
        due_at=AT + 14 * DAY,
        paid_by=AT + 14 * DAY,
        fee_at=AT + 28 * DAY,
        messages=tuple(messages),
        **values,
    )


def message(step, after, **values):
    channel = {1: "email", 2: "sms", 3: "letter"}.get(step, "email")
    return replay.Message(step, channel, AT + after, cost=1.5, **values)


def renumbered(others, first=50):
    """The same steps in another version."""
    return tuple(replace(step, id=first + at) for at, step in enumerate(others))


EMPTY = replay.observe([], END)

SENT_ALL = [message(1, 0 * DAY), message(2, 3 * DAY), message(3, 5 * DAY)]


# === THE PLAN THAT RAN === #


@settings(max_examples=60, deadline=None)
@given(plans, st.integers(1, 10**6), st.integers(20, 300))
def test_the_actual_plan_gives_back_the_actual_history(specs, seed, days):
    """To the last message and amount, whatever the plan and whoever the customer."""
    own = steps(*specs)
    until = population.START + timedelta(days=days)
    for customer in population.customers(12, seed):
        told = population.live(customer, own, OSLO, until)
        if told.trigger_at > until:
            continue
        found = replay.replay(told, renumbered(own), None, until)
        assert found == replay.recorded(told, until)
        assert found.departures == ()


@pytest.mark.parametrize(
    "told, departure",
    [
        # The SMS a day before its time
        (story([message(1, 0 * DAY), message(2, 2 * DAY)]), (2, replay.EARLY)),
        # The SMS though the e-mail was opened
        (
            story([message(1, 0 * DAY, opened_at=AT + DAY), message(2, 3 * DAY)]),
            (2, replay.UNASKED),
        ),
        # No letter, and nobody knows why
        (story([message(1, 0 * DAY), message(2, 3 * DAY)]), (3, replay.MISSING)),
        # A message of a step that the version does not have
        (story([*SENT_ALL, message(9, 6 * DAY)]), (9, replay.FOREIGN)),
    ],
)
def test_a_record_that_departs_from_the_rules_is_named(told, departure):
    found = replay.replay(told, WATERFALL, None, END)
    assert departure in found.departures
    assert found.messages == replay.recorded(told, END).messages


@pytest.mark.parametrize(
    "told",
    [
        story(SENT_ALL),
        # Failed at once, so that the SMS came at once
        story(
            [
                message(1, 0 * DAY, failed_at=AT + timedelta(hours=1)),
                message(2, timedelta(hours=1)),
                message(3, timedelta(hours=1) + 2 * DAY),
            ]
        ),
        # Paid before the SMS; stopped by hand before the letter
        story([message(1, 0 * DAY)], paid_at=AT + 2 * DAY),
        story([message(1, 0 * DAY), message(2, 3 * DAY)], ended_at=AT + 4 * DAY),
        # Stopped while it waited for its hour
        story([message(1, 0 * DAY)], ended_at=AT + 3 * DAY + timedelta(hours=2)),
        # Could not be tried; waits for a reason that was written down
        story([message(1, 0 * DAY), message(3, 3 * DAY)], skipped={2: AT + 3 * DAY}),
        story([message(1, 0 * DAY)], waited=frozenset({2})),
        # Opened: nothing more is asked for
        story([message(1, 0 * DAY, opened_at=AT + DAY)]),
        # Sent again by hand
        story([*SENT_ALL, message(None, 8 * DAY)]),
    ],
)
def test_what_has_a_recorded_reason_is_no_departure(told):
    found = replay.replay(told, renumbered(WATERFALL), None, END)
    assert found == replay.recorded(told, END)


def test_what_is_due_just_now_is_not_missing():
    told = story([message(1, 0 * DAY)])
    for late in (timedelta(0), timedelta(minutes=50)):
        assert not replay.replay(told, WATERFALL, None, AT + 3 * DAY + late).departures
    assert replay.replay(told, WATERFALL, None, AT + 4 * DAY).departures


# === ANOTHER PLAN === #


def test_an_invoice_that_was_paid_before_anything_differs_is_as_recorded():
    told = story([message(1, 0 * DAY, opened_at=AT + DAY)], paid_at=AT + DAY)
    later = steps(
        ("email", 0, "hours", plan.NOT_PAID), ("letter", 9, "days", plan.NOT_PAID)
    )
    found = replay.replay(told, later, EMPTY, END)
    assert found.is_exact
    assert found == replay.recorded(told, END)


def test_steps_that_are_left_out_are_not_sent():
    told = story(SENT_ALL, paid_at=AT + 20 * DAY)
    found = replay.replay(told, WATERFALL[:1], EMPTY, END)
    assert dict(found.messages) == {"email": 1}
    assert found.cost == 1.5
    assert not found.is_exact


def test_a_shorter_wait_sends_earlier_and_a_longer_one_not_at_all():
    told = story([message(1, 0 * DAY)], paid_at=AT + 2 * DAY)
    sooner = steps(
        ("email", 0, "hours", plan.NOT_PAID), ("sms", 1, "days", plan.NOT_PAID)
    )
    found = replay.replay(told, sooner, EMPTY, END)
    assert dict(found.messages) == {"email": 1, "sms": 1}
    told = story([message(1, 0 * DAY), message(2, 3 * DAY)], paid_at=AT + 4 * DAY)
    longer = steps(
        ("email", 0, "hours", plan.NOT_PAID), ("sms", 6, "days", plan.NOT_PAID)
    )
    assert dict(replay.replay(told, longer, EMPTY, END).messages) == {"email": 1}


def test_a_further_step_costs_what_it_costs_elsewhere():
    others = [
        story([message(1, 0 * DAY), message(2, 3 * DAY), message(3, 5 * DAY)])
        for _nth in range(30)
    ]
    model = replay.observe(others, END)
    told = story([message(1, 0 * DAY)], WATERFALL[:1])
    more = (*WATERFALL[:1], replace(WATERFALL[2], condition=plan.NOT_PAID))
    found = replay.replay(told, more, model, END)
    assert dict(found.messages) == {"email": 1, "letter": 1}
    assert found.cost == pytest.approx(3)


def test_messages_by_hand_stay():
    told = story([message(1, 0 * DAY), message(None, 1 * DAY)])
    found = replay.replay(told, (), EMPTY, END)
    assert dict(found.messages) == {"email": 1}


def test_a_virtual_channel_is_what_it_usually_means():
    own = steps(("preferred", 0, "hours", plan.NOT_PAID))
    model = replay.observe(
        [
            story([replay.Message(1, "sms", AT, cost=0.5)], own),
            story([replay.Message(1, "sms", AT, cost=0.5)], own),
            story([replay.Message(1, "email", AT)], own),
        ],
        END,
    )
    told = story([], steps(("letter", 0, "hours", plan.NOT_PAID)))
    found = replay.replay(told, own, model, END)
    assert dict(found.messages) == {"sms": 1}
    assert found.cost == 0.5


@pytest.mark.nightly
@settings(max_examples=40, deadline=None)
@given(plans, plans, st.integers(1, 10**6))
def test_estimates_are_sound_whatever_the_plans(specs, others, seed):
    own, other = steps(*specs), steps(*others, first=50)
    until = population.START + timedelta(days=200)
    stories = [
        population.live(customer, own, OSLO, until)
        for customer in population.customers(12, seed)
    ]
    model = replay.observe(stories, until)
    for told in stories:
        before = replay.recorded(told, until)
        low, mean, high = (
            replay.replay(told, other, model.at(level), until)
            for level in (replay.LOW, replay.MEAN, replay.HIGH)
        )
        for found in (low, mean, high):
            assert 0 <= found.opened <= 1
            assert 0 <= found.paid_low <= found.paid + 1e-9 <= 1 + 2e-9
            assert found.paid_low <= before.paid
            assert 0 <= found.fees <= found.fees_high + 1e-9 <= 1 + 2e-9
            assert found.cost >= 0
            assert all(count >= 0 for count in found.messages.values())
            assert sum(found.messages.values()) <= len(other) + 1e-9
            if found.is_exact:
                assert found.messages == before.messages
        assert low.opened <= high.opened + 1e-9


def test_a_bundle_is_counted_once():
    total = replay.Total()
    for key in range(4):
        told = story([replay.Message(1, "sms", AT, weight=0.25, cost=0.15)])
        total.add(replace(replay.recorded(told, END), departures=((key, "x"),)))
    assert total.messages == {"sms": 1.0}
    assert total.cost == pytest.approx(0.6)
    assert (total.invoices, total.exact, total.departures) == (4, 4, 4)


# === A WORLD WHOSE TRUTH IS KNOWN === #

#: Another plan, and how far its estimate may be from what really happens then.
OTHERS = {
    "SMS after a day": steps(
        ("email", 0, "hours", plan.NOT_PAID),
        ("sms", 1, "days", plan.NOT_OPENED),
        ("letter", 2, "days", plan.NOT_OPENED),
    ),
    "SMS first": steps(
        ("sms", 0, "hours", plan.NOT_PAID),
        ("email", 3, "days", plan.NOT_OPENED),
        ("letter", 2, "days", plan.NOT_OPENED),
    ),
    "no letter": WATERFALL[:2],
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", OTHERS)
def test_estimates_come_near_what_the_other_plan_really_does(name):
    """The same 3,000 customers, once through each plan."""
    until = population.START + timedelta(days=120)
    everybody = population.customers(3000, 1)
    stories = [population.live(c, WATERFALL, OSLO, until) for c in everybody]
    truth, estimate, actual = replay.Total(), replay.Total(), replay.Total()
    model = replay.observe(stories, until)
    for customer, told in zip(everybody, stories, strict=True):
        actual.add(replay.recorded(told, until))
        estimate.add(replay.replay(told, OTHERS[name], model, until))
        truth.add(
            replay.recorded(population.live(customer, OTHERS[name], OSLO, until), until)
        )
    count = len(everybody)
    assert estimate.message_count == pytest.approx(
        truth.message_count, abs=0.06 * count
    )
    assert estimate.cost == pytest.approx(truth.cost, rel=0.12)
    assert estimate.opened == pytest.approx(truth.opened, abs=0.03 * count)
    # Nobody can know payments; the truth lies between the two limits.
    low, high = sorted((estimate.paid, actual.paid))
    assert low - 0.02 * count <= truth.paid <= high + 0.02 * count
