"""What became of money that is more, less or other than its invoice."""

from .decision import ASSIGNED, BOOKED, Decision

#: The invoice was paid before this payment came.
ALREADY_PAID = "already_paid"
#: Another payment has settled the same invoice.
DUPLICATE = "duplicate"
#: More was paid than was open; the rest is the customer's credit.
OVERPAID = "overpaid"
#: The customer is certain, the invoice is not.
ON_ACCOUNT = "assigned"
#: A small difference was written off.
WRITTEN_OFF = "written_off"
#: The payment was registered in Odoo before the bank reported it.
KNOWN = "known"
#: A person set it aside with a note.
PARKED = "parked"
#: It goes back to the payer.
REFUND = "refund"
#: It is a sum whose payments came in another file.
REPLACED = "replaced"
#: The same money came another way, and counts there.
REPEATED = "repeated"
#: The payer is no customer, as far as can be seen.
STRANGER = "stranger"

#: What counts elsewhere, and is in the books by another payment.
ELSEWHERE = (REPLACED, REPEATED)
#: What a company has a rule for: money for an invoice that is paid.
PAID = (ALREADY_PAID, DUPLICATE)

#: What evidence tells by itself, whether the money waits or is on account.
_BY_REASON = {
    "already_covered": DUPLICATE,
    "reference_paid": ALREADY_PAID,
    "stranger": STRANGER,
}


def resolution_of(item: Decision, amount: int) -> str:
    """Name what is special about a decision.

    :param item: a decision as it was carried out
    :param amount: minor units of the payment
    :return: a constant of this module, or nothing for the usual case
    """
    if item.outcome in BOOKED:
        if item.write_off:
            return WRITTEN_OFF
        if any(share.payment_id for share in item.shares):
            return KNOWN
        return OVERPAID if sum(s.amount for s in item.shares) < amount else ""
    for reason in item.reasons:
        if reason.code in _BY_REASON:
            return _BY_REASON[reason.code]
    return ON_ACCOUNT if item.outcome == ASSIGNED else ""
