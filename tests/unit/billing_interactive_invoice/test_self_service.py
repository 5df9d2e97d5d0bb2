from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_interactive_invoice.core import self_service as core

TODAY = date(2026, 11, 23)
NORWAY = BankCalendar("NO")
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
AMOUNTS = st.integers(1, 10**9)
CALENDARS = st.sampled_from([NORWAY, BankCalendar("SE"), BankCalendar("")])
RULES = st.builds(
    core.Rules,
    defer=st.booleans(),
    defer_days=st.integers(0, 60),
    defer_amount=st.integers(0, 10**7),
    defer_times=st.integers(0, 4),
    split=st.booleans(),
    split_parts=st.integers(0, 12),
    split_least=st.integers(0, 10**6),
    split_amount=st.integers(0, 10**7),
    split_times=st.integers(0, 4),
    promise=st.booleans(),
    promise_days=st.integers(0, 60),
    promise_times=st.integers(0, 4),
    no_overdue=st.booleans(),
    ask=st.booleans(),
)
FACTS = st.builds(
    core.Facts,
    today=DAYS,
    due=DAYS,
    first_due=DAYS,
    residual=st.integers(-100, 10**7),
    value=st.integers(1, 10**7),
    unit=st.sampled_from([1, 100, 1000]),
    overdue=st.integers(0, 10**6),
    deferrals=st.integers(0, 5),
    splits=st.integers(0, 5),
    promises=st.integers(0, 5),
    broken=st.booleans(),
    arranged=st.booleans(),
    disputed=st.booleans(),
    handed_over=st.booleans(),
    debited=st.booleans(),
)


def facts(**values):
    return core.Facts(
        **{
            "today": TODAY,
            "due": date(2026, 12, 1),
            "first_due": date(2026, 12, 1),
            "residual": 124900,
            "value": 124900,
            **values,
        }
    )


def test_due_date_may_be_moved_within_the_days():
    offer = core.defer_offer(core.Rules(), facts())
    assert offer.allowed
    assert (offer.earliest, offer.latest) == (date(2026, 12, 2), date(2026, 12, 15))
    assert offer.refuse_day(date(2026, 12, 1)) == core.TOO_EARLY
    assert not offer.refuse_day(date(2026, 12, 2))
    assert not offer.refuse_day(date(2026, 12, 15))
    assert offer.refuse_day(date(2026, 12, 16)) == core.TOO_LATE


def test_moving_it_again_counts_from_the_first_due_date():
    offer = core.defer_offer(core.Rules(), facts(due=date(2026, 12, 10)))
    assert (offer.earliest, offer.latest) == (date(2026, 12, 11), date(2026, 12, 15))
    moved = facts(due=date(2026, 12, 15))
    assert core.defer_offer(core.Rules(), moved).reason == core.LATE


@pytest.mark.parametrize(
    ("rules", "values", "reason"),
    [
        ({"defer": False}, {}, core.OFF),
        ({}, {"residual": 0}, core.NOTHING_OPEN),
        ({}, {"disputed": True}, core.DISPUTED),
        ({}, {"handed_over": True}, core.HANDED_OVER),
        ({}, {"debited": True}, core.DEBITED),
        ({}, {"arranged": True}, core.ARRANGED),
        ({}, {"overdue": 1}, core.OVERDUE),
        ({}, {"broken": True}, core.BROKEN),
        ({}, {"deferrals": 2}, core.TIMES),
        ({"defer_amount": 124899}, {}, core.AMOUNT),
    ],
)
def test_what_keeps_the_due_date_where_it_is(rules, values, reason):
    assert core.defer_offer(core.Rules(**rules), facts(**values)).reason == reason


def test_limits_themselves_are_allowed():
    rules = core.Rules(defer_amount=124900, no_overdue=False)
    assert core.defer_offer(rules, facts(overdue=5, deferrals=1)).allowed


@settings(deadline=None)
@given(RULES, FACTS, CALENDARS)
def test_staff_are_asked_only_where_they_could_say_yes(rules, known, calendar):
    for offer in (
        core.defer_offer(rules, known),
        core.split_offer(rules, known, calendar),
        core.promise_offer(rules, known),
    ):
        assert not (offer.allowed and offer.may_ask)
        if offer.may_ask:
            assert rules.ask
            assert offer.reason not in (
                core.OFF,
                core.NOTHING_OPEN,
                core.HANDED_OVER,
                core.DEBITED,
                core.DISPUTED,
                core.ARRANGED,
            )


