"""BgMax (Bankgiro Inbetalningar), the Swedish file of payments to a bankgiro number.

Source: Bankgirot, *Bankgiro Inbetalningar, teknisk manual*, and Bankgirot's own example
files; positions are 1-based as there. Records of at most 80 characters in ISO-8859-1,
trailing blanks often left out. The service closes on 27 November 2026; its files stay,
and are read so that the payments of earlier years can be kept.

Amounts are öre (cent in sections of EUR) without sign: a payment (20) brings money in,
a deduction (21) is a credit note set off against the others of its deposit.
"""

import itertools
import re
from dataclasses import dataclass, field
from datetime import date

from .errors import shown
from .fixed_width import WIDTH, FixedWidthReader, Layout
from .money import shown_amount
from .types import Reference, Summary, Transaction

FORMAT = "bgmax"

_DIGITS = "digits"
_GIRO = (r"\d{10}| {10}", "digits or blanks")
_SERIAL = (r"\d{12}| {12}", "digits or blanks")

_START = (
    (3, 20, "layout name", "'BGMAX'", r"BGMAX {15}"),
    (23, 2, "version", "'01'", r"01"),
    (25, 20, "timestamp", _DIGITS, r"\d{20}"),
    (45, 1, "mark", "'P', a production file,", r"P"),
)
_SECTION = (
    (3, 10, "payee bankgiro", _GIRO[1], _GIRO[0]),
    (13, 10, "payee plusgiro", "digits or blanks", r"[\d ]{10}"),
    (23, 3, "currency", "'SEK' or 'EUR'", r"SEK|EUR"),
)
_PAYMENT = (
    (3, 10, "payer bankgiro", _GIRO[1], _GIRO[0]),
    (13, 25, "reference", "text", r".{25}"),
    (38, 18, "amount", _DIGITS, r"\d{18}"),
    (56, 1, "reference code", "a digit from 0 to 5", r"[0-5]"),
    (57, 1, "payment channel", "a digit", r"\d"),
    (58, 12, "BGC serial number", _SERIAL[1], _SERIAL[0]),
    (70, 1, "image mark", "'0', '1' or a blank", r"[01 ]"),
    (71, 1, "deduction code", "a digit or a blank", r"[\d ]"),
)
_TEXT = ((3, 50, "information text", "text", r".{50}"),)
_NAME = (
    (3, 35, "payer name", "text", r".{35}"),
    (38, 35, "extra name", "text", r".{35}"),
)
_STREET = (
    (3, 35, "payer street", "text", r".{35}"),
    (38, 9, "post code", "text", r".{9}"),
)
_TOWN = (
    (3, 35, "payer town", "text", r".{35}"),
    (38, 35, "payer country", "text", r".{35}"),
    (73, 2, "country code", "two letters or blanks", r"[A-Za-z]{2}| {2}"),
)
_ORGANISATION = (
    (3, 12, "payer organisation number", "digits or blanks", r"[\d ]{12}"),
)
_DEPOSIT = (
    (3, 35, "payee bank account", "digits or blanks", r"[\d ]{35}"),
    (38, 8, "payment date", "a date YYYYMMDD", r"\d{8}"),
    (46, 5, "deposit serial number", _DIGITS, r"\d{5}"),
    (51, 18, "deposit amount", _DIGITS, r"\d{18}|-\d{17}"),
    (69, 3, "currency", "'SEK' or 'EUR'", r"SEK|EUR"),
    (72, 8, "number of payments", _DIGITS, r"\d{8}"),
    (80, 1, "deposit type", "a letter or a blank", r"[A-Z ]"),
)
_END = (
    (3, 8, "number of payments", _DIGITS, r"\d{8}"),
    (11, 8, "number of deductions", _DIGITS, r"\d{8}"),
    (19, 8, "number of extra references", _DIGITS, r"\d{8}"),
    (27, 8, "number of deposits", _DIGITS, r"\d{8}"),
)

