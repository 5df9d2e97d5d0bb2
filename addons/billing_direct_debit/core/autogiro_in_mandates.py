"""What became of mandates: advice, mandates from internet banks, register extract."""

from odoo.addons.billing_bank_file.core.fixed_width import Layout

from .autogiro_reader import DAY, DIGITS, AutogiroReader, bare, given
from .autogiro_records import EMandate, MandateAdvice, Opening, RegisteredMandate

_END_START = (
    (3, 8, "date", DAY, r"\d{8}"),
    (11, 4, "clearing number", "9900", "9900"),
)
_ADVICE = Layout(
    "the mandate advice (73)",
    (
        (3, 10, "payee bankgiro", DIGITS, r"\d{10}"),
        (13, 16, "payer number", "text", ".*"),
        (29, 16, "payer bank account", "text", ".*"),
        (45, 12, "identity", "text", ".*"),
        (62, 2, "information code", DIGITS, r"\d\d"),
        (64, 2, "comment code", DIGITS, r"\d\d"),
        (66, 8, "date", "a date YYYYMMDD or blanks", r"\d{8}| {8}"),
    ),
)
_ADVICE_END = Layout(
    "the end record (09)",
    (*_END_START, (15, 7, "number of records", DIGITS, r"\d{7}")),
)
_EMANDATE = Layout(
    "the mandate from an internet bank (52)",
    (
        (3, 10, "payee bankgiro", DIGITS, r"\d{10}"),
        (13, 16, "payer number", DIGITS, r"\d{16}"),
        (29, 16, "payer bank account", "digits or blanks", r"[\d ]{16}"),
        (45, 12, "identity", "digits or blanks", r"[\d ]{12}"),
        (62, 1, "information code", "a digit", r"\d"),
    ),
)
_TEXTS = ("53", "54", "55", "56")
_EMANDATE_END = Layout(
    "the end record (59)",
    (*_END_START, (15, 7, "number of records", DIGITS, r"\d{7}")),
)
_DATE = r"(?:19|20)\d{6}"
_NO_DATE = r"(?:19|20)\d{6}|0{8}| {8}"
_PAYER = (
    (1, 10, "payee bankgiro", DIGITS, r"\d{10}"),
    (11, 12, "identity", "digits or blanks", r"[\d ]{12}"),
    (23, 16, "payer number", DIGITS, r"\d{16}"),
    (39, 1, "type", "1 or 2", "[12]"),
)


class _Register(Layout):
    """A layout that a file without an opening record is recognised by."""

    def matches(self, record):
        """Whether a record has this layout."""
        return bool(self._pattern.fullmatch(record))


NEW_REGISTER = _Register(
    "the line of the mandate register",
    (
        *_PAYER,
        (40, 2, "year", "two digits", r"\d\d"),
        (42, 8, "created", DAY, _DATE),
        (50, 8, "changed", "a date YYYYMMDD, zeros or blanks", _NO_DATE),
        (58, 1, "status", "1 or 2", "[12]"),
        (65, 16, "payer bank account", "digits or blanks", r"[\d ]{16}"),
    ),
)
OLD_REGISTER = _Register(
    "the line of the mandate register",
    (
        *_PAYER,
        (40, 1, "year", "a digit", r"\d"),
        (41, 8, "created", DAY, _DATE),
        (49, 8, "changed", "a date YYYYMMDD, zeros or blanks", _NO_DATE),
        (57, 1, "status", "1 or 2", "[12]"),
        (64, 16, "payer bank account", "digits or blanks", r"[\d ]{16}"),
    ),
)


class MandatesReader(AutogiroReader):
    """Reads the mandate advice (AG-MEDAVI)."""

    def _content(self, records):
        for record in records:
            kind = record[:2]
            if kind == "09":
                day, _clearing, number = _ADVICE_END.cut(record, self)
                self._date(day)
                counted = self._summary.records.get("73", 0)
                self._same("number of records", int(number), counted)
                return
            if kind != "73":
                raise self._unexpected("a mandate advice (73) or the end (09)", record)
            self.raw = record
            self._summary.count(kind)
            yield self._advice(record)
        raise self._truncated("the end record (09)")

    def _advice(self, record):
        bankgiro, payer, account, identity, why, came, day = _ADVICE.cut(record, self)
        return MandateAdvice(
            line=self._line,
            bankgiro=bare(bankgiro),
            payer_number=bare(payer),
            account=given(account),
            identity=given(identity),
            information=why,
            comment=came,
            # Bankgirot's own example has records that end before their date.
            day=self._date(day) if day.strip("0 ") else None,
        )


class EMandatesReader(AutogiroReader):
    """Reads the mandates that payers give in their internet banks (TK51–59).

    ``Summary.records`` counts the mandates as 52, and the records of all as 59.
    """

    def _content(self, records):
        line, found = 0, {}
        for record in records:
            kind = record[:2]
            if kind in ("52", "59") and found:
                yield self._mandate(line, found)
                found = {}
            if kind == "59":
                self._end(record)
                return
            if kind == "52":
                line = self._line
                self._summary.count(kind)
            elif not found or kind not in _TEXTS or kind in found:
                raise self._unexpected(
                    "a mandate (52), what belongs to it, or the end (59)", record
                )
            self._summary.count("59")
            found[kind] = record
        raise self._truncated("the end record (59)")

    def _mandate(self, line, found):
        """What the records of one mandate say.

        :param dict found: record type -> record
        """
        self._line, here = line, self._line
        bankgiro, payer, account, identity, again = _EMANDATE.cut(found["52"], self)
        self._line = here
        self.raw = "\n".join(found.values())
        message = found.get("53", "")[2:38].strip()
        lines = [
            part.strip()
            for kind in ("54", "55")
            for part in (found.get(kind, "")[2:38], found.get(kind, "")[38:74])
        ]
        post_code, town = found.get("56", "")[2:7], found.get("56", "")[7:38]
        return EMandate(
            line=line,
            bankgiro=bare(bankgiro),
            payer_number=bare(payer),
            account=given(account),
            identity=given(identity),
            reminder=int(again),
            message=message,
            address=tuple(filter(None, lines)),
            # Zeros stand for an address abroad.
            post_code=given(post_code),
            town=town.strip(),
        )

    def _end(self, record):
        day, _clearing, number = _EMANDATE_END.cut(record, self)
        self._date(day)
        counted = self._summary.records.get("59", 0)
        self._same("number of records", int(number), counted)


class RegisterReader(AutogiroReader):
    """Reads the extract from the register of mandates, which has no record types.

    It has no totals either: that a file is cut off between two lines cannot be seen.
    """

    _opened = False

    def _open(self, form, record):
        self._layout = NEW_REGISTER if form.layout == "new" else OLD_REGISTER
        bankgiro = bare(self._layout.cut(record, self)[0])
        return Opening(form.kind, form.layout, bankgiro=bankgiro, sealed=form.sealed)

    def _content(self, records):
        for record in records:
            self.raw = record
            self._summary.count("mandate")
            yield self._mandate(self._layout.cut(record, self))

    def _mandate(self, fields):
        bankgiro, identity, payer, origin, _year, created, changed, status, account = (
            fields
        )
        return RegisteredMandate(
            line=self._line,
            bankgiro=bare(bankgiro),
            identity=given(identity),
            payer_number=bare(payer),
            origin="payee" if origin == "1" else "payer",
            created=self._date(created, "created"),
            changed=self._date(changed, "changed") if changed.strip("0 ") else None,
            pending=status == "2",
            account=given(account),
        )
