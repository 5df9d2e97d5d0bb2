"""Why a debit failed, and what that says about drawing the money again.

Sweden gives a code with each order that failed. Norway gives none: a claim that was not
credited some bank days after its day has failed, and why is the payer's and the bank's
secret (:data:`NOT_PAID`) unless an earlier history tells, see :mod:`.debit_limit`.
"""

from dataclasses import dataclass

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
# specification, the comment on a rejected order, and the transaction code of a
# cancelled one (technical manual of Bankgirot, §§ 6–8).
STATUS = "status"
REJECTED = "rejected"
CHANGED = "changed"

_AUTOGIRO = {
    STATUS: {
        "1": FUNDS,
        # «Account closed or other reason»: what is left of it is not worth a try.
        "2": NO_ACCOUNT,
        "9": BANK_WILL_RETRY,
    },
    REJECTED: {
        "01": NO_MANDATE,
        "02": NO_ACCOUNT,
        "03": STOPPED,
        "04": OURS,  # wrong number of payer
        "05": OURS,  # wrong number of payee
        "06": OURS,  # wrong period
        "07": OURS,  # wrong number of repetitions
        "08": OURS,  # amount is no number
        "09": OURS,  # payouts forbidden
        "10": OURS,  # the payee's bankgiro is not known
        "12": OURS,  # wrong date
        "13": OURS,  # date has passed
        "15": OURS,  # payee differs within the file
        "24": LIMIT,
    },
    CHANGED: {
        "03": NO_MANDATE,  # cancelled because the mandate was taken away
        "11": STOPPED,  # cancelled by the payer or the bank
        "21": OURS,  # the payee's agreement has ended
        "22": OURS,  # all orders of a day
    },
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
    width = 1 if kind == STATUS else 2
    text = str(code).strip().lstrip("0").zfill(width)
    return _AUTOGIRO[kind].get(text, BANK)
