"""OCR giro, the fixed-width file of KID payments from Nets (Mastercard).

Source: Nets, *System specification OCR giro*; positions are 1-based as there.
Records of 80 characters in ISO-8859-1, ended by LF, CRLF or nothing at all. Fields
that the specification fills with zeros are reserved for later versions and are not
judged (its own examples fill one of them); every field with a meaning is.
"""

import re
from dataclasses import dataclass
from datetime import date

from .errors import shown
from .fixed_width import FixedWidthReader, Layout
from .money import shown_amount
from .types import Reference, Summary, Transaction

FORMAT = "ocr_giro"
CURRENCY = "NOK"

# Transaction types, specification §2.3.
REVERSALS = ("18", "20")
WITH_TEXT = ("20", "21")

_DIGITS = "digits"
_DATE = "a date DDMMYY"

_KID_PATTERN = r" {25}| *\d*[\d-]"

# (first position, length, name, what it must be, its pattern)
_TRANSMISSION_START = (
    (9, 8, "data transmitter", _DIGITS, r"\d{8}"),
    (17, 7, "transmission number", _DIGITS, r"\d{7}"),
    (24, 8, "data recipient", _DIGITS, r"\d{8}"),
)
_ASSIGNMENT_START = (
    (9, 9, "agreement ID", _DIGITS, r"\d{9}"),
    (18, 7, "assignment number", _DIGITS, r"\d{7}"),
    (25, 11, "assignment account", "11 digits", r"\d{11}"),
)
_ITEM_1 = (
    (5, 2, "transaction type", "a number from 10 to 21", r"1\d|2[01]"),
    (9, 7, "transaction number", _DIGITS, r"\d{7}"),
    (16, 6, "Nets date", _DATE, r"\d{6}"),
    (22, 2, "centre id", _DIGITS, r"\d{2}"),
    (24, 2, "day code", _DIGITS, r"\d{2}"),
    (26, 1, "partial settlement number", "a digit", r"\d"),
    (27, 5, "serial number", _DIGITS, r"\d{5}"),
    (32, 1, "sign", "'0' or '-'", r"[0-]"),
    (33, 17, "amount", _DIGITS, r"\d{17}"),
    (
        50,
        25,
        "KID",
        "digits at the right with blanks before them, the last one may be '-'",
        _KID_PATTERN,
    ),
    (75, 2, "card issuer", _DIGITS, r"\d{2}"),
)
_ITEM_2 = (
    (5, 2, "transaction type", "a number from 10 to 21", r"1\d|2[01]"),
    (9, 7, "transaction number", _DIGITS, r"\d{7}"),
    (16, 10, "form number", _DIGITS, r"\d{10}"),
    (26, 9, "archive reference", _DIGITS, r"\d{9}"),
    (42, 6, "bank date", _DATE, r"\d{6}"),
    (48, 11, "debit account", _DIGITS, r"\d{11}"),
)
_ITEM_3 = (
    (5, 2, "transaction type", "20 or 21", r"2[01]"),
    (9, 7, "transaction number", _DIGITS, r"\d{7}"),
    (16, 40, "free text message", "text", r".{40}"),
)
_ASSIGNMENT_END = (
    (9, 8, "number of transactions", _DIGITS, r"\d{8}"),
    (17, 8, "number of records", _DIGITS, r"\d{8}"),
    (25, 17, "total amount", _DIGITS, r"\d{17}|-\d{16}"),
    (42, 6, "Nets date", _DATE, r"\d{6}"),
    (48, 6, "earliest Nets date", _DATE, r"\d{6}"),
    (54, 6, "latest Nets date", _DATE, r"\d{6}"),
)
_TRANSMISSION_END = (
    (9, 8, "number of transactions", _DIGITS, r"\d{8}"),
    (17, 8, "number of records", _DIGITS, r"\d{8}"),
    (25, 17, "total amount", _DIGITS, r"\d{17}|-\d{16}"),
    (42, 6, "date", _DATE, r"\d{6}"),
)
# End of an assignment of another service: only what the transmission adds up.
_OTHER_END = (
    (9, 8, "number of transactions", _DIGITS, r"\d{8}"),
    (17, 8, "number of records", _DIGITS, r"\d{8}"),
    (25, 17, "total amount", _DIGITS, r"\d{17}|-\d{16}"),
)

