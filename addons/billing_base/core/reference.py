"""Payment references: Norwegian KID and Swedish OCR numbers.

Plain Python: builds, checks and cleans references. The same cleaning exists as an
SQL expression (:data:`BUCKET_SQL`), so that the database can index it.

Sources: «Systemspesifikasjon OCR giro» (Nets) §5 for MOD10 and MOD11; Bankgirot's
«OCR-referenskontroll» levels 2–4 for the Swedish length digit and fixed lengths.
"""

import re
from dataclasses import dataclass

MIN_LENGTH = 2
MAX_LENGTH = 25

ALGORITHMS = ("mod10", "mod11", "ocr_luhn", "ocr_length", "ocr_fixed")

# Characters people put between the digits. SQL and Python drop the same ones.
SEPARATORS = " .,-/:;_#*+()\u00a0"

_ASCII_UPPER = {ord(c): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"}
_COMPACT = {**_ASCII_UPPER, **{ord(c): None for c in SEPARATORS}}
# What word processors, phones and PDF copies put in place of plain characters.
_PLAIN = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full width
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe58"), "-"),
    **dict.fromkeys([*range(0x2000, 0x200C), 0x202F, 0x2060, 0x3000, 0xFEFF], " "),
}

# ``{column}`` is a text column of issued references. Immutable, needs no extension.
BUCKET_SQL = (
    'ltrim(translate(upper({column}::text COLLATE "C"), \''
    + SEPARATORS
    + "', ''), '0')"
)

_PREFIX = re.compile(
    r"\A(?:(?:BETALINGSREFERANSE|BETALINGSREFERENS|REFERANSE|REFERENCE|REFERENS"
    r"|BETALINGSREF|PAYREF|REF|KID|OCR)(?:NUMMER|NUMMERET|NUMBER|NR|NO)?)+"
    r"(?=[0-9]+\Z)"
)
_DIGITS = re.compile(r"[0-9]+\Z")
_MOD11_FORM = re.compile(r"[0-9]+-\Z")

_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


class ReferenceOverflowError(ValueError):
    """A customer or serial number has more digits than the scheme has room for.

    ``part`` is ``"customer"`` or ``"serial"``, ``length`` the room in digits.
    """

    def __init__(self, part: str, value: str, length: int):
        super().__init__(f"{part} number {value} does not fit in {length} digits")
        self.part = part
        self.value = value
        self.length = length


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one series of references is built.

    ``customer_length`` and ``serial_length`` count digits and may be zero, but not
    both. ``ocr_length`` adds a length digit before the check digit; ``ocr_fixed``
    is a plain Luhn number whose length the bank enforces.

    :raise ValueError: unknown algorithm, or a total outside 2–25 characters.
    """

    algorithm: str
    customer_length: int
    serial_length: int

    def __post_init__(self):
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"unknown algorithm {self.algorithm!r}")
        if self.customer_length < 0 or self.serial_length < 0:
            raise ValueError("lengths cannot be negative")
        if not self.customer_length + self.serial_length:
            raise ValueError("a reference needs a customer or a serial part")
        if not MIN_LENGTH <= self.length <= MAX_LENGTH:
            raise ValueError(
                f"a reference has {MIN_LENGTH} to {MAX_LENGTH} characters, "
                f"this scheme gives {self.length}"
            )

    @property
    def control_length(self) -> int:
        """Number of characters after customer and serial part."""
        return 2 if self.algorithm == "ocr_length" else 1

    @property
    def length(self) -> int:
        """Number of characters of a whole reference."""
        return self.customer_length + self.serial_length + self.control_length


def mod10_digit(base: str) -> str:
    """Check digit by MOD10 (Luhn) for the digits ``base``."""
    total = 0
    for index, char in enumerate(reversed(base)):
        total += int(char) if index % 2 else _LUHN_DOUBLED[int(char)]
    return str(-total % 10)


def mod11_digit(base: str) -> str:
    """Check character by MOD11, weights 2–7 from the right; ``-`` stands for ten."""
    total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(base)))
    rest = -total % 11
    return "-" if rest == 10 else str(rest)


def check_digit(base: str, algorithm: str) -> str:
    """Check character of ``base`` (length digit already included) by the algorithm."""
    return mod11_digit(base) if algorithm == "mod11" else mod10_digit(base)


def check_passes(value: str, algorithm: str) -> bool:
    """Tell whether the check character (and length digit) of ``value`` is right.

    Looks at 2–25 characters of any length; see :func:`is_valid` for a scheme.
    """
    if not MIN_LENGTH <= len(value) <= MAX_LENGTH:
        return False
    base, check = value[:-1], value[-1]
    if not _DIGITS.match(base) or check not in "0123456789-":
        return False
    if algorithm == "ocr_length" and (
        len(base) < 2 or base[-1] != str(len(value) % 10)
    ):
        return False
    return check_digit(base, algorithm) == check


def is_valid(value: str, scheme: Scheme) -> bool:
    """Tell whether ``value`` has the scheme's length and a right check character."""
    return len(value) == scheme.length and check_passes(value, scheme.algorithm)


def generate(scheme: Scheme, customer: int | str, serial: int | str) -> str:
    """Build the reference of a customer and serial number.

    :raise ReferenceOverflowError: a number does not fit its part.
    :raise ValueError: a number is not made of digits.
    """
    base = _part("customer", customer, scheme.customer_length)
    base += _part("serial", serial, scheme.serial_length)
    if scheme.algorithm == "ocr_length":
        base += str(scheme.length % 10)
    return base + check_digit(base, scheme.algorithm)


def split(value: str, scheme: Scheme) -> tuple[str, str]:
    """Customer and serial part of a reference of this scheme, zeros kept."""
    cut = scheme.customer_length
    return value[:cut], value[cut : cut + scheme.serial_length]


def compact(text: str | None) -> str:
    """Drop separators and turn to capitals; a last ``-`` after digits stays (MOD11).

    Full-width characters and typographic dashes become plain ones.
    """
    bare, dash = _bare(text)
    return bare + "-" if dash and _DIGITS.match(bare) else bare


def normalise(text: str | None) -> str:
    """Reduce what a payer or bank wrote to the bare reference.

    As :func:`compact`, and words such as «KID», «OCR-nr.» or «Ref» before the digits
    go too. Text that is no bare reference keeps its letters.
    """
    bare, dash = _bare(text)
    bare = _PREFIX.sub("", bare, count=1)
    return bare + "-" if dash and _DIGITS.match(bare) else bare


def bucket(key: str) -> str:
    """Coarse form of a compact reference: no last dash, no leading zeros.

    Equal to :data:`BUCKET_SQL` on the text the key came from.
    """
    return key.rstrip("-").lstrip("0")


def is_mod11_dash(key: str) -> bool:
    """Tell whether a key is digits closed by the MOD11 dash."""
    return bool(_MOD11_FORM.match(key))


def _bare(text: str | None) -> tuple[str, bool]:
    if not text:
        return "", False
    if _DIGITS.match(text):
        return text, False
    if not text.isascii():
        text = text.translate(_PLAIN)
    dash = text.rstrip(" .,\t\r\n\u00a0").endswith("-")
    return text.translate(_COMPACT).strip(), dash


def _part(name: str, number: int | str, length: int) -> str:
    digits = str(number)
    if not length and digits.strip("0") == "":
        return ""
    if not _DIGITS.match(digits):
        raise ValueError(f"{name} number {digits!r} is not made of digits")
    if len(digits.lstrip("0")) > length:
        raise ReferenceOverflowError(name, digits, length)
    return digits.lstrip("0").zfill(length)
