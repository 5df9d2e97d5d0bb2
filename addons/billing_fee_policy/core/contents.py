"""What each letter has to say, and whether it does.

The matrix below is the law of two countries as data. A letter is looked at twice: what
it is made of must be there and add up (:func:`missing`), and what it has to say must
stand in the very text that goes out, whatever staff made of the templates
(:func:`unsaid`).

Norway: inkassoforskriften § 1-2 (reminder with a fee), inkassoloven §§ 9 and 10 (notice
and own demand), forsinkelsesrenteloven § 2. Sweden: inkassolagen § 5 (demand), lag
(1981:739) §§ 2-3. What is not the law's but good practice, such as how to object, is
asked for all the same: who does not know how to pay or whom to tell cannot act.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

SOFT, REMINDER, NOTICE, DEMAND = "soft", "reminder", "notice", "demand"

#: Fields in the order in which a letter has them, and in which they are named.
CREDITOR = "creditor"
RECIPIENT = "recipient"
CONCERNS = "concerns"
AMOUNT = "amount"
APART = "apart"
INTEREST_RATE = "interest_rate"
INTEREST_FROM = "interest_from"
INTEREST_BASE = "interest_base"
INTEREST_AMOUNT = "interest_amount"
DEADLINE = "deadline"
COLLECTION = "collection"
CONSEQUENCE = "consequence"
OBJECTION = "objection"
ACCOUNT = "account"
REFERENCE = "reference"
FIELDS = (
    CREDITOR,
    RECIPIENT,
    CONCERNS,
    AMOUNT,
    APART,
    INTEREST_RATE,
    INTEREST_FROM,
    INTEREST_BASE,
    INTEREST_AMOUNT,
    DEADLINE,
    COLLECTION,
    CONSEQUENCE,
    OBJECTION,
    ACCOUNT,
    REFERENCE,
)

#: What a customer needs to know of any claim, and how to pay it.
_EVERY = frozenset({CREDITOR, RECIPIENT, CONCERNS, AMOUNT, ACCOUNT, REFERENCE})
#: What a letter says of interest that is claimed in it.
_INTEREST = frozenset({INTEREST_RATE, INTEREST_FROM})
#: Inkassolagen § 5: the interest accrued, its rate, and the time and amount it is on.
_INTEREST_SE = _INTEREST | {INTEREST_BASE, INTEREST_AMOUNT}

#: (country, kind) → fields besides those of every letter.
_MATRIX = {
    ("NO", REMINDER): frozenset({DEADLINE, OBJECTION}),
    ("NO", NOTICE): frozenset({DEADLINE, OBJECTION, COLLECTION}),
    # Rate and first day of interest, whether any is claimed in it or not.
    ("NO", DEMAND): frozenset({DEADLINE, OBJECTION, CONSEQUENCE, APART}) | _INTEREST,
    ("SE", REMINDER): frozenset({DEADLINE, OBJECTION}),
    ("SE", NOTICE): frozenset({DEADLINE, OBJECTION, COLLECTION}),
    ("SE", DEMAND): frozenset({DEADLINE, OBJECTION, APART}),
}
_KINDS = (SOFT, REMINDER, NOTICE, DEMAND)

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")


@dataclass(frozen=True, slots=True)
class Interest:
    """Late interest of one stretch of time, as the letter states it.

    :param start: first day
    :param end: last day
    :param base: amount it is on
    :param rate: percent a year
    """

    start: date
    end: date
    base: Decimal
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Claim:
    """One invoice of a letter.

    :param number: of the invoice
    :param issued: its date
    :param due: its first due date
    :param principal: still owed of the invoice itself
    :param fees: still owed in fees and compensation, of this letter and earlier ones
    :param interest: late interest, stretch by stretch
    :param interest_open: still owed in interest; None = all of it
    :param reference: what the payment is to be marked with
    """

    number: str
    issued: date | None
    due: date | None
    principal: Decimal
    fees: Decimal = Decimal(0)
    interest: tuple[Interest, ...] = ()
    interest_open: Decimal | None = None
    reference: str = ""

    @property
    def interest_owed(self) -> Decimal:
        """What is still owed in interest."""
        if self.interest_open is not None:
            return self.interest_open
        return sum((part.amount for part in self.interest), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What is to be paid for this invoice."""
        return self.principal + self.fees + self.interest_owed


