"""What the readers of all Autogiro files have in common.

Files are streams of records of 80 characters in ISO-8859-1; trailing blanks may be
missing. Positions are those of Bankgirot's technical manual for Autogiro, and of its
edition before 2008 for the old layout.
"""

import contextlib
import re
from dataclasses import dataclass, field
from datetime import date

from odoo.addons.billing_bank_file.core.errors import shown
from odoo.addons.billing_bank_file.core.fixed_width import (
    WIDTH,
    FixedWidthReader,
    Layout,
)

from .autogiro_records import Opening
from .seal import Seal

DIGITS = "digits"
DAY = "a date YYYYMMDD"
# What is a letter and a sign after it in ISO-8859-1 is one letter of UTF-8.
_UTF8 = re.compile("[\xc2\xc3][\x80-\xbf]")
_PAYEE = (
    (65, 6, "customer number", DIGITS, r"\d{6}"),
    (71, 10, "payee bankgiro", DIGITS, r"\d{10}"),
)
_OLD_PAYEE = (
    (63, 6, "customer number", DIGITS, r"\d{6}"),
    (69, 10, "payee bankgiro", DIGITS, r"\d{10}"),
)
_NEW = Layout(
    "the opening record (01)",
    (
        (
            25,
            20,
            "time stamp",
            "a date YYYYMMDD or 20 digits",
            r"\d{8}(?: {12}|\d{12})",
        ),
        *_PAYEE,
    ),
)
_OLD = Layout("the opening record (01)", ((3, 8, "date", DAY, r"\d{8}"), *_OLD_PAYEE))
_SHORT = Layout(
    "the opening record (01 or 51)",
    (
        (3, 8, "date", DAY, r"\d{8}"),
        (15, 10, "payee bankgiro", DIGITS, r"\d{10}"),
    ),
)
_SEAL = Layout("the seal's opening record (00)", ((3, 6, "date", "YYMMDD", r"\d{6}"),))
_SEAL_END = Layout(
    "the seal (99)",
    (
        (3, 6, "date", "YYMMDD", r"\d{6}"),
        (9, 32, "key check value", "32 hexadecimal digits", r"[0-9A-Fa-f]{32}"),
        (41, 32, "seal", "32 hexadecimal digits", r"[0-9A-Fa-f]{32}"),
    ),
)


@dataclass(slots=True)
class AutogiroSummary:
    """What a file held, complete once its reader is exhausted.

    :ivar records: record type -> number of records
    :ivar amounts: record type -> sum in öre, of what the file itself adds up: what was
        executed, or in the old layout all; what was cancelled or moved; all rejected
    """

    format: str
    records: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)

    def count(self, kind):
        self.records[kind] = self.records.get(kind, 0) + 1

    def add(self, kind, amount):
        self.amounts[kind] = self.amounts.get(kind, 0) + amount


@dataclass(frozen=True, slots=True)
class Form:
    """What a file is, and how it says so.

    :param kind: see :class:`Opening`
    :param layout: ``new`` or ``old``
    :param opening: ``new``, ``old`` or ``short``: the form of its opening record; empty
        when it has none
    """

    kind: str
    layout: str = "new"
    opening: str = "new"
    sealed: bool = False


