"""Dates and amounts as bank exports and spreadsheets write them.

Nothing is guessed value by value: order of the date and decimal sign belong to the
layout of the whole file, and what does not fit them is an error.
"""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from .errors import shown
from .money import decimals

DATE_ORDERS = ("dmy", "ymd", "mdy")
DECIMAL_SIGNS = (",", ".")

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan januar januari january",
            "feb februar februari february",
            "mar mars marts march",
            "apr april",
            "mai maj may",
            "jun juni june",
            "jul juli july",
            "aug august augusti",
            "sep sept september",
            "okt oct oktober october",
            "nov november",
            "des dec dez desember december",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[T ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)?\s*(?:Z|[+-]\d\d:?\d\d)?)?"
_PARTS = re.compile(
    rf"(\d{{1,4}})[./\- ]+(\d{{1,2}})[./\- ]+(\d{{1,4}}){_TIME}", re.ASCII
)
_NAMED = re.compile(rf"(\d{{1,2}})\.?[ \-/]*([^\W\d]+)\.?[ \-/]*(\d{{2,4}}){_TIME}")
_COMPACT = re.compile(rf"(?:\d{{6}}|\d{{8}}){_TIME}", re.ASCII)
_SPACES = " \u00a0\u2007\u2009\u202f"
_MINUS = str.maketrans("−–—‒﹣－", "------")
_CURRENCY = r"(?:kr\.?|NOK|SEK|DKK|EUR|USD|GBP|€|\$|£)"
_AMOUNTS = {
    sign: re.compile(
        rf"(?P<open>\()?(?P<first>[+-])?[{_SPACES}]*(?:{_CURRENCY})?[{_SPACES}]*"
        rf"(?P<second>[+-])?[{_SPACES}]*"
        rf"(?P<whole>\d{{1,3}}(?:(?P<group>[{other}'’{_SPACES}])\d{{3}})"
        rf"(?:(?P=group)\d{{3}})*|\d+)?"
        rf"(?:{re.escape(sign)}(?:(?P<fraction>\d+)|(?P<dash>-)?))?"
        rf"[{_SPACES}]*(?:{_CURRENCY})?[{_SPACES}]*(?P<last>[+-])?(?P<close>\))?",
        re.ASCII | re.IGNORECASE,
    )
    for sign, other in ((",", "."), (".", ","))
}
# A spreadsheet keeps amounts as binary fractions; that far off is still the same.
_FLOAT_ERROR = Decimal("0.000001")


def parse_date(value, order):
    """Calendar day of a cell.

    A year of four digits at the front is a year whatever the order; two digits are a
    year of the 2000s. A time of day is left out.

    :param value: text, :class:`~datetime.date` or :class:`~datetime.datetime`
    :param str order: one of ``DATE_ORDERS``
    :raises ValueError: it is no such date
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = " ".join(str(value).split())
    if match := _PARTS.fullmatch(text):
        parts = match.groups()
        if len(parts[0]) > 2:
            order = "ymd"
        elif len(parts[2]) > 2 and order == "ymd":
            # The year stands last, so this is no such date.
            raise _no_date(text)
    elif match := _NAMED.fullmatch(text):
        day, month, year = match.groups()
        parts = (day, str(_MONTHS.get(month.casefold(), 0)), year)
        order = "dmy"
    elif _COMPACT.fullmatch(text):
        digits = re.match(r"\d+", text)[0]
        century = 4 if len(digits) == 8 else 2
        lengths = (century, 2, 2) if order == "ymd" else (2, 2, century)
        first, second = lengths[0], lengths[0] + lengths[1]
        parts = (digits[:first], digits[first:second], digits[second:])
    else:
        raise _no_date(text)
    numbers = dict(zip(order, parts, strict=True))
    year = numbers["y"]
    if len(year) not in (2, 4) or len(numbers["d"]) > 2 or len(numbers["m"]) > 2:
        raise _no_date(text)
    try:
        return date(
            int(year) + (2000 if len(year) == 2 else 0),
            int(numbers["m"]),
            int(numbers["d"]),
        )
    except ValueError:
        raise _no_date(text) from None


def _no_date(text):
    return ValueError(f"expected a date, found {shown(text)}")


def parse_amount(value, sign, currency):
    """Signed minor units of a cell.

    Thousands may be set apart by blanks, apostrophes or the other one of comma and
    point; a minus may stand before or behind, or the amount in brackets.

    :param value: text or number
    :param str sign: the decimal sign of text, one of ``DECIMAL_SIGNS``
    :param str currency: ISO 4217 code
    :raises ValueError: it is no such amount, or finer than the currency
    """
    places = decimals(currency)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _minor_of_number(value, places, currency)
    text = str(value).strip().translate(_MINUS)
    match = _AMOUNTS[sign].fullmatch(text)
    if not match or not (match["whole"] or match["fraction"]):
        raise ValueError(
            f"expected an amount with decimal sign {sign!r}, found {shown(text)}"
        )
    signs = [match["first"], match["second"], match["last"], match["open"]]
    if sum(map(bool, signs)) > 1 or bool(match["open"]) != bool(match["close"]):
        raise ValueError(f"expected an amount with one sign, found {shown(text)}")
    fraction = (match["fraction"] or "").rstrip("0")
    if len(fraction) > places:
        raise ValueError(
            f"expected at most {places} decimals in {currency}, found {shown(text)}"
        )
    whole = re.sub(r"\D", "", match["whole"] or "", flags=re.ASCII)
    minor = int((whole or "0") + fraction.ljust(places, "0"))
    return -minor if "-" in signs or match["open"] else minor


def _minor_of_number(value, places, currency):
    try:
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        rounded = exact.quantize(Decimal(1).scaleb(-places))
        near = abs(exact - rounded) <= _FLOAT_ERROR
    except InvalidOperation:
        raise ValueError(f"expected an amount, found {value!r}") from None
    if not near:
        raise ValueError(
            f"expected at most {places} decimals in {currency}, found {value!r}"
        )
    return int(rounded.scaleb(places))


def guess_date_order(values):
    """The order that most of the values are dates in, the usual one where it is open.

    :param values: cells of the date column
    :rtype: str
    """
    return _best(DATE_ORDERS, values, parse_date)


def guess_decimal_sign(values):
    """The decimal sign that most of the values are amounts with.

    :param values: cells of the amount columns
    :rtype: str
    """

    def parse(value, sign):
        amount = parse_amount(value, sign, "NOK")
        text = str(value)
        # «1.234» is an amount with either sign; the one that stands before two last
        # digits, or twice, tells.
        if not re.search(rf"{re.escape(sign)}\d\d\D*$", text):
            raise ValueError(text)
        return amount

    texts = [value for value in values if isinstance(value, str)]
    return _best(DECIMAL_SIGNS, texts, parse)


def _best(choices, values, parse):
    def count(choice):
        number = 0
        for value in values:
            try:
                parse(value, choice)
            except ValueError:
                continue
            number += 1
        return number

    return max(choices, key=count)
