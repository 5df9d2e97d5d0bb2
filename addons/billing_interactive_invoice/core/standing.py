"""How an invoice stands, as its customer sees it: one state, from all that is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

#: States, with their tone: what the page looks like, never what it means. ``late`` is
#: the one that is red, and nothing but an overdue claim has it.
TONES = {
    "cancelled": "off",
    "credited": "off",
    "refund": "good",
    "refunded": "good",
    "paid": "good",
    "nothing": "good",
    "collection": "late",
    "disputed": "wait",
    "paused": "wait",
    "checking": "wait",
    "debit": "calm",
    "claimed": "wait",
    "promised": "wait",
    "asked": "wait",
    "plan": "calm",
    "open": "calm",
    "today": "soon",
    "overdue": "late",
}
#: States in which the customer has something to pay, on the page and now.
PAYABLE = frozenset(
    {"open", "today", "overdue", "plan", "promised", "asked", "claimed", "debit"}
)


@dataclass(frozen=True, slots=True)
class Term:
    """A part of the invoice with a due date of its own.

    :param due: the day; None when the invoice has none
    :param residual: what is open of it, in the currency of the invoice
    """

    due: date | None
    residual: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one invoice today. Amounts are in its currency.

    :param today: the day by the company's calendar
    :param total: of the invoice
    :param residual: what is open of it
    :param terms: its parts by due date
    :param unit: smallest amount there is (0.01); less than half of it is nothing
    :param cancelled: void
    :param reversed_: credited in full
    :param refund: it is a credit note
    :param blocked: staff stopped its payment
    :param received: paid so far
    :param credited: credited so far
    :param under_way: paid online, and being checked
    :param disputed: what the customer objects to; the residual or more is all of it
    :param claim_checked: whether a payment the customer told of is being looked for
    :param promised: day until which the customer promised to pay
    :param asked: whether a request of the customer's waits for an answer
    :param part_due: day of the next part of the customer's payment plan
    :param part: amount of that part
    :param debit: day on which it is drawn from the customer's account
    :param collection: whether it has been handed over for collection
    """

    today: date
    total: float
    residual: float
    terms: Sequence[Term] = ()
    unit: float = 0.01
    cancelled: bool = False
    reversed_: bool = False
    refund: bool = False
    blocked: bool = False
    received: float = 0.0
    credited: float = 0.0
    under_way: float = 0.0
    disputed: float = 0.0
    claim_checked: bool = False
    promised: date | None = None
    asked: bool = False
    part_due: date | None = None
    part: float = 0.0
    debit: date | None = None
    collection: bool = False

    def is_nothing(self, amount: float) -> bool:
        """Whether ``amount`` is no money at all."""
        return amount < self.unit / 2


@dataclass(frozen=True, slots=True)
class Standing:
    """How an invoice stands.

    :param code: of :data:`TONES`
    :param amount: what the sentence is about: to pay, to get back, paid
    :param day: by when, or since when; None when there is none
    :param rest: what is to be paid besides ``amount``, later or after an answer
    :param is_part: whether something has been paid or credited and not all
    :param is_late: whether something is past its day, whatever it waits for
    """

    code: str
    amount: float
    day: date | None = None
    rest: float = 0.0
    is_part: bool = False
    is_late: bool = False

    @property
    def tone(self) -> str:
        """How it looks: ``calm``, ``soon``, ``late``, ``wait``, ``good``, ``off``."""
        return TONES[self.code]

    @property
    def is_payable(self) -> bool:
        """Whether the customer can pay now."""
        return self.code in PAYABLE


def judge(facts: Facts) -> Standing:
    """Return how an invoice with these ``facts`` stands.

    What ends a claim comes before what delays it, and what somebody else does about it
    before what the customer has to do.
    """
    settled = facts.is_nothing(facts.residual)
    if facts.cancelled:
        return Standing("cancelled", 0.0)
    if facts.refund:
        if settled:
            return Standing("refunded", facts.total)
        return Standing("refund", facts.residual, is_part=facts.residual < facts.total)
    if facts.reversed_:
        return Standing("credited", facts.total)
    if settled:
        if facts.is_nothing(facts.received):
            # Credited piece by piece, or nothing from the beginning.
            code = "nothing" if facts.is_nothing(facts.credited) else "credited"
            return Standing(code, facts.total)
        return Standing("paid", facts.total)
    return _judge_open(facts)


def _judge_open(facts: Facts) -> Standing:
    """Judge an invoice of which something is open."""
    terms = _open_terms(facts)
    is_late = any(term.due and term.due < facts.today for term in terms)
    is_part = not facts.is_nothing(facts.received + facts.credited)

    def standing(code, amount=facts.residual, day=terms[0].due):
        return Standing(
            code,
            amount,
            day,
            rest=max(facts.residual - amount, 0.0),
            is_part=is_part,
            is_late=is_late,
        )

    waits = facts.disputed + facts.under_way
    if facts.collection:
        return standing("collection")
    if facts.is_nothing(facts.residual - waits):
        return standing("disputed" if facts.disputed >= facts.under_way else "checking")
    if facts.blocked:
        return standing("paused")
    if facts.debit and facts.debit >= facts.today:
        return standing("debit", day=facts.debit)
    if facts.claim_checked:
        return standing("claimed")
    if facts.promised and facts.promised >= facts.today:
        return standing("promised", day=facts.promised)
    if facts.part_due and not facts.is_nothing(facts.part):
        code = "overdue" if facts.part_due < facts.today else "plan"
        return standing(code, min(facts.part, facts.residual), facts.part_due)
    if facts.asked:
        return standing("asked")
    left = _without(terms, waits)
    late = [term for term in left if term.due and term.due < facts.today]
    if late:
        return standing("overdue", sum(term.residual for term in late), late[0].due)
    day = left[0].due
    amount = sum(term.residual for term in left if term.due == day)
    return standing("today" if day == facts.today else "open", amount, day)


def _open_terms(facts: Facts) -> list[Term]:
    """Return the parts of the invoice of which something is open, by due date."""
    terms = [term for term in facts.terms if not facts.is_nothing(term.residual)]
    terms.sort(key=lambda term: term.due or date.max)
    return terms or [Term(None, facts.residual)]


def _without(terms: Sequence[Term], amount: float) -> list[Term]:
    """Return ``terms`` less ``amount``, taken from what is due first."""
    left = []
    for term in terms:
        taken = min(term.residual, amount)
        amount -= taken
        if term.residual - taken > 1e-6:
            left.append(Term(term.due, term.residual - taken))
    # Terms may add up to less than what is open, by what the currency rounds away.
    return left or [Term(terms[-1].due, terms[-1].residual)]
