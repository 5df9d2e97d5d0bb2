"""Whether an overdue claim's turn has come: ladder, law and circumstances together.

:func:`turn` answers for one claim on one day, with the step to take or with why it
waits. The same answer plans the reminders, is asked again before each one goes out, and
is what staff read when they ask why nothing is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from . import ladder, law

_ZERO = Decimal(0)

#: Why a claim waits, besides the codes of :mod:`.ladder`.
NO_POLICY = "no_policy"
COVERED = "covered"
SMALL = "small"
COLLECTED = "collected"
DEBIT = "debit"
HOLD = "hold"
PENDING = "pending"
LAW = "law"


@dataclass(frozen=True, slots=True)
class Policy:
    """A ladder with what a company decided around it.

    :param id: of the record
    :param country: ISO 3166-1 alpha-2 code of the law that holds
    :param steps: the ladder, in order
    :param grace_bank_days: bank days a payment takes until it is in the books
    :param gap_days: days between two letters about a claim
    :param minimum: claims below are not reminded of, in their currency
    :param fee_minimum: claims below carry no fee
    :param along_days: a claim whose turn comes within so many days is taken along
    :param together: several claims of a customer go in one letter
    :param one_fee: a letter has one fee, however many claims are in it
    """

    id: int
    country: str
    steps: tuple[ladder.Step, ...]
    grace_bank_days: int = 0
    gap_days: int = 0
    minimum: Decimal = _ZERO
    fee_minimum: Decimal = _ZERO
    along_days: int = 0
    together: bool = True
    one_fee: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one claim.

    :param id: of the invoice
    :param debt: what the law asks about; its principal is what is left after open
        credits of the customer
    :param blocks: what holds stop, of ``billing_base.core.hold.BLOCKS``
    :param debit: the amount will be drawn from the customer's account
    :param collected: it has been handed over for collection
    :param pending: a reminder about it is prepared and has not gone out
    :param foreign: it is in another currency than the law's amounts
    """

    id: int
    debt: law.Debt
    blocks: frozenset[str] = frozenset()
    debit: bool = False
    collected: bool = False
    pending: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """The claim's turn has come, or comes so soon that a letter may take it along.

    :param step: to take
    :param since: first day on which it could be taken
    :param ready: False = may be taken along
    :param send: the law on the letter
    :param fee: the law on its fee, None where none is asked for
    :param compensation: the law on compensation, None where none is asked for
    """

    step: ladder.Step
    since: date
    ready: bool
    send: law.Verdict
    fee: law.Verdict | None = None
    compensation: law.Verdict | None = None

    @property
    def fee_amount(self) -> Decimal:
        """What may be charged for the letter."""
        return self.fee.amount if self.fee and self.fee.allowed else _ZERO

    @property
    def compensation_amount(self) -> Decimal:
        """What may be charged as compensation."""
        verdict = self.compensation
        return verdict.amount if verdict and verdict.allowed else _ZERO


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is done about the claim on this day.

    :param code: why
    :param from_day: first day on which this is gone; None = not by waiting
    :param step: that would be next
    :param reasons: of the law, where it is the law
    """

    code: str
    from_day: date | None = None
    step: ladder.Step | None = None
    reasons: tuple[law.Reason, ...] = ()


def turn(
    policy: Policy | None,
    facts: Facts,
    pack: law.Pack | None,
    day: date,
    add_bank_days: Callable[[date, int], date],
) -> Turn | Wait:
    """Tell what is done about a claim on a day.

    :param policy: of the customer, None = none fits
    :param facts: what is known about the claim
    :param pack: law in force on ``day``, None = none is known
    :param day: to decide for
    :param add_bank_days: of the company's calendar
    """
    debt = facts.debt
    if facts.collected:
        return Wait(COLLECTED)
    if facts.pending:
        return Wait(PENDING)
    if debt.principal <= _ZERO:
        return Wait(COVERED)
    if policy is None:
        return Wait(NO_POLICY)
    if debt.principal < policy.minimum:
        return Wait(SMALL)
    found = ladder.next_step(
        policy.steps,
        debt.due,
        debt.notices,
        day,
        policy.grace_bank_days,
        add_bank_days,
        policy.gap_days,
    )
    ready = isinstance(found, ladder.Planned)
    if not ready and not _may_go_along(policy, found, debt, day, add_bank_days):
        return Wait(found.reason, found.from_day, found.step)
    step = found.step
    waits = _circumstances(facts, step)
    if waits:
        return waits
    send = law.may_send(pack, step.kind, debt, day)
    if not send.allowed:
        return Wait(LAW, send.from_day, step, send.reasons)
    since = found.since if ready else found.from_day
    return Turn(step, since, ready, send, *_charges(policy, facts, step, pack, day))


def _may_go_along(policy, found, debt, day, add_bank_days):
    """Whether a letter about another claim may take this one along already."""
    if found.reason != ladder.WAITING or not policy.along_days:
        return False
    if found.step.kind == "handover":
        return False
    return found.from_day <= day + timedelta(
        days=policy.along_days
    ) and day >= ladder.clear_day(
        debt.due, debt.notices, policy.grace_bank_days, add_bank_days
    )


def _circumstances(facts, step):
    """Return what keeps a step back that is neither ladder nor law, else None."""
    stops = {"handover"} if step.kind == "handover" else {"reminder", "distribution"}
    if stops & facts.blocks:
        return Wait(HOLD, None, step)
    if facts.debit:
        return Wait(DEBIT, None, step)
    return None


def _charges(policy, facts, step, pack, day):
    """Return the law on fee and on compensation, as far as the step asks for them."""
    fee = compensation = None
    if step.fee:
        fee = _barred(policy, facts) or law.fee(pack, step.kind, facts.debt, day)
    if step.compensation:
        compensation = _barred(policy, facts) or law.compensation(
            pack, _after_fee(facts.debt, step, day, fee), day
        )
    return fee, compensation


def _after_fee(debt, step, day, fee):
    """Return the debt as it is once the fee of the letter at hand is charged."""
    if fee is None or not fee.allowed:
        return debt
    return replace(
        debt, notices=(*debt.notices, law.Notice(step.kind, day, fee.amount))
    )


def _barred(policy, facts):
    """Return why nothing is charged though the law were to allow it, else None."""
    if "fee" in facts.blocks:
        return law.Verdict(False, reasons=(law.Reason("hold"),))
    if facts.foreign:
        return law.Verdict(False, reasons=(law.Reason("currency"),))
    if facts.debt.principal < policy.fee_minimum:
        return law.Verdict(
            False,
            reasons=(law.Reason("small", values={"minimum": policy.fee_minimum}),),
        )
    return None
