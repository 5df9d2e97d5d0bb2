"""What was sent to Bankgirot, read back: for a check, a preview, and old suppliers."""

from odoo.addons.billing_bank_file.core.errors import shown
from odoo.addons.billing_bank_file.core.fixed_width import Layout

from .autogiro_reader import DAY, DIGITS, AutogiroReader, bare, given
from .autogiro_records import (
    DEBIT,
    CancelOrder,
    EndMandate,
    MandateOrder,
    MoveOrder,
    PaymentOrder,
    Renumber,
)

_BANKGIRO = (3, 10, "payee bankgiro", DIGITS, r"\d{10}")
_PAYER = (13, 16, "payer number", DIGITS, r"\d{16}")
_END = Layout("the end of a mandate (03)", (_BANKGIRO, _PAYER))
_MANDATE = Layout(
    "the mandate (04)",
    (
        _BANKGIRO,
        _PAYER,
        (29, 16, "payer bank account", "16 digits or blanks", r"\d{16}| {16}"),
        (45, 12, "identity", "12 digits or blanks", r"\d{12}| {12}"),
        (77, 2, "answer code", "AV or blanks", "AV|  "),
    ),
)
_RENUMBER = Layout(
    "the change of a payer number (05)",
    (
        _BANKGIRO,
        _PAYER,
        (29, 10, "new payee bankgiro", DIGITS, r"\d{10}"),
        (39, 16, "new payer number", DIGITS, r"\d{16}"),
    ),
)
_PAYMENT = Layout(
    "the payment order (82, 32)",
    (
        (3, 8, "payment date", f"{DAY} or GENAST", r"\d{8}|GENAST  "),
        (11, 1, "period code", "0 to 8", "[0-8]"),
        (12, 3, "repetitions", "digits or blanks", r"\d{3}| {3}"),
        (16, 16, "payer number", DIGITS, r"\d{16}"),
        (32, 12, "amount", DIGITS, r"\d{12}"),
        (44, 10, "payee bankgiro", DIGITS, r"\d{10}"),
        (54, 16, "reference", "text", ".*"),
    ),
)
_ANY_PAYER = (13, 16, "payer number", "digits or blanks", r"\d{16}| {16}")
_ANY_DAY = (29, 8, "payment date", f"{DAY} or blanks", r"\d{8}| {8}")
_CHANGE = Layout(
    "the cancellation or change (23–29)",
    (
        _BANKGIRO,
        _ANY_PAYER,
        _ANY_DAY,
        (37, 12, "amount", "digits or blanks", r"\d{12}| {12}"),
        (49, 2, "direction", "82, 32 or blanks", "82|32|  "),
        (51, 8, "new date", f"{DAY} or blanks", r"\d{8}| {8}"),
        (59, 16, "reference", "text", ".*"),
    ),
)
# What a cancellation or change of this kind says: payer, day, amount and direction, new
# day; all else is blank.
_SAYS = {
    "23": (True, False, False, False),
    "24": (True, True, False, False),
    "25": (True, True, True, False),
    "26": (False, False, False, True),
    "27": (False, True, False, True),
    "28": (True, True, False, True),
    "29": (True, True, True, True),
}


class OrdersReader(AutogiroReader):
    """Reads a file to Bankgirot, of one payee, with any number of sections.

    There is no closing record: that an unsealed file is cut off between two records
    cannot be seen. ``Summary.amounts`` has the sums of payment orders.
    """

    _opened = False

    def __init__(self, source, form, record, key=None):
        super().__init__(source, form, record, key)
        self._form = form

    def _content(self, records):
        first = self.opening
        for record in records:
            kind = record[:2]
            if kind == "01":
                self.opening = self._open(self._form, record)
                self._own(self.opening.bankgiro, first.bankgiro)
                continue
            self.raw = record
            self._summary.count(kind)
            if kind in ("82", "32"):
                yield self._payment(kind, record)
            elif kind in _SAYS:
                yield self._change(kind, record)
            else:
                yield self._mandate(kind, record)

    def _own(self, bankgiro, own):
        """All that is said must be of the payee whose file it is."""
        if bankgiro != own:
            raise self.error(
                f"expected {own} as in the opening record, found {bankgiro}",
                field="payee bankgiro",
            )

    def _of_payee(self, bankgiro):
        self._own(bare(bankgiro), self.opening.bankgiro)

    def _mandate(self, kind, record):
        if kind == "03":
            bankgiro, payer = _END.cut(record, self)
            self._of_payee(bankgiro)
            return EndMandate(bare(payer), line=self._line)
        if kind == "04":
            bankgiro, payer, account, identity, answer = _MANDATE.cut(record, self)
            self._of_payee(bankgiro)
            return MandateOrder(
                bare(payer),
                given(account),
                given(identity),
                reject=answer == "AV",
                line=self._line,
            )
        if kind == "05":
            bankgiro, payer, other, new = _RENUMBER.cut(record, self)
            self._of_payee(bankgiro)
            other = "" if other == bankgiro else bare(other)
            return Renumber(bare(payer), bare(new), other, line=self._line)
        raise self._unexpected("an opening (01) or an order (03–05, 23–82)", record)

    def _payment(self, kind, record):
        day, period, times, payer, amount, bankgiro, text = _PAYMENT.cut(record, self)
        self._of_payee(bankgiro)
        self._summary.add(kind, int(amount))
        return PaymentOrder(
            payer_number=bare(payer),
            amount_ore=int(amount),
            day=None if day.startswith("G") else self._date(day, "payment date"),
            reference=text.strip(),
            direction=kind,
            period=period,
            repetitions=int(times) if times.strip() else None,
            line=self._line,
        )

    def _change(self, kind, record):
        bankgiro, payer, day, amount, direction, new_day, text = _CHANGE.cut(
            record, self
        )
        self._of_payee(bankgiro)
        for needed, value, name in zip(
            _SAYS[kind],
            (payer, day, amount, new_day),
            ("payer number", "payment date", "amount", "new date"),
            strict=True,
        ):
            if needed != bool(value.strip()):
                raise self.error(
                    f"expected {'a value' if needed else 'blanks'} in a record {kind}, "
                    f"found {shown(value)}",
                    field=name,
                )
        one = _SAYS[kind][2]
        if one != bool(direction.strip()):
            raise self.error(
                f"expected {'82 or 32' if one else 'blanks'} in a record {kind}, "
                f"found {shown(direction)}",
                field="direction",
            )
        values = {
            "payer_number": bare(payer),
            "day": self._date(day, "payment date") if day.strip() else None,
            "amount_ore": int(amount) if one else None,
            "direction": direction if one else DEBIT,
            "reference": text.strip() if one else "",
            "line": self._line,
        }
        if kind < "26":
            return CancelOrder(**values)
        return MoveOrder(self._date(new_day, "new date"), **values)
