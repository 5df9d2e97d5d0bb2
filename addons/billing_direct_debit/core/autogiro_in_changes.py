"""Waiting orders that were cancelled or moved, or were not."""

from odoo.addons.billing_bank_file.core.fixed_width import Layout

from .autogiro_codes import CANCELLED, CHANGE_KIND, MOVED
from .autogiro_in_payments import TotalsReader
from .autogiro_reader import DIGITS, bare
from .autogiro_records import DEBIT, PAYOUT, Change

# Which of its fields a record fills depends on what it is about, and what is wrong with
# it may be any, so they are not judged.
_CHANGE = Layout(
    "the record of a cancellation or change",
    (
        (3, 8, "payment date", "text", ".*"),
        (11, 16, "payer number", "text", ".*"),
        (27, 2, "direction", "text", ".*"),
        (29, 12, "amount", "text", ".*"),
        (49, 8, "new date", "text", ".*"),
        (57, 16, "reference", "text", ".*"),
        (73, 2, "comment code", DIGITS, r"\d\d"),
    ),
)
_DONE = CANCELLED | MOVED


class ChangesReader(TotalsReader):
    """Reads the list of cancelled and moved orders.

    ``Summary`` counts those that were cancelled or moved one by one, as the file does.
    """

    def _one(self, kind, record):
        if kind not in CHANGE_KIND:
            raise self._unexpected(
                "a cancellation or change (03, 11, 21–29) or the end (09)", record
            )
        day, payer, direction, amount, new_day, text, code = _CHANGE.cut(record, self)
        single = direction in (DEBIT, PAYOUT)
        amount = int(amount) if amount.isascii() and amount.isdigit() else None
        if single and code in _DONE:
            if amount is None:
                raise self.error(
                    "expected an amount of what was cancelled or moved, found none",
                    field="amount",
                )
            self._summary.count(direction)
            self._summary.add(direction, amount)
        return Change(
            line=self._line,
            kind=kind,
            day=self._day(day),
            payer_number=bare(payer),
            direction=direction if single else "",
            # The amount is that of one order, or what it says nobody knows.
            amount_ore=amount if single and amount else None,
            new_day=self._day(new_day),
            bankgiro=self.opening.bankgiro,
            reference=_reference(text),
            code=code,
        )


def _reference(text):
    text = text.strip()
    return text if text.strip("0") else ""
