"""What the evidence is worth and when it is enough.

Probabilities of how people pay, all in one place, so that a later version can be
estimated from confirmed payments, kept beside this one and taken back.
"""

from dataclasses import asdict, dataclass, field, fields
from math import log

from . import texts
from .edits import EXTRA, MISSING, SWAPPED, WRONG
from .subsets import ALL, OLDEST, SOME

#: How the payer's name agrees with the customer's.
NAME_EXACT = "exact"  # the same words, in whatever order
NAME_PART = "part"  # one has words the other lacks: middle and maiden names
NAME_INITIALS = "initials"
NAME_TYPO = "typo"
NAME_SURNAME = "surname"
NAME_OTHER = "other"

#: Where the payer's account was seen before.
ACCOUNT_SAME = "same"  # paid for this customer
ACCOUNT_OTHER = "other"  # paid for other customers only
ACCOUNT_NEW = "new"  # never seen

#: Days from the due date up to which (inclusive) each step of ``delays`` goes.
DELAY_STEPS = (-31, -15, -8, -4, -1, 0, 3, 10, 21, 45, 10_000)

#: Days after the due date up to which (inclusive) each step of ``again_after`` goes.
AGAIN_STEPS = (14, 31, 62, 10_000)

#: Numbers of equal parts that people pay in; half of them pay halves.
EQUAL_PARTS = (2, 3, 4, 5, 6, 10, 12)

