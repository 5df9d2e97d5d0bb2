"""What banks answer to direct debit, read out of their files.

AvtaleGiro mandates stand in the OCR giro file, between the payments; Autogiro has
files of its own. Both go through the readers of ``billing_bank_file``: what is money
becomes a ``Transaction``, all else a ``Message`` that changes a mandate or a claim.
"""

import dataclasses
from datetime import date

from odoo.addons.billing_bank_file.core.messages import Extension, Message
from odoo.addons.billing_bank_file.core.source import Reader
from odoo.addons.billing_bank_file.core.types import (
    Fingerprints,
    Reference,
    Summary,
    Transaction,
)

from . import autogiro_in, mandates, nets
from . import autogiro_records as records

# Kinds of answers.
NO_MANDATE = "avtalegiro_mandate"
SE_MANDATE = "autogiro_mandate"
SE_EMANDATE = "autogiro_emandate"
SE_REGISTER = "autogiro_register"
SE_RESULT = "autogiro_result"
SE_REFUND = "autogiro_refund"
SE_REJECTED = "autogiro_rejected"
SE_CHANGE = "autogiro_change"
SE_WAITING = "autogiro_waiting"
# What complete lists of mandates leave out: one answer for each list.
NO_LIST = "avtalegiro_list"
SE_LIST = "autogiro_list"
OF_LISTS = {NO_LIST: NO_MANDATE, SE_LIST: SE_REGISTER}

_KINDS = {
    records.MandateAdvice: SE_MANDATE,
    records.EMandate: SE_EMANDATE,
    records.RegisteredMandate: SE_REGISTER,
    records.PaymentResult: SE_RESULT,
    records.Refund: SE_REFUND,
    records.RejectedOrder: SE_REJECTED,
    records.Change: SE_CHANGE,
    records.WaitingOrder: SE_WAITING,
}
#: Kinds of the messages that :class:`DebitFiles` reads.
KINDS = frozenset({NO_MANDATE, *_KINDS.values()})
#: Kinds of complete lists: each list is compared anew, though nothing in it is new.
LISTS = frozenset({SE_REGISTER, SE_WAITING})

#: Kinds of changes (TK03–22) that we did not ask for.
STOPPED_BY_OTHERS = frozenset({"03", "11", "21", "22"})

_EXECUTED = "0"
_SEK = "SEK"
# Transaction codes as types of payments.
DRAWN = "82"
PAID_OUT = "32"
TAKEN_BACK = "77"
#: Types of payments that a debit brings: AvtaleGiro in OCR giro, and Autogiro.
DEBITS = ("15", DRAWN)


class DebitFiles(Extension):
    """Reads AvtaleGiro mandates in OCR giro files, and Autogiro files."""

    def read_assignment(self, kind):
        return _read_mandates if kind == "NY212420" else None

    def open(self, source, head):
        reader = autogiro_in.autogiro_reader(source, head)
        return AutogiroAnswers(source, reader) if reader else None


def code_of(kind, record):
    """The code of the bank in a record, as staff knows it from the bank's manual.

    :param kind: one of :data:`KINDS`
    :param record: the values of the record, see :func:`plain`
    """
    if kind == NO_MANDATE:
        return str(record["registration"])
    if kind == SE_MANDATE:
        return f"{record['information']}/{record['comment']}"
    if kind == SE_CHANGE:
        return f"{record['kind']}/{record['code']}"
    return str(record.get("status") or record.get("code") or "")


# --- AvtaleGiro ----------------------------------------------------------------


def _read_mandates(start, following, reader, transmission):
    """Yield the messages of a list of mandates; see ``Extension.read_assignment``."""
    last = start

    def seen():
        nonlocal last
        for record in following:
            last = record
            yield record

    fingerprints = Fingerprints()
    for record in mandates.read_assignment(reader, start, seen()):
        yield Message(
            line=record.line,
            account=record.account,
            currency=nets.CURRENCY,
            kind=NO_MANDATE,
            record=plain(record),
            # The same customer may sign, end and sign again: what is read twice is
            # told by the transmission it stood in.
            fingerprint=fingerprints.of(
                NO_MANDATE,
                transmission,
                record.account,
                str(record.assignment),
                str(record.serial),
                str(record.registration),
                record.kid,
                str(record.written_notice),
            ),
            raw=last,
        )


