"""AvtaleGiro mandate records: who has signed, changed or ended an agreement.

Nets puts an assignment NY2124 of them beside the payments of an OCR giro file, or
alone in a transmission when the payee orders the full list. Source: Nets, *AvtaleGiro
systemspesifikasjon* v3.3 §3.3; positions are 1-based as there.

A record has the KID the mandate was made with, and neither name, account nor limit of
the payer: the mandate is known by the fixed part of the KID.
"""

import re
from dataclasses import dataclass, field

from odoo.addons.billing_bank_file.core.errors import shown
from odoo.addons.billing_bank_file.core.fixed_width import Layout
from odoo.addons.billing_bank_file.core.source import MAX_BYTES, Source

from .nets import DIGITS, TOTAL, Totals, TransmissionReader

FORMAT = "avtalegiro"

#: Registration types: in the full list; new or changed; ended.
LISTED, ACTIVE, ENDED = 0, 1, 2

# Of a record without KID somebody has to see to it; no payment need wait for that.
_KID_PATTERN = r" {25}| *\d*[\d-]"
_KID = re.compile(_KID_PATTERN, re.ASCII)
_START = Layout(
    "the start of the mandate list",
    (
        (18, 7, "assignment number", DIGITS, r"\d{7}"),
        (25, 11, "assignment account", "11 digits", r"\d{11}"),
    ),
)
_MANDATE = Layout(
    "the mandate record",
    (
        (9, 7, "FBO serial", DIGITS, r"\d{7}"),
        (16, 1, "registration type", "0, 1 or 2", "[012]"),
        (
            17,
            25,
            "KID",
            "digits at the right with blanks before them, the last one may be '-'",
            _KID_PATTERN,
        ),
        (42, 1, "written notice", "J or N", "[JN]"),
    ),
)
_END = Layout("the end of the mandate list", TOTAL[:2])
_OTHER_END = Layout("the end of assignment record", TOTAL)


@dataclass(frozen=True, slots=True)
class MandateRecord:
    """One record NY219470.

    :param line: where it stands in the file
    :param kid: as registered on the mandate, without blanks
    :param registration: 0 in the full list, 1 new or changed (also when nothing of it
        is new), 2 ended
    :param written_notice: the payer wants to be told of each claim
    :param account: the payee's, 11 digits
    :param assignment: number of the assignment, often 0
    :param serial: number of the record in the assignment
    """

    line: int
    kid: str
    registration: int
    written_notice: bool
    account: str
    assignment: int = 0
    serial: int = 0


def read_assignment(reader, start, records):
    """Yield the mandate records of one assignment NY2124.

    Made to be called from the reader of the transmission, whatever else is in it.

    :param reader: the :class:`~odoo.addons.billing_bank_file.core.fixed_width.
        FixedWidthReader` of the file, for line numbers and errors
    :param str start: the record NY212420, already read
    :param records: the iterator the following records come from; it is left behind the
        record NY212488
    :return: tuple (transactions, records, øre) for the totals of the transmission
    :raises BankFileError: a record is not what it must be, or a count is wrong
    """
    number, account = _START.cut(start, reader)
    number = int(number)
    counted = 0
    for record in records:
        if record.startswith("NY219470"):
            serial, registration, kid, notice = _MANDATE.cut(record, reader)
            if not _KID.fullmatch(kid):
                _MANDATE.explain(record, reader)
            counted += 1
            yield MandateRecord(
                line=reader.line,
                kid=kid.lstrip(),
                registration=int(registration),
                written_notice=notice == "J",
                account=account,
                assignment=number,
                serial=int(serial),
            )
        elif record.startswith("NY212488"):
            break
        else:
            raise reader.error(
                "expected a mandate record (NY219470) or the end of the mandate list "
                f"(NY212488), found {shown(record[:8])}",
                field="record type",
            )
    else:
        raise reader.error(
            "expected the end of the mandate list (NY212488), found the end of the "
            "file: it is truncated",
            field="record type",
        )
    for name, found, expected in zip(
        ("number of transactions", "number of records"),
        _END.cut(record, reader),
        (counted, counted + 2),
        strict=True,
    ):
        if int(found) != expected:
            raise reader.error(
                f"expected {expected} as counted in the file, found {int(found)}: "
                "records are missing, or there are too many",
                field=name,
            )
    return counted, counted + 2, 0


@dataclass(slots=True)
class MandatesSummary:
    """What a transmission held, complete once it is read.

    :ivar mandates: how many mandate records
    :ivar skipped: assignments of other kinds, as ``NY0900`` -> records in them
    """

    format: str = FORMAT
    sender: str = ""
    number: int = 0
    recipient: str = ""
    mandates: int = 0
    totals: Totals = field(default_factory=Totals)
    skipped: dict[str, int] = field(default_factory=dict)


class MandatesReader(TransmissionReader):
    """Reads the mandates of one transmission and reads over everything else in it."""

    def __init__(self, source):
        super().__init__(source, FORMAT, MandatesSummary())

    def _assignment(self, record, records):
        if record.startswith("NY212420"):
            number, size, amount = yield from read_assignment(self, record, records)
            self._summary.mandates += number
            return Totals(number, size, amount)
        if not re.match(r"NY(?!00)\d{4}20", record, re.ASCII):
            raise self._unexpected(
                "the start of an assignment or the end of the transmission (NY000089)",
                record,
            )
        kind = record[:6]
        counted = 1
        for record in records:
            counted += 1
            if record.startswith(f"{kind}88"):
                break
            if record.startswith("NY000089") or record[6:8] == "20":
                raise self._unexpected(f"the end of the assignment ({kind}88)", record)
        else:
            raise self._truncated(f"end of the assignment ({kind}88)")
        number, size, amount = (int(text) for text in _OTHER_END.cut(record, self))
        self._same("number of records", size, counted)
        self._summary.skipped[kind] = self._summary.skipped.get(kind, 0) + counted - 2
        return Totals(number, size, amount)


def read_mandates(source, name, *, max_bytes=MAX_BYTES):
    """Open a transmission from Nets for the mandates in it.

    For a list that is ordered when a payee changes supplier; the daily files are read
    with the payments in them.

    :param source: path or binary stream
    :param str name: of the file, for messages
    :return: a :class:`MandatesReader`: iterate it for :class:`MandateRecord`, then ask
        for its ``summary``
    :raises BankFileError: while reading, when anything is not as the specification
        says
    """
    return MandatesReader(Source(source, name, max_bytes))
