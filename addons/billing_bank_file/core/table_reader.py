"""Payments of a bank's table, once its columns are explained."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from .errors import BankFileError, shown
from .money import shown_amount
from .source import Reader
from .table_layout import PENDING_WORDS, PROBLEMS, Layout, clean
from .table_values import parse_amount, parse_date
from .types import Fingerprints, Reference, Summary, Transaction

_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]", re.ASCII)
_IN = {"c", "cr", "crdt", "credit", "k", "kredit", "in", "inn", "insättning", "+"}
_OUT = {"d", "dr", "dbit", "debit", "debet", "ut", "out", "uttag", "-", "−"}
# Above this a spreadsheet keeps only the first digits of a number.
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Setting:
    """How and for whom a table is read.

    :param line: line of the heading row
    :param layout: what its columns mean
    :param account: own account where no column tells, letters and digits
    :param currency: ISO 4217 code where no column tells
    :param journal_id: whose books it is for, handed through
    """

    line: int
    layout: Layout
    account: str
    currency: str
    journal_id: int = 0


class TableReader(Reader):
    """Reads the rows below the headings.

    Empty rows, repeated headings, sums and balances of the bank, and rows not booked
    yet are read over and counted. Everything else must be a payment, or the file is
    refused. Where a column holds the running balance, it must follow from the amounts.

    The fingerprint is made of account, booking date, amount, currency, the bank's
    reference if there is one, reference, texts, name and account of the payer.
    """

    def __init__(self, source, table, setting):
        super().__init__(source, table.format, Summary(table.format))
        self._table = table
        self._setting = setting
        self._layout = setting.layout
        self._columns = [
            (place, column)
            for place, column in enumerate(setting.layout.columns)
            if column.role
        ]
        self._place = {column.role: place for place, column in self._columns}
        self._names = [column.name for column in setting.layout.columns]
        self._headings = [clean(name).casefold() for name in self._names]
        self._skip = tuple(word.casefold() for word in setting.layout.skip_words)
        self._fingerprints = Fingerprints()
        # Whole cells of two words that no payer writes, see _not_a_payment().
        self._skip_whole = {word for word in self._skip if " " in word}
        self._position = 0
        self._line = 0
        self._days = {}
        self._balances = {}
        self.journal_id = setting.journal_id

    def error(self, message, field):
        return BankFileError(
            message, file=self._source.name, line=self._line, field=field
        )

    def _read(self):
        problem = self._layout.problem()
        if problem:
            raise self.error(
                f"expected columns of payments, found: {PROBLEMS[problem]}", "table"
            )
        width = len(self._names)
        rows = self._table.rows(width + 1)
        for self._line, cells in rows:
            if self._line <= self._setting.line:
                continue
            texts = [clean(cell) for cell in cells]
            if not any(texts):
                continue
            if any(texts[width:]):
                raise self.error(
                    f"expected {width} columns as in the headings, found more", "row"
                )
            missing = width - len(cells)
            cells += [None] * missing
            texts += [""] * missing
            reason = self._not_a_payment(cells, texts)
            if reason:
                self._summary.skip(reason)
                continue
            yield self._transaction(cells, texts)
        self._summary.entries = self._position

    # --- rows that are none --------------------------------------------------------

    def _not_a_payment(self, cells, texts):
        folded = [text.casefold() for text in texts]
        if folded[: len(self._headings)] == self._headings:
            return "repeated headings"
        if "status" in self._place and folded[self._place["status"]].startswith(
            PENDING_WORDS
        ):
            return "rows not booked yet"
        dated = texts[self._place["booking_date"]]
        amounts = any(
            texts[self._place[role]]
            for role in ("amount", "money_in", "money_out")
            if role in self._place
        )
        if dated and amounts and self._is_date(cells):
            # A payer may write «Saldo» too; two words from the bank are no message.
            whole = not self._skip_whole.isdisjoint(folded)
            return "sums and balances" if whole else ""
        if not dated and not amounts:
            return "rows without date and amount"
        starts = any(text.startswith(self._skip) for text in folded if text)
        return "sums and balances" if self._skip and starts else ""

    def _is_date(self, cells):
        try:
            self._day(cells[self._place["booking_date"]])
        except ValueError:
            return False
        return True

    # --- payments ------------------------------------------------------------------

    def _transaction(self, cells, shown_texts):
        booked = self._date(cells, "booking_date")
        currency = self._text(cells, "currency").upper() or self._setting.currency
        if not re.fullmatch("[A-Z]{3}", currency, re.ASCII):
            raise self.error(
                f"expected a currency of three letters, found {shown(currency)}",
                self._name("currency"),
            )
        amount = self._amount(cells, currency)
        account = self._account(cells, "own_account") or self._setting.account
        self._check_balance(cells, account, currency, amount)
        reference = self._text(cells, "reference")
        texts = tuple(
            dict.fromkeys(
                text
                for place, column in self._columns
                if column.role == "text" and (text := self._cell(cells, place))
            )
        )
        name = self._text(cells, "payer_name")
        payer = self._account(cells, "payer_account")
        bank_reference = self._text(cells, "bank_reference")
        self._position += 1
        self._summary.add(account, currency, amount)
        return Transaction(
            position=self._position,
            line=self._line,
            amount=amount,
            currency=currency,
            account=account,
            booking_date=booked,
            value_date=self._date(cells, "value_date")
            if self._text(cells, "value_date")
            else None,
            entry=str(self._position),
            collective=False,
            bank_reference=bank_reference,
            end_to_end_id="",
            mandate_id="",
            references=(Reference(reference),) if reference else (),
            texts=texts,
            payer_name=name,
            payer_account=payer,
            kind="",
            fingerprint=self._fingerprints.of(
                "table",
                account,
                booked.isoformat(),
                str(amount),
                currency,
                bank_reference,
                reference,
                *texts,
                name,
                payer,
            ),
            raw={
                name or f"column {place}": text
                for place, (name, text) in enumerate(
                    zip(self._names, shown_texts, strict=False), start=1
                )
                if text
            },
        )

    def _amount(self, cells, currency):
        if "amount" in self._place:
            amount = self._minor(cells, "amount", currency)
            if amount is None:
                raise self.error("expected an amount, found none", self._name("amount"))
            return self._directed(cells, amount)
        money_in = self._minor(cells, "money_in", currency)
        money_out = self._minor(cells, "money_out", currency)
        if money_in and money_out:
            raise self.error(
                "expected money in or money out, found both", self._name("money_out")
            )
        if money_in is None and money_out is None:
            role = "money_in" if "money_in" in self._place else "money_out"
            raise self.error("expected an amount, found none", self._name(role))
        # Some banks write money out with a minus, some without.
        return (money_in or 0) - abs(money_out or 0)

    def _directed(self, cells, amount):
        if "direction" not in self._place:
            return amount
        said = self._text(cells, "direction").casefold().rstrip(".")
        if said in _IN:
            return amount
        if said in _OUT:
            return -abs(amount)
        raise self.error(
            f"expected a word for in or out, found {shown(said)}",
            self._name("direction"),
        )

    def _check_balance(self, cells, account, currency, amount):
        """Compare the running balance with the rows before, in either order."""
        balance = self._minor(cells, "balance", currency)
        if balance is None:
            return
        key = (account, currency)
        if key in self._balances:
            last_balance, last_amount, orders = self._balances[key]
            fits = {
                "oldest first": balance == last_balance + amount,
                "newest first": last_balance == balance + last_amount,
            }
            orders = {order for order in orders if fits[order]}
            if not orders:
                raise self.error(
                    "expected a balance that follows from the rows before, found "
                    f"{shown_amount(balance, currency)} after "
                    f"{shown_amount(last_balance, currency)}: rows are missing, or a "
                    "column is not what it was said to be",
                    self._name("balance"),
                )
        else:
            orders = {"oldest first", "newest first"}
        self._balances[key] = (balance, amount, orders)

    # --- cells -------------------------------------------------------------------

    def _name(self, role):
        place = self._place.get(role)
        return self._names[place] if place is not None else role

    def _text(self, cells, role):
        return self._cell(cells, self._place[role]) if role in self._place else ""

    def _cell(self, cells, place):
        """Text of a cell; a number as its digits."""
        value = cells[place]
        if isinstance(value, float):
            if not value.is_integer() or abs(value) >= _EXACT:
                raise self.error(
                    f"expected text, found the number {value!r}, which the spreadsheet "
                    "has rounded: export the column as text",
                    self._names[place],
                )
            value = int(value)
        if isinstance(value, int) and abs(value) >= _EXACT:
            raise self.error(
                f"expected text, found the number {value}, which the spreadsheet has "
                "rounded: export the column as text",
                self._names[place],
            )
        if isinstance(value, (date, datetime)):
            value = value.isoformat()
        text = clean(value)
        # Excel's export of text that looks like a number: ="0012"
        match = re.fullmatch(r'="?([^"]*)"?', text)
        return match[1] if match else text.removeprefix("'")

    def _account(self, cells, role):
        return _NOT_ALPHANUMERIC.sub("", self._text(cells, role).upper())

    def _date(self, cells, role):
        try:
            return self._day(cells[self._place[role]])
        except ValueError as error:
            raise self.error(
                f"{error} (order {self._layout.date_order})", self._name(role)
            ) from error

    def _day(self, value):
        """Calendar day of a cell, looked up where it was read before."""
        day = self._days.get(value)
        if day is None:
            day = self._days[value] = parse_date(value, self._layout.date_order)
        return day

    def _minor(self, cells, role, currency):
        """Minor units of a cell, None when it is empty or not there."""
        if role not in self._place:
            return None
        value = cells[self._place[role]]
        if not clean(value):
            return None
        try:
            return parse_amount(value, self._layout.decimal_sign, currency)
        except ValueError as error:
            raise self.error(str(error), self._name(role)) from error