@settings(deadline=None)
@given(RULES, FACTS, CALENDARS)
def test_nothing_is_offered_for_what_is_paid_or_disputed(rules, known, calendar):
    assume(
        known.residual <= 0
        or known.disputed
        or known.arranged
        or known.handed_over
        or known.debited
    )
    assert not core.defer_offer(rules, known).allowed
    assert not core.split_offer(rules, known, calendar).allowed
    assert not core.promise_offer(rules, known).allowed


@given(RULES, FACTS)
def test_every_offered_day_lies_within_the_rules(rules, known):
    offer = core.defer_offer(rules, known)
    if offer.allowed:
        assert known.due < offer.earliest <= offer.latest
        assert offer.earliest > known.today
        assert offer.latest <= known.first_due + timedelta(days=rules.defer_days)
    offer = core.promise_offer(rules, known)
    if offer.allowed:
        assert known.today <= offer.earliest <= offer.latest
        assert known.due < offer.earliest
        last = max(known.today, known.due) + timedelta(days=rules.promise_days)
        assert offer.latest == last


@given(RULES, FACTS)
def test_stricter_rules_never_offer_more(rules, known):
    strict = core.Rules(
        defer=rules.defer,
        defer_days=rules.defer_days // 2,
        defer_amount=(rules.defer_amount or 10**9) // 2 + 1,
        defer_times=rules.defer_times // 2,
        no_overdue=True,
    )
    if core.defer_offer(strict, known).allowed:
        assert core.defer_offer(rules, known).allowed


# === PARTS === #


def test_three_parts_of_whole_kroner():
    plans = core.split_offer(core.Rules(), facts(), NORWAY).plans
    assert [len(plan) for plan in plans] == [2, 3, 4]
    assert [(part.day, part.amount) for part in plans[1]] == [
        (date(2026, 12, 1), 41700),
        # New Year's Day is no bank day, and a weekend follows.
        (date(2027, 1, 4), 41600),
        (date(2027, 2, 1), 41600),
    ]


def test_parts_are_not_smaller_than_the_company_wants():
    rules = core.Rules(split_least=41600)
    assert [len(p) for p in core.split_offer(rules, facts(), NORWAY).plans] == [2, 3]
    offer = core.split_offer(core.Rules(split_least=70000), facts(), NORWAY)
    assert (offer.reason, offer.may_ask, offer.plans) == (core.SMALL, False, ())


def test_smallest_part_is_set_in_the_company_currency():
    # 100 euro that are 1 150 kroner: halves of 575 kroner.
    known = facts(residual=10000, value=115000)
    rules = core.Rules(split_least=57500, split_parts=3)
    assert [len(p) for p in core.split_offer(rules, known, NORWAY).plans] == [2]


def test_first_part_leaves_time_to_pay():
    rules = core.Rules(no_overdue=False)
    known = facts(due=date(2026, 11, 1), first_due=date(2026, 11, 1), overdue=124900)
    plan = core.split_offer(rules, known, NORWAY).plans[0]
    assert plan[0].day == date(2026, 11, 26)


def test_beyond_the_rules_a_plan_is_still_there_to_ask_for():
    offer = core.split_offer(core.Rules(split_amount=100000), facts(), NORWAY)
    assert (offer.reason, offer.may_ask) == (core.AMOUNT, True)
    assert offer.plans


@given(AMOUNTS, st.integers(1, 24), st.sampled_from([1, 100, 1000]))
def test_parts_add_up(amount, count, unit):
    assume(amount >= count)
    parts = core.divide(amount, count, unit)
    assert sum(parts) == amount
    assert len(parts) == count
    assert min(parts) > 0
    assert max(parts) == parts[0]
    assert max(parts) - min(parts) < 2 * unit


@pytest.mark.parametrize(("amount", "count"), [(0, 1), (-5, 2), (2, 3), (5, 0)])
def test_what_cannot_be_divided(amount, count):
    with pytest.raises(ValueError, match="cannot be divided"):
        core.divide(amount, count)


@given(DAYS, st.integers(0, 60))
def test_months_are_counted_as_people_do(day, months):
    later = core.add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (
        later.day < day.day and (later + timedelta(days=1)).day == 1
    )


