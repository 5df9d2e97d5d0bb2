"""Writes what the payee sends to Bankgirot: mandates, payment orders, changes.

Each kind stands in a section of its own, opened by a TK01; there is no closing record.
Positions are those of Bankgirot's technical manual for Autogiro.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from odoo.addons.billing_bank_file.core.errors import shown

from .autogiro_records import (
    DEBIT,
    PAYOUT,
    CancelOrder,
    EndMandate,
    MandateOrder,
    MoveOrder,
    PaymentOrder,
    Renumber,
)
from .latin1 import UNPRINTABLE
from .seal import sealed

WIDTH = 80
MAX_AMOUNT = 10**12 - 1
_ACCOUNT = re.compile(r"[1-9]\d{15}", re.ASCII)
# Born in 1800–2199, or an organisation.
_IDENTITY = re.compile(r"(?:18|19|20|21|00)\d{10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderFile:
    """One file to Bankgirot; a part that is empty is left out.

    :param written: day of the file
    :param customer_number: the payee's at Bankgirot, up to 6 digits
    :param bankgiro: the payee's, 7 or 8 digits with the check digit
    :param mandates: any of ``MandateOrder``, ``EndMandate``, ``Renumber``, in order
    :param payments: ``PaymentOrder``
    :param changes: ``CancelOrder`` and ``MoveOrder``
    """

    written: date
    customer_number: str
    bankgiro: str
    mandates: Iterable[MandateOrder | EndMandate | Renumber] = ()
    payments: Iterable[PaymentOrder] = ()
    changes: Iterable[CancelOrder | MoveOrder] = ()


class AutogiroOrderError(ValueError):
    """An order cannot be written.

    :ivar str part: ``file``, ``mandates``, ``payments`` or ``changes``
    :ivar int index: of the order in its part, from 0; -1 for the file itself
    :ivar str field: name of the field
    :ivar str message: what was expected and what was found
    """

    def __init__(self, message, *, part="file", index=-1, field=""):
        place = f"{part}[{index}]" if index >= 0 else part
        super().__init__(f"{place}.{field}: {message}")
        self.message = message
        self.part = part
        self.index = index
        self.field = field


def write_orders(file: OrderFile, key: str | None = None) -> Iterator[bytes]:
    """Yield the records of a file, one by one: 80 characters, ISO-8859-1, CRLF.

    The parts may be iterators; they are read once and never held in memory.

    :param key: seals the file with it (32 hexadecimal digits)
    :raises AutogiroOrderError: a value does not fit; what was yielded so far is no file
    :raises SealError: the key is none
    """
    records = _records(file)
    return sealed(records, key, file.written) if key is not None else records


def _records(file):
    bankgiro = _bankgiro(file.bankgiro, "bankgiro")
    customer = _number(file.customer_number, 6, "customer_number")
    opening = f"01{file.written:%Y%m%d}AUTOGIRO{'':44}{customer}{bankgiro}"
    empty = True
    for part, orders, writers in (
        ("mandates", file.mandates, _MANDATES),
        ("payments", file.payments, _PAYMENTS),
        ("changes", file.changes, _CHANGES),
    ):
        orders = iter(orders)
        first = next(orders, None)
        if first is None:
            continue
        empty = False
        yield _encoded(opening)
        for index, order in enumerate(itertools.chain([first], orders)):
            try:
                write = writers.get(type(order))
                if not write:
                    raise _refused("expected an order of this part", order, "type")
                yield _encoded(write(order, bankgiro))
            except AutogiroOrderError as error:
                # Where it is, is known only here.
                raise AutogiroOrderError(
                    error.message, part=part, index=index, field=error.field
                ) from None
    if empty:
        raise AutogiroOrderError("expected an order, found none", field="orders")


def _encoded(record):
    return record.ljust(WIDTH).encode("iso-8859-1") + b"\r\n"


# --- mandates -----------------------------------------------------------------


def _mandate(order, bankgiro):
    if bool(order.account) != bool(order.identity):
        raise _refused(
            "expected an account and an identity, or neither",
            "one of them",
            "identity" if order.account else "account",
        )
    if order.account:
        _match(_ACCOUNT, order.account, "16 digits of an account", "account")
        _match(_IDENTITY, order.identity, "12 digits of an identity", "identity")
    answer = "AV" if order.reject else ""
    return (
        f"04{bankgiro}{_payer(order.payer_number)}{order.account:16}"
        f"{order.identity:12}{'':20}{answer}"
    )


def _end(order, bankgiro):
    return f"03{bankgiro}{_payer(order.payer_number)}"


def _renumber(order, bankgiro):
    to = order.new_bankgiro
    return (
        f"05{bankgiro}{_payer(order.payer_number)}"
        f"{_bankgiro(to, 'new_bankgiro') if to else bankgiro}"
        f"{_number(order.new_payer_number, 16, 'new_payer_number')}"
    )


# --- payments -----------------------------------------------------------------


def _payment(order, bankgiro):
    if order.period not in tuple("012345678"):
        raise _refused("expected a period 0 to 8", order.period, "period")
    times = order.repetitions
    if times is not None and (
        type(times) is not int or not 1 <= times <= 999 or order.period == "0"
    ):
        raise _refused(
            "expected 1 to 999 repetitions of an order with a period, or None",
            times,
            "repetitions",
        )
    return (
        f"{_direction(order)}{_day(order.day) if order.day else 'GENAST  '}"
        f"{order.period}{'' if times is None else f'{times:03}':3} "
        f"{_payer(order.payer_number)}{_amount(order)}{bankgiro}{_reference(order)}"
    )


# --- changes ------------------------------------------------------------------


def _cancel(order, bankgiro):
    payer = _payer(order.payer_number)
    if order.day is None:
        _only_for_one(order)
        return f"23{bankgiro}{payer}"
    if order.amount_ore is None:
        _only_for_one(order)
        return f"24{bankgiro}{payer}{_day(order.day)}"
    return (
        f"25{bankgiro}{payer}{_day(order.day)}{_amount(order)}{_direction(order)}"
        f"{'':8}{_reference(order)}"
    )


def _move(order, bankgiro):
    to = _day(order.new_day)
    if order.payer_number and order.day is None:
        raise _refused("expected the day of the payer's orders", None, "day")
    payer = _payer(order.payer_number) if order.payer_number else f"{'':16}"
    if order.amount_ore is None or not order.payer_number:
        _only_for_one(order)
        kind = "28" if order.payer_number else "27" if order.day else "26"
        day = _day(order.day) if order.day else ""
        return f"{kind}{bankgiro}{payer}{day:8}{'':14}{to}"
    return (
        f"29{bankgiro}{payer}{_day(order.day)}{_amount(order)}{_direction(order)}"
        f"{to}{_reference(order)}"
    )


def _only_for_one(order):
    """Refuse what tells a single order when many are meant."""
    for field in ("amount_ore", "reference"):
        if value := getattr(order, field):
            raise _refused(f"expected no {field} for many orders", value, field)


_MANDATES = {MandateOrder: _mandate, EndMandate: _end, Renumber: _renumber}
_PAYMENTS = {PaymentOrder: _payment}
_CHANGES = {CancelOrder: _cancel, MoveOrder: _move}


# --- fields -------------------------------------------------------------------


def _refused(expected, value, field):
    return AutogiroOrderError(f"{expected}, found {shown(str(value))}", field=field)


def _match(pattern, value, expected, field):
    if not isinstance(value, str) or not pattern.fullmatch(value):
        # Whose account it is stands in no log: the value is left out.
        raise AutogiroOrderError(f"expected {expected}", field=field)


def _number(value, width, field):
    """Digits, filled up with zeros; nothing but zeros is no number."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()):
        raise _refused("expected digits", value, field)
    value = value.lstrip("0")
    if not 1 <= len(value) <= width:
        raise _refused(f"expected a number of 1 to {width} digits", value, field)
    return value.rjust(width, "0")


def _payer(value):
    return _number(value, 16, "payer_number")


def _bankgiro(value, field):
    # The check digit is looked at where the number is typed; Bankgirot's own example
    # has a number without a right one.
    number = _number(value, 10, field)
    if not 7 <= len(number.lstrip("0")) <= 8:
        raise _refused("expected a bankgiro number of 7 or 8 digits", value, field)
    return number


def _day(value):
    if not isinstance(value, date):
        raise _refused("expected a day", value, "day")
    return f"{value:%Y%m%d}"


def _direction(order):
    if order.direction not in (DEBIT, PAYOUT):
        raise _refused("expected 82 or 32", order.direction, "direction")
    return order.direction


def _amount(order):
    amount = order.amount_ore
    if type(amount) is not int or not 1 <= amount <= MAX_AMOUNT:
        raise _refused(f"expected 1 to {MAX_AMOUNT} öre", amount, "amount_ore")
    return f"{amount:012}"


def _reference(order):
    text = order.reference
    if len(text) > 16 or text != text.strip() or UNPRINTABLE.search(text):
        raise _refused(
            "expected up to 16 printable characters of ISO-8859-1 without blanks "
            "around them",
            text,
            "reference",
        )
    return f"{text:16}"
