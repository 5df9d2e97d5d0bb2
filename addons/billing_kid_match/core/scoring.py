"""How likely it is that a payment belongs to an invoice.

Log-likelihood ratios: each piece of evidence says how much better «this invoice»
explains what was seen than «none of the open invoices» does. They are normalised
over all candidates and two null hypotheses: a stranger who owes nothing here, and a
customer who pays something that is not open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log

from odoo.addons.billing_base.core.reference import check_passes

from .edits import EXTRA, MISSING, SWAPPED, WRONG, Explanation, explain
from .weights import Weights

_LN10 = log(10)
_LN36 = log(36)


# not frozen: see ``billing_bank_file.core.decision``
@dataclass(slots=True, unsafe_hash=True)
class Invoice:
    """An invoice as far as matching looks at it.

    :param key: compact issued reference
    :param reference: issued reference as written on the invoice
    :param residual: minor units still open
    :param total: minor units of the whole invoice
    :param is_open: posted and not settled
    :param currency_id: currency of the amounts
    """

    move_id: int
    partner_id: int
    key: str
    reference: str
    residual: int
    total: int
    is_open: bool
    currency_id: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the evidence is measured against.

    :param open_count: open invoices of the company
    :param sharing: those of them with just the paid amount
    :param in_text: the reference came from the message field
    :param limited: the search for two edits was cut short
    """

    open_count: int
    sharing: int
    in_text: bool = False
    limited: bool = False


# not frozen: see ``billing_bank_file.core.decision``
@dataclass(slots=True, unsafe_hash=True)
class Scored:
    """A candidate with its probability and the parts it is made of, in nats."""

    invoice: Invoice
    explanation: Explanation
    probability: float
    prior: float
    reference: float
    amount: float

    @property
    def is_amount_equal(self) -> bool:
        return self.amount > 0


def log_reference(explanation: Explanation, length: int, weights: Weights) -> float:
    """Log chance that a reference of ``length`` arrives as it did."""
    count = explanation.distance
    if not count:
        return log(weights.zeros if explanation.zeros else weights.exact)
    result = log(weights.edits[count - 1])
    if explanation.zeros:
        result += log(weights.zeros)
    places = {
        WRONG: 9 * length,
        MISSING: length,
        EXTRA: 10 * (length + 1),
        SWAPPED: max(length - 1, 1),
    }
    for edit in explanation.edits:
        result += log(weights.kinds[edit.kind] / places[edit.kind])
    return result


def log_nothing_open(
    key: str, looks_valid: bool, in_text: bool, weights: Weights
) -> float:
    """Log chance of the reference when no open invoice is meant, priors included.

    A stranger's reference is any of its length. A customer's, for something that is
    not in the books, comes out of our own series: leading zeros say nothing then, and
    either its check digit is right or it was damaged on the way as well.
    """
    stranger = weights.stranger_in_text if in_text else weights.stranger
    bare = key.lstrip("0") or "0"
    by_stranger = log(stranger * weights.length_share) - information(key)
    by_customer = log(weights.absent) - information(bare)
    by_customer += _LN10 if looks_valid else log(weights.damaged)
    return _logsumexp((by_stranger, min(by_customer, log(weights.absent))))


def score(
    key: str,
    amount: int,
    invoices: Sequence[Invoice],
    around: Surroundings,
    weights: Weights,
) -> list[Scored]:
    """Weigh the invoices a payment may belong to.

    :param key: compact paid reference
    :param amount: minor units
    :param invoices: all that the search found, open ones and others; those that
        differ in more than two edits drop out
    :return: the open ones, likeliest first; their probabilities and that of the null
        hypotheses add up to one
    """
    explained = []
    closed = []
    log_open = log(weights.open / max(around.open_count, 1))
    log_known = log(weights.known / max(around.open_count, 1))
    log_amount = weights.log_amount(amount, around.sharing, around.open_count)
    log_other = log(weights.amount_other) + log_amount
    for invoice in invoices:
        explanation = explain(key, invoice.key)
        if explanation is None:
            continue
        seen = log_reference(explanation, len(invoice.key), weights)
        open_amount = invoice.residual if invoice.is_open else invoice.total
        is_equal = open_amount == amount
        paid = log(weights.amount_equal) if is_equal else log_other
        if invoice.is_open:
            explained.append((invoice, explanation, seen, paid))
        else:
            closed.append(log_known + seen + paid)
    # but for zeros it is an invoice's number, so it cannot be that of another one
    is_taken = any(not how.distance for _, how, _, _ in explained)
    looks_valid = not is_taken and _looks_valid(key, [row[0].key for row in explained])
    nothing = log_nothing_open(key, looks_valid, around.in_text, weights)
    rivals = [nothing + log_amount, *closed]
    if around.limited and explained:
        rivals.append(_unseen(explained[0][0], log_open, weights))
    joint = [log_open + seen + paid for _, _, seen, paid in explained]
    total = _logsumexp([*joint, *rivals])
    null = log(weights.absent + weights.stranger)
    scored = [
        Scored(
            invoice,
            explanation,
            exp(value - total),
            prior=log_open - null,
            reference=seen - (nothing - null),
            amount=paid - log_amount,
        )
        for value, (invoice, explanation, seen, paid) in zip(
            joint, explained, strict=True
        )
    ]
    scored.sort(key=lambda item: (-item.probability, item.invoice.move_id))
    return scored


def _unseen(invoice: Invoice, log_open: float, weights: Weights) -> float:
    """An open invoice two edits away with the same amount that nobody looked at."""
    length = max(len(invoice.key), 2)
    slip = log(weights.kinds[WRONG] / (9 * length))
    return log_open + log(weights.edits[1]) + 2 * slip + log(weights.amount_equal)


def _looks_valid(key: str, issued: Sequence[str]) -> bool:
    """Whether the paid reference has a right check digit, judged like its neighbours.

    References without check digit look valid whatever they are.
    """
    for check in ("mod10", "mod11"):
        if issued and all(check_passes(text, check) for text in issued):
            return check_passes(key, check)
    return True


def information(key: str) -> float:
    """How much a stranger would have to guess to hit a reference, in nats."""
    if key.isdecimal():
        return _LN10 * len(key)
    return sum(_LN36 if char.isalpha() else _LN10 for char in key)


def _logsumexp(values: Iterable[float]) -> float:
    values = list(values)
    top = max(values)
    return top + log(sum(exp(value - top) for value in values))
