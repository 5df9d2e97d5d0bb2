"""The claims of the past, with what a replay carries out on them and counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal

from . import law, waiver
from .turn import Policy

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which nothing was sent about a claim, or nothing charged.

    :param first: first day
    :param last: last day, None = it has not ended
    :param blocks: of ``billing_base.core.hold.BLOCKS``
    """

    first: date
    last: date | None
    blocks: frozenset[str]

    def holds(self, day: date) -> bool:
        """Whether ``day`` is one of them."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the past.

    :param id: of the invoice
    :param due: due date
    :param arose: day on which the debt arose
    :param amount: of the invoice, currency of the company
    :param payments: day and amount of what was paid or credited, in order
    :param pauses: when it was on hold
    :param agreement: evidence of agreed fees
    :param currency: ISO 4217 code of the invoice's currency; amounts are nevertheless
        in that of the company
    :param facts: what waiver rules ask about the claim itself: fields of
        :class:`.waiver.Facts`
    """

    id: int
    due: date
    arose: date
    amount: Decimal
    payments: tuple[tuple[date, Decimal], ...] = ()
    pauses: tuple[Pause, ...] = ()
    agreement: law.Agreement | None = None
    currency: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def open_on(self, day: date) -> Decimal:
        """What was owed at the end of ``day``."""
        return self.amount - sum(
            (paid for at, paid in self.payments if at <= day), _ZERO
        )

    def closed_from(self, least: Decimal) -> date | None:
        """First day on which less than ``least``, or nothing, was owed; or None."""
        left = self.amount
        if left <= _ZERO or left < least:
            return self.due
        for at, paid in self.payments:
            left -= paid
            if left <= _ZERO or left < least:
                return at
        return None


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with the claims that fell due in the period.

    :param id: of the customer
    :param segment: it is told in
    :param claims: in any order
    :param business: whether it is a business or an authority
    :param late: id and due date of invoices that were not paid in time
    :param facts: what else waiver rules ask about the customer: fields of
        :class:`.waiver.Facts`, among them ``waived``, the days before the period
    """

    id: int
    segment: str
    claims: tuple[Claim, ...]
    business: bool = False
    late: tuple[tuple[int, date], ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """A policy with everything it is carried out with.

    :param policy: ladder and limits
    :param pack: the law in force on a day
    :param currency: ISO 4217 code of the company's currency
    :param add_bank_days: of the company's calendar
    :param next_bank_day: of the company's calendar: a day, or the next bank day
    :param forgives: whether fees may be forgiven at all
    :param rules: waiver rules in their order
    :param budget: for goodwill; what was spent before is not asked for
    :param late_days: days after its due date until an invoice counts as paid late
    """

    policy: Policy
    pack: Callable[[date], law.Pack | None]
    currency: str
    add_bank_days: Callable[[date, int], date]
    next_bank_day: Callable[[date], date]
    forgives: bool = True
    rules: tuple[waiver.Rule, ...] = ()
    budget: waiver.Budget = waiver.Budget()
    late_days: int = 0


@dataclass(slots=True)
class Tally:
    """Sums over letters of a month and a group of customers.

    :param letters: number by kind
    :param paper: letters on paper
    :param handed: claims ready for collection
    :param fee_letters: letters that carried a fee, forgiven ones included
    :param fees: fees that came due, forgiven ones included
    :param due: their amount
    :param forgiven_fees: number of fees forgiven
    :param forgiven: their amount
    :param compensation: for late payment, among businesses
    :param customers: who got their first letter of the period
    :param hit: who were charged for the first time in the period
    """

    soft: int = 0
    reminder: int = 0
    notice: int = 0
    demand: int = 0
    paper: int = 0
    handed: int = 0
    fee_letters: int = 0
    fees: int = 0
    due: Decimal = _ZERO
    forgiven_fees: int = 0
    forgiven: Decimal = _ZERO
    compensation: Decimal = _ZERO
    customers: int = 0
    hit: int = 0

    @property
    def letters(self) -> int:
        """Letters of all kinds."""
        return self.soft + self.reminder + self.notice + self.demand

    @property
    def charged(self) -> Decimal:
        """Fees that were not forgiven."""
        return self.due - self.forgiven

    def add(self, other: "Tally") -> None:
        """Add up."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter of the replay.

    :param customer: id
    :param day: it goes
    :param kind: of the hardest claim in it
    :param claims: ids, the oldest first
    :param fees: what each is charged
    :param forgiven: what each was forgiven
    """

    customer: int
    day: date
    kind: str
    claims: tuple[int, ...]
    fees: Mapping[int, Decimal]
    forgiven: Mapping[int, Decimal]