@settings(deadline=None)
@given(AMOUNTS, st.integers(1, 12), DAYS, CALENDARS)
def test_parts_come_one_after_the_other_on_bank_days(amount, count, day, calendar):
    assume(amount >= count)
    plan = core.make_plan(amount, count, day, calendar)
    assert [part.number for part in plan] == list(range(1, count + 1))
    assert all(calendar.is_bank_day(part.day) for part in plan)
    assert plan[0].day >= day
    days = [part.day for part in plan]
    assert days == sorted(set(days))


@settings(deadline=None)
@given(
    AMOUNTS,
    st.integers(1, 12),
    DAYS,
    st.integers(-10, 500),
    st.floats(0, 1.3),
    st.integers(0, 5),
)
def test_money_settles_the_first_parts_first(amount, count, day, passed, share, grace):
    assume(amount >= count)
    plan = core.make_plan(amount, count, day, NORWAY)
    paid = int(amount * share)
    today = day + timedelta(days=passed)
    states = core.progress(plan, paid, today, grace, NORWAY)
    assert sum(part.paid for part in states) == min(paid, amount)
    unpaid = [part for part in states if part.state != core.PART_PAID]
    assert unpaid == list(states[len(states) - len(unpaid) :])
    for part in states:
        assert part.deadline >= part.day
        assert (part.state == core.PART_MISSED) == (
            part.paid < part.amount and today > part.deadline
        )
        assert (part.state == core.PART_DUE) == (
            part.paid < part.amount and part.day <= today <= part.deadline
        )
    if unpaid:
        assert core.next_deadline(states) == unpaid[0].deadline
    else:
        assert core.next_deadline(states) is None


def test_a_part_is_late_after_the_days_of_grace():
    plan = [SimpleNamespace(number=1, day=date(2026, 11, 20), amount=500.0)]
    # A Friday: two bank days later is Tuesday.
    for today, state in [
        (date(2026, 11, 19), core.PART_OPEN),
        (date(2026, 11, 20), core.PART_DUE),
        (date(2026, 11, 24), core.PART_DUE),
        (date(2026, 11, 25), core.PART_MISSED),
    ]:
        [part] = core.progress(plan, 100.0, today, 2, NORWAY)
        assert (part.state, part.paid) == (state, 100.0)


# === WHAT A CUSTOMER SAYS === #


def test_promise_is_for_after_the_due_date():
    offer = core.promise_offer(core.Rules(), facts())
    assert (offer.earliest, offer.latest) == (date(2026, 12, 2), date(2026, 12, 15))
    offer = core.promise_offer(core.Rules(), facts(due=date(2026, 11, 1), overdue=1))
    assert (offer.earliest, offer.latest) == (TODAY, date(2026, 12, 7))


def test_a_broken_promise_is_not_repeated():
    assert core.promise_offer(core.Rules(), facts(broken=True)).reason == core.BROKEN
    assert core.promise_offer(core.Rules(), facts(promises=2)).reason == core.TIMES


@pytest.mark.parametrize(
    ("day", "amount", "reason"),
    [
        (TODAY, 1, ""),
        (date(2026, 10, 15), 1, ""),
        (date(2026, 10, 14), 1, core.TOO_OLD),
        (date(2026, 11, 24), 1, core.IN_FUTURE),
        (TODAY, 0, core.NO_AMOUNT),
        (TODAY, -1, core.NO_AMOUNT),
    ],
)
def test_what_can_have_been_paid(day, amount, reason):
    issued = date(2026, 11, 15)
    assert core.refuse_paid(day, amount, issued, TODAY) == reason


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(0, core.NO_AMOUNT), (1, ""), (100, ""), (101, core.TOO_MUCH)],
)
def test_what_can_be_disputed(amount, reason):
    assert core.refuse_dispute(amount, 100) == reason


def test_next_part_of_an_agreement():
    plan = core.make_plan(90000, 3, date(2026, 12, 1), NORWAY)
    states = core.progress(plan, 30000, TODAY, 2, NORWAY)
    agreement = core.Agreement("split", "active", 1, TODAY, parts=states)
    assert agreement.next_part.number == 2
    paid = core.progress(plan, 90000, TODAY, 2, NORWAY)
    agreement = core.Agreement("split", "active", 1, TODAY, parts=paid)
    assert agreement.next_part is None
