"""Where to look for the issued reference behind a damaged one.

The database is asked for exact strings only, which any index answers: all references
within one edit of the paid one (:func:`neighbours`, or :func:`valid_neighbours` when
the check digit is known), and for two edits the pieces of which one must have
survived (:func:`probes` against :func:`pieces`). All strings are buckets as in
``billing_base.core.reference``: without leading zeros and MOD11 dash.
"""

from collections.abc import Iterable, Iterator

from odoo.addons.billing_base.core.reference import BUCKET_SQL, bucket

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#: Shorter references are not searched for two edits: nothing would be left of them.
MIN_PIECES_LENGTH = 6

_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_DASH = 10

#: A kind of references: check ``mod10`` or ``mod11`` and number of characters.
Family = tuple[str, int]


def neighbours(key: str) -> set[str]:
    """Buckets of all references one edit away from the compact reference ``key``.

    Characters keep their class: a digit is taken for another digit, a letter for
    another letter, and what is missing was a digit. The MOD11 dash needs no care,
    because buckets are without it.
    """
    text = key.rstrip("-")
    found = set()
    for at, char in enumerate(text):
        head, tail = text[:at], text[at + 1 :]
        found.add(head + tail)
        for other in LETTERS if char in LETTERS else DIGITS:
            found.add(head + other + tail)
        if tail and char != tail[0]:
            found.add(head + tail[0] + char + tail[1:])
    for at in range(len(text) + 1):
        for digit in DIGITS:
            found.add(text[:at] + digit + text[at:])
    buckets = {text.lstrip("0") for text in found}
    buckets -= {"", bucket(key)}
    return buckets


def unseen_swaps(key: str) -> set[str]:
    """Buckets of ``key`` with two neighbours swapped in a way MOD10 does not see.

    Only a 0 and a 9 side by side: doubled and summed up, each is worth what it was
    (ISO/IEC 7812-1, annex B).
    """
    text = key.rstrip("-")
    found = set()
    for pair, swapped in (("09", "90"), ("90", "09")):
        at = text.find(pair)
        while at >= 0:
            found.add((text[:at] + swapped + text[at + 2 :]).lstrip("0"))
            at = text.find(pair, at + 1)
    return found


def valid_neighbours(key: str, families: Iterable[Family]) -> set[str]:
    """Buckets of the references one edit away that ``families`` could have issued.

    Beside the paid length, the lengths that leading zeros lost or added explain are
    searched. Empty for references with letters.
    """
    bare = bucket(key)
    if not key.rstrip("-").isdecimal() or not key.isascii():
        return set()
    found = set()
    for check, length in families:
        for text in _forms(key, bare, length):
            found.update(_repaired(text, check, length))
    buckets = {text.rstrip("-").lstrip("0") for text in found}
    buckets -= {"", bare}
    return buckets


def base_neighbours(key: str, check: str) -> set[str]:
    """Buckets of right references that differ from ``key`` in one digit of the base.

    How many of them are issued says how dense the numbering is around ``key``.

    :param check: ``mod10``, ``mod11`` or empty for references without check digit
    """
    text = key.rstrip("-") if check != "mod11" else key
    if len(text) < 2 or not text.rstrip("-").isdecimal():
        return set()
    found = set()
    if not check:
        for at in range(len(text)):
            for digit in DIGITS:
                found.add(text[:at] + digit + text[at + 1 :])
    else:
        modulus, value = _MODULI[check]
        numbers = _numbers(text)
        last = len(numbers) - 1
        total = sum(value(last - at, digit) for at, digit in enumerate(numbers[:-1]))
        for at in range(last):
            rest = total - value(last - at, numbers[at])
            for digit in range(10):
                control = -(rest + value(last - at, digit)) % modulus
                tail = "" if control == _DASH else str(control)
                found.add(text[:at] + str(digit) + text[at + 1 : last] + tail)
    buckets = {text.lstrip("0") for text in found}
    buckets -= {"", bucket(key)}
    return buckets


def pieces(issued_bucket: str) -> tuple[str, str, str]:
    """The thirds of an issued reference, as :data:`PIECES_SQL` cuts them."""
    first = len(issued_bucket) // 3
    second = len(issued_bucket) * 2 // 3
    return issued_bucket[:first], issued_bucket[first:second], issued_bucket[second:]


def probes(paid_bucket: str) -> Iterator[tuple[int, int, str]]:
    """Pieces to look for: of any reference within two edits one third is among them.

    Two swaps across the cuts are the exception, they can touch all thirds.

    :return: piece number (0–2), length of the issued bucket, and piece
    """
    size = len(paid_bucket)
    seen = set()
    for length in range(max(MIN_PIECES_LENGTH, size - 2), size + 3):
        first, second = length // 3, length * 2 // 3
        more = size - length
        for number, start, stop, offsets in (
            (0, 0, first, _HEAD[more]),
            (1, first, second, _MIDDLE[more]),
            # the last third is counted from the end
            (2, second + more, size, tuple(-offset for offset in _HEAD[more])),
        ):
            for offset in offsets:
                begin, end = start + offset, stop + offset
                if begin < 0 or end > size:
                    continue
                probe = (number, length, paid_bucket[begin:end])
                if probe not in seen:
                    seen.add(probe)
                    yield probe