@dataclass(frozen=True, slots=True)
class Document:
    """A letter to one customer, before it is put into words.

    :param country: code of the creditor's country, whose law it follows
    :param kind: ``soft``, ``reminder``, ``notice`` or ``demand``
    :param creditor: name of who claims
    :param recipient: name of whom it is addressed to
    :param sent: day on which it goes out
    :param deadline: last day to pay; None = it sets none
    :param deadline_days: the fewest days there have to be from ``sent`` to ``deadline``
    :param account: to pay to
    :param claims: its invoices
    :param total: what it asks for in all
    :param running_rate: percent a year of interest that runs on, None = none does
    """

    country: str
    kind: str
    creditor: str
    recipient: str
    sent: date
    claims: tuple[Claim, ...]
    total: Decimal
    account: str = ""
    deadline: date | None = None
    deadline_days: int = 0
    running_rate: Decimal | None = None

    @property
    def has_interest(self) -> bool:
        """Whether interest is claimed in it, or runs on."""
        return self.running_rate is not None or any(
            claim.interest for claim in self.claims
        )

    @property
    def has_additions(self) -> bool:
        """Whether it claims anything besides the invoices."""
        return any(claim.fees or claim.interest_owed for claim in self.claims)


def required(country: str, kind: str, interest=False, additions=False) -> frozenset:
    """Return what a letter has to say.

    :param country: code of the creditor's country; of one that is not known here, all
        that any of the others asks for
    :param kind: ``soft``, ``reminder``, ``notice`` or ``demand``
    :param interest: whether late interest is claimed in it or runs on
    :param additions: whether it claims anything besides the invoices; that stands
        apart in every letter
    :return: some of :data:`FIELDS`
    :raises ValueError: unknown kind
    """
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is not one of {_KINDS}")
    fields = _EVERY
    if kind != SOFT:
        known = [fields for (code, own), fields in _MATRIX.items() if own == kind]
        own = _MATRIX.get((country, kind))
        fields |= own if own is not None else frozenset().union(*known)
    if additions:
        fields |= {APART}
    if interest:
        swedish = country != "NO" and kind == DEMAND
        fields |= _INTEREST_SE if swedish else _INTEREST
    return fields


def required_of(document: Document) -> frozenset:
    """Return what ``document`` has to say; see :func:`required`."""
    return required(
        document.country,
        document.kind,
        interest=document.has_interest,
        additions=document.has_additions,
    )


def missing(document: Document) -> list[str]:
    """Return what a letter has to say and has nothing to say it with.

    Parts that do not add up to the amount count as no amount, and a deadline that is
    too near as none.

    :return: some of :data:`FIELDS`, in their order; empty = nothing is missing
    """
    claims = document.claims
    stretches = [part for claim in claims for part in claim.interest]
    adds_up = sum((claim.total for claim in claims), Decimal(0)) == document.total
    there = {
        CREDITOR: document.creditor.strip(),
        RECIPIENT: document.recipient.strip(),
        CONCERNS: claims and all(claim.number and claim.issued for claim in claims),
        AMOUNT: document.total > 0 and adds_up,
        APART: adds_up,
        INTEREST_RATE: document.running_rate is not None or stretches,
        INTEREST_FROM: all(part.start <= part.end for part in stretches)
        and all(claim.due for claim in claims),
        INTEREST_BASE: stretches and all(part.base > 0 for part in stretches),
        INTEREST_AMOUNT: stretches,
        DEADLINE: document.deadline is not None
        and (document.deadline - document.sent).days >= max(document.deadline_days, 1),
        ACCOUNT: document.account.strip(),
        REFERENCE: claims and all(claim.reference.strip() for claim in claims),
        # What is words only is looked for in the text.
        COLLECTION: True,
        CONSEQUENCE: True,
        OBJECTION: True,
    }
    needed = required_of(document)
    return [field for field in FIELDS if field in needed and not there[field]]


def unsaid(needed, shown: Mapping[str, Sequence[str]], text: str) -> list[str]:
    """Return what a text has to say and does not.

    :param needed: some of :data:`FIELDS`
    :param shown: how each of them reads in the language of the text; all of its pieces
        have to stand there. A field without pieces is not said.
    :param text: the text that goes out, without markup
    :return: some of :data:`FIELDS`, in their order
    """
    plain = _plain(text)

    def is_said(field):
        pieces = [_plain(piece) for piece in shown.get(field, ())]
        return bool(pieces) and all(piece and piece in plain for piece in pieces)

    return [field for field in FIELDS if field in needed and not is_said(field)]


def _plain(text: str) -> str:
    """Return ``text`` with single plain spaces: formats of amounts have others."""
    return _SPACES.sub(" ", text or "").strip()
