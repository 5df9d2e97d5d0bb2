"""What is done about a debit that failed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_direct_debit.core import debit_limit, failure, payday, retry
from odoo.addons.billing_direct_debit.core.debit_limit import Limit
from odoo.addons.billing_direct_debit.core.retry import (
    Facts,
    PayOtherwise,
    Retry,
    Rules,
    Wait,
    decide,
)

NORWAY = BankCalendar("NO")
SWEDEN = BankCalendar("SE")
#: A Monday, eight bank days before Wednesday 13 May.
FAILED = date(2026, 4, 27)

DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
CHANCES = st.lists(
    st.floats(0, 1, allow_nan=False), min_size=payday.DAYS, max_size=payday.DAYS
).map(tuple)


def facts(reason, **values):
    return Facts(
        **{
            "reason": reason,
            "failed_on": FAILED,
            "first_failed_on": FAILED,
            "today": FAILED + timedelta(days=1),
            "amount": 50_000,
            "earliest": date(2026, 5, 11),
            **values,
        }
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (failure.FUNDS, Retry(date(2026, 5, 11), retry.FIRST_DAY)),
        (failure.NOT_PAID, Retry(date(2026, 5, 11), retry.FIRST_DAY)),
        (failure.LIMIT, Retry(date(2026, 5, 11), retry.FIRST_DAY)),
        (failure.OURS, Retry(date(2026, 5, 11), retry.REPAIRED)),
        (failure.BANK, Retry(date(2026, 5, 11), retry.REPAIRED)),
        (failure.STOPPED, PayOtherwise(failure.STOPPED)),
        (failure.NO_MANDATE, PayOtherwise(failure.NO_MANDATE)),
        (failure.NO_ACCOUNT, PayOtherwise(failure.NO_ACCOUNT)),
        # Three bank days, Friday 1 May is none.
        (failure.BANK_WILL_RETRY, Wait(date(2026, 4, 30))),
    ],
)
def test_each_reason(reason, expected):
    assert decide(facts(reason), Rules(), SWEDEN) == expected


def test_every_reason_is_decided_on():
    for code in failure.CODES:
        assert isinstance(
            decide(facts(code), Rules(), NORWAY), Retry | PayOtherwise | Wait
        )


def test_it_waits_for_the_pay_day():
    known = payday.chances(payday.count([date(2026, 3, 25)] * 6), (0,) * 31)
    verdict = decide(facts(failure.FUNDS, chances=known), Rules(), SWEDEN)
    # Monday 25 May.
    assert verdict == Retry(date(2026, 5, 25), retry.ON_PAY_DAY)
    at_once = Rules(on_pay_day=False)
    verdict = decide(facts(failure.FUNDS, chances=known), at_once, SWEDEN)
    assert verdict == Retry(date(2026, 5, 11), retry.FIRST_DAY)


def test_what_was_not_the_payer_s_fault_does_not_wait_for_the_pay_day():
    known = payday.chances(payday.count([date(2026, 3, 25)] * 6), (0,) * 31)
    verdict = decide(facts(failure.BANK, chances=known), Rules(), SWEDEN)
    assert verdict.day == date(2026, 5, 11)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"tries": 1}, retry.TRIES),
        ({"has_mandate": False}, failure.NO_MANDATE),
        ({"is_paused": True}, retry.PAUSED),
        ({"earliest": None}, retry.NOTICE),
        ({"earliest": date(2026, 6, 15)}, retry.LATE),
        ({"limit": Limit(paid=30_000, refused=50_000)}, failure.LIMIT),
        ({"limit": Limit(asked=49_999)}, failure.LIMIT),
    ],
)
def test_why_the_customer_is_asked_to_pay_otherwise(changes, why):
    verdict = decide(facts(failure.NOT_PAID, **changes), Rules(), NORWAY)
    assert verdict == PayOtherwise(why)


def test_a_technical_failure_has_tries_of_its_own():
    for tries in range(retry.REPAIRS):
        verdict = decide(facts(failure.OURS, tries=5, repairs=tries), Rules(), NORWAY)
        assert isinstance(verdict, Retry)
    verdict = decide(facts(failure.OURS, repairs=retry.REPAIRS), Rules(), NORWAY)
    assert verdict == PayOtherwise(retry.TRIES)


def test_above_the_limit_it_waits_for_the_next_month():
    begins = date(2026, 4, 9)
    values = {
        "failed_on": begins,
        "first_failed_on": begins,
        "today": begins + timedelta(days=1),
        "earliest": date(2026, 4, 17),
    }
    verdict = decide(facts(failure.LIMIT, **values), Rules(), NORWAY)
    # Friday 1 May is a holiday.
    assert verdict == Retry(date(2026, 5, 4), retry.NEXT_MONTH)
    # April is used up, May is free: nobody said «limit», but it is known.
    limit = Limit(paid=60_000, refused=100_000)
    values.update(limit=limit, drawn={(2026, 4): 60_000})
    verdict = decide(facts(failure.NOT_PAID, **values), Rules(), NORWAY)
    assert verdict == Retry(date(2026, 5, 4), retry.NEXT_MONTH)


@st.composite
def any_facts(draw):
    failed = draw(DAYS)
    wait = draw(st.none() | st.integers(1, 40))
    return Facts(
        reason=draw(st.sampled_from(failure.CODES)),
        failed_on=failed,
        first_failed_on=failed - timedelta(days=draw(st.integers(0, 40))),
        today=failed + timedelta(days=1),
        amount=draw(st.integers(1, 10**7)),
        earliest=None if wait is None else failed + timedelta(days=wait),
        tries=draw(st.integers(0, 4)),
        repairs=draw(st.integers(0, 4)),
        chances=draw(CHANCES),
        limit=Limit(refused=draw(st.none() | st.integers(1, 10**7))),
        drawn={debit_limit.month_of(failed): draw(st.integers(0, 10**7))},
    )


FACTS = any_facts()
RULES = st.builds(
    Rules,
    tries=st.integers(0, 4),
    days=st.integers(0, 60),
    on_pay_day=st.booleans(),
    bank_tries=st.integers(1, 4),
    gap=st.integers(0, 5),
)


@given(FACTS, RULES, st.sampled_from((NORWAY, SWEDEN)))
def test_a_retry_keeps_every_rule(known, rules, calendar):
    verdict = decide(known, rules, calendar)
    if isinstance(verdict, Wait):
        assert known.reason == failure.BANK_WILL_RETRY
        assert verdict.until > known.failed_on
        return
    if isinstance(verdict, PayOtherwise):
        return
    assert calendar.is_bank_day(verdict.day)
    assert verdict.day >= known.earliest
    assert verdict.day > known.failed_on
    assert verdict.day >= known.today
    assert verdict.day <= known.first_failed_on + timedelta(days=rules.days)
    assert failure.REASONS[known.reason].again != failure.NEVER
    month = debit_limit.month_of(verdict.day)
    total = known.drawn.get(month, 0) + known.amount
    assert known.limit.judge(total) != debit_limit.ABOVE
    if known.reason == failure.LIMIT:
        assert month != debit_limit.month_of(known.failed_on)


@given(FACTS, RULES, st.data())
def test_however_often_it_fails_it_ends(known, rules, data):
    known = replace(known, tries=0, repairs=0)
    for _claim in range(rules.tries + retry.REPAIRS + 1):
        verdict = decide(known, rules, NORWAY)
        if not isinstance(verdict, Retry):
            return
        is_repair = known.reason in failure.NOT_THE_PAYER
        known = replace(
            known,
            reason=data.draw(st.sampled_from(failure.CODES)),
            failed_on=verdict.day,
            today=verdict.day + timedelta(days=1),
            earliest=verdict.day + timedelta(days=4),
            tries=known.tries + (not is_repair),
            repairs=known.repairs + is_repair,
        )
    assert not isinstance(decide(known, rules, NORWAY), Retry)


@given(FACTS)
def test_a_customer_nobody_knows_is_drawn_from_on_the_first_day(known):
    known = replace(known, reason=failure.FUNDS, chances=payday.UNKNOWN, tries=0)
    waiting = decide(known, Rules(on_pay_day=True), NORWAY)
    at_once = decide(known, Rules(on_pay_day=False), NORWAY)
    assert waiting == at_once