_L01 = Layout("the file start record (01)", _START)
_L05 = Layout("the section start record (05)", _SECTION)
_L15 = Layout("the deposit record (15)", _DEPOSIT)
_L70 = Layout("the file end record (70)", _END)
_PAYMENTS = {
    "20": Layout("the payment record (20)", _PAYMENT),
    "21": Layout("the deduction record (21)", _PAYMENT),
}
_EXTRA = {
    "22": Layout("the extra reference record (22)", _PAYMENT),
    "23": Layout("the negative extra reference record (23)", _PAYMENT),
}
_PARTY = {
    "25": Layout("the information record (25)", _TEXT),
    "26": Layout("the name record (26)", _NAME),
    "27": Layout("the first address record (27)", _STREET),
    "28": Layout("the second address record (28)", _TOWN),
    "29": Layout("the organisation number record (29)", _ORGANISATION),
}
_SEPARATORS = re.compile(r"[\s,;/+&]+")


@dataclass(slots=True)
class _Section:
    """One section: payments to a giro number that the bank pays out in one sum."""

    account: str
    currency: str
    day: date
    serial: str
    start: dict
    number: int = 0
    amount: int = 0


@dataclass(slots=True)
class _Payment:
    """One payment record with what follows it."""

    line: int
    kind: str
    fields: tuple
    extra: list = field(default_factory=list)  # (kind, fields)
    texts: list = field(default_factory=list)
    party: dict = field(default_factory=dict)  # record type -> fields