class AutogiroReader(FixedWidthReader):
    """Reads one file as a stream of the values of ``autogiro_records``.

    Iterate it once; totals are checked at the end, so whoever stores what is read must
    be able to roll back.

    :ivar opening: the :class:`Opening`, known at once
    :ivar str raw: the record, or records joined by line feeds, that the value yielded
        last was made of
    """

    # Whether the file begins with a record that only says what it is.
    _opened = True

    def __init__(self, source, form, record, key=None):
        """
        :param source: :class:`~.source.Source`
        :param form: the :class:`Form` it has
        :param str record: its opening record
        :param key: the seal is checked with it; None leaves it unchecked
        """
        format_ = f"autogiro_{form.kind}"
        super().__init__(source, format_, AutogiroSummary(format_))
        self.raw = ""
        self._seal = Seal(key) if key and form.sealed else None
        self._line = 2 if form.sealed else 1
        self.opening = self._open(form, record)

    def _open(self, form, record):
        """The :class:`Opening` that a record tells.

        :raises BankFileError: it is damaged
        """
        values = {"kind": form.kind, "layout": form.layout, "sealed": form.sealed}
        cut = {"new": _NEW, "old": _OLD, "short": _SHORT}[form.opening]
        day, *customer, bankgiro = cut.cut(record, self)
        return Opening(
            **values,
            written=self._date(day[:8]),
            stamp=day if day[8:].strip() else "",
            customer_number="".join(customer),
            bankgiro=bare(bankgiro),
        )

    # --- records ---------------------------------------------------------------

    def _read(self):
        records = self._records()
        if self._opened:
            next(records)
        yield from self._content(records)
        for record in records:
            raise self.error(
                f"expected the end of the file, found {shown(record)}", field="record"
            )

    def _content(self, records):
        """Yield what the records after the opening say."""
        raise NotImplementedError

    def _records(self):
        records = self._plain_records()
        if not self.opening.sealed:
            yield from records
            return
        next(records)
        for record in records:
            if record.startswith("99"):
                self._check_seal(record)
                break
            yield record
        else:
            raise self._truncated("the seal (99)")
        for record in records:
            raise self.error(
                f"expected the end of the file after the seal, found {shown(record)}",
                field="record",
            )

    def _plain_records(self):
        """Yield records of 80 characters; at the end, lines of blanks do not count."""
        blanks = 0
        seal = self._seal
        lines = self._lines()
        for self._line, record in lines:
            if seal and not record.startswith("99"):
                seal.add(record.encode("iso-8859-1"))
            if not record.strip(" \t\x1a"):
                blanks += 1
            elif len(record) == WIDTH and record.isprintable() and not blanks:
                yield record
            else:
                yield self._checked(record, blanks)

    def _checked(self, record, blanks):
        return super()._checked(plain(record), blanks)

    def _check_seal(self, record):
        _day, check, value = _SEAL_END.cut(record, self)
        if not self._seal:
            return
        if check.upper() != self._seal.check_value():
            raise self.error(
                "expected the check value of the key, found another: the file was "
                "sealed with another key",
                field="key check value",
            )
        if value.upper() != self._seal.value():
            raise self.error(
                "expected the seal of what the file holds, found another: it was "
                "changed",
                field="seal",
            )

    # --- fields ----------------------------------------------------------------

    def _date(self, text, name="date"):
        """A day that must be one."""
        day = self._day(text)
        if day is None:
            raise self.error(f"expected {DAY}, found {shown(text)}", field=name)
        return day

    def _day(self, text):
        """A day, or None when the text is none."""
        if text not in self._dates:
            try:
                day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
            except ValueError:
                day = None
            # A damaged file must not fill the memory with days.
            if len(self._dates) > 10000:
                self._dates.clear()
            self._dates[text] = day
        return self._dates[text]

    # --- errors ----------------------------------------------------------------

    def _unexpected(self, expected, record):
        return self.error(
            f"expected {expected}, found {shown(record[:2])}", field="record type"
        )

    def _truncated(self, expected):
        return self.error(
            f"expected {expected}, found the end of the file: it is truncated",
            field="record type",
        )


def bare(number):
    """A number without leading zeros; what is no number as it is."""
    number = number.strip()
    return number.lstrip("0") if number.isdigit() else number


def given(number):
    """A number of fixed length; empty when it is blanks or zeros."""
    number = number.strip()
    return number if number.strip("0") else ""


def plain(record):
    """A record as long as it must be.

    Blanks at the end may be missing or tabs, and files that were saved as UTF-8 on
    their way are so common that Bankgirot's own examples go round like that.
    """
    record = record.rstrip("\x1a")
    if _UTF8.search(record):
        # What only looks like it stays as it is.
        with contextlib.suppress(UnicodeDecodeError):
            record = record.encode("iso-8859-1").decode("utf-8")
    return record.expandtabs(8).rstrip(" ").ljust(WIDTH)
