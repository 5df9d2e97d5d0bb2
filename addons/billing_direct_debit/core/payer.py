"""By what banks know a payer: personal number, bankgiro, and the numbers we give.

Plain Python: checks what people write and puts it the way Autogiro files want it. For
accounts see :mod:`.swedish_account`.
Sources: Bankgirot's «Autogiro teknisk manual» (TK04: personal or organisation number 12
digits, payer number 16 digits); Skatteverket SKV 704 (personal
numbers, and co-ordination numbers with 60 added to the day).
"""

import re
from datetime import date

from odoo.addons.billing_base.core.reference import check_passes

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_SEPARATORS = str.maketrans("", "", " .-\u00a0\u2010\u2011\u2013")
_CLEARING = 4
_PERSONAL = re.compile(r"([0-9]{2})?([0-9]{6})([-+]?)([0-9]{4})", re.ASCII)
#: A co-ordination number has this added to its day.
_COORDINATION = 60
#: Third digit of an organisation number; in a personal one the month never is so high.
_ORGANISATION_FROM = 2
#: Numbers of more mandates of one customer begin with it; customers' own never do.
_AGAIN = "9"
_NUMBER = 16


class PayerError(ValueError):
    """What somebody wrote is no such number; ``code`` says how.

    ``identity`` or ``bankgiro``.
    """

    def __init__(self, code: str):
        super().__init__(f"wrong {code}")
        self.code = code


def split_account(account: str) -> tuple[str, str]:
    """Return clearing and account number of 16 digits, as people write them."""
    return account[:_CLEARING], account[_CLEARING:].lstrip("0")


def masked(account: str) -> str:
    """Return an account so that its owner knows it again and nobody else can use it."""
    digits = _plain(account)
    return f"•••• {digits[-4:]}" if len(digits) > 4 else ""


def identity(text: str, today: date) -> str:
    """Return a personal or organisation number as Autogiro writes it: 12 digits.

    :param text: ten or twelve digits, ``-`` or, from a hundred years of age, ``+``
    :param today: tells the century of ten digits
    :raises PayerError: ``identity``
    """
    match = _PERSONAL.fullmatch(re.sub(r"\s", "", text or ""))
    if not match:
        raise PayerError("identity")
    century, day, sign, serial = match.groups()
    if not check_passes(day + serial, "mod10"):
        raise PayerError("identity")
    if century in (None, "00", "16") and int(day[2]) >= _ORGANISATION_FROM:
        return f"00{day}{serial}"
    if century is None:
        century = _century(day, sign, today)
    if not _is_day(century + day, today):
        raise PayerError("identity")
    return century + day + serial


def plain_identity(digits: str | None) -> str | None:
    """Return the 12 digits of a record as orders have them; None when it has none.

    Bankgirot puts ``99`` before the organisation number of who is known by bankgiro.
    """
    if not digits or not digits.strip("0"):
        return None
    return f"00{digits[2:]}" if digits.startswith("99") else digits


def bankgiro(text: str) -> str:
    """Return the digits of a bankgiro number.

    :param text: seven or eight digits, the last of which checks the others
    :raises PayerError: ``bankgiro``
    """
    digits = _plain(text).lstrip("0")
    if (
        not _DIGITS.fullmatch(digits)
        or len(digits) not in (7, 8)
        or not check_passes(digits, "mod10")
    ):
        raise PayerError("bankgiro")
    return digits


def payer_number(customer_number: str, taken=frozenset()) -> str:
    """Return a number for a customer's mandate that is free.

    The first is the customer number, which customers find on their invoices. Later
    ones are longer than any customer number: while a bank still has the first, it
    would refuse another with the same.

    :param customer_number: digits
    :param taken: numbers in use
    :raises ValueError: the customer number is too long, or all are taken
    """
    number = customer_number.lstrip("0")
    if number not in taken and number and len(number) <= _NUMBER:
        return number
    room = _NUMBER - 3
    if not number or len(number) > room:
        raise ValueError(f"no payer number for customer {customer_number}")
    for again in range(2, 100):
        candidate = f"{_AGAIN}{again:02d}{number.zfill(room)}"
        if candidate not in taken:
            return candidate
    raise ValueError(f"no payer number left for customer {customer_number}")


def kid_part(kid: str, length: int) -> str:
    """Return the digits of a KID that are the same on all invoices of a customer.

    :param kid: as on an invoice or in a record; blanks at the ends do not count
    :param length: how many they are
    :raises ValueError: the KID is no longer than that, or is none
    """
    text = kid.strip()
    if len(text) <= length or length < 1 or not _DIGITS.fullmatch(text[:length]):
        raise ValueError(f"{text} has no fixed part of {length} digits")
    return text[:length]


def _plain(text):
    return (text or "").strip().translate(_SEPARATORS)


def _century(day, sign, today):
    century = today.year // 100
    if (century * 100 + int(day[:2])) > today.year:
        century -= 1
    # Who turns a hundred in a year has the sign from its first day on.
    if sign == "+":
        century -= 1
    return str(century)


def _is_day(text, today):
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if day > _COORDINATION:
        day -= _COORDINATION
    try:
        born = date(year, month, day)
    except ValueError:
        return False
    return date(1850, 1, 1) <= born <= today
