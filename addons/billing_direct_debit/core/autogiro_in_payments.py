"""What became of payment orders: specification, rejected orders, waiting orders."""

from odoo.addons.billing_bank_file.core.fixed_width import Layout
from odoo.addons.billing_bank_file.core.money import shown_amount

from .autogiro_reader import DAY, DIGITS, AutogiroReader, bare
from .autogiro_records import (
    DEBIT,
    PAYOUT,
    Deposit,
    PaymentResult,
    Refund,
    RejectedOrder,
    WaitingOrder,
)

_PAYMENT = (
    (3, 8, "payment date", DAY, r"\d{8}"),
    (11, 1, "period code", "a digit", r"\d"),
    (12, 3, "repetitions", "digits or blanks", r"[\d ]{3}"),
    (16, 16, "payer number", "digits or blanks", r"[\d ]{16}"),
    (32, 12, "amount", DIGITS, r"\d{12}"),
    (44, 10, "payee bankgiro", "digits or blanks", r"[\d ]{10}"),
    (54, 16, "reference", "text", ".*"),
)
_RESULT = Layout(
    "the payment record (82, 32)",
    (*_PAYMENT, (80, 1, "status", "a digit or a blank", r"[\d ]")),
)
_WAITING = Layout("the waiting order (82, 32)", _PAYMENT)
_REFUND = Layout(
    "the refund record (77)",
    (
        *_PAYMENT,
        (70, 8, "refund date", DAY, r"\d{8}"),
        (78, 2, "refund code", DIGITS, r"\d\d"),
    ),
)
_DEPOSIT = Layout(
    "the deposit record (15, 16, 17)",
    (
        (3, 35, "payee bank account", "digits or blanks", r"[\d ]{35}"),
        (38, 8, "payment date", DAY, r"\d{8}"),
        (46, 5, "serial number", DIGITS, r"\d{5}"),
        (51, 18, "amount", DIGITS, r"\d{18}"),
        (72, 8, "number of payments", DIGITS, r"\d{8}"),
    ),
)
_REJECTED = Layout(
    "the rejected order (82, 32)",
    (
        (3, 8, "payment date", "text", ".*"),
        (11, 1, "period code", "text", ".*"),
        (12, 3, "repetitions", "text", ".*"),
        (15, 16, "payer number", "text", ".*"),
        (31, 12, "amount", "text", ".*"),
        (43, 16, "reference", "text", ".*"),
        (59, 2, "comment code", DIGITS, r"\d\d"),
    ),
)
_END_START = (
    (3, 8, "date", DAY, r"\d{8}"),
    (11, 4, "clearing number", "9900", "9900"),
)
_END = Layout(
    "the end record (09)",
    (
        *_END_START,
        (15, 6, "number of deposits", DIGITS, r"\d{6}"),
        (21, 12, "number of executed debits", DIGITS, r"\d{12}"),
        (33, 6, "number of withdrawals", DIGITS, r"\d{6}"),
        (39, 12, "number of executed payouts", DIGITS, r"\d{12}"),
        (51, 6, "number of refund withdrawals", DIGITS, r"\d{6}"),
        (57, 12, "number of refunds", DIGITS, r"\d{12}"),
    ),
)
_REJECTED_END = Layout(
    "the end record (09)",
    (
        *_END_START,
        (15, 6, "number of payouts", DIGITS, r"\d{6}"),
        (21, 12, "sum of payouts", DIGITS, r"\d{12}"),
        (33, 6, "number of debits", DIGITS, r"\d{6}"),
        (39, 12, "sum of debits", DIGITS, r"\d{12}"),
    ),
)
OLD_END = Layout(
    "the end record (09)",
    (
        *_END_START,
        (29, 12, "sum of payouts", DIGITS, r"\d{12}"),
        (41, 6, "number of payouts", DIGITS, r"\d{6}"),
        (47, 6, "number of debits", DIGITS, r"\d{6}"),
        (57, 12, "sum of debits", DIGITS, r"\d{12}"),
    ),
)
EXECUTED = "0"
# The section a record stands in when it was executed.
_SECTIONS = {DEBIT: "15", PAYOUT: "16", "77": "17"}
_WHAT = "a payment record, a deposit record or the end (09)"