class BgMaxReader(FixedWidthReader):
    """Reads the payments and deductions of a BgMax file.

    The own account of a payment is the bankgiro number (or plusgiro number where there
    is none). A transaction has as bank reference the BGC serial number, as booking date
    the deposit's payment date, and as fingerprint the giro number, date, currency and
    deposit serial number, payer's bankgiro, BGC serial number, reference and amount.

    Records of types that the manual does not know are read over, as it asks for, and
    counted in ``Summary.skipped``.
    """

    def __init__(self, source):
        super().__init__(source, FORMAT, Summary(FORMAT))
        self._counts = dict.fromkeys(("20", "21", "22", "15"), 0)

    # --- records -------------------------------------------------------------

    def _checked(self, record, blanks):
        if "\xc3" in record and re.search("\xc3[\x80-\xbf]", record):
            raise self.error(
                "expected ISO-8859-1 text, found UTF-8 (was the file converted?)",
                field="encoding",
            )
        return super()._checked(_padded(record), blanks)

    def _ahead(self):
        """Number and content of the deposit records, read ahead of the payments.

        A deposit record follows the payments it dates.
        """
        for line, record in self._lines():
            if record.startswith("15"):
                yield line, _padded(record)

    def _read(self):
        records = self._records()
        record = next(records, "")
        if not record.startswith("01"):
            raise self._unexpected("the file start record (01)", record)
        _name, _version, self._summary.message_id, _mark = _L01.cut(record, self)
        deposits = self._ahead()
        for record in records:
            kind = record[:2]
            if kind == "05":
                yield from self._section(record, records, deposits)
            elif kind == "70":
                self._file_end(record)
                break
            elif not self._skipped(kind):
                raise self._unexpected(
                    "the start of a section (05) or the end of the file (70)", record
                )
        else:
            raise self._truncated("the file end record (70)")
        for record in records:
            raise self.error(
                f"expected the end of the file after record 70, found {shown(record)}",
                field="record",
            )
        self._summary.entries = len(self._entries)

    def _unexpected(self, expected, record):
        return self.error(
            f"expected {expected}, found {shown(record[:2])}", field="record type"
        )

    def _truncated(self, expected):
        return self.error(
            f"expected {expected}, found the end of the file: it is truncated",
            field="record type",
        )

    def _skipped(self, kind):
        """Whether a record is of a type nobody knows, which is then counted."""
        known = (*_PAYMENTS, *_EXTRA, *_PARTY, "01", "05", "15", "70")
        if kind in known or not re.fullmatch(r"\d\d", kind, re.ASCII):
            return False
        self._summary.skip(f"records of type {kind}")
        return True

    # --- sections --------------------------------------------------------------

    def _section(self, record, records, deposits):
        section = self._open_section(record, deposits)
        payment = None
        for record in records:
            kind = record[:2]
            if kind in _PAYMENTS:
                if payment:
                    yield self._transaction(payment, section)
                payment = _Payment(self._line, kind, _PAYMENTS[kind].cut(record, self))
            elif payment and kind in _EXTRA:
                self._extra(payment, kind, record)
            elif payment and kind in _PARTY:
                self._detail(payment, kind, record)
            elif kind == "15":
                if payment:
                    yield self._transaction(payment, section)
                self._deposit(record, section)
                return
            elif not self._skipped(kind):
                raise self._unexpected(
                    "a payment (20, 21), what belongs to it, or the deposit (15)",
                    record,
                )
        raise self._truncated("the deposit record (15)")

    def _open_section(self, record, deposits):
        bankgiro, plusgiro, currency = _L05.cut(record, self)
        account = _bare(bankgiro) or _bare(plusgiro)
        if not account:
            raise self.error(
                "expected a bankgiro or a plusgiro number, found neither",
                field="payee bankgiro",
            )
        here = self._line
        self._line, deposit = next(deposits, (here, ""))
        if not deposit:
            raise self._truncated("the deposit record (15)")
        bank_account, day, serial, *_rest = _L15.cut(deposit, self)
        when = self._date(day)
        self._line = here
        self._entries.add((account, when, currency, serial))
        return _Section(
            account,
            currency,
            when,
            serial,
            {
                "payee_bankgiro": bankgiro.strip(),
                "payee_plusgiro": plusgiro.strip(),
                "payee_bank_account": bank_account.strip(),
                "payment_date": day,
                "deposit_serial": serial,
            },
        )

    def _deposit(self, record, section):
        _account, _day, _serial, amount, currency, number, _type = _L15.cut(
            record, self
        )
        if currency != section.currency:
            raise self.error(
                f"expected the section's currency {section.currency}, found {currency}",
                field="currency",
            )
        self._same("number of payments", int(number), section.number)
        found = int(amount)
        # The field has no sign; a deposit below zero is taken with one or without.
        if found != section.amount and not (
            section.amount < 0 and -found == section.amount
        ):
            raise self.error(
                f"expected {shown_amount(section.amount, currency)} as added up from "
                f"the payments, found {shown_amount(found, currency)}",
                field="deposit amount",
            )
        self._counts["15"] += 1

    def _file_end(self, record):
        for (*_place, name, _expected, _regex), kind, found in zip(
            _END, self._counts, _L70.cut(record, self), strict=True
        ):
            self._same(name, int(found), self._counts[kind])

    # --- payments --------------------------------------------------------------

    def _extra(self, payment, kind, record):
        fields = _EXTRA[kind].cut(record, self)
        if fields[5] != payment.fields[5]:
            raise self.error(
                f"expected BGC serial number {shown(payment.fields[5])} as in the "
                f"payment record, found {shown(fields[5])}",
                field="BGC serial number",
            )
        self._counts["22"] += 1
        payment.extra.append((kind, fields))

    def _detail(self, payment, kind, record):
        fields = _PARTY[kind].cut(record, self)
        if kind == "25":
            payment.texts.append(" ".join(fields[0].split()))
        elif kind in payment.party:
            raise self.error(
                f"expected one record {kind} for a payment, found another",
                field="record type",
            )
        else:
            payment.party[kind] = [value.strip() for value in fields]

    def _transaction(self, payment, section):
        payer, reference, digits, code, channel, serial, image, deduction = (
            payment.fields
        )
        amount = int(digits) if payment.kind == "20" else -int(digits)
        section.number += 1
        section.amount += amount
        self._counts[payment.kind] += 1
        self._position += 1
        self._summary.add(section.account, section.currency, amount)
        references, text = _references(payment, reference.strip(), amount)
        texts = tuple(dict.fromkeys(filter(None, [text, *payment.texts])))
        name = payment.party.get("26", ())
        payer = _bare(payer)
        bank_reference = serial if serial.strip("0 ") else ""
        day = section.day.isoformat()
        return Transaction(
            position=self._position,
            line=payment.line,
            amount=amount,
            currency=section.currency,
            account=section.account,
            booking_date=section.day,
            value_date=None,
            entry=f"{section.account}/{day}/{section.currency}{section.serial}",
            collective=True,
            bank_reference=bank_reference,
            end_to_end_id="",
            mandate_id="",
            references=references,
            texts=texts,
            payer_name=" ".join(filter(None, name)),
            payer_account=payer,
            kind=f"{payment.kind}/{code}/{channel}",
            fingerprint=self._fingerprints.of(
                FORMAT,
                section.account,
                day,
                section.currency,
                section.serial,
                payer,
                bank_reference,
                reference.strip(),
                str(amount),
            ),
            raw={
                **section.start,
                "record_type": payment.kind,
                "payer_bankgiro": payer,
                "reference": reference.strip(),
                "amount": digits,
                "reference_code": code,
                "channel": channel,
                "bgc_serial": serial.strip(),
                "has_image": image == "1",
                "deduction_code": deduction.strip(),
                "extra_references": [
                    {
                        "record_type": kind,
                        "reference": fields[1].strip(),
                        "amount": fields[2],
                        "reference_code": fields[3],
                    }
                    for kind, fields in payment.extra
                ],
                **_named(payment.party),
            },
        )

    # --- checks ------------------------------------------------------------

    def _date(self, text):
        if text not in self._dates:
            try:
                self._dates[text] = date(int(text[:4]), int(text[4:6]), int(text[6:]))
            except ValueError:
                raise self.error(
                    f"expected a date YYYYMMDD, found {shown(text)}",
                    field="payment date",
                ) from None
        return self._dates[text]


