"""How an overdue claim climbs the ladder of reminders, and what goes in one letter.

A ladder is a sequence of steps. Which step a claim is on follows from the letters that
were sent about it, not from a counter: a claim whose customer moved to another ladder
goes on where its letters have brought it. When the next step comes depends on the due
date or on the deadline of the letter before, and on how long a payment that was made on
the last day takes through the banks.

What the law allows is asked of :mod:`.law` by those who call this. Plain Python: no
clock, no database.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from .law import Notice

#: From the mildest to the hardest.
KINDS = ("soft", "reminder", "notice", "demand", "handover")
#: Kinds that may stand in one letter. What announces collection stands alone, so that
#: nobody can take it for an ordinary reminder.
FAMILY = {
    "soft": "reminder",
    "reminder": "reminder",
    "notice": "notice",
    "demand": "demand",
}
_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)

#: Why a claim waits.
NOT_DUE = "not_due"
WAITING = "waiting"
DONE = "done"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder.

    :param id: of the record, given back in what is planned
    :param kind: one of :data:`KINDS`
    :param wait_days: days to wait, counted from ``wait_from``
    :param wait_from: ``due`` or ``deadline`` (of the letter before; the due date where
        there was none)
    :param fee: whether it asks for a fee where the law allows one
    :param interest: whether it asks for interest
    :param compensation: whether it asks for the compensation for late payment
    :param deadline_days: days to pay from sending; the law's own is kept in any case
    :param channel: ``""`` = as the customer prefers
    """

    id: int
    kind: str
    wait_days: int
    wait_from: str = "due"
    fee: bool = False
    interest: bool = False
    compensation: bool = False
    deadline_days: int = 14
    channel: str = ""

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not one of {KINDS}")
        if self.wait_from not in ("due", "deadline"):
            raise ValueError(f"a step waits from due or deadline, not {self.wait_from}")
        if self.wait_days < 0 or self.deadline_days < 0:
            raise ValueError("days cannot be negative")


@dataclass(frozen=True, slots=True)
class Planned:
    """The claim's turn has come.

    :param step: to take
    :param since: first day on which it could be taken
    """

    step: Step
    since: date


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing is done about the claim on this day.

    :param reason: :data:`NOT_DUE`, :data:`WAITING` (its next step comes later) or
        :data:`DONE` (the ladder ends here)
    :param from_day: first day of the next step, None where there is none
    :param step: the next one
    """

    reason: str
    from_day: date | None = None
    step: Step | None = None


def position(steps: Sequence[Step], notices: Iterable[Notice]) -> int:
    """Return the index of the next step after the letters that were sent.

    Each letter takes the first step of its kind that is not taken yet, and passes over
    those before it: who got a notice gets no soft reminder any more. A letter of a
    kind that the rest of the ladder does not have moves nothing.

    :return: ``len(steps)`` when the ladder has ended
    """
    at = 0
    for notice in sorted(notices, key=lambda n: (n.sent, KINDS.index(n.kind))):
        for index in range(at, len(steps)):
            if steps[index].kind == notice.kind:
                at = index + 1
                break
    return at


def clear_day(
    due: date,
    notices: Iterable[Notice],
    grace_bank_days: int,
    add_bank_days: Callable[[date, int], date],
) -> date:
    """Return the first day on which a payment made in time would have been seen.

    The last day to pay counts whole: a payment handed to the bank on that day is in
    time, and is in the books ``grace_bank_days`` bank days later.

    :param due: due date
    :param notices: letters sent so far, in any order; the last deadline counts
    :param grace_bank_days: bank days a payment takes until it is in the books
    :param add_bank_days: of the company's calendar
    """
    last_to_pay = _last_to_pay(due, notices)
    if grace_bank_days:
        last_to_pay = max(last_to_pay, add_bank_days(last_to_pay, grace_bank_days))
    return last_to_pay + _ONE_DAY


def first_day(
    step: Step,
    due: date,
    notices: Sequence[Notice],
    grace_bank_days: int,
    add_bank_days: Callable[[date, int], date],
    gap_days: int = 0,
) -> date:
    """Return the first day on which a step may be taken; see :func:`clear_day`.

    :param gap_days: days between two letters about a claim: where the first one went
        out late, the second does not follow on its heels
    """
    start = _last_to_pay(due, notices) if step.wait_from == "deadline" else due
    days = [
        start + timedelta(days=step.wait_days),
        clear_day(due, notices, grace_bank_days, add_bank_days),
    ]
    if notices:
        days.append(max(notice.sent for notice in notices) + timedelta(days=gap_days))
    return max(days)


def _last_to_pay(due, notices):
    return max([due, *(notice.deadline for notice in notices if notice.deadline)])


def next_step(
    steps: Sequence[Step],
    due: date,
    notices: Sequence[Notice],
    day: date,
    grace_bank_days: int,
    add_bank_days: Callable[[date, int], date],
    gap_days: int = 0,
) -> Planned | Waiting:
    """Return what is done about a claim on a day, as far as the ladder goes.

    :param steps: the ladder, in order
    :param due: due date
    :param notices: letters sent so far
    :param day: to decide for
    :param grace_bank_days: bank days a payment takes until it is in the books
    :param add_bank_days: of the company's calendar
    :param gap_days: days between two letters
    """
    at = position(steps, notices)
    if at == len(steps):
        return Waiting(DONE)
    step = steps[at]
    since = first_day(step, due, notices, grace_bank_days, add_bank_days, gap_days)
    if day <= due:
        return Waiting(NOT_DUE, since, step)
    if day < since:
        return Waiting(WAITING, since, step)
    return Planned(step, since)


def net(
    claims: Sequence[tuple[int, date, Decimal]], credit: Decimal
) -> dict[int, Decimal]:
    """Return what is left of each claim when a customer's open credits are taken off.

    The oldest claims are covered first.

    :param claims: id, due date and open amount of all claims of one customer in one
        currency, not only of those that are overdue
    :param credit: sum of open credit notes and payments, as a positive amount
    :return: open amount by id, never negative
    """
    left = {}
    for claim_id, _due, amount in sorted(claims, key=lambda c: (c[1], c[0])):
        taken = min(amount, credit) if credit > _ZERO else _ZERO
        left[claim_id] = amount - taken
        credit -= taken
    return left


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim whose turn has come or comes soon, ready to be put in a letter.

    :param id: of the invoice
    :param due: due date
    :param step: its next step
    :param ready: whether its turn has come; else it can be taken along
    :param fee: what the law allows to be charged with it, 0 = nothing
    """

    id: int
    due: date
    step: Step
    ready: bool = True
    fee: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class Letter:
    """Claims of one customer that go in one letter.

    :param kind: of the hardest claim in it
    :param step: of that claim
    :param claims: the oldest first
    :param fees: what each claim is charged, by id
    """

    kind: str
    step: Step
    claims: tuple[Claim, ...]
    fees: Mapping[int, Decimal] = field(default_factory=dict)


