"""«Is this invoice real?»: what people type from an invoice, in the form we keep it."""

import re
from decimal import Decimal

#: Longer references or accounts there are none; nothing longer is looked at.
MAX_LENGTH = 64

_REFERENCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ./_-]*[A-Za-z0-9])?", re.ASCII)
_BETWEEN = re.compile(r"[ .-]+")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", re.ASCII)
_NOT_ACCOUNT = re.compile(r"[^A-Z0-9]+")
#: Currency before or after, and the Scandinavian «,-» for no small change.
_CURRENCY = re.compile(
    r"^(?:kr\.?|nok|sek|dkk|eur|€)|(?:kr\.?|nok|sek|dkk|eur|€)$", re.IGNORECASE
)
_NO_CHANGE = re.compile(r"[.,](?:-|–|—)+$")
_SPACE = re.compile(r"[\s\u00a0\u202f'’]+")
_PLAIN = re.compile(r"\d{1,12}(?:\.\d{1,2})?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+", re.ASCII)


def references(typed: object) -> tuple[str, ...]:
    """Return the forms in which a reference that somebody typed may be kept.

    Without what parts its digits on paper, and as it was typed, since some references
    are kept with spaces or slashes.

    :param typed: such as ``1000 0126 003`` or ``INV/2026/00105``
    :return: nothing when it cannot be a reference
    """
    if not isinstance(typed, str) or len(typed) > MAX_LENGTH:
        return ()
    written = " ".join(typed.split())
    if not _REFERENCE.fullmatch(written):
        return ()
    return tuple(dict.fromkeys((_BETWEEN.sub("", written), written)))


def account(typed: object) -> str:
    """Return a bank account as Odoo compares it, «» when none was typed.

    :param typed: such as ``1234.56.78903``, ``123-4567`` or an IBAN
    """
    if not isinstance(typed, str) or len(typed) > MAX_LENGTH:
        return ""
    return _NOT_ACCOUNT.sub("", typed.upper())


def amount(typed: object) -> Decimal | None:
    """Return an amount as people write it in Norway, Sweden and elsewhere.

    :param typed: such as ``1 249,00``, ``1.249,50 kr``, ``1,249.50`` or ``1249,-``
    :return: more than zero, None when it is no amount or could be two
    """
    if not isinstance(typed, str) or len(typed) > MAX_LENGTH:
        return None
    text = _SPACE.sub("", typed)
    text = _CURRENCY.sub("", text)
    text = _NO_CHANGE.sub("", text)
    if "," in text and "." in text:
        # The last of them parts the small change, the others thousands.
        thousands, point = (",", ".") if text.rfind(".") > text.rfind(",") else ".,"
        whole, _point, change = text.rpartition(point)
        if not re.fullmatch(rf"\d{{1,3}}(?:\{thousands}\d{{3}})+", whole, re.ASCII):
            return None
        text = f"{whole.replace(thousands, '')}.{change}"
    else:
        text = text.replace(",", ".")
        if _GROUPED.fullmatch(text):
            text = text.replace(".", "")
    if not _PLAIN.fullmatch(text):
        return None
    value = Decimal(text)
    return value if value > 0 else None


def is_same_account(kept: str, typed: str) -> bool:
    """Whether two account numbers are one, with or without what makes it an IBAN.

    :param kept: letters and digits, as Odoo compares them
    :param typed: from :func:`account`
    """
    if not (kept and typed):
        return False
    return typed in {kept, _national(kept)} or kept == _national(typed)


def _national(number):
    """Return what follows country and check digits, for an IBAN."""
    return number[4:] if _IBAN.fullmatch(number) else number
