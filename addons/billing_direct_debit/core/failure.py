"""Why a debit failed, and what that says about drawing the money again.

Sweden gives a code with each order that failed. Norway gives none: a claim that was not
credited some bank days after its day has failed, and why is the payer's and the bank's
secret (:data:`NOT_PAID`), unless the payer's history tells (:mod:`.debit_limit`).
"""

from dataclasses import dataclass

from . import autogiro_codes

FUNDS = "funds"
LIMIT = "limit"
STOPPED = "stopped"
NO_MANDATE = "no_mandate"
NO_ACCOUNT = "no_account"
BANK_WILL_RETRY = "bank_will_retry"
NOT_PAID = "not_paid"
OURS = "ours"
BANK = "bank"

# What drawing again depends on.
PAY_DAY = "pay_day"  # money comes to the account
NEXT_MONTH = "next_month"  # the limit begins anew
AT_ONCE = "at_once"  # nothing was wrong on the payer's side
WAIT = "wait"  # the bank does it by itself
NEVER = "never"

# Whose doing it was.
PAYER = "payer"
PAYEE = "payee"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason why a debit failed.

    :param code: one of :data:`CODES`
    :param again: what drawing again depends on, one of :data:`PAY_DAY`,
        :data:`NEXT_MONTH`, :data:`AT_ONCE`, :data:`WAIT`, :data:`NEVER`
    :param fault: :data:`PAYER`, :data:`PAYEE`, :data:`BANK` or :data:`NOBODY` (not
        known). What is ours or the bank's must not cost the payer a fee.
    """

    code: str
    again: str
    fault: str


REASONS = {
    reason.code: reason
    for reason in (
        Reason(FUNDS, PAY_DAY, PAYER),
        Reason(LIMIT, NEXT_MONTH, PAYER),
        # Who stopped a debit has said no; drawing it again would go behind that.
        Reason(STOPPED, NEVER, PAYER),
        Reason(NO_MANDATE, NEVER, PAYER),
        Reason(NO_ACCOUNT, NEVER, PAYER),
        Reason(BANK_WILL_RETRY, WAIT, PAYER),
        Reason(NOT_PAID, PAY_DAY, NOBODY),
        Reason(OURS, AT_ONCE, PAYEE),
        Reason(BANK, AT_ONCE, BANK),
    )
}
CODES = tuple(REASONS)
#: Reasons that are no fault of the payer.
NOT_THE_PAYER = frozenset(
    code for code, reason in REASONS.items() if reason.fault in (PAYEE, BANK)
)

# Kinds of Swedish records with a code: the status of a payment in the payment
# specification, the comment on a rejected order, and the transaction code of an order
# that was cancelled.
STATUS = "status"
REJECTED = "rejected"
CHANGED = "changed"

#: Kind of record → its codes, and how many digits they have.
_AUTOGIRO = {
    STATUS: (autogiro_codes.STATUS, 1),
    REJECTED: (autogiro_codes.REJECTED, 2),
    CHANGED: (autogiro_codes.CHANGE_KIND, 2),
}
#: What an order that somebody cancelled comes to.
_CANCELLED = {
    "cancelled_mandate_removed": NO_MANDATE,
    "cancelled_by_payer_or_bank": STOPPED,
}


def of_autogiro(kind: str, code: str | int) -> str:
    """Return the reason that Bankgirot's code stands for.

    :param kind: :data:`STATUS`, :data:`REJECTED` or :data:`CHANGED`
    :param code: as in the record; zeros in front may be missing
    :return: one of :data:`CODES`; :data:`BANK` for a code nobody has told us of, so
        that the payer is not blamed for it
    :raises ValueError: unknown kind
    """
    if kind not in _AUTOGIRO:
        raise ValueError(f"{kind!r} is no kind of record with a code")
    table, width = _AUTOGIRO[kind]
    meaning = autogiro_codes.meaning(table, str(code).strip().lstrip("0").zfill(width))
    reason = meaning.reason or _CANCELLED.get(meaning.code)
    if reason in REASONS:
        return reason
    return OURS if meaning.fault == autogiro_codes.PAYEE else BANK
