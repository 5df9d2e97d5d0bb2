"""Check digits of payment references and the ways people damage a reference."""

from random import Random

DIGITS = "0123456789"


def check_digit_mod10(base: str) -> str:
    """Luhn check digit of KID MOD10 and Swedish OCR (Nets OCR giro, section 5)."""
    total = 0
    for place, char in enumerate(reversed(base)):
        digit = int(char) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return str((10 - total % 10) % 10)


def check_digit_mod11(base: str) -> str:
    """MOD11 check character of a KID, ``-`` for ten (Nets OCR giro, section 5)."""
    total = sum(
        int(char) * (2 + place % 6) for place, char in enumerate(reversed(base))
    )
    rest = total % 11
    return "0" if rest == 0 else "-" if rest == 1 else str(11 - rest)


def is_valid_reference(reference: str) -> bool:
    """Whether a bank would take ``reference`` as a KID: 2–25 places, either modulus."""
    base, check = reference[:-1], reference[-1:]
    if not (2 <= len(reference) <= 25 and base.isascii() and base.isdigit()):
        return False
    return check in (check_digit_mod10(base), check_digit_mod11(base))


def edit_distance(left: str, right: str) -> int:
    """Number of wrong, missing, extra and swapped characters between two strings.

    Optimal string alignment: a swap of neighbours counts as one.
    """
    before: list[int] = []
    above = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            cost = min(
                above[column] + 1,
                current[column - 1] + 1,
                above[column - 1] + (a != b),
            )
            if row > 1 and column > 1 and a == right[column - 2] and left[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, above = above, current
    return above[-1]


def wrong_digit(reference: str, rng: Random) -> str:
    """``reference`` with one digit replaced by another."""
    place = rng.randrange(len(reference))
    digit = rng.choice([d for d in DIGITS if d != reference[place]])
    return reference[:place] + digit + reference[place + 1 :]


def missing_digit(reference: str, rng: Random) -> str:
    """``reference`` without one of its characters."""
    place = rng.randrange(len(reference))
    return reference[:place] + reference[place + 1 :]


def extra_digit(reference: str, rng: Random) -> str:
    """``reference`` with one digit too many."""
    place = rng.randrange(len(reference) + 1)
    return reference[:place] + rng.choice(DIGITS) + reference[place:]


def _swap(reference: str, place: int) -> str:
    pair = reference[place + 1] + reference[place]
    return reference[:place] + pair + reference[place + 2 :]


def _swappable(reference: str, *, invisible: bool) -> list[int]:
    """Places whose swap with the next one is, or is not, hidden from MOD10."""
    return [
        place
        for place in range(len(reference) - 1)
        if reference[place] != reference[place + 1]
        and (reference[place : place + 2] in ("09", "90")) is invisible
    ]


def swapped_digits(reference: str, rng: Random) -> str | None:
    """``reference`` with two neighbours swapped, such that MOD10 sees it.

    None if all neighbours are equal.
    """
    places = _swappable(reference, invisible=False)
    return _swap(reference, rng.choice(places)) if places else None


def swapped_invisible(reference: str, rng: Random) -> str | None:
    """``reference`` with a 09 turned into 90 or back, which MOD10 cannot see.

    None if the reference holds no such pair or has no MOD10 check digit.
    """
    base, check = reference[:-1], reference[-1:]
    if not (base.isascii() and base.isdigit() and check == check_digit_mod10(base)):
        return None
    places = _swappable(reference, invisible=True)
    return _swap(reference, rng.choice(places)) if places else None


def two_edits(reference: str, rng: Random) -> str:
    """``reference`` after two of the edits above that do not cancel each other."""
    edits = (wrong_digit, wrong_digit, missing_digit, extra_digit, swapped_digits)
    while True:
        damaged = reference
        for _ in range(2):
            damaged = rng.choice(edits)(damaged, rng) or damaged
        if edit_distance(reference, damaged) == 2:
            return damaged


def zeros_lost(reference: str, _rng: Random) -> str | None:
    """``reference`` without its leading zeros, None if it has none."""
    stripped = reference.lstrip("0")
    return stripped if 1 < len(stripped) < len(reference) else None


def spaced_reference(reference: str, rng: Random) -> str:
    """``reference`` as people write it: in groups, with a word before it."""
    size = rng.choice((3, 4, 5))
    groups = [reference[at : at + size] for at in range(0, len(reference), size)]
    prefix = rng.choice(("", "KID ", "KID: ", "KID-nr. ", "kid ", "OCR ", "ref. "))
    return prefix + rng.choice((" ", ".", " ")).join(groups)