class TotalsReader(AutogiroReader):
    """Reads a file whose end record has the sum and number of debits and payouts."""

    def _content(self, records):
        for record in records:
            kind = record[:2]
            if kind == "09":
                self._end(record)
                return
            self.raw = record
            yield self._one(kind, record)
        raise self._truncated("the end record (09)")

    def _one(self, kind, record):
        """What one record says; counts it in the summary as the end record does."""
        raise NotImplementedError

    def _end(self, record):
        day, _clearing, paid_out, payouts, debits, drawn = OLD_END.cut(record, self)
        self._date(day)
        self._total("payouts", PAYOUT, int(payouts), int(paid_out))
        self._total("debits", DEBIT, int(debits), int(drawn))

    def _total(self, what, kind, number, amount):
        summary = self._summary
        self._same(f"number of {what}", number, summary.records.get(kind, 0))
        self._sum(f"sum of {what}", amount, summary.amounts.get(kind, 0))

    def _sum(self, name, found, added):
        if found != added:
            raise self.error(
                f"expected {shown_amount(added, 'SEK')} as added up from the records, "
                f"found {shown_amount(found, 'SEK')}",
                field=name,
            )


class PaymentsReader(TotalsReader):
    """Reads a payment specification.

    ``Summary.records`` counts in the new layout what was executed, and the deposits; in
    the old one all records.
    """

    def __init__(self, source, form, record, key=None):
        super().__init__(source, form, record, key)
        self._deposit = None
        self._executed = [0, 0]

    def _content(self, records):
        if self.opening.layout == "old":
            yield from super()._content(records)
            return
        for record in records:
            kind = record[:2]
            if kind in _SECTIONS:
                self.raw = record
                yield self._one(kind, record)
                continue
            self._close_section()
            if kind == "09":
                self._new_end(record)
                return
            if kind not in _SECTIONS.values():
                raise self._unexpected(_WHAT, record)
            self._deposit = self._section(kind, record)
            self._executed = [0, 0]
        raise self._truncated("the end record (09)")

    def _section(self, kind, record):
        account, day, serial, amount, count = _DEPOSIT.cut(record, self)
        self._summary.count(kind)
        return Deposit(
            line=self._line,
            kind=kind,
            account=bare(account),
            day=self._date(day, "payment date"),
            serial=serial,
            amount_ore=int(amount),
            count=int(count),
        )

    def _close_section(self):
        """The deposit must be what its executed records add up to."""
        deposit = self._deposit
        if deposit:
            count, amount = self._executed
            # The deposit is what is wrong, not the record after its last payment.
            self._line, here = deposit.line, self._line
            self._sum("amount", deposit.amount_ore, amount)
            self._same("number of payments", deposit.count, count)
            self._line = here

    def _new_end(self, record):
        day, _clearing, *numbers = _END.cut(record, self)
        self._date(day)
        kinds = ("15", DEBIT, "16", PAYOUT, "17", "77")
        names = (field[2] for field in _END.fields[2:])
        for name, kind, number in zip(names, kinds, numbers, strict=True):
            self._same(name, int(number), self._summary.records.get(kind, 0))

    def _one(self, kind, record):
        if kind == "77":
            return self._refund(record)
        if kind not in (DEBIT, PAYOUT):
            raise self._unexpected("a payment record (82, 32) or the end (09)", record)
        day, period, times, payer, amount, bankgiro, text, status = _RESULT.cut(
            record, self
        )
        # A blank is all that the old layout has for what was executed.
        status = EXECUTED if status == " " else status
        amount = int(amount)
        deposit = self._booked(kind, amount, status)
        return PaymentResult(
            self._line,
            kind,
            self._date(day, "payment date"),
            period,
            times.strip(),
            bare(payer),
            amount,
            bare(bankgiro) or self.opening.bankgiro,
            text.strip(),
            status,
            deposit,
        )

    def _refund(self, record):
        day, period, times, payer, amount, bankgiro, text, back, code = _REFUND.cut(
            record, self
        )
        amount = int(amount)
        return Refund(
            line=self._line,
            day=self._date(day, "payment date"),
            period=period,
            repetitions=times.strip(),
            payer_number=bare(payer),
            amount_ore=amount,
            bankgiro=bare(bankgiro) or self.opening.bankgiro,
            reference=text.strip(),
            refunded_on=self._date(back, "refund date"),
            code=code,
            deposit=self._booked("77", amount, EXECUTED),
        )

    def _booked(self, kind, amount, status):
        """The deposit a record is part of; counts it.

        What was not executed is part of none. No example says in which section, or
        whether in one, such a record stands when nothing was executed, so it may stand
        anywhere.
        """
        if self.opening.layout == "old":
            self._summary.count(kind)
            self._summary.add(kind, amount)
            return None
        if status != EXECUTED:
            return None
        deposit = self._deposit
        if not deposit or deposit.kind != _SECTIONS[kind]:
            raise self.error(
                f"expected a record {kind} that was executed below a record "
                f"{_SECTIONS[kind]}, found it elsewhere",
                field="record type",
            )
        self._executed[0] += 1
        self._executed[1] += amount
        self._summary.count(kind)
        self._summary.add(kind, amount)
        return deposit


