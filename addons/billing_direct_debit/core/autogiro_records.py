"""What Autogiro files hold, as plain values.

Everywhere below numbers are digits without leading zeros (``bankgiro``,
``payer_number``), an ``account`` is the 16 digits of clearing and account number, an
``identity`` the 12 digits of a personal or organisation number (``00`` + ten digits, or
``99`` + ten digits in answers), and empty text is what the file does not say. Amounts
are whole öre. ``line`` is the line of the file, from 1.
"""

from dataclasses import dataclass
from datetime import date

DEBIT = "82"
PAYOUT = "32"


def reference_key(reference):
    """What two references of the same order have in common.

    In Bankgirot's example of a payment specification references come back right-aligned
    and filled up with zeros, in its other examples as they were sent.
    """
    return reference.strip().lstrip("0")


@dataclass(frozen=True, slots=True)
class Opening:
    """How a file says what it is.

    :param kind: ``payments``, ``rejected``, ``waiting``, ``changes``, ``mandates``,
        ``emandates``, ``register`` (from Bankgirot) or ``orders`` (to Bankgirot)
    :param layout: ``new`` or ``old``
    :param written: day the file was made; None in a register extract
    :param stamp: Bankgirot's time stamp of a payment specification, 20 digits
    :param customer_number: the payee's at Bankgirot, 6 digits
    :param bankgiro: the payee's; of a register extract that of its first line
    :param sealed: the file has a seal
    """

    kind: str
    layout: str
    written: date | None = None
    stamp: str = ""
    customer_number: str = ""
    bankgiro: str = ""
    sealed: bool = False


# --- from Bankgirot -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deposit:
    """A sum on the payee's bank account (TK15, TK16 or TK17).

    :param kind: ``15`` deposit, ``16`` withdrawal for payouts, ``17`` withdrawal for
        payments that were refunded to their payers
    :param account: the payee's bank account, digits without leading zeros
    :param amount_ore: sum of what was executed, without sign
    :param count: number of records executed
    """

    line: int
    kind: str
    account: str
    day: date
    serial: str
    amount_ore: int
    count: int


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """What became of one payment order (payment specification, TK82 and TK32).

    :param direction: ``DEBIT`` or ``PAYOUT``
    :param reference: as written; compare by :func:`reference_key`
    :param status: ``0`` executed, ``1``, ``2`` or ``9``: see ``autogiro_codes.STATUS``
    :param deposit: the sum it is part of when executed; None in the old layout
    """

    line: int
    direction: str
    day: date
    period: str
    repetitions: str
    payer_number: str
    amount_ore: int
    bankgiro: str
    reference: str
    status: str
    deposit: Deposit | None


@dataclass(frozen=True, slots=True)
class Refund:
    """A payment that the bank gave back to the payer (TK77).

    :param day: when the payment was executed
    :param refunded_on: when it was taken back
    :param code: see ``autogiro_codes.REFUND``
    """

    line: int
    day: date
    period: str
    repetitions: str
    payer_number: str
    amount_ore: int
    bankgiro: str
    reference: str
    refunded_on: date
    code: str
    deposit: Deposit


@dataclass(frozen=True, slots=True)
class RejectedOrder:
    """A payment order that Bankgirot did not take (TK82, TK32).

    What is wrong with it may be any field, so they are not judged.

    :param day: None when what is given is no day
    :param day_text: the day as written
    :param amount_ore: None when what is given is no amount
    :param code: see ``autogiro_codes.REJECTED``
    """

    line: int
    direction: str
    day: date | None
    day_text: str
    period: str
    repetitions: str
    payer_number: str
    amount_ore: int | None
    bankgiro: str
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """A payment order that waits at Bankgirot for its day (TK82, TK32)."""

    line: int
    direction: str
    day: date
    period: str
    repetitions: str
    payer_number: str
    amount_ore: int
    bankgiro: str
    reference: str


