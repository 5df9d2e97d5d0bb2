"""What all transmissions to and from Nets have in common: their start and their end.

Source: Nets, *AvtaleGiro systemspesifikasjon* v3.3 §2 and §3, and *System specification
OCR giro*; positions are 1-based as there.
"""

from dataclasses import dataclass
from datetime import date

from odoo.addons.billing_bank_file.core.errors import shown
from odoo.addons.billing_bank_file.core.fixed_width import FixedWidthReader, Layout
from odoo.addons.billing_bank_file.core.money import shown_amount

CURRENCY = "NOK"
#: Nets as sender or recipient of a transmission.
NETS = "00008080"
DIGITS = "digits"
DATE = "a date DDMMYY"
TOTAL = (
    (9, 8, "number of transactions", DIGITS, r"\d{8}"),
    (17, 8, "number of records", DIGITS, r"\d{8}"),
    (25, 17, "total amount", DIGITS, r"\d{17}"),
)

_START = Layout(
    "the start of transmission record",
    (
        (9, 8, "data transmitter", DIGITS, r"\d{8}"),
        (17, 7, "transmission number", DIGITS, r"\d{7}"),
        (24, 8, "data recipient", DIGITS, r"\d{8}"),
    ),
)
_END = Layout(
    "the end of transmission record", (*TOTAL, (42, 6, "date", DATE, r"\d{6}"))
)


@dataclass(slots=True)
class Totals:
    """What the end record of an assignment or a transmission says.

    :ivar records: with the start and end records
    :ivar amount: øre
    :ivar first: earliest due date
    :ivar last: latest due date
    """

    transactions: int = 0
    records: int = 0
    amount: int = 0
    first: date | None = None
    last: date | None = None

    def add(self, other):
        """Take in an assignment, or one claim of it."""
        self.transactions += other.transactions
        self.records += other.records
        self.amount += other.amount
        if other.first and (self.first is None or other.first < self.first):
            self.first = other.first
        if other.last and (self.last is None or other.last > self.last):
            self.last = other.last


class TransmissionReader(FixedWidthReader):
    """Reads one transmission; what its assignments are is a subclass's matter.

    The summary must have the fields ``sender``, ``number``, ``recipient`` and
    ``totals``.
    """

    def _read(self):
        records = self._records()
        record = next(records, "")
        if not record.startswith("NY000010"):
            raise self._unexpected("the start of transmission record NY000010", record)
        sender, number, recipient = _START.cut(record, self)
        self._summary.sender = sender
        self._summary.number = int(number)
        self._summary.recipient = recipient
        total = self._summary.totals
        total.records = 2
        for record in records:
            if record.startswith("NY000089"):
                self._end(record, total)
                break
            total.add((yield from self._assignment(record, records)))
        else:
            raise self._truncated("end of transmission record NY000089")
        for record in records:
            raise self.error(
                f"expected the end of the file after NY000089, found {shown(record)}",
                field="record",
            )

    def _assignment(self, record, records):
        """Yield what an assignment holds.

        :param str record: its start record
        :param records: the records that follow, read to the assignment's end
        :return: its :class:`Totals`
        """
        raise NotImplementedError

    def _end(self, record, total):
        number, size, amount, day = _END.cut(record, self)
        self._agree(number, size, amount, total)
        self._end_date(day, total)

    def _end_date(self, day, total):
        """Judge the date of the end of transmission record."""
        if day != "000000":
            self._date(day, "date")

    # --- checks ------------------------------------------------------------

    def _agree(self, number, size, amount, total):
        self._same("number of transactions", int(number), total.transactions)
        self._same("number of records", int(size), total.records)
        if int(amount) != total.amount:
            raise self.error(
                f"expected {shown_amount(total.amount, CURRENCY)} as added up from the "
                f"file, found {shown_amount(int(amount), CURRENCY)}",
                field="total amount",
            )

    def _same_date(self, name, found, counted):
        expected = f"{counted:%d%m%y}" if counted else "000000"
        if found != expected:
            raise self.error(
                f"expected {expected} from the claims above, found {found}", field=name
            )

    def _date(self, text, name):
        """Date of ``DDMMYY``; the century is always the 2000s."""
        if text not in self._dates:
            try:
                self._dates[text] = date(
                    2000 + int(text[4:]), int(text[2:4]), int(text[:2])
                )
            except ValueError:
                raise self.error(f"expected {DATE}, found {text}", field=name) from None
        return self._dates[text]

    def _unexpected(self, expected, record):
        return self.error(
            f"expected {expected}, found {shown(record[:8])}", field="record type"
        )

    def _truncated(self, expected):
        return self.error(
            f"expected the {expected}, found the end of the file: it is truncated",
            field="record type",
        )