class RejectedReader(TotalsReader):
    """Reads the payment orders that Bankgirot did not take."""

    def __init__(self, source, form, record, key=None):
        super().__init__(source, form, record, key)
        # Directions in which an amount was none, so that nobody knows the sum.
        self._unsummed = set()

    def _one(self, kind, record):
        if kind not in (DEBIT, PAYOUT):
            raise self._unexpected("a rejected order (82, 32) or the end (09)", record)
        day, period, times, payer, amount, text, code = _REJECTED.cut(record, self)
        amount = int(amount) if amount.isascii() and amount.isdigit() else None
        self._summary.count(kind)
        if amount is None:
            self._unsummed.add(kind)
        else:
            self._summary.add(kind, amount)
        return RejectedOrder(
            line=self._line,
            direction=kind,
            day=self._day(day),
            day_text=day.strip(),
            period=period.strip(),
            repetitions=times.strip(),
            payer_number=bare(payer),
            amount_ore=amount,
            bankgiro=self.opening.bankgiro,
            reference=text.strip(),
            code=code,
        )

    def _end(self, record):
        day, _clearing, payouts, paid_out, debits, drawn = _REJECTED_END.cut(
            record, self
        )
        self._date(day)
        for what, kind, number, amount in (
            ("payouts", PAYOUT, payouts, paid_out),
            ("debits", DEBIT, debits, drawn),
        ):
            if kind in self._unsummed:
                counted = self._summary.records[kind]
                self._same(f"number of {what}", int(number), counted)
            else:
                self._total(what, kind, int(number), int(amount))


class WaitingReader(TotalsReader):
    """Reads the list of orders that wait at Bankgirot for their day."""

    def _one(self, kind, record):
        if kind not in (DEBIT, PAYOUT):
            raise self._unexpected("a waiting order (82, 32) or the end (09)", record)
        day, period, times, payer, amount, bankgiro, text = _WAITING.cut(record, self)
        amount = int(amount)
        self._summary.count(kind)
        self._summary.add(kind, amount)
        return WaitingOrder(
            line=self._line,
            direction=kind,
            day=self._date(day, "payment date"),
            period=period,
            repetitions=times.strip(),
            payer_number=bare(payer),
            amount_ore=amount,
            bankgiro=bare(bankgiro) or self.opening.bankgiro,
            reference=text.strip(),
        )