# --- Autogiro --------------------------------------------------------------------


class AutogiroAnswers(Reader):
    """Reads one Autogiro file from Bankgirot as payments and messages.

    What was executed is money and becomes a payment of the sum it is part of on the
    bank account (TK15, TK16, TK17); a refund is both, money out and a message.
    """

    def __init__(self, source, reader):
        """
        :param source: :class:`~odoo.addons.billing_bank_file.core.source.Source`
        :param reader: the :class:`~.autogiro_in.AutogiroReader` of it
        """
        self._reader = reader
        opening = reader.opening
        format_ = f"autogiro_{opening.kind}"
        super().__init__(source, format_, Summary(format_))
        self._written = opening.written.isoformat() if opening.written else ""
        self._fingerprints = Fingerprints()

    def _read(self):
        if self._reader.opening.kind == "orders":
            raise self._source.error(
                "expected a file from Bankgirot, found one of orders to Bankgirot",
                line=1,
                field="contents",
            )
        self._summary.message_id = self._reader.opening.stamp
        entries = set()
        position = 0
        for record in self._reader:
            kind = _KINDS[type(record)]
            executed = kind == SE_RESULT and record.status == _EXECUTED
            if executed or kind == SE_REFUND:
                position += 1
                payment = self._payment(record, kind, position)
                entries.add(payment.entry)
                self._summary.add(payment.account, _SEK, payment.amount)
                yield payment
            if not executed:
                yield self._message(record, kind)
        self._summary.entries = len(entries)

    def _payment(self, record, kind, position):
        """The money of a debit or payout that was executed, or of a refund."""
        is_refund = kind == SE_REFUND
        code = TAKEN_BACK if is_refund else record.direction
        day = record.refunded_on if is_refund else record.day
        amount = record.amount_ore if code == DRAWN else -record.amount_ore
        deposit = record.deposit
        account, booked, section, line = record.bankgiro, day, ("", ""), 0
        if deposit:
            account, booked, line = deposit.account, deposit.day, deposit.line
            section = (deposit.kind, deposit.serial)
        return Transaction(
            position=position,
            line=record.line,
            amount=amount,
            currency=_SEK,
            account=account,
            booking_date=booked,
            value_date=None,
            # Two sums of a day may have the same serial number.
            entry="/".join((account, booked.isoformat(), *section, str(line))),
            collective=True,
            bank_reference="",
            end_to_end_id="",
            mandate_id=record.payer_number,
            references=(Reference(record.reference),) if record.reference else (),
            texts=(),
            payer_name="",
            payer_account="",
            kind=code,
            fingerprint=self._fingerprints.of(
                kind,
                code,
                record.bankgiro,
                account,
                *section,
                day.isoformat(),
                record.day.isoformat(),
                record.payer_number,
                str(amount),
                record.reference,
            ),
            raw=plain(record),
            giro=record.bankgiro if deposit else "",
        )

    def _message(self, record, kind):
        values = plain(record)
        return Message(
            line=record.line,
            account=record.bankgiro,
            currency=_SEK,
            kind=kind,
            record=values,
            fingerprint=self._fingerprints.of(
                kind,
                self._written,
                *(str(values[name]) for name in sorted(values.keys() - {"line"})),
            ),
            raw=self._reader.raw,
        )


def plain(record):
    """The fields of a record as values ready for JSON, but the sum it is part of."""
    values = {
        field.name: getattr(record, field.name)
        for field in dataclasses.fields(record)
        if field.name != "deposit"
    }
    for name, value in values.items():
        if isinstance(value, date):
            values[name] = value.isoformat()
        elif isinstance(value, tuple):
            values[name] = list(value)
    return values


def slips(number):
    """The numbers that become another one by one slip of the pen or the scanner.

    :param str number: digits
    :return: set of numbers with one digit replaced, dropped or added, or two
        neighbours swapped; without ``number`` itself
    """
    digits = "0123456789"
    found = set()
    for at in range(len(number) + 1):
        before, after = number[:at], number[at:]
        found.update(before + digit + after for digit in digits)
        if after:
            found.add(before + after[1:])
            found.update(before + digit + after[1:] for digit in digits)
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    return found - {number, ""}
