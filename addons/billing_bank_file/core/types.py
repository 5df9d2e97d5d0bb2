"""What every reader of bank files hands over, whatever the format."""

import hashlib
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference the payer or the payer's bank gave with a payment.

    :param value: as in the file, outer blanks removed
    :param amount: what the payer meant for this reference, in minor units of the
        transaction's currency; negative for a credit note; None when not said
    :param kind: ``structured`` (KID, OCR, other SCOR), ``creditor_rf`` (ISO 11649),
        ``invoice`` or ``credit_note`` (document numbers)
    """

    value: str
    amount: int | None = None
    kind: str = "structured"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One payment in a bank file.

    :param position: 1-based order in the file
    :param line: line (or record) where it starts
    :param amount: minor units of ``currency``; positive is money in
    :param account: own account, letters and digits only, upper case (IBAN or BBAN)
    :param entry: key of the bank's entry this payment is booked in, unique within
        the file; payments with the same key are one amount on the bank statement
    :param collective: the entry holds (or may hold) other payments too
    :param bank_reference: the bank's own identity of the payment (AcctSvcrRef,
        arkivreferanse), empty when the bank gives none
    :param payer_name: the other party; for money out that is the payee
    :param payer_account: the other party's account, letters and digits only
    :param kind: OCR giro transaction type, or bank transaction code
    :param fingerprint: see :func:`fingerprint`
    :param raw: the source fields, ready for JSON
    :param giro: own bankgiro or plusgiro number the money was sent to, digits without
        leading zeros; empty when not said, or when it is ``account`` itself
    """

    position: int
    line: int
    amount: int
    currency: str
    account: str
    booking_date: date
    value_date: date | None
    entry: str
    collective: bool
    bank_reference: str
    end_to_end_id: str
    mandate_id: str
    references: tuple[Reference, ...]
    texts: tuple[str, ...]
    payer_name: str
    payer_account: str
    kind: str
    fingerprint: str
    raw: dict
    giro: str = ""

    @property
    def reference(self):
        """The first structured reference, or an empty string."""
        for reference in self.references:
            if reference.kind in ("structured", "creditor_rf"):
                return reference.value
        return ""


@dataclass(slots=True)
class Summary:
    """What a file held, complete once its reader is exhausted.

    :param message_id: the sender's identity of the file
    :param totals: currency -> signed sum of the transactions, minor units
    :param skipped: description -> number of things read over on purpose
    :param copy: ``CpyDplctInd`` of a camt file (COPY, CODU, DUPL), else empty
    :param day: when an OCR giro file was made; None when it does not say
    """

    format: str
    message_id: str = ""
    accounts: tuple[str, ...] = ()
    transactions: int = 0
    entries: int = 0
    totals: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    copy: str = ""
    day: date | None = None

    def skip(self, what, count=1):
        self.skipped[what] = self.skipped.get(what, 0) + count

    def add(self, account, currency, amount):
        self.transactions += 1
        self.totals[currency] = self.totals.get(currency, 0) + amount
        if account not in self.accounts:
            self.accounts += (account,)


class Fingerprints:
    """Stable identities of payments, counting those that look alike.

    The fingerprint is the SHA-256, in hexadecimal, of the fields that the bank
    repeats when it sends the same payment again, joined by U+001F, and of the
    ordinal (from 1) among payments of this file that agree in all of them. It holds
    neither the position in the file nor any identity of the file, so a payment sent
    again in another file has the fingerprint it had before.
    """

    def __init__(self):
        self._seen = {}

    def of(self, *parts):
        base = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass"))
        # 64 bits keep a file of a million payments small in memory; a chance
        # collision would only give the second payment the ordinal 2.
        key = int.from_bytes(base.digest()[:8], "big")
        ordinal = self._seen[key] = self._seen.get(key, 0) + 1
        base.update(b"\x1f%d" % ordinal)
        return base.hexdigest()
