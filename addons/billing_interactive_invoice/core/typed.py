"""What people type into forms: amounts and days in their own writing."""

import re
from datetime import date

_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d{1,3}))?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(\1\d{3})*(?:(?!\1)[.,]\d{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"^(kr\.?|nok|sek|eur|€)|(kr\.?|nok|sek|eur|€|,-|:-)$", re.I)
_SPACES = re.compile(r"[\s'’]+")
_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)


def read_amount(text: str | None, unit: int) -> int | None:
    """Return the amount somebody typed, or None when it is none.

    Comma and point both divide off the smaller coins, unless three digits follow:
    «1.249» and «1,249» are a thousand and more, for no currency here has thousandths
    that people pay.

    :param text: such as ``1 249,50`` or ``kr 1.249,50``
    :param unit: minor units of one whole, such as 100
    :return: minor units
    """
    bare = _CURRENCY.sub("", _SPACES.sub("", text or "")[:40])
    if _GROUPED.fullmatch(bare):
        head, mark, tail = _last_mark(bare)
        if len(tail) == 3:
            head, mark, tail = head + tail, "", ""
        bare = re.sub(r"[.,]", "", head) + (f",{tail}" if mark else "")
    match = _AMOUNT.fullmatch(bare)
    if not match:
        return None
    decimals = len(str(unit)) - 1
    fraction = match[2] or ""
    if len(fraction.rstrip("0")) > decimals:
        return None
    return int(match[1]) * unit + int(fraction[:decimals].ljust(decimals, "0") or 0)


def read_day(text: str | None) -> date | None:
    """Return the day somebody typed or a browser's calendar gave, or None.

    :param text: ``2026-12-01``, or day, month and year as ``1.12.2026``
    """
    text = (text or "").strip()[:20]
    match = _DAY.fullmatch(text)
    try:
        if match:
            return date(int(match[3]), int(match[2]), int(match[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None


def _last_mark(text):
    place = max(text.rfind("."), text.rfind(","))
    return text[:place], text[place], text[place + 1 :]
