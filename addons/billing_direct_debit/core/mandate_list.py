"""Lists of mandates that another system kept: what a row of a table says.

Plain Python. A table has headings in Norwegian, Swedish or English, and a row for each
mandate; the columns are found by their headings, in any order.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from odoo.addons.billing_bank_file.core.table_values import parse_date

from . import payer

#: Column → headings it may have, in small letters and without marks between them.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "customer": (
        "kundenummer",
        "kundenr",
        "kundnummer",
        "kundnr",
        "customernumber",
        "customerno",
        "customer",
        "kunde",
        "kund",
    ),
    "kid": ("kid", "kidnummer", "kidnr"),
    "payer_number": (
        "betalarnummer",
        "betalarnr",
        "betalernummer",
        "payernumber",
        "payerno",
    ),
    "clearing": ("clearingnummer", "clearingnr", "clearing", "clearingnumber"),
    "account": (
        "kontonummer",
        "kontonr",
        "konto",
        "bankkonto",
        "account",
        "accountnumber",
        "bankaccount",
    ),
    "identity": (
        "personnummer",
        "personnr",
        "organisationsnummer",
        "orgnr",
        "orgnummer",
        "personorgnummer",
        "personorgnr",
        "personalnumber",
        "identity",
    ),
    "bankgiro": ("bankgiro", "bankgironummer", "bgnr"),
    "notice": ("skriftligvarsel", "varsel", "varsling", "writtennotice", "notice"),
    "signed": (
        "avtaledato",
        "avtalsdatum",
        "startdato",
        "startdatum",
        "fradato",
        "datum",
        "dato",
        "signed",
        "signedon",
        "since",
        "date",
    ),
    "limit": (
        "beløpsgrense",
        "belopsgrense",
        "grense",
        "maksbeløp",
        "maxbelopp",
        "limit",
    ),
}
#: Without one of these, nobody knows whose mandate a row is.
KEYS = ("kid", "payer_number", "customer", "bankgiro")
#: Rows that are looked at for the headings.
HEAD_ROWS = 20

_YES = {"j", "ja", "yes", "y", "true", "1", "x"}
_NO = {"n", "nei", "nej", "no", "false", "0"}
_COLUMNS = {name: column for column, names in HEADINGS.items() for name in names}
_CLEARING, _FIELD = 4, 16


class RowError(ValueError):
    """A row cannot be read; ``column`` is the one that is wrong."""

    def __init__(self, column: str):
        super().__init__(f"wrong {column}")
        self.column = column


@dataclass(frozen=True, slots=True)
class Row:
    """What a list says of one mandate; empty text is what it does not say.

    :ivar bank_account: 16 digits
    :ivar payer_identity: 12 digits
    :ivar written_notice: None when the list does not say
    """

    line: int
    customer: str = ""
    kid: str = ""
    payer_number: str = ""
    bank_account: str = ""
    payer_identity: str = ""
    payer_bankgiro: str = ""
    written_notice: bool | None = None
    signed_on: date | None = None
    limit: int = 0


def one_column(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a text, each as a row with one cell."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("iso-8859-1")
    for number, line in enumerate(text.splitlines(), 1):
        yield number, [line]


def find_columns(cells: Sequence[Any]) -> dict[str, int]:
    """Return where the columns are, when a row is the headings.

    :param cells: of the row
    :return: place by column; empty when these are no headings
    """
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = re.sub(r"[\W_]", "", str(cell or "").casefold())
        column = _COLUMNS.get(name)
        if column and column not in found:
            found[column] = place
    return found if any(key in found for key in KEYS) else {}


def find_headings(rows: Iterable[tuple[int, Sequence[Any]]]):
    """Return the line of the headings and where the columns are.

    :param rows: line and cells, from the top
    :return: (line, columns); (0, {}) when there are no headings near the top
    """
    for count, (line, cells) in enumerate(rows):
        if count >= HEAD_ROWS:
            break
        if columns := find_columns(cells):
            return line, columns
    return 0, {}


def read_row(
    line: int, cells: Sequence[Any], columns: Mapping[str, int], today: date
) -> Row | None:
    """Return what a row says; None when it is empty.

    :param line: of the file
    :param cells: text, numbers, dates or None
    :param columns: as :func:`find_headings` found them
    :param today: tells the century of personal numbers
    :raises RowError: a cell is not what its column says
    """
    cell = {
        column: cells[place] if place < len(cells) else None
        for column, place in columns.items()
    }
    if not any(_text(value) for value in cell.values()):
        return None
    text = {column: _text(value) for column, value in cell.items()}
    if not any(text.get(key) for key in KEYS):
        raise RowError(next(key for key in KEYS if key in columns))
    return Row(
        line,
        customer=text.get("customer", ""),
        kid=_digits(text, "kid", 25),
        payer_number=_digits(text, "payer_number", 16).lstrip("0"),
        bank_account=_account(text),
        payer_identity=_identity(text.get("identity", ""), today),
        payer_bankgiro=_bankgiro(text.get("bankgiro", "")),
        written_notice=_yes(text.get("notice", "")),
        signed_on=_day(cell.get("signed")),
        limit=_limit(text.get("limit", "")),
    )


def _text(value):
    """A cell as text; a spreadsheet may hold a number as 123.0."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def _digits(text, column, longest):
    digits = re.sub(r"[ .\u00a0]", "", text.get(column, ""))
    # A KID may end with a dash: its check character under MOD11.
    plain = digits[:-1] if column == "kid" and digits.endswith("-") else digits
    if digits and not (
        plain.isascii() and plain.isdigit() and len(digits) <= longest and int(plain)
    ):
        raise RowError(column)
    return digits


def _account(text):
    account = re.sub(r"[ .,\-]", "", text.get("account", ""))
    clearing = re.sub(r"[ .,\-]", "", text.get("clearing", ""))
    if not account and not clearing:
        return ""
    if not (account.isascii() and account.isdigit() and account.strip("0")):
        raise RowError("account")
    if not clearing and len(account) == _FIELD and account[0] != "0":
        return account
    # The fifth digit of Swedbank's clearing numbers is in no file.
    if len(clearing) == _CLEARING + 1 and clearing.startswith("8"):
        clearing = clearing[:_CLEARING]
    if not re.fullmatch(r"[1-9]\d{3}", clearing, re.ASCII):
        raise RowError("clearing")
    if len(account) > _FIELD - _CLEARING:
        raise RowError("account")
    return clearing + account.zfill(_FIELD - _CLEARING)


def _identity(text, today):
    try:
        return payer.identity(text, today) if text else ""
    except payer.PayerError as error:
        raise RowError("identity") from error


def _bankgiro(text):
    try:
        return payer.bankgiro(text) if text else ""
    except payer.PayerError as error:
        raise RowError("bankgiro") from error


def _yes(text):
    answer = text.casefold()
    if not answer:
        return None
    if answer not in _YES | _NO:
        raise RowError("notice")
    return answer in _YES


def _day(value):
    if value is None or value == "":
        return None
    try:
        return parse_date(value, "dmy")
    except ValueError as error:
        raise RowError("signed") from error


def _limit(text):
    plain = re.sub(r"[\s\u00a0]|kr\.?", "", text.casefold())
    if not plain:
        return 0
    match = re.fullmatch(r"(\d{1,9})(?:[.,]0{1,2}|,-)?", plain, re.ASCII)
    if not match:
        raise RowError("limit")
    return int(match[1])
