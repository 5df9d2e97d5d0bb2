"""Reads transmissions of AvtaleGiro claims and cancellations, our own or another's.

Source: Nets, *AvtaleGiro systemspesifikasjon* v3.3 §2.2 and §2.3; positions are
1-based as there.
"""

import re
from dataclasses import dataclass, field

from odoo.addons.billing_bank_file.core.fixed_width import Layout
from odoo.addons.billing_bank_file.core.source import MAX_BYTES, Source

from .avtalegiro import (
    ASSIGNMENT_TYPES,
    CANCELLATIONS,
    CANCELLED,
    EXTERNAL_REFERENCE_WIDTH,
    FORMAT,
    SHORT_NAME_WIDTH,
    WITH_NOTICE,
    WITHOUT_NOTICE,
    ClaimLine,
)
from .nets import DATE, DIGITS, TOTAL, Totals, TransmissionReader

_KINDS = {f"NY21{type_}20": kind for kind, type_ in ASSIGNMENT_TYPES.items()}
_KID_PATTERN = r" *\d+[\d-]"
_READ_KID = re.compile(_KID_PATTERN, re.ASCII)
_NUMBER = (9, 7, "transaction number", DIGITS, r"\d{7}")
_START = Layout(
    "the start of assignment record",
    (
        (18, 7, "assignment number", DIGITS, r"\d{7}"),
        (25, 11, "assignment account", "11 digits", r"\d{11}"),
    ),
)
_ITEM_1 = Layout(
    "amount item 1",
    (
        (5, 2, "transaction type", "02, 21 or 93", "02|21|93"),
        _NUMBER,
        (16, 6, "due date", DATE, r"\d{6}"),
        (33, 17, "amount", DIGITS, r"\d{17}"),
        (
            50,
            25,
            "KID",
            "digits at the right with blanks before them, the last one may be '-'",
            _KID_PATTERN,
        ),
    ),
)
_ITEM_2 = Layout(
    "amount item 2",
    (
        (5, 2, "transaction type", "02, 21 or 93", "02|21|93"),
        _NUMBER,
        (16, SHORT_NAME_WIDTH, "short name", "text", ".{10}"),
        (51, EXTERNAL_REFERENCE_WIDTH, "external reference", "text", ".{25}"),
    ),
)
_SPECIFICATION = Layout(
    "the specification record",
    (
        (5, 2, "transaction type", "21 or 93", "21|93"),
        _NUMBER,
        (16, 1, "payment notice", "4", "4"),
        (17, 3, "line", "a number from 001 to 042", "0(?:0[1-9]|[123][0-9]|4[0-2])"),
        (20, 1, "column", "1 or 2", "[12]"),
        (21, 40, "text", "text", ".{40}"),
    ),
)
_ASSIGNMENT_END = Layout(
    "the end of assignment record",
    (
        *TOTAL,
        (42, 6, "first due date", DATE, r"\d{6}"),
        (48, 6, "last due date", DATE, r"\d{6}"),
    ),
)


@dataclass(frozen=True, slots=True)
class ReadClaim:
    """A claim or a cancellation as it stands in a file.

    :param line: of its amount item 1
    :param kind: ``claims`` or ``cancellations``
    :param assignment: number
    :param account: the payee's, 11 digits
    :param claim: a cancellation has no ``bank_notice``
    """

    line: int
    kind: str
    assignment: int
    account: str
    claim: ClaimLine


@dataclass(slots=True)
class ReadAssignment:
    """An assignment that was read, with its sums."""

    kind: str
    number: int
    account: str
    totals: Totals = field(default_factory=Totals)


@dataclass(slots=True)
class TransmissionSummary:
    """What a transmission held, complete once it is read.

    :ivar departures: what is not as the specification wants it and does no harm, in
        words -> how often
    """

    format: str = FORMAT
    sender: str = ""
    number: int = 0
    recipient: str = ""
    assignments: list[ReadAssignment] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    departures: dict[str, int] = field(default_factory=dict)


