"""The law of a country as data, and what is asked of it.

A :class:`Pack` is the law of one country at one time: which letters there are, when the
creditor may send them, what they may cost, and until which day somebody has looked
whether that still holds. :mod:`.law` answers questions with it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

#: Letters to the customer, mildest first, and the handover to an agency.
KINDS = ("soft", "reminder", "notice", "demand", "handover")
#: What can be charged for: the letters, and an instalment plan (Sweden).
FEE_KINDS = (*KINDS, "instalment")

_ONE_DAY = timedelta(days=1)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rate:
    """One amount, percentage or share that the law sets from a day on.

    :param code: what it is, such as ``inkassosats`` or ``late_interest``
    :param valid_from: first day
    :param value: in ``unit``
    :param unit: ``currency`` (of the country), ``percent`` a year, ``points``
        (percentage points a year) or ``share``
    :param source: where it stands, for staff
    :param expires: last day, None = until the next rate. What is set for a half-year
        has one: it must not be carried forward when the next was not entered.
    """

    code: str
    valid_from: date
    value: Decimal
    unit: str = "currency"
    source: str = ""
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one kind of letter.

    :param kind: one of :data:`KINDS`, or ``instalment``
    :param paragraph: that governs the letter
    :param sendable: whether the creditor may send it at all
    :param days_after_due: days after the due date of the first day it may go
    :param deadline_days: the shortest deadline it has to give, in days from sending
    :param needs: kind of letter whose deadline must have passed unpaid before
    :param enforcing: whether it is a step of collection: barred while the customer
        objects, the invoice may not have arrived, or a deadline given before runs
    :param fee_code: code of the rate that is its fee; empty = it is free
    :param fraction_code: code of the share of that rate, which goes by the due date
    :param fee_days_after_due: days after the due date of the first day of a fee
    :param fee_group: letters of one group share ``fee_limit``
    :param fee_limit: how many fees of the group one round may have
    :param closes: what a fee for this letter ends in its round: ``group`` = further
        fees of its group, ``letters`` = fees for any further letter, empty = nothing
    :param after_deadline: whether a further fee needs that the deadline of the fee
        letter before, no shorter than ``deadline_days``, passed
    :param agreed: whether the fee must have been agreed when the debt arose
    :param fee_paragraph: that allows the fee
    :param limit_paragraph: that limits how many and how often
    """

    kind: str
    paragraph: str = ""
    sendable: bool = True
    days_after_due: int = 1
    deadline_days: int = 0
    needs: str = ""
    enforcing: bool = False
    fee_code: str = ""
    fraction_code: str = ""
    fee_days_after_due: int = 1
    fee_group: str = ""
    fee_limit: int = 1
    closes: str = ""
    after_deadline: bool = False
    agreed: bool = False
    fee_paragraph: str = ""
    limit_paragraph: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """The law of one country, from one day until another.

    :param code: stable name, such as ``no_1988``
    :param country: ISO 3166-1 alpha-2 code
    :param reviewed_through: last day for which somebody looked that it holds
    :param in_force_from: first day, None = prepared, not in force
    :param in_force_until: last day, None = until the next
    :param currency: ISO 4217 code of the currency of its amounts
    :param rates: all rates of the pack
    :param rules: :class:`Rule` by kind
    :param reset_months: months after the last fee letter until fees may be charged
        anew; 0 = never
    :param compensation_code: code of the rate; empty = the law has none
    :param compensation_rate_on: whose half-year decides the amount: ``default`` (day
        after due), ``claim`` (day it is claimed) or ``lower`` (the lower of both)
    :param compensation_offset: what fees do to it: ``difference`` (they are taken off)
        or ``either`` (none beside a fee)
    :param interest_code: code of the rate of late interest, or of its reference rate
    :param interest_addition_code: code of the points on top of the reference rate
    :param interest_first_day: days after the due date of the first day of interest
    :param day_count: ``actual/365`` or ``actual/actual``
    :param rounding_code: code of the rate to whose multiples fees are rounded, half up
    :param paragraphs: paragraph by subject: ``due``, ``dispute``, ``delivery``,
        ``compensation``, ``offset``, ``interest``
    """

    code: str
    country: str
    reviewed_through: date
    in_force_from: date | None = None
    in_force_until: date | None = None
    currency: str = ""
    rates: tuple[Rate, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    reset_months: int = 0
    compensation_code: str = ""
    compensation_rate_on: str = "lower"
    compensation_offset: str = "either"
    interest_code: str = ""
    interest_addition_code: str = ""
    interest_first_day: int = 1
    day_count: str = "actual/365"
    rounding_code: str = ""
    paragraphs: Mapping[str, str] = field(default_factory=dict)
    #: First days and rates of each code, in order.
    _by_code: Mapping[str, tuple] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        by_code = {}
        for rate in sorted(self.rates, key=lambda rate: rate.valid_from):
            days, rates = by_code.setdefault(rate.code, ([], []))
            days.append(rate.valid_from)
            rates.append(rate)
        object.__setattr__(self, "_by_code", by_code)

    def rate_on(self, code: str, day: date) -> Rate | None:
        """Return the rate of ``code`` on ``day``; None where it has none or expired."""
        days, rates = self._by_code.get(code, ((), ()))
        position = bisect_right(days, day)
        if not position:
            return None
        rate = rates[position - 1]
        return None if rate.expires is not None and rate.expires < day else rate


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter that was sent about the claim.

    :param kind: one of :data:`KINDS`
    :param sent: day it was sent
    :param fee: what it cost the customer, 0 where it was free or the fee was dropped
    :param deadline: last day to pay that it gave, None = none
    """

    kind: str
    sent: date
    fee: Decimal = _ZERO
    deadline: date | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Evidence that fees were agreed with the customer.

    :param agreed_on: day of the contract, or of the terms it took in
    :param clause: which clause says so; without one it is no evidence
    """

    agreed_on: date
    clause: str


@dataclass(frozen=True, slots=True)
class Debt:
    """One overdue claim, as far as the law asks.

    :param due: due date
    :param arose: day on which the debt arose: the invoice date, or an earlier one
    :param principal: still owed without fees and interest, in the claim's currency
    :param business: whether the debtor is a business or an authority
    :param notices: letters sent so far, in any order
    :param agreement: evidence of agreed fees
    :param objected: whether the customer objected and that is not settled
    :param delivered: whether the invoice reached the customer as far as is known
    :param compensation_claimed: whether compensation for late payment was charged
    """

    due: date
    arose: date
    principal: Decimal
    business: bool = False
    notices: tuple[Notice, ...] = ()
    agreement: Agreement | None = None
    objected: bool = False
    delivered: bool = True
    compensation_claimed: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is allowed or not; the words are made where it is shown.

    :param code: stable code
    :param paragraph: of the law, as it is quoted
    :param values: days, amounts and numbers for the words
    :param from_day: first day on which this reason is gone; None = not by waiting
    """

    code: str
    paragraph: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    from_day: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question.

    :param allowed: whether it may be done on that day
    :param amount: what may be charged, in the country's currency; 0 where not allowed
    :param rate: the rate the amount comes from
    :param deadline_days: the shortest deadline the letter has to give
    :param reasons: all reasons against it; where allowed, the ground it stands on
    """

    allowed: bool
    amount: Decimal = _ZERO
    rate: Rate | None = None
    deadline_days: int = 0
    reasons: tuple[Reason, ...] = ()

    @property
    def from_day(self) -> date | None:
        """First day on which nothing is against it any more; None = not by waiting."""
        days = [reason.from_day for reason in self.reasons]
        return None if self.allowed or None in days else max(days, default=None)


def choose(packs: Sequence[Pack], country: str, day: date) -> Pack | None:
    """Return the pack of ``country`` that is in force on ``day``, else None.

    Of several, the one that came into force last.
    """
    in_force = [
        pack
        for pack in packs
        if pack.country == country and not_in_force(pack, day) is None
    ]
    return max(in_force, key=lambda pack: pack.in_force_from, default=None)


def not_in_force(pack, day):
    """Return the reason why the pack is not in force on ``day``, else None."""
    if pack.in_force_from is None:
        return Reason("not_in_force")
    if day < pack.in_force_from:
        return Reason(
            "not_in_force",
            values={"from": pack.in_force_from},
            from_day=pack.in_force_from,
        )
    if pack.in_force_until is not None and pack.in_force_until < day:
        return Reason("not_in_force", values={"until": pack.in_force_until})
    return None


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later, the last of the month where it has none."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    last = (following - _ONE_DAY).day
    return date(year, month + 1, min(day.day, last))
