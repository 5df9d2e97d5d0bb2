"""What customers arrange by themselves: pay later, pay in parts, promise to pay.

The rules are the company's, the facts are read by the model, and here is decided what
is offered. Nothing here knows a clock: «today» is a fact. Amounts are whole minor
units, so that parts add up to the last of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Why something is not offered, worded by the model
OFF = "off"  # the company does not offer it
NOTHING_OPEN = "nothing_open"  # paid, cancelled or a credit note
HANDED_OVER = "handed_over"  # somebody else collects it, and has a say
DEBITED = "debited"  # it will be drawn from the customer's account
DISPUTED = "disputed"  # the customer objects, so nothing is asked of them meanwhile
ARRANGED = "arranged"  # something is arranged or asked for already
OVERDUE = "overdue"  # the customer has overdue debt
AMOUNT = "amount"  # more than the company lets customers arrange alone
SMALL = "small"  # the parts would be too small
TIMES = "times"  # as often as the company allows
BROKEN = "broken"  # an earlier arrangement about this invoice was not kept
LATE = "late"  # no day is left within the limits

# Why what was asked for does not do, worded by the model
TOO_EARLY = "too_early"
TOO_LATE = "too_late"
IN_FUTURE = "in_future"
TOO_OLD = "too_old"
NO_AMOUNT = "no_amount"
TOO_MUCH = "too_much"

#: Reasons that no person at the company could set aside.
_FINAL = frozenset({OFF, NOTHING_OPEN, HANDED_OVER, DEBITED, DISPUTED, ARRANGED})
#: Furthest day that may be asked for where staff decide, counted from today.
ASK_DAYS = 92
#: Least time to pay the first part in, when the due date is close or past.
FIRST_PART_DAYS = 3
#: How long before its date an invoice may have been paid, by who was told beforehand.
PAID_BEFORE_DAYS = 31

# States of a part
PART_PAID = "paid"
PART_OPEN = "open"  # its day has not come
PART_DUE = "due"  # its day has come, the days of grace have not passed
PART_MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a company lets its customers arrange alone.

    :param defer: whether the due date may be moved
    :param defer_days: days after the first due date, at most
    :param defer_amount: largest open amount, minor units of the company's currency;
        0 = any
    :param defer_times: times within a year for one customer
    :param split: whether an invoice may be paid in parts
    :param split_parts: parts at most
    :param split_least: smallest part, minor units of the company's currency
    :param split_amount: as ``defer_amount``
    :param split_times: as ``defer_times``
    :param promise: whether customers may promise to pay on a day
    :param promise_days: days after the due date, or after today when that is later
    :param promise_times: promises for one invoice
    :param no_overdue: nothing is deferred or split for who has overdue debt
    :param ask: whether staff may be asked where the rules say no
    """

    defer: bool = True
    defer_days: int = 14
    defer_amount: int = 0
    defer_times: int = 2
    split: bool = True
    split_parts: int = 4
    split_least: int = 20000
    split_amount: int = 0
    split_times: int = 2
    promise: bool = True
    promise_days: int = 14
    promise_times: int = 2
    no_overdue: bool = True
    ask: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """One invoice and its customer, as far as the rules look at them.

    :param today: day in the company's calendar
    :param due: when the invoice is due now
    :param first_due: when it was due before anything was arranged
    :param residual: what is open, minor units of the invoice's currency; 0 also when
        there is nothing to pay because of what the document is
    :param value: the same in minor units of the company's currency
    :param unit: minor units of one whole of the invoice's currency, such as 100
    :param overdue: overdue debt of the customer, this invoice included, minor units of
        the company's currency; without what is promised, split or disputed
    :param deferrals: granted to the customer within a year
    :param splits: the same
    :param promises: made for this invoice
    :param broken: whether an arrangement about this invoice was not kept
    :param arranged: whether one is in force, or asked for and not decided
    :param disputed: whether the customer objects to the invoice or a part of it
    :param handed_over: whether it is with somebody else for collection
    :param debited: whether it will be drawn from the customer's account
    """

    today: date
    due: date
    first_due: date
    residual: int
    value: int
    unit: int = 100
    overdue: int = 0
    deferrals: int = 0
    splits: int = 0
    promises: int = 0
    broken: bool = False
    arranged: bool = False
    disputed: bool = False
    handed_over: bool = False
    debited: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an invoice that is paid in parts.

    :param number: counted from 1
    :param day: when it is due, a bank day
    :param amount: minor units
    """

    number: int
    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class PartState:
    """How a part stands.

    :param number: counted from 1
    :param day: when it is due
    :param amount: in the units of the parts it was made of
    :param paid: what of it is paid
    :param state: one of ``paid``, ``open``, ``due``, ``missed``
    :param deadline: last day on which it counts as paid in time
    """

    number: int
    day: date
    amount: float
    paid: float
    state: str
    deadline: date


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether something is offered, and within which days.

    :param reason: why it is not, empty when it is
    :param earliest: first day that may be chosen; None when no day can be
    :param latest: last one
    :param may_ask: it is not offered, but staff may be asked
    :param plans: the plans to choose from, for paying in parts; shortest first
    """

    reason: str = ""
    earliest: date | None = None
    latest: date | None = None
    may_ask: bool = False
    plans: tuple[tuple[Part, ...], ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.reason

    def refuse_day(self, day: date) -> str:
        """Return why ``day`` cannot be chosen, empty when it can."""
        if self.earliest is None or day < self.earliest:
            return TOO_EARLY
        return TOO_LATE if day > self.latest else ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is arranged, asked for or objected to about one invoice.

    :param kind: deferral, split, promise, claim or dispute
    :param state: ``active`` (in force) or ``waiting`` (somebody decides)
    :param request_id: id of the ``billing.request``
    :param since: day it was made
    :param day: the new due date, the promised day, or the day it was paid on
    :param amount: in whole units of the invoice's currency
    :param is_whole: whether an objection is to all of the invoice
    :param parts: how the parts stand, for a plan
    """

    kind: str
    state: str
    request_id: int
    since: date
    day: date | None = None
    amount: float = 0.0
    is_whole: bool = True
    parts: tuple[PartState, ...] = ()

    @property
    def next_part(self) -> PartState | None:
        """The first part that is not paid, None when all are."""
        return next((part for part in self.parts if part.state != PART_PAID), None)


# === WHAT IS OFFERED === #


def defer_offer(rules: Rules, facts: Facts) -> Offer:
    """Whether the due date may be moved, and how far."""
    latest = facts.first_due + timedelta(days=rules.defer_days)
    earliest = max(facts.due, facts.today) + timedelta(days=1)
    reason = (
        _refusal(rules.defer, facts)
        or _debt(rules, facts)
        or (BROKEN if facts.broken else "")
        or (TIMES if facts.deferrals >= rules.defer_times else "")
        or (AMOUNT if 0 < rules.defer_amount < facts.value else "")
        or (LATE if earliest > latest else "")
    )
    return _offer(rules, facts, reason, earliest, latest)


def split_offer(rules: Rules, facts: Facts, calendar) -> Offer:
    """Whether the open amount may be paid in parts, and the plans to choose from.

    :param calendar: the company's ``BankCalendar`` of ``billing_base``
    """
    reason = (
        _refusal(rules.split, facts)
        or _debt(rules, facts)
        or (BROKEN if facts.broken else "")
        or (TIMES if facts.splits >= rules.split_times else "")
        or (AMOUNT if 0 < rules.split_amount < facts.value else "")
    )
    plans = () if reason in _FINAL else _plans(rules, facts, calendar)
    reason = reason or ("" if plans else SMALL)
    offer = _offer(rules, facts, reason, None, None)
    # Staff say yes or no to a plan, so there has to be one to ask for.
    may_ask = offer.may_ask and bool(plans)
    return Offer(reason=reason, may_ask=may_ask, plans=plans)


def promise_offer(rules: Rules, facts: Facts) -> Offer:
    """Whether a day may be promised, and how far off.

    Before the invoice is due there is nothing to promise but a later day.
    """
    earliest = max(facts.today, facts.due + timedelta(days=1))
    latest = max(facts.today, facts.due) + timedelta(days=rules.promise_days)
    reason = (
        _refusal(rules.promise, facts)
        or (BROKEN if facts.broken else "")
        or (TIMES if facts.promises >= rules.promise_times else "")
        or (LATE if earliest > latest else "")
    )
    return _offer(rules, facts, reason, earliest, latest)


def _refusal(is_on, facts):
    if not is_on:
        return OFF
    if facts.residual <= 0:
        return NOTHING_OPEN
    if facts.handed_over:
        return HANDED_OVER
    if facts.debited:
        return DEBITED
    if facts.disputed:
        return DISPUTED
    return ARRANGED if facts.arranged else ""


def _debt(rules, facts):
    return OVERDUE if rules.no_overdue and facts.overdue > 0 else ""


def _offer(rules, facts, reason, earliest, latest):
    if not reason:
        return Offer(earliest=earliest, latest=latest)
    may_ask = rules.ask and reason not in _FINAL
    if not may_ask:
        return Offer(reason=reason)
    return Offer(
        reason=reason,
        may_ask=True,
        earliest=max(facts.due, facts.today) + timedelta(days=1),
        latest=max(facts.due, facts.today) + timedelta(days=ASK_DAYS),
    )


# === WHAT A CUSTOMER SAYS === #


def refuse_paid(day: date, amount: int, issued: date, today: date) -> str:
    """Return why «I paid ``amount`` on ``day``» cannot be true, empty when it can.

    :param amount: minor units
    :param issued: date of the invoice
    """
    if amount <= 0:
        return NO_AMOUNT
    if day > today:
        return IN_FUTURE
    return TOO_OLD if day < issued - timedelta(days=PAID_BEFORE_DAYS) else ""


def refuse_dispute(amount: int, total: int) -> str:
    """Return why ``amount`` cannot be the disputed part of ``total``."""
    if amount <= 0:
        return NO_AMOUNT
    return TOO_MUCH if amount > total else ""


# === PARTS === #


def divide(amount: int, count: int, unit: int = 1) -> list[int]:
    """Divide ``amount`` into parts as equal as whole ``unit`` allow.

    The parts add up to ``amount``; what does not go up is paid with the first ones, so
    that the last is never the largest.

    :param amount: minor units, at least one for each part
    :param count: number of parts
    :param unit: minor units of one whole
    :raises ValueError: fewer minor units than parts
    """
    if count < 1 or amount < count:
        raise ValueError(f"{amount} cannot be divided into {count} parts")
    if amount < count * unit:
        unit = 1
    wholes, odd = divmod(amount, unit)
    each, more = divmod(wholes, count)
    parts = [(each + (place < more)) * unit for place in range(count)]
    parts[0] += odd
    return parts


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def make_plan(
    amount: int, count: int, first_day: date, calendar, unit: int = 1
) -> tuple[Part, ...]:
    """Return the parts of a plan, a month apart, each due on a bank day.

    :param amount: minor units
    :param count: number of parts
    :param first_day: when the first is due; the bank day after when it is none
    :param calendar: a ``BankCalendar`` of ``billing_base``
    :param unit: see :func:`divide`
    """
    return tuple(
        Part(place + 1, calendar.next_bank_day(add_months(first_day, place)), part)
        for place, part in enumerate(divide(amount, count, unit))
    )


def _plans(rules, facts, calendar):
    first_day = max(facts.due, facts.today + timedelta(days=FIRST_PART_DAYS))
    plans = []
    for count in range(2, rules.split_parts + 1):
        if facts.residual < count:
            break
        plan = make_plan(facts.residual, count, first_day, calendar, facts.unit)
        # The smallest part is set in the company's currency.
        smallest = min(part.amount for part in plan)
        if smallest * facts.value < rules.split_least * facts.residual:
            break
        plans.append(plan)
    return tuple(plans)


def progress(
    parts: Sequence, paid: float, today: date, grace: int, calendar
) -> tuple[PartState, ...]:
    """Tell how the parts of a plan stand: what was paid settles the first ones first.

    :param parts: with ``number``, ``day`` and ``amount``, in their order
    :param paid: since the plan was made, in the unit of the parts' amounts
    :param today: day in the company's calendar
    :param grace: bank days after the day of a part, for the payment to arrive
    :param calendar: a ``BankCalendar`` of ``billing_base``
    """
    states = []
    left = max(paid, 0)
    for part in parts:
        share = min(left, part.amount)
        left -= share
        deadline = calendar.add_bank_days(part.day, grace)
        if share >= part.amount:
            state = PART_PAID
        elif today > deadline:
            state = PART_MISSED
        else:
            state = PART_DUE if today >= part.day else PART_OPEN
        states.append(
            PartState(part.number, part.day, part.amount, share, state, deadline)
        )
    return tuple(states)


def next_deadline(states: Sequence[PartState]) -> date | None:
    """Return until when the next part has to be paid, None when all are."""
    return next((part.deadline for part in states if part.state != PART_PAID), None)
