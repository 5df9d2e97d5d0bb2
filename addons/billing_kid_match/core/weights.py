"""What the evidence is worth and when it is enough.

Probabilities of how people pay, all in one place, so that a later version can be
estimated from confirmed payments, kept beside this one and taken back.
"""

from dataclasses import dataclass, field
from math import log

from .edits import EXTRA, MISSING, SWAPPED, WRONG


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
    :param crossed: share of payments that state another invoice's reference
    :param part: share of payments of less than is open
    :param more: share of payments of more than is open
    :param whole: chance of any given whole amount
    :param broken: chance of any given amount with a fraction
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
            if amount * 2 == residual:
                return self.part * 0.1
            return self.part * (0.6 if is_whole else 0.01) / max(residual // unit, 1)
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
        usual = (sharing + 0.5) / (open_count + 1)
        any_amount = self.whole if amount % 100 == 0 else self.broken
        return log(self.amount_mixture * usual + (1 - self.amount_mixture) * any_amount)


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
    """

    one_edit: float = 0.9995
    two_edits: float = 0.9999
    two_edits_length: int = 10
    other_amount: float = 0.99
    propose: float = 0.02
    dense: float = 2.0
    candidates: int = 5


DEFAULT_WEIGHTS = Weights()
DEFAULT_POLICY = Policy()
