"""Write payments as a Nets OCR giro file (Nets: System specification OCR giro)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TextIO

from .payments import Payment
from .reference import is_valid_reference

#: Transaction type 10: giro debited account.
TRANSACTION_TYPE = "10"


@dataclass(frozen=True, slots=True)
class Options:
    """What one OCR giro file says about itself.

    :param account: own account, 11 digits
    :param settled: Nets date of all payments
    :param message_id: any text; the transmission and serial numbers derive from it,
        so that another message is other payments
    :param agreement: number of the OCR agreement, at most 9 digits
    """

    account: str
    settled: date
    message_id: str
    agreement: str = "001008566"

    def __post_init__(self):
        if not (len(self.account) == 11 and self.account.isdigit()):
            raise ValueError(f"not an account of 11 digits: {self.account!r}")
        if not (len(self.agreement) <= 9 and self.agreement.isdigit()):
            raise ValueError(f"not an agreement number: {self.agreement!r}")


def national_account(account: str) -> str:
    """The 11 digits of a Norwegian account or IBAN, zeros for any other account."""
    if account[:2] == "NO" and len(account) == 15:
        account = account[4:]
    return account if len(account) == 11 and account.isdigit() else "0" * 11


class OcrGiroWriter:
    """Writes lump by lump; the totals stand at the end of the file."""

    def __init__(self, stream: TextIO, options: Options):
        self._stream = stream
        self._options = options
        self._day = f"{options.settled:%d%m%y}"
        digest = int(sha256(options.message_id.encode()).hexdigest()[:12], 16)
        self._transmission = digest % 10**7
        self._first_serial = digest // 10**7 % 10**4
        self._lumps = 0
        self._transactions = 0
        self._total = 0

    def _line(self, text: str, fill: str = "0") -> None:
        self._stream.write(f"{text:{fill}<80}\n")

    def start(self) -> None:
        """Write the start records of the transmission and its one assignment."""
        options = self._options
        self._line(f"NY00001000008080{self._transmission:07d}00010200")
        self._line(f"NY090020{options.agreement:0>9}0000001{options.account}")

    def entry(self, payments: Sequence[Payment]) -> None:
        """Write ``payments``, which the bank books as one lump.

        :raise ValueError: for a payment that OCR giro cannot hold: no valid KID
        """
        serial = (self._first_serial + self._lumps) % 10**5
        self._lumps += 1
        for payment in payments:
            if not is_valid_reference(payment.reference):
                raise ValueError(f"OCR giro takes no KID {payment.reference!r}")
            self._transactions += 1
            self._total += payment.amount
            head = f"NY09{TRANSACTION_TYPE}30{self._transactions:07d}"
            self._line(
                f"{head}{self._day}01{self._options.settled:%d}0{serial:05d}0"
                f"{payment.amount:017d}{payment.reference:>25}"
            )
            head = f"NY09{TRANSACTION_TYPE}31{self._transactions:07d}"
            archive = (self._first_serial * 10**5 + self._transactions) % 10**9
            self._line(
                f"{head}{'0' * 10}{archive:09d}{'0' * 7}{self._day}"
                f"{national_account(payment.payer_account)}"
            )

    def end(self) -> None:
        """Write the end records with counts and totals."""
        records = 2 * self._transactions + 2
        self._line(
            f"NY090088{self._transactions:08d}{records:08d}{self._total:017d}"
            f"{self._day}{self._day}{self._day}"
        )
        self._line(
            f"NY000089{self._transactions:08d}{records + 2:08d}{self._total:017d}"
            f"{self._day}"
        )
