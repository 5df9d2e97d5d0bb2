"""Amounts as whole minor units; no floats, no rounding."""

import re

# ISO 4217 currencies whose minor unit is not the hundredth.
_DECIMALS = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
)
_DECIMALS.update(dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3))
_DECIMALS.update(dict.fromkeys("CLF UYW".split(), 4))

_DECIMAL = re.compile(r"\+?(\d*)(?:\.(\d*))?", re.ASCII)


def decimals(currency):
    """Number of decimals of a currency by ISO 4217."""
    return _DECIMALS.get(currency, 2)


def to_minor(text, currency):
    """Minor units of an ``xs:decimal`` that is not negative.

    :raises ValueError: when the text is no such number, or is finer than the
        currency's minor unit (zeros behind it are allowed)
    """
    match = _DECIMAL.fullmatch(text.strip())
    if not match or not (match[1] or match[2]):
        raise ValueError(f"expected an amount, found {text!r}")
    fraction = (match[2] or "").rstrip("0")
    places = _DECIMALS.get(currency, 2)
    if len(fraction) > places:
        raise ValueError(
            f"expected at most {places} decimals in {currency}, found {text!r}"
        )
    return int((match[1] or "0") + fraction.ljust(places, "0"))


def shown_amount(minor, currency):
    """An amount for a message, such as ``1250.00 NOK``."""
    places = decimals(currency)
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).rjust(places + 1, "0")
    if places:
        digits = f"{digits[:-places]}.{digits[-places:]}"
    return f"{sign}{digits} {currency}"