#: What evidence may say of the likeliest invoice; ``calibrated`` has what each of these
#: is worth.
SAID_STEPS = (
    0.02, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.9999,
)  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """How payments come about.

    The values of version 1 are the assumptions of the study that the design rests on:
    shares of damage kinds, of odd amounts and of payments for nothing open. A wrong
    guess by a factor of e in any of them moves its precision by less than 0.02 %.

    :param open: share of payments meant for an invoice that is open
    :param known: share of payments by customers for an invoice that is not open
    :param absent: share of payments by customers for something that is not in the
        books at all
    :param stranger: share of payments by people who owe nothing here
    :param stranger_in_text: the same for a bare number in the message field, which
        may be anything
    :param exact: chance that a reference arrives as issued
    :param zeros: chance that leading zeros get lost or added
    :param edits: chance of one and of two slips
    :param kinds: share of each kind among slips
    :param damaged: chance that a reference of something not open is damaged too
    :param length_share: chance that a stranger's reference has just this length
    :param amount_equal: chance that the open amount is paid to the last digit
    :param amount_other: chance of another amount, smaller or larger
    :param amount_mixture: share of odd payments whose amount follows the amounts that
        are open; the others pay any amount
    :param crossed: share of payments of an open invoice that state another's reference
    :param part: share of payments of less than is open
    :param more: share of payments of more than is open
    :param whole: chance of any given whole amount
    :param broken: chance of any given amount with a fraction
    :param names: chance of each way the name of a customer's own payment agrees with
        his, by the constants ``NAME_…``; adds up to one
    :param accounts: chance that a customer whose accounts are known pays from each
        kind of account, by the constants ``ACCOUNT_…``; adds up to one
    :param remembered: share of customers with a known account
    :param delays: share of payments by day from the due date of the invoice they are
        meant for, one for each of :data:`DELAY_STEPS`; adds up to one
    :param stale: share of payments that state the reference of an older invoice of
        the same customer
    :param again: share of payments that pay an invoice once more
    :param bare: share of payments that state no reference of ours
    :param several: share of payments for several invoices of one customer at once
    :param shared: share of payments for several customers at once
    :param fee: share of payments that include a reminder fee or interest that is not
        on the invoice, or leave out one that is
    :param foreign: share of payments that state a reference which is nothing of ours
    :param told: share of the statement lines on which a person or another bank module
        set a customer whose customer is the one who pays
    :param calibrated: how often the likeliest invoice is right of which the evidence
        says each of :data:`SAID_STEPS`; rising. Those shipped were fitted by isotonic
        regression on 140,000 made-up payments; from 99.8 % on, evidence was right as
        often as it said.

    These are assumptions that no payment teaches; they change with the addon:

    :param foreign_in_text: the chance of a number that is nothing of ours in the
        message of a customer, for each in that of a stranger. Who pays does not tell
        which numbers of a message were meant as a reference.
    :param earlier: invoices of a customer whose reference may be stated for a later
        one. Only their mean matters, and it moves all alike.
    :param instalment: share of part payments that are one of a few equal parts
    :param sets: how payments for several invoices are put together, by the constants
        of :mod:`~.subsets`; adds up to one. What else was open on the day is not kept.
    :param again_after: how likely an invoice is paid again, by days from its due date,
        beside one just due; one for each of :data:`AGAIN_STEPS`. Too rare to learn.
    :param stranger_bare: share of strangers' payments without any reference. Nobody
        confirms that a payment was a stranger's, so nothing of theirs is learned.
    :param stranger_known: share of strangers who pay from an account that is known for
        a customer
    :param by_chance: chance that somebody else's name agrees in this way, by the
        constants ``NAME_…``; what agrees more is counted in the books
    :param crossed_absent: share of payments for nothing that is open that state some
        invoice's reference: who owes nothing has copied it from somewhere
    :param trust: payments after which an account is half as likely to pay for somebody
        new
    :param mentioned: share of payments whose message mentions a number of each kind,
        by the roles of :mod:`~.texts`
    """

    version: int = 1
    open: float = 0.95
    known: float = 0.03
    absent: float = 0.01
    stranger: float = 0.01
    stranger_in_text: float = 0.25
    exact: float = 0.95
    zeros: float = 0.003
    edits: tuple[float, float] = (0.04, 0.0025)
    kinds: dict[str, float] = field(
        default_factory=lambda: {WRONG: 0.42, MISSING: 0.21, EXTRA: 0.16, SWAPPED: 0.21}
    )
    damaged: float = 0.05
    length_share: float = 0.1
    amount_equal: float = 0.92
    amount_other: float = 0.08
    amount_mixture: float = 0.5
    crossed: float = 0.0003
    part: float = 0.003
    more: float = 0.001
    whole: float = 1 / 20_000
    broken: float = 1 / 200_000
    names: dict[str, float] = field(
        default_factory=lambda: {
            NAME_EXACT: 0.74,
            NAME_PART: 0.05,
            NAME_INITIALS: 0.01,
            NAME_TYPO: 0.02,
            NAME_SURNAME: 0.10,
            NAME_OTHER: 0.08,
        }
    )
    accounts: dict[str, float] = field(
        default_factory=lambda: {
            ACCOUNT_SAME: 0.92,
            ACCOUNT_OTHER: 0.03,
            ACCOUNT_NEW: 0.05,
        }
    )
    remembered: float = 0.85
    delays: tuple[float, ...] = (
        0.01, 0.04, 0.10, 0.14, 0.20, 0.24, 0.12, 0.08, 0.04, 0.02, 0.01,
    )  # fmt: skip
    stale: float = 0.0065
    again: float = 0.0015
    bare: float = 0.0065
    several: float = 0.004
    shared: float = 0.0005
    fee: float = 0.001
    foreign: float = 0.0005
    told: float = 0.95
    calibrated: tuple[float, ...] = (
        0.04, 0.2, 0.35, 0.46, 0.61, 0.71, 0.83, 0.9, 0.94, 0.965, 0.985, 0.998, 0.9999,
    )  # fmt: skip
    foreign_in_text: float = 0.3
    earlier: float = 6.0
    instalment: float = 0.2
    sets: dict[str, float] = field(
        default_factory=lambda: {ALL: 0.55, OLDEST: 0.25, SOME: 0.2}
    )
    again_after: tuple[float, ...] = (1.0, 0.4, 0.1, 0.02)
    stranger_bare: float = 0.5
    stranger_known: float = 0.03
    by_chance: dict[str, float] = field(
        default_factory=lambda: {
            NAME_SURNAME: 0.004,
            NAME_INITIALS: 2e-4,
            NAME_TYPO: 2e-5,
        }
    )
    crossed_absent: float = 0.003
    trust: float = 10.0
    mentioned: dict[str, float] = field(
        default_factory=lambda: {
            texts.INVOICE: 0.3,
            texts.CUSTOMER: 0.2,
            texts.METER: 0.2,
            texts.PHONE: 0.2,
            texts.REFERENCE: 0.3,
            texts.ANY: 0.02,
        }
    )

    def to_json(self) -> dict:
        """All values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> "Weights":
        """Weights as :meth:`to_json` wrote them; what is missing keeps its default.

        :raises ValueError: a name that is no weight
        """
        known = {item.name: item for item in fields(cls)}
        unknown = set(data) - set(known)
        if unknown:
            raise ValueError(f"not among the weights: {', '.join(sorted(unknown))}")
        return cls(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in data.items()
            }
        )

    def odd_amount(self, amount: int, residual: int, unit: int) -> float:
        """Chance that just this amount is paid on an invoice with another one open.

        People pay halves, leave the fraction away, round, or pay twice; otherwise
        some whole amount.

        :param unit: minor units of one whole
        """
        is_whole = amount % unit == 0
        if amount < residual:
            if is_whole and residual - amount < unit:
                return self.part * 0.3
            parts = equal_parts(amount, residual)
            if parts:
                others = len(EQUAL_PARTS) - 1
                return (
                    self.part * self.instalment * (0.5 if parts == 2 else 0.5 / others)
                )
            return self.part * (0.5 if is_whole else 0.01) / max(residual // unit, 1)
        rest = amount - residual
        if rest == residual or (is_whole and rest < unit):
            return self.more * 0.2
        if rest % (10 * unit) == 0 or amount % (100 * unit) == 0:
            return self.more * 0.01
        return self.more * (0.001 if is_whole else 0.000_01)

    def log_amount(self, amount: int, sharing: int, open_count: int) -> float:
        """Log chance of an amount when nothing is known about the payment.

        :param amount: minor units
        :param sharing: number of open invoices with just this amount
        :param open_count: number of open invoices
        """
        # in a small book that one invoice has an amount does not make it usual
        usual = sharing / (open_count + 1000)
        any_amount = self.whole if amount % 100 == 0 else self.broken
        return log(self.amount_mixture * usual + (1 - self.amount_mixture) * any_amount)


def equal_parts(amount: int, residual: int) -> int:
    """Of how many equal parts, but for rounding, an amount is one; 0 when of none."""
    if not 0 < amount < residual <= (amount + 1) * EQUAL_PARTS[-1]:
        return 0
    count = (residual + amount // 2) // amount
    is_one = count in EQUAL_PARTS and abs(amount * count - residual) < count
    return count if is_one else 0


@dataclass(frozen=True)
class Policy:
    """When a payment is booked without a person.

    :param one_edit: probability asked of a reference with one edit
    :param two_edits: probability asked of a reference with two edits
    :param two_edits_length: shortest reference, without leading zeros, that is
        repaired at two places
    :param other_amount: probability asked of an exact reference with another amount,
        against a reference taken from the wrong invoice
    :param propose: probability from which an invoice is worth showing
    :param dense: number of other customers' references one base digit away from
        which numbering counts as dense
    :param candidates: most invoices to show
    :param evidence: probability asked when more than the reference has to tell
    :param by_evidence: whether anything is booked by more than its reference
    :param margin: how many times as likely as the next one the invoice must be
    :param vetted: probability below which a repaired reference is weighed with all
        other evidence before it is booked
    :param customer: probability of the customer from which the money goes to his
        account when the invoice is not sure; 0 when it never does
    """

    one_edit: float = 0.9995
    two_edits: float = 0.9999
    two_edits_length: int = 10
    other_amount: float = 0.99
    propose: float = 0.004
    dense: float = 2.0
    candidates: int = 5
    evidence: float = 0.998
    vetted: float = 0.999999
    by_evidence: bool = True
    margin: float = 100.0
    customer: float = 0.9999


DEFAULT_WEIGHTS = Weights()
DEFAULT_POLICY = Policy()