@dataclass(frozen=True, slots=True)
class Change:
    """A waiting order that was cancelled or moved, or was not (TK03, 11, 21–29).

    :param kind: transaction code: see ``autogiro_codes.CHANGE_KIND``
    :param direction: ``DEBIT``, ``PAYOUT``, or empty when all orders are meant
    :param day: None when all days are meant, or what is given is no day
    :param amount_ore: None when no single order is meant, or it is no amount
    :param new_day: where a move puts it
    :param code: see ``autogiro_codes.CHANGE``
    """

    line: int
    kind: str
    day: date | None
    payer_number: str
    direction: str
    amount_ore: int | None
    new_day: date | None
    bankgiro: str
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class MandateAdvice:
    """What happened to a mandate (AG-MEDAVI, TK73).

    :param information: why the record is sent, ``autogiro_codes.INFORMATION``
    :param comment: what came of it, ``autogiro_codes.COMMENT``; both together mean
        what ``autogiro_codes.advice`` returns
    :param day: None when it is left out
    """

    line: int
    bankgiro: str
    payer_number: str
    account: str
    identity: str
    information: str
    comment: str
    day: date | None


@dataclass(frozen=True, slots=True)
class EMandate:
    """A mandate that a payer gives in the internet bank, to be answered (TK52–56).

    :param reminder: 0 for a new one, 1 or 2 when it is asked for again
    :param message: what the payer wrote to the payee
    :param address: name and address, up to four lines
    """

    line: int
    bankgiro: str
    payer_number: str
    account: str
    identity: str
    reminder: int
    message: str
    address: tuple[str, ...]
    post_code: str
    town: str


@dataclass(frozen=True, slots=True)
class RegisteredMandate:
    """A line of the extract from Bankgirot's register of mandates.

    :param origin: ``payee`` or ``payer`` (in the internet bank)
    :param pending: the payer's bank has not answered yet
    """

    line: int
    bankgiro: str
    identity: str
    payer_number: str
    origin: str
    created: date
    changed: date | None
    pending: bool
    account: str


# --- to Bankgirot -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MandateOrder:
    """Register a mandate, or answer one from the internet bank (TK04).

    Without account and identity it approves an e-mandate, or registers one whose
    payer number is the payer's bankgiro.

    :param reject: refuse the e-mandate (answer code AV)
    """

    payer_number: str
    account: str = ""
    identity: str = ""
    reject: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class EndMandate:
    """Remove a mandate from the register (TK03)."""

    payer_number: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Renumber:
    """Give a mandate another payer number (TK05).

    :param new_bankgiro: the payee's bankgiro from now on; empty for the same
    """

    payer_number: str
    new_payer_number: str
    new_bankgiro: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """Draw from (TK82) or pay out to (TK32) a payer's account.

    :param amount_ore: 1 to 999,999,999,999
    :param day: None for at once (``GENAST``)
    :param reference: up to 16 characters, comes back in all answers
    :param direction: ``DEBIT`` or ``PAYOUT``
    :param period: ``0`` once; 1–8 repeat it, see FORMAT
    :param repetitions: 1 to 999; None until further notice
    """

    payer_number: str
    amount_ore: int
    day: date | None
    reference: str = ""
    direction: str = DEBIT
    period: str = "0"
    repetitions: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel waiting orders of a payer: all (TK23), of a day (TK24) or one (TK25).

    :param day: None for all
    :param amount_ore: of the one order; None for all of the day
    :param reference: of the one order, when it is to be told apart by it
    """

    payer_number: str
    day: date | None = None
    amount_ore: int | None = None
    direction: str = DEBIT
    reference: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """Move waiting orders to another day.

    All (TK26), those of a day (TK27), of a payer and day (TK28), or one (TK29).

    :param new_day: where they go
    :param payer_number: empty for all payers
    :param day: where they are; None for all days
    """

    new_day: date
    payer_number: str = ""
    day: date | None = None
    amount_ore: int | None = None
    direction: str = DEBIT
    reference: str = ""
    line: int = 0
