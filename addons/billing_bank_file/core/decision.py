"""What was decided about one payment: plain values between matching and booking."""

from dataclasses import dataclass

#: A payment settles its invoice(s) in full, perhaps with a rest left to the customer.
RECONCILED = "reconciled"
#: A payment settles a part of its invoice.
PARTIAL = "partial"
#: The customer is certain, the invoice is not: the money is credit on the customer's
#: account until somebody, or the next invoice, uses it.
ASSIGNED = "assigned"
#: Invoices are suggested, a person decides.
PROPOSED = "proposed"
#: Nothing is known; the money waits on the suspense account.
UNMATCHED = "unmatched"

#: Outcomes that a person may still change for the better.
UNDECIDED = frozenset({PROPOSED, UNMATCHED, ASSIGNED})
#: Outcomes that settle invoices.
BOOKED = frozenset({RECONCILED, PARTIAL})
#: Outcomes that move money off the suspense account.
CREDITED = BOOKED | {ASSIGNED}


# Not frozen, though nobody changes them: Python fills a frozen class four times as
# slowly, which was a fifth of what it does to decide a large file.
@dataclass(slots=True, unsafe_hash=True)
class Reason:
    """One piece of evidence, rendered in the reader's language by the model.

    :param code: what was seen, such as ``digit_missing`` or ``amount_exact``
    :param values: pairs of name and value the text of the code asks for
    :param weight: log-likelihood ratio of this piece in nats; above zero it
        speaks for the candidate, below zero against
    """

    code: str
    values: tuple[tuple[str, str | int | float | tuple[int, ...]], ...] = ()
    weight: float = 0.0


@dataclass(slots=True, unsafe_hash=True)
class Share:
    """The part of a payment that settles one invoice.

    :param move_id: the invoice, or the entry of a payment that is registered in Odoo
        already
    :param amount: minor units of the payment's currency; below zero for a credit note
        that the payer has set off
    :param payment_id: the ``account.payment`` of the entry; booking fills it in
    """

    move_id: int
    amount: int
    payment_id: int = 0


@dataclass(slots=True, unsafe_hash=True)
class Candidate:
    """One invoice a payment may belong to.

    :param move_id: the invoice
    :param partner_id: its customer
    :param probability: 0..1 over all candidates and the chance that it is none
    :param amount_residual: what is open on it, in minor units
    :param reference: the reference the invoice was issued with
    :param distance: edits between the paid and the issued reference; -1 when
        the reference took no part
    :param reasons: evidence for and against, strongest first
    """

    move_id: int
    partner_id: int
    probability: float
    amount_residual: int
    reference: str
    distance: int
    reasons: tuple[Reason, ...] = ()


@dataclass(slots=True, unsafe_hash=True)
class Decision:
    """What is to be done with one payment.

    :param payment_id: the ``billing.payment`` record
    :param outcome: one of the constants of this module
    :param shares: the invoices to settle, for booked outcomes only
    :param probability: 0..1, of the shares or of the best candidate
    :param reasons: why this outcome, for people
    :param candidates: best first
    :param partner_id: the customer whose account gets the money, for
        :data:`ASSIGNED`; 0 otherwise
    :param write_off: minor units of a small difference that the company bears (above
        zero: too little was paid) or keeps (below zero), so that the shares add up to
        the payment and this
    """

    payment_id: int
    outcome: str
    shares: tuple[Share, ...] = ()
    probability: float = 0.0
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    partner_id: int = 0
    write_off: int = 0