class ClaimsReader(TransmissionReader):
    """Reads the claims and cancellations of one transmission.

    Positions that the specification fills with zeros or blanks are not judged: what it
    wants there has changed between its versions.
    """

    def __init__(self, source):
        super().__init__(source, FORMAT, TransmissionSummary())

    def _assignment(self, record, records):
        kind = _KINDS.get(record[:8])
        if not kind:
            raise self._unexpected(
                "claims (NY210020), cancellations (NY213620) or the end of the "
                "transmission (NY000089)",
                record,
            )
        number, account = _START.cut(record, self)
        read = ReadAssignment(kind, int(number), account, Totals(records=2))
        total = read.totals
        end = f"NY21{ASSIGNMENT_TYPES[kind]}88"
        group = []
        last = 0
        for record in records:
            if record.startswith("NY21"):
                item = record[6:8]
                if group and (item == "49" or (item == "31" and len(group) == 1)):
                    group.append((self._line, record))
                    continue
                ends = record.startswith(end)
                if ends or item == "30":
                    if group:
                        found = self._claim(group, read, last)
                        last = found.claim.number
                        yield found
                    if ends:
                        self._assignment_end(record, total)
                        self._summary.assignments.append(read)
                        return total
                    group = [(self._line, record)]
                    continue
            raise self._unexpected(
                f"a record of a claim (30, 31, 49) or the end of its assignment {end}",
                record,
            )
        raise self._truncated(f"end of assignment record {end}")

    def _claim(self, group, read, last):
        here = self._line
        cancelled = read.kind == CANCELLATIONS
        self._line, record = group[0]
        line = self._line
        type_, number, day, digits, kid = _ITEM_1.cut(record, self)
        if cancelled != (type_ == CANCELLED):
            expected = CANCELLED if cancelled else f"{WITHOUT_NOTICE} or {WITH_NOTICE}"
            raise self.error(
                f"expected {expected} in {read.kind}, found {type_}",
                field="transaction type",
            )
        if int(number) <= last:
            raise self.error(
                f"expected a number above {last}, found {int(number)}",
                field="transaction number",
            )
        if not _READ_KID.fullmatch(kid):
            _ITEM_1.explain(record, self)
        due = self._date(day, "due date")
        rest = group[1:]
        name = reference = ""
        if rest and rest[0][1][6:8] == "31":
            (self._line, record), *rest = rest
            type_2, number_2, name, reference = _ITEM_2.cut(record, self)
            self._same_claim("transaction type", type_2, type_)
            self._same_claim("transaction number", number_2, number)
        elif not cancelled:
            self._line = rest[0][0] if rest else here
            raise self.error(
                f"expected amount item 2 (NY21{type_}31) after amount item 1, found "
                "another record",
                field="record type",
            )
        texts = self._texts(rest, number, cancelled)
        if texts and type_ != WITH_NOTICE:
            self._depart("specification records that Nets does not process", len(texts))
            texts = {}
        self._line = here
        amount = int(digits)
        read.totals.add(Totals(1, len(group), amount, due, due))
        return ReadClaim(
            line,
            read.kind,
            read.number,
            read.account,
            ClaimLine(
                number=int(number),
                due=due,
                amount_ore=amount,
                kid=kid.lstrip(),
                short_name=name.rstrip(),
                external_reference=reference.rstrip(),
                bank_notice=type_ == WITH_NOTICE,
                specification=_lines(texts),
            ),
        )

    def _texts(self, group, number, cancelled):
        """(line, column) -> text of the specification records of a claim."""
        texts = {}
        for self._line, record in group:
            type_, number_2, _notice, row, column, text = _SPECIFICATION.cut(
                record, self
            )
            # A cancellation may be the claim sent again with another type.
            if type_ == CANCELLED and not cancelled:
                raise self.error(
                    f"expected {WITH_NOTICE} in claims, found {type_}",
                    field="transaction type",
                )
            self._same_claim("transaction number", number_2, number)
            place = int(row), int(column)
            if place in texts:
                raise self.error(
                    f"expected line {row} column {column} once, found it again",
                    field="line",
                )
            texts[place] = text
            if not text.strip():
                self._depart("empty specification records, which must not be sent")
        return texts

    def _same_claim(self, name, found, expected):
        if found != expected:
            raise self.error(
                f"expected {expected} as in amount item 1, found {found}", field=name
            )

    def _depart(self, what, count=1):
        departures = self._summary.departures
        departures[what] = departures.get(what, 0) + count

    def _assignment_end(self, record, total):
        number, size, amount, first, last = _ASSIGNMENT_END.cut(record, self)
        self._agree(number, size, amount, total)
        self._same_date("first due date", first, total.first)
        self._same_date("last due date", last, total.last)

    def _end_date(self, day, total):
        self._same_date("date", day, total.first)


def _lines(texts):
    """The lines of a specification from its halves, blank ones at the end left out."""
    lines = [
        f"{texts.get((row, 1), ''):<40}{texts.get((row, 2), '')}".rstrip()
        for row in range(1, max((row for row, _column in texts), default=0) + 1)
    ]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def read_transmission(source, name, *, max_bytes=MAX_BYTES):
    """Open a transmission of claims for reading.

    :param source: path or binary stream
    :param str name: of the file, for messages
    :return: a :class:`ClaimsReader`: iterate it for :class:`ReadClaim`, then ask for
        its ``summary``
    :raises BankFileError: while reading, when anything is not as the specification
        says
    """
    return ClaimsReader(Source(source, name, max_bytes))
