"""Swedish bank accounts as people type them, and as Autogiro files hold them.

An account is a clearing number, which tells the bank, and a number within the bank. How
long that is, and which check digit it has, the banks decide for each range of clearing
numbers (Bankgirot, «Bankernas kontonummer»). The list here holds the ranges that have
been the same for years and leaves out those whose rule has exceptions: a range that is
not in it is taken by its form alone, so that no new bank is turned away.
"""

import re
from dataclasses import dataclass

from odoo.addons.billing_base.core.reference import check_passes

#: Longest number within a bank, as a file has room for.
LONGEST = 12
#: Shortest one that any bank gives out.
SHORTEST = 2
#: Clearing numbers with a fifth digit, which no file holds.
_WITH_FIFTH = "8"
_APART = re.compile(r"[\s.,\-–]")

# What the check digit is made of.
_SEVEN = "seven"  # seven digits and the clearing number without its first digit
_ELEVEN = "eleven"  # seven digits and the whole clearing number
_TEN = "ten"  # ten digits
_NINE = "nine"  # nine digits
_NONE = ""  # there is none, or the bank has exceptions


@dataclass(frozen=True, slots=True)
class _Range:
    first: int
    last: int
    bank: str
    check: str


_RANGES = (
    _Range(1100, 1199, "Nordea", _SEVEN),
    _Range(1200, 1399, "Danske Bank", _SEVEN),
    _Range(1400, 2099, "Nordea", _SEVEN),
    _Range(2300, 2399, "Ålandsbanken", _ELEVEN),
    _Range(2400, 2499, "Danske Bank", _SEVEN),
    _Range(3000, 3299, "Nordea", _SEVEN),
    _Range(3300, 3300, "Nordea", _TEN),
    _Range(3301, 3399, "Nordea", _SEVEN),
    _Range(3400, 3409, "Länsförsäkringar Bank", _SEVEN),
    _Range(3410, 3781, "Nordea", _SEVEN),
    _Range(3782, 3782, "Nordea", _TEN),
    _Range(3783, 3999, "Nordea", _SEVEN),
    _Range(4000, 4999, "Nordea", _ELEVEN),
    _Range(5000, 5999, "SEB", _SEVEN),
    _Range(6000, 6999, "Handelsbanken", _NINE),
    _Range(7000, 7999, "Swedbank", _SEVEN),
    # Old accounts of savings banks end on any digit.
    _Range(8000, 8999, "Swedbank", _NONE),
    _Range(9020, 9029, "Länsförsäkringar Bank", _ELEVEN),
    _Range(9060, 9069, "Länsförsäkringar Bank", _SEVEN),
    _Range(9120, 9124, "SEB", _SEVEN),
    _Range(9130, 9149, "SEB", _SEVEN),
    _Range(9150, 9169, "Skandia", _ELEVEN),
    _Range(9170, 9179, "Ikano Bank", _SEVEN),
    _Range(9180, 9189, "Danske Bank", _TEN),
    _Range(9270, 9279, "ICA Banken", _SEVEN),
    _Range(9550, 9569, "Avanza Bank", _ELEVEN),
)
_LENGTHS = {_SEVEN: (7, 7), _ELEVEN: (7, 7), _TEN: (10, 10), _NINE: (8, 9)}


class AccountError(ValueError):
    """What was typed is no account.

    :ivar code: ``empty``, ``letters``, ``clearing``, ``length`` or ``check``
    """

    def __init__(self, code: str):
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class SwedishAccount:
    """One account.

    :param clearing: four digits
    :param number: digits within the bank, as the bank writes them
    :param bank: name of the bank; empty where it is not known
    """

    clearing: str
    number: str
    bank: str = ""

    @property
    def field(self) -> str:
        """The 16 digits of a file: the clearing number, and zeros before the number."""
        return f"{self.clearing}{self.number:0>12}"


def parse(clearing: str, number: str) -> SwedishAccount:
    """Return the account with this clearing number and number.

    :param clearing: as typed; four digits, or five that begin with 8
    :param number: as typed
    :raises AccountError: it can be none
    """
    clearing, number = _digits(clearing), _digits(number)
    if len(clearing) == 5 and clearing.startswith(_WITH_FIFTH):
        if not check_passes(clearing, "mod10"):
            raise AccountError("clearing")
        clearing = clearing[:4]
    if len(clearing) != 4 or clearing < "1000":
        raise AccountError("clearing")
    known = next(
        (one for one in _RANGES if one.first <= int(clearing) <= one.last), None
    )
    check = known.check if known else _NONE
    shortest, longest = _LENGTHS.get(check, (SHORTEST, LONGEST))
    if not shortest <= len(number) <= longest or not number.strip("0"):
        raise AccountError("length")
    if not _passes(check, clearing, number):
        raise AccountError("check")
    return SwedishAccount(clearing, number, known.bank if known else "")


def of_field(field: str) -> SwedishAccount:
    """Return the account that 16 digits of a file stand for.

    Zeros before the number are gone, so nothing but its form is looked at.

    :raises AccountError: these are not 16 digits
    """
    if not (len(field) == 16 and field.isascii() and field.isdecimal()):
        raise AccountError("length")
    known = next(
        (one for one in _RANGES if one.first <= int(field[:4]) <= one.last), None
    )
    return SwedishAccount(field[:4], field[4:].lstrip("0"), known.bank if known else "")


def _digits(text: str) -> str:
    bare = _APART.sub("", text or "")
    if not bare:
        raise AccountError("empty")
    if not (bare.isascii() and bare.isdecimal()):
        raise AccountError("letters")
    return bare


def _passes(check: str, clearing: str, number: str) -> bool:
    if check == _SEVEN:
        return _mod11(clearing[1:] + number)
    if check == _ELEVEN:
        return _mod11(clearing + number)
    if check == _NINE:
        return _mod11(number)
    if check == _TEN:
        return check_passes(number, "mod10")
    return True


def _mod11(digits: str) -> bool:
    """Weights 1 to 10 from the right, and 1 again for an eleventh digit."""
    total = sum(
        int(digit) * (place % 10 + 1) for place, digit in enumerate(reversed(digits))
    )
    return total % 11 == 0