_SERVICES = {"09": "OCR giro", "21": "AvtaleGiro"}


_KID = re.compile(_KID_PATTERN, re.ASCII)

_L10 = Layout("the start of transmission record", _TRANSMISSION_START)
_L20 = Layout("the start of assignment record", _ASSIGNMENT_START)
_L30 = Layout("amount item 1", _ITEM_1)
_L31 = Layout("amount item 2", _ITEM_2)
_L32 = Layout("amount item 3", _ITEM_3)
_L88 = Layout("the end of assignment record", _ASSIGNMENT_END)
_L89 = Layout("the end of transmission record", _TRANSMISSION_END)
_L88_OTHER = Layout("the end of assignment record", _OTHER_END)


@dataclass(slots=True)
class _Totals:
    """Counts and øre of an assignment or a transmission, as they are added up."""

    transactions: int = 0
    records: int = 0
    amount: int = 0
    earliest: date | None = None
    latest: date | None = None


class OcrGiroReader(FixedWidthReader):
    """Reads the OCR giro assignments of one transmission.

    A transaction has as bank reference the archive reference of amount item 2, and
    as fingerprint the account and agreement, Nets date, centre, day code, partial
    settlement and serial number, transaction number, amount and KID.

    Assignments of other services in the same transmission count in its totals. An
    extension may read them; others are read over, and count in ``Summary.skipped``.
    """

    def __init__(self, source, extensions=()):
        """
        :param source: :class:`~.source.Source`
        :param extensions: the :class:`~.messages.Extension` that may read assignments
            of other services
        """
        super().__init__(source, FORMAT, Summary(FORMAT))
        self._extensions = extensions

    # --- transmission --------------------------------------------------------

    def _read(self):
        records = self._records()
        record = next(records, "")
        if not record.startswith("NY000010"):
            raise self.error(
                "expected the start of transmission record NY000010, found "
                f"{shown(record[:8])}",
                field="record type",
            )
        self._summary.message_id = "-".join(_L10.cut(record, self))
        total = _Totals(records=1)
        assignments = 0
        for record in records:
            total.records += 1
            kind = record[:8]
            if kind == "NY090020":
                assignments += 1
                yield from self._assignment(record, records, total)
            elif kind == "NY000089":
                self._transmission_end(record, total)
                break
            elif re.fullmatch(r"NY(?!0[09])\d\d\d\d20", kind, re.ASCII):
                read = self._reader_of(kind)
                assignments += bool(read)
                yield from self._other_assignment(record, records, total, read)
            else:
                raise self.error(
                    "expected the start of an assignment (NY090020) or the end of "
                    f"the transmission (NY000089), found {shown(kind)}",
                    field="record type",
                )
        else:
            raise self.error(
                "expected the end of transmission record NY000089, found the end of "
                "the file: it is truncated",
                field="record type",
            )
        for record in records:
            raise self.error(
                f"expected the end of the file after NY000089, found {shown(record)}",
                field="record",
            )
        self._summary.entries = len(self._entries)
        if not assignments:
            found = ", ".join(self._summary.skipped) or "no assignment at all"
            raise self.error(
                f"expected an OCR giro assignment (NY090020), found {found}",
                field="assignment",
                line=0,
            )

    def _reader_of(self, kind):
        """The function that reads an assignment of another service, or None."""
        found = (item.read_assignment(kind) for item in self._extensions)
        return next(filter(None, found), None)

    def _other_assignment(self, start, records, total, read):
        """Read an assignment of another service, or read over it.

        :param read: its reader, see :meth:`~.messages.Extension.read_assignment`
        :return: iterator of :class:`~.messages.Message`
        """
        service = _SERVICES.get(start[2:4], "service")
        bracket = self._bracket(start, records, total)
        if read:
            yield from read(start, bracket, self, self._summary.message_id)
        counted = sum(1 for _record in bracket)
        if not read:
            # The end record is none of the service's own.
            self._summary.skip(f"{service} ({start[2:6]}) records", counted - 1)

    def _bracket(self, start, records, total):
        """Yield the records of an assignment after its start, the end record too, and
        check what they add to the transmission."""
        service = _SERVICES.get(start[2:4], "service")
        end = re.compile(f"NY{start[2:4]}\\d\\d88", re.ASCII)
        counted = 1
        for record in records:
            total.records += 1
            counted += 1
            if end.match(record):
                break
            if record.startswith(("NY000089", "NY0900")):
                raise self.error(
                    f"expected the end of the {service} assignment, found "
                    f"{shown(record[:8])}",
                    field="record type",
                )
            yield record
        else:
            raise self.error(
                f"expected the end of the {service} assignment, found the end of the "
                "file: it is truncated",
                field="record type",
            )
        number, size, amount = (int(x) for x in _L88_OTHER.cut(record, self))
        self._same("number of records", size, counted)
        total.transactions += number
        total.amount += amount
        yield record

    def _transmission_end(self, record, total):
        number, size, amount, day = _L89.cut(record, self)
        self._same("number of transactions", int(number), total.transactions)
        self._same("number of records", int(size), total.records)
        self._same_amount(amount, total.amount)
        if day != "000000":
            self._summary.day = self._date(day, "date")

    # --- assignment ------------------------------------------------------------

    def _assignment(self, record, records, transmission):
        agreement, number, account = _L20.cut(record, self)
        start = {
            "agreement": agreement,
            "assignment": number,
            "account": account,
        }
        total = _Totals(records=1)
        group = []
        for record in records:
            transmission.records += 1
            total.records += 1
            kind = record[6:8]
            if record[:4] != "NY09":
                kind = ""
            if kind == "30":
                if group:
                    yield self._transaction(group, start, total)
                group = [(self._line, record)]
            elif kind == "31" and len(group) == 1:
                group.append((self._line, record))
            elif kind == "32" and len(group) == 2:
                group.append((self._line, record))
            elif record[:8] == "NY090088":
                if group:
                    yield self._transaction(group, start, total)
                self._assignment_end(record, total)
                transmission.transactions += total.transactions
                transmission.amount += total.amount
                return
            else:
                self._out_of_order(record, group)
        raise self.error(
            "expected the end of assignment record NY090088, found the end of the "
            "file: it is truncated",
            field="record type",
        )

    def _out_of_order(self, record, group):
        expected = {
            0: "amount item 1 (NY09tt30) or the end of the assignment (NY090088)",
            1: "amount item 2 (NY09tt31)",
        }.get(len(group), "amount item 1 or 3, or the end of the assignment (NY090088)")
        raise self.error(
            f"expected {expected}, found {shown(record[:8])}", field="record type"
        )

    def _transaction(self, group, start, total):
        here = self._line
        if len(group) < 2:
            raise self.error(
                f"expected amount item 2 (NY09{group[0][1][4:6]}31) after amount "
                "item 1, found another record",
                field="record type",
            )
        self._line, record = group[0]
        line = self._line
        (
            kind,
            number,
            day,
            centre,
            day_code,
            partial,
            serial,
            sign,
            digits,
            kid,
            issuer,
        ) = _L30.cut(record, self)
        if not _KID.fullmatch(kid):
            _L30.explain(record, self)
        kid = kid.lstrip()
        nets_date = self._date(day, "Nets date")
        self._line, record = group[1]
        kind_2, number_2, form, archive, order_day, debit_account = _L31.cut(
            record, self
        )
        self._consistent(kind_2, kind, number_2, number, "2")
        if order_day != "000000":
            self._date(order_day, "bank date")
        text = ""
        if len(group) > 2:
            self._line, record = group[2]
            kind_3, number_3, text = _L32.cut(record, self)
            self._consistent(kind_3, kind, number_3, number, "3")
            text = text.rstrip()
        amount = int(digits)
        if sign == "-":
            if kind in REVERSALS:
                self._line = line
                raise self.error(
                    f"expected sign '0' on a reversal (type {kind}), found '-'",
                    field="sign",
                )
            amount = -amount
        # Reversals are added in the totals, though the money goes out (§2.4).
        total.amount += amount
        if kind in REVERSALS:
            amount = -amount
        total.transactions += 1
        if total.earliest is None or nets_date < total.earliest:
            total.earliest = nets_date
        if total.latest is None or nets_date > total.latest:
            total.latest = nets_date
        account = start["account"]
        agreement = start["agreement"]
        iso_date = nets_date.isoformat()
        entry = f"{account}/{iso_date}/{centre}{day_code}{partial}{serial}"
        self._entries.add(entry)
        self._position += 1
        self._summary.add(account, CURRENCY, amount)
        self._line = here
        return Transaction(
            position=self._position,
            line=line,
            amount=amount,
            currency=CURRENCY,
            account=account,
            booking_date=nets_date,
            value_date=None,
            entry=entry,
            collective=True,
            bank_reference=archive if archive.strip("0") else "",
            end_to_end_id="",
            mandate_id="",
            references=(Reference(kid),) if kid else (),
            texts=(text.strip(),) if text.strip() else (),
            payer_name="",
            payer_account=debit_account if debit_account.strip("0") else "",
            kind=kind,
            fingerprint=self._fingerprints.of(
                FORMAT,
                account,
                agreement,
                iso_date,
                centre,
                day_code,
                partial,
                serial,
                number,
                str(amount),
                kid,
            ),
            raw={
                **start,
                "transaction_type": kind,
                "transaction_number": number,
                "nets_date": day,
                "centre_id": centre,
                "day_code": day_code,
                "partial_settlement": partial,
                "serial_number": serial,
                "sign": sign,
                "amount": digits,
                "kid": kid,
                "card_issuer": issuer,
                "form_number": form,
                "archive_reference": archive,
                "bank_date": order_day,
                "debit_account": debit_account,
                "free_text": text,
            },
        )

    def _consistent(self, kind, first_kind, number, first_number, item):
        if kind != first_kind:
            raise self.error(
                f"expected type {first_kind} in amount item {item} as in item 1, "
                f"found {kind}",
                field="transaction type",
            )
        if number != first_number:
            raise self.error(
                f"expected number {first_number} in amount item {item} as in item 1, "
                f"found {number}",
                field="transaction number",
            )

    def _assignment_end(self, record, total):
        number, size, amount, day, earliest, latest = _L88.cut(record, self)
        self._same("number of transactions", int(number), total.transactions)
        self._same("number of records", int(size), total.records)
        self._same_amount(amount, total.amount)
        if day != "000000":
            self._date(day, "Nets date")
        for name, found, counted in (
            ("earliest Nets date", earliest, total.earliest),
            ("latest Nets date", latest, total.latest),
        ):
            if found != "000000" and self._date(found, name) != counted:
                expected = f"{counted:%d%m%y}" if counted else "000000"
                raise self.error(
                    f"expected {expected} from the transactions above, found {found}",
                    field=name,
                )

    # --- checks ------------------------------------------------------------

    def _date(self, text, name):
        """Date of ``DDMMYY``; the century is always the 2000s."""
        if text not in self._dates:
            try:
                self._dates[text] = date(
                    2000 + int(text[4:]), int(text[2:4]), int(text[:2])
                )
            except ValueError:
                raise self.error(
                    f"expected a date DDMMYY, found {shown(text)}", field=name
                ) from None
        return self._dates[text]

    def _same_amount(self, digits, added):
        # A total field has no sign of its own in the specification; a net below
        # zero (more credit notes than payments) is taken without sign or with one.
        if int(digits) != added and not (added < 0 and int(digits) == -added):
            raise self.error(
                f"expected {shown_amount(added, CURRENCY)} as added up from the file, "
                f"found {shown_amount(int(digits), CURRENCY)}",
                field="total amount",
            )