_K = BUCKET_SQL
#: SQL of the length of the bucket of ``{column}``.
LENGTH_SQL = f"length({_K})"
#: SQL of the thirds of ``{column}``; the middle one is cut as in :func:`pieces`.
PIECES_SQL = (
    f"substr({_K}, 1, length({_K}) / 3)",
    f"substr({_K}, length({_K}) / 3 + 1, length({_K}) * 2 / 3 - length({_K}) / 3)",
    f"substr({_K}, length({_K}) * 2 / 3 + 1)",
)

# Shift of the first and of the middle third, by how much longer the paid one is.
_HEAD = {-2: (0,), -1: (0,), 0: (0, 1), 1: (0, 1), 2: (0, 1, 2)}
_MIDDLE = {-2: (0, -1, -2), -1: (0, -1), 0: (0, 1, -1), 1: (0, 1), 2: (0, 1, 2)}


def _forms(key: str, bare: str, length: int) -> set[str]:
    """Writings of the paid reference from which one edit leads to ``length``."""
    forms = set()
    if abs(len(key) - length) <= 1:
        forms.add(key)
    dash = key[len(key.rstrip("-")) :]
    for size in (length - 1, length, length + 1):
        digits = size - len(dash)
        zeros_lost = len(key) < size and size == length
        far = abs(len(key) - length) > 1
        if (zeros_lost or far) and digits >= len(bare):
            forms.add(bare.zfill(digits) + dash)
    return forms


def _value_mod10(place: int, digit: int) -> int:
    return _LUHN_DOUBLED[digit] if place % 2 else digit


def _value_mod11(place: int, digit: int) -> int:
    return digit * (2 + (place - 1) % 6) if place else digit


_MODULI = {"mod10": (10, _value_mod10), "mod11": (11, _value_mod11)}


def _solutions(check: str) -> dict[int, list[int | None]]:
    """By place and by residue: the digit whose value has it, None if no digit has."""
    modulus, value = _MODULI[check]
    table = {}
    for place in range(30):
        row = [None] * modulus
        digits = range(11) if check == "mod11" and not place else range(10)
        for digit in digits:
            row[value(place, digit) % modulus] = digit
        table[place] = row
    return table


_SOLUTIONS = {check: _solutions(check) for check in _MODULI}
_VALUES = {
    check: [[value(place, digit) for digit in range(11 if check == "mod11" else 10)]
            for place in range(30)]
    for check, (_modulus, value) in _MODULI.items()
}  # fmt: skip
_CHARS = (*DIGITS, "-")


def _numbers(text: str) -> list[int]:
    return [_DASH if char == "-" else int(char) for char in text]


def _repaired(text: str, check: str, length: int) -> set[str]:
    """References of ``length`` one edit away whose check character is right."""
    if check == "mod10" and text.endswith("-"):
        # a foreign dash can only be the slip itself
        text = text[:-1]
    numbers = _numbers(text)
    size = len(numbers)
    if not 1 < size < 30:
        return set()
    found = set()
    if size == length:
        _repair_in_place(text, numbers, check, found)
    elif size == length - 1:
        _repair_missing(text, numbers, check, found)
    elif size == length + 1:
        _repair_extra(text, numbers, check, found)
    return found


def _repair_in_place(text, numbers, check, found):
    modulus = _MODULI[check][0]
    values, solutions = _VALUES[check], _SOLUTIONS[check]
    last = len(numbers) - 1
    total = sum(values[last - at][digit] for at, digit in enumerate(numbers))
    for at, digit in enumerate(numbers):
        place = last - at
        should = solutions[place][(values[place][digit] - total) % modulus]
        if should is not None and should != digit:
            found.add(text[:at] + _CHARS[should] + text[at + 1 :])
    for at in range(last):
        left, right = numbers[at], numbers[at + 1]
        if left == right or right == _DASH:
            continue
        row, next_row = values[last - at], values[last - at - 1]
        change = row[right] + next_row[left] - row[left] - next_row[right]
        if (total + change) % modulus == 0:
            found.add(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


def _repair_missing(text, numbers, check, found):
    modulus = _MODULI[check][0]
    values, solutions = _VALUES[check], _SOLUTIONS[check]
    size = len(numbers)
    # digits right of the gap keep their place, those left of it move up by one
    total = sum(values[size - at][digit] for at, digit in enumerate(numbers[:-1]))
    total += values[1][numbers[-1]] if numbers[-1] != _DASH else 0
    for at in range(size, -1, -1):
        if at < size and numbers[at] == _DASH:
            total += _DASH
        elif at < size:
            place = size - 1 - at
            total += values[place][numbers[at]] - values[place + 1][numbers[at]]
        elif numbers[-1] == _DASH:
            continue  # nothing stands behind the dash
        should = solutions[size - at][-total % modulus]
        if should is not None:
            found.add(text[:at] + _CHARS[should] + text[at:])


def _repair_extra(text, numbers, check, found):
    modulus = _MODULI[check][0]
    values = _VALUES[check]
    size = len(numbers)
    # without the character at ``at`` all left of it move down by one
    total = sum(values[size - 2 - at][digit] for at, digit in enumerate(numbers[:-1]))
    for at in range(size - 1, -1, -1):
        if total % modulus == 0:
            found.add(text[:at] + text[at + 1 :])
        if at:
            place = size - 1 - at
            total += values[place][numbers[at]] - values[place][numbers[at - 1]]