def bundle(
    claims: Iterable[Claim], together: bool = True, one_fee: bool = True
) -> list[Letter]:
    """Put the claims of one customer in letters, each of a kind lawful for all in it.

    Claims whose turn has come decide which letters there are. A claim whose turn comes
    soon is taken along by a letter of its own kind, so that the customer gets one
    letter instead of two. A claim never gets a harder letter because of another one.

    :param claims: of one customer, in one currency, for each of which the law allows
        the letter of its step on this day
    :param together: False = a letter for each claim
    :param one_fee: charge one fee for a letter, the highest; the oldest claim that may
        have it carries it. False = each claim that may have one
    :return: letters, the hardest first
    """
    claims = sorted(claims, key=lambda c: (c.due, c.id))
    groups: dict[object, list[Claim]] = {}
    for claim in claims:
        if claim.ready:
            key = FAMILY[claim.step.kind] if together else claim.id
            groups.setdefault(key, []).append(claim)
    if together:
        for claim in claims:
            group = groups.get(FAMILY[claim.step.kind])
            if not claim.ready and group:
                hardest = max(KINDS.index(c.step.kind) for c in group if c.ready)
                if KINDS.index(claim.step.kind) <= hardest:
                    group.append(claim)
    letters = []
    for group in groups.values():
        group.sort(key=lambda c: (c.due, c.id))
        lead = max(group, key=lambda c: KINDS.index(c.step.kind))
        letters.append(
            Letter(
                lead.step.kind,
                lead.step,
                tuple(group),
                _fees(group, one_fee),
            )
        )
    return sorted(letters, key=lambda letter: -KINDS.index(letter.kind))


def _fees(group, one_fee):
    """Return what each claim of a letter is charged."""
    if not one_fee:
        return {claim.id: claim.fee for claim in group}
    highest = max(claim.fee for claim in group)
    carrier = next(claim.id for claim in group if claim.fee == highest)
    return {claim.id: highest if claim.id == carrier else _ZERO for claim in group}
