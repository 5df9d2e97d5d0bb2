"""The part of an invoice that tells how to pay it: numbers as people read them, codes.

Norwegian account numbers, bankgiro and plusgiro are shown the way banks print them; a
QR code carries the same for a bank's app. The JSON in it follows the open «UsingQR»
format of Swedish invoicing programs as far as published examples show it.
"""

import json
import re
from dataclasses import dataclass
from datetime import date

BANKGIRO = "bankgiro"
PLUSGIRO = "plusgiro"
NORWEGIAN = "norwegian"
IBAN = "iban"
OTHER = "other"

#: Kind of account → its code in UsingQR.
_USINGQR_KINDS = {BANKGIRO: "BG", PLUSGIRO: "PG", IBAN: "IBAN"}

_BANKGIRO = re.compile(r"\d{3,4}-\d{4}")
_PLUSGIRO = re.compile(r"\d[\d ]{0,8}-\d")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account to pay to.

    :param kind: one of the constants above
    :param number: without spaces and dashes
    :param shown: as people read it
    """

    kind: str
    number: str
    shown: str


def account(number: str, country: str = "") -> Account:
    """Return what kind of account a number is, and how it is shown.

    :param number: as somebody wrote it; a dash tells bankgiro from plusgiro
    :param country: code of the payee's country
    """
    text = " ".join((number or "").split())
    plain = re.sub(r"[\s.\-]", "", text).upper()
    if _IBAN.fullmatch(plain):
        shown = " ".join(plain[i : i + 4] for i in range(0, len(plain), 4))
        return Account(IBAN, plain, shown)
    if _BANKGIRO.fullmatch(text):
        return Account(BANKGIRO, plain, text)
    if _PLUSGIRO.fullmatch(text):
        return Account(PLUSGIRO, plain, _plusgiro(plain))
    if country == "NO" and re.fullmatch(r"\d{11}", plain):
        return Account(NORWEGIAN, plain, f"{plain[:4]} {plain[4:6]} {plain[6:]}")
    if country == "SE" and re.fullmatch(r"\d{7,8}", plain) and _luhn(plain):
        # Both giros end in a check digit; far more invoices name a bankgiro.
        return Account(BANKGIRO, plain, f"{plain[:-4]}-{plain[-4:]}")
    return Account(OTHER, plain, text)


def _plusgiro(plain):
    """Plusgiro numbers are read in pairs from the right, the check digit apart."""
    rest, pairs = plain[:-1], []
    while rest:
        pairs.insert(0, rest[-2:])
        rest = rest[:-2]
    return f"{' '.join(pairs)}-{plain[-1]}"


def _luhn(digits):
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def reference_shown(reference: str) -> str:
    """Return a reference in groups that are easy to type, checked from the right.

    Only spaces are put in, and only between digits, so that it can be copied.
    """
    text = (reference or "").strip()
    if not re.fullmatch(r"\d{5,25}-?", text):
        return text
    groups = []
    rest = text
    while rest:
        groups.insert(0, rest[-5:])
        rest = rest[:-5]
    return " ".join(groups)


def using_qr(
    payee: str,
    registry: str,
    country: str,
    reference: str,
    issued: date | None,
    due: date | None,
    amount: float,
    currency: str,
    to: Account,
    bic: str = "",
) -> str:
    """Return the text of a payment QR code in the UsingQR format.

    :param payee: who is paid
    :param registry: its organisation number
    :param amount: what is left to pay
    """
    values = {
        "uqr": 1,
        "tp": 1,
        "nme": payee,
        "cc": country,
        "cid": registry,
        "iref": reference,
        "idt": f"{issued:%Y%m%d}" if issued else "",
        "ddt": f"{due:%Y%m%d}" if due else "",
        "due": round(amount, 2),
        "cur": currency,
        "pt": _USINGQR_KINDS.get(to.kind, "BBAN"),
        "acc": to.shown if to.kind in (BANKGIRO, PLUSGIRO) else to.number,
        "bc": bic,
    }
    filled = {name: value for name, value in values.items() if value != ""}
    return json.dumps(filled, ensure_ascii=False, separators=(",", ":"))