def _padded(record):
    """A record as long as it must be.

    Trailing blanks may be missing; Bankgirot's own example has tabs for blanks.
    """
    return record.rstrip("\x1a").expandtabs(8).ljust(WIDTH)


def _bare(number):
    """A giro number without leading zeros, empty when it is not given."""
    return number.strip().lstrip("0")


def _references(payment, value, amount):
    """References of a payment, and the text that is none.

    What the payer typed into the one field of the payment record may be several
    references, which the extra records then hold one by one. Without them it is left
    as text, to be searched.

    :param str value: reference of the payment record
    :param int amount: signed amount of the payment
    :return: (references, text)
    """
    extra = [
        (fields[1].strip(), int(fields[2]) * (1 if kind == "22" else -1), kind)
        for kind, fields in payment.extra
        if fields[1].strip()
    ]
    parts = list(filter(None, _SEPARATORS.split(value)))
    listed = {reference for reference, _amount, _kind in extra}
    text = ""
    first = []
    if len(parts) == 1 and value not in listed:
        first = [value]
    elif len(parts) > 1 and not listed.issuperset(parts):
        text = value
    stated = sum(item[1] for item in extra)
    # Amounts are often left at zero; then nobody knows what each reference is for.
    split = bool(extra) and all(item[1] for item in extra)
    rest = amount - stated
    split = split and (rest > 0 if first else not rest and not text)
    # A reference may be listed twice; what is for it is then the sum.
    paid = {(item, "structured"): rest for item in first}
    for reference, share, record in extra:
        key = (reference, "structured" if record == "22" else "credit_note")
        paid[key] = paid.get(key, 0) + share
    references = tuple(
        Reference(reference, share if split else None, kind)
        for (reference, kind), share in paid.items()
    )
    return references, text


def _named(party):
    """What the records of the payer say, by name, as far as they say it."""
    names = {
        "26": ("name", "extra_name"),
        "27": ("street", "post_code"),
        "28": ("town", "country", "country_code"),
        "29": ("organisation_number",),
    }
    pairs = itertools.chain.from_iterable(
        zip(names[kind], values, strict=True) for kind, values in party.items()
    )
    return {f"payer_{name}": value for name, value in pairs if value}
