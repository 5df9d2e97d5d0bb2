"""Swedish personal and organisation numbers, as typed and as Autogiro files hold them.

A file has room for twelve digits: year, month and day of birth with four digits
(coordination numbers have 60 added to the day), or two zeros and the ten digits of an
organisation (Bankgirot, Autogiro technical manual, TK04).
"""

import re
from datetime import date

_APART = re.compile(r"\s")
_TYPED = re.compile(r"(?:(\d{2}))?(\d{6})([-+]?)(\d{4})", re.ASCII)


class IdentityError(ValueError):
    """What was typed is no personal or organisation number.

    :ivar code: ``form``, ``date`` or ``check``
    """

    def __init__(self, code: str):
        self.code = code
        super().__init__(code)


def parse(text: str, today: date) -> str:
    """Return the twelve digits of a personal or organisation number.

    :param text: as typed: 10 or 12 digits, with or without a dash; a plus instead of
        the dash says that the person is a hundred years old or more
    :param today: decides on the century of a person where it is left out
    :raises IdentityError: it can be none
    """
    found = _TYPED.fullmatch(_APART.sub("", text or ""))
    if not found:
        raise IdentityError("form")
    century, six, sign, last = found.groups()
    if not _luhn(six + last):
        raise IdentityError("check")
    # The third digit of an organisation's number is 2 or more, that of a date is not.
    if six[2] >= "2":
        if century not in (None, "16", "00") or sign == "+":
            raise IdentityError("form")
        return f"00{six}{last}"
    if century:
        if _born(century + six) is None or _born(century + six) > today:
            raise IdentityError("date")
        return century + six + last
    for hundreds in (today.year // 100, today.year // 100 - 1):
        born = _born(f"{hundreds:02}{six}")
        if born is None or born > today:
            continue
        # The sign changes in the year of the hundredth birthday.
        is_old = today.year - born.year >= 100
        if is_old == (sign == "+"):
            return f"{hundreds:02}{six}{last}"
    raise IdentityError("date")


def is_organisation(identity: str) -> bool:
    """Whether twelve digits of :func:`parse` are an organisation's."""
    return identity.startswith("00")


def _born(digits: str) -> date | None:
    day = int(digits[6:8])
    try:
        return date(int(digits[:4]), int(digits[4:6]), day - 60 if day > 60 else day)
    except ValueError:
        return None


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
