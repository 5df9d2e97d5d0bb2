"""What to do about a debit that failed: draw again, wait, or ask to pay otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from odoo.addons.billing_base.core.bank_days import BankCalendar

from . import debit_limit, failure, payday

# Why a debit is drawn again on the day it is.
ON_PAY_DAY = "pay_day"
FIRST_DAY = "first_day"
NEXT_MONTH = "next_month"
REPAIRED = "repaired"

# Why it is not, besides the codes of ``failure``.
TRIES = "tries"
LATE = "late"
NOTICE = "notice"
PAUSED = "paused"

#: Times that a debit is drawn again after a failure that was not the payer's.
REPAIRS = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """What a company decided about drawing again.

    :param tries: times it is drawn again after failures of the payer's account; 0 =
        never
    :param days: after the first failure within which it is drawn again
    :param on_pay_day: it waits for the day on which the customer has money
    :param bank_tries: bank days on which the bank itself tries again
    :param gap: bank days between a failure and the next debit, at least 1
    """

    tries: int = 1
    days: int = 35
    on_pay_day: bool = True
    bank_tries: int = 3
    gap: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a debit has failed.

    :param reason: one of ``failure.CODES``
    :param failed_on: day on which the debit that failed was to be executed
    :param first_failed_on: the same of the first debit of this invoice that failed
    :param today: of the company
    :param amount: that is left to draw, in the smallest unit
    :param earliest: first day on which the schedule of the scheme and the notice to
        the payer allow a debit; None = the payer cannot be told in time
    :param tries: times it was drawn again after a failure of the payer's account
    :param repairs: times it was drawn again after another failure
    :param has_mandate: the mandate is active, and covers the invoice
    :param is_paused: the mandate is, after too many failures
    :param limit: what is known of the payer's limit
    :param drawn: sums that are drawn or will be, besides this, by year and month
    :param chances: that there is money, see ``payday.chances``
    """

    reason: str
    failed_on: date
    first_failed_on: date
    today: date
    amount: int
    earliest: date | None
    tries: int = 0
    repairs: int = 0
    has_mandate: bool = True
    is_paused: bool = False
    limit: debit_limit.Limit = debit_limit.Limit()
    drawn: Mapping[tuple[int, int], int] = field(default_factory=dict)
    chances: tuple[float, ...] = payday.UNKNOWN


@dataclass(frozen=True, slots=True)
class Retry:
    """Draw it again.

    :param day: bank day of the next debit
    :param why: one of :data:`ON_PAY_DAY`, :data:`FIRST_DAY`, :data:`NEXT_MONTH`,
        :data:`REPAIRED`
    """

    day: date
    why: str


@dataclass(frozen=True, slots=True)
class PayOtherwise:
    """Ask the customer to pay in another way.

    :param why: one of ``failure.CODES``, :data:`TRIES`, :data:`LATE`, :data:`NOTICE`,
        :data:`PAUSED`
    """

    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing: the bank tries again.

    :param until: last bank day on which it does
    """

    until: date


def decide(facts: Facts, rules: Rules, calendar: BankCalendar):
    """Return what to do about a debit that failed.

    :param calendar: bank days of the scheme's country
    :rtype: Retry | PayOtherwise | Wait
    """
    reason = failure.REASONS[facts.reason]
    if reason.again == failure.WAIT:
        return Wait(calendar.add_bank_days(facts.failed_on, rules.bank_tries))
    if reason.again == failure.NEVER:
        return PayOtherwise(reason.code)
    if not facts.has_mandate:
        return PayOtherwise(failure.NO_MANDATE)
    if facts.is_paused:
        return PayOtherwise(PAUSED)
    is_repair = reason.again == failure.AT_ONCE
    if facts.repairs >= REPAIRS if is_repair else facts.tries >= rules.tries:
        return PayOtherwise(TRIES)
    if facts.earliest is None:
        return PayOtherwise(NOTICE)
    earliest = max(
        facts.earliest,
        calendar.next_bank_day(facts.today),
        calendar.add_bank_days(facts.failed_on, max(rules.gap, 1)),
    )
    latest = facts.first_failed_on + timedelta(days=rules.days)
    days = list(_bank_days(calendar, earliest, latest))
    if not days:
        return PayOtherwise(LATE)
    within = [day for day in days if _is_within(facts, day)]
    if not within:
        return PayOtherwise(failure.LIMIT)
    if is_repair:
        return Retry(within[0], REPAIRED)
    if not rules.on_pay_day:
        day = within[0]
        why = FIRST_DAY
    else:
        possible = frozenset(within)
        day = payday.best_day(
            facts.chances,
            calendar,
            within[0],
            latest,
            is_possible=possible.__contains__,
        )
        why = FIRST_DAY if day == within[0] else ON_PAY_DAY
    if debit_limit.month_of(within[0]) != debit_limit.month_of(days[0]):
        why = NEXT_MONTH
    return Retry(day, why)


def _bank_days(calendar, first, last):
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if calendar.is_bank_day(day):
            yield day


def _is_within(facts, day):
    """Whether the payer's limit lets the amount through in the month of a day."""
    month = debit_limit.month_of(day)
    if facts.reason == failure.LIMIT and month == debit_limit.month_of(facts.failed_on):
        return False
    total = facts.drawn.get(month, 0) + facts.amount
    return facts.limit.judge(total) != debit_limit.ABOVE
