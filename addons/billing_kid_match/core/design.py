"""How well a payment reference withstands the slips of those who type it.

A made-up book of open invoices is numbered as the scheme would number it: running
numbers without gaps, each with some customer. References are drawn from it and
damaged. Nothing is stored for each invoice: whether a number is open, whose it is and
what is open on it follow from the number itself, so that a book of a million takes no
more memory than one of ten.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from odoo.addons.billing_base.core import reference as core_reference
from odoo.addons.billing_base.core.reference import Scheme

from .edits import EXTRA, MISSING, SWAPPED, WRONG
from .search import DIGITS, valid_neighbours

#: Two slips in one reference.
TWO = "two"
ONE_SLIP = (MISSING, EXTRA, WRONG, SWAPPED)
KINDS = (*ONE_SLIP, TWO)

#: Shortest reference of a Norwegian KID agreement, in characters.
MIN_AGREEMENT_LENGTH = 4
#: Structures, each of another length, that one Norwegian KID agreement holds.
MAX_AGREEMENT_STRUCTURES = 3

_MASK = (1 << 64) - 1
_OPEN, _CUSTOMER, _AMOUNT = 1, 2, 3
#: What the first of two slips may be, by how much longer they make a reference. They
#: touch different places, so one order is enough; MOD11's dash comes second.
_FIRST_OF_TWO = {-2: [EXTRA], -1: [EXTRA, WRONG, SWAPPED], 0: [MISSING, WRONG, SWAPPED]}


@dataclass(frozen=True, slots=True)
class Book:
    """The invoices that references must tell apart.

    :param open_count: open invoices at a time
    :param issued_count: invoices among whose running numbers the open ones lie
    :param customer_count: customers; their numbers run from 1 as well
    :param amounts: open amounts in minor units, a sample; empty when nothing is known
    """

    open_count: int
    issued_count: int
    customer_count: int
    amounts: tuple[int, ...] = ()

    def grown(self, factor: float) -> "Book":
        """The same book after the company has grown by ``factor``."""
        return Book(
            round(self.open_count * factor),
            round(self.issued_count * factor),
            round(self.customer_count * factor),
            self.amounts,
        )

    @property
    def same_amount(self) -> float:
        """Chance that another open invoice has just the amount of a given one."""
        count = len(self.amounts)
        if count < 2:
            return 0.0
        pairs = sum(n * (n - 1) for n in Counter(self.amounts).values())
        return pairs / (count * (count - 1))


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried out.

    :param slips: slips of each kind that are looked at for what the bank catches and
        what hits another invoice; all slips of as many references as that takes
    :param repairs: slips of each kind that are repaired
    :param double_repairs: references with two slips that are repaired
    """

    slips: int = 10_000
    repairs: int = 400
    double_repairs: int = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of slips; each a share between 0 and 1.

    :param caught: refused by a bank that checks references
    :param repaired: one open invoice alone has a reference as near as that
    :param repaired_with_amount: the same among those with the amount that was paid
    :param silent: the damaged reference is that of another open invoice
    :param silent_with_amount: and just its amount was paid
    """

    caught: float = 0.0
    repaired: float = 0.0
    repaired_with_amount: float = 0.0
    silent: float = 0.0
    silent_with_amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a scheme does on a book.

    :param outcomes: by kind of slip, see :data:`KINDS`
    :param overall: of all slips, in the mix in which people make them
    """

    scheme: Scheme
    outcomes: Mapping[str, Outcome]
    overall: Outcome


@dataclass(frozen=True, slots=True)
class BankTest:
    """A reference for the bank to try when an agreement is made.

    :param valid: whether the bank should accept it
    :param code: what it is an example of
    """

    text: str
    valid: bool
    code: str


class Numbering:
    """The references of a book, as a scheme gives them out.

    Numbers that do not fit into their part of the reference are left out, with the
    invoices that would carry them.

    :param seed: another one gives another book of the same size
    """

    def __init__(self, scheme: Scheme, book: Book, seed: int = 0):
        self.scheme = scheme
        self.book = book
        self._length = scheme.length
        self._cut = scheme.customer_length
        self._end = scheme.customer_length + scheme.serial_length
        self._salt = seed * 0x2545F4914F6CDD1D
        customers = max(book.customer_count, 1)
        if scheme.customer_length:
            customers = min(customers, 10**scheme.customer_length - 1)
        self.customers = customers
        if scheme.serial_length:
            self.count = min(max(book.issued_count, 1), 10**scheme.serial_length - 1)
            share = book.open_count / max(book.issued_count, 1)
        else:
            self.count = customers
            share = book.open_count / customers
        # numbers up to this, after mixing, are open
        self._limit = int(min(share, 1.0) * _MASK)

    @property
    def zeros(self) -> int:
        """Leading zeros that all references share."""
        if self.scheme.customer_length:
            return self.scheme.customer_length - len(str(self.customers))
        return self.scheme.serial_length - len(str(self.count))

    def reference(self, number: int) -> str:
        """The reference of an invoice."""
        if not self.scheme.serial_length:
            return core_reference.generate(self.scheme, number, 0)
        customer = self._customer(number) if self.scheme.customer_length else 0
        return core_reference.generate(self.scheme, customer, number)

    def find(self, text: str) -> int | None:
        """The open invoice with just this reference."""
        if len(text) != self._length or not text[: self._end].isdecimal():
            return None
        customer, serial = text[: self._cut], text[self._cut : self._end]
        number = int(serial or customer)
        if not 1 <= number <= self.count or not self._is_open(number):
            return None
        if serial and customer and int(customer) != self._customer(number):
            return None
        control_fits = core_reference.check_passes(text, self.scheme.algorithm)
        return number if control_fits else None

    def draw(self, rng) -> int:
        """An invoice to be paid.

        Any will do: only of the others it matters whether they are open.

        :param rng: ``random.Random``
        """
        return rng.randrange(self.count) + 1

    def amount(self, number: int) -> int:
        """Minor units open on an invoice; all differ when no amounts are known."""
        amounts = self.book.amounts
        if not amounts:
            return number
        return amounts[self._mix(number, _AMOUNT) % len(amounts)]

    def near(self, text: str, most: int) -> set[int]:
        """Open invoices whose reference is within ``most`` edits (1 or 2).

        Complete for references that are longer than ``most`` by two or more.
        """
        if abs(len(text) - self._length) > most:
            return set()
        found = self._one_edit(text)
        if most == 2:
            crowd = self._crowd(text)
            kinds = _FIRST_OF_TWO.get(len(text) - self._length, [MISSING])
            for between in {slip for kind in kinds for slip in slips(text, kind)}:
                # what is further off than the paid text only leads back to it
                if self._crowd(between) <= min(crowd, 1):
                    found |= self._one_edit(between)
        return {
            number
            for number in found
            if OSA.distance(text, self.reference(number), score_cutoff=most) <= most
        }

    def _one_edit(self, text: str) -> set[int]:
        length = self._length
        if abs(len(text) - length) > 1:
            return set()
        buckets = valid_neighbours(text, [(_check(self.scheme), length)])
        buckets.add(core_reference.bucket(text))
        texts = [bucket.zfill(length) for bucket in buckets]
        if self.scheme.algorithm == "mod11":
            texts += [bucket.zfill(length - 1) + "-" for bucket in buckets]
        return {number for item in texts if (number := self.find(item))}

    def _crowd(self, text: str) -> int:
        """Digits where all references have zeros."""
        head = text[: max(self.zeros, 0)]
        return len(head) - head.count("0")

    def _is_open(self, number: int) -> bool:
        return self._mix(number, _OPEN) <= self._limit

    def _customer(self, number: int) -> int:
        return self._mix(number, _CUSTOMER) % self.customers + 1

    def _mix(self, number: int, purpose: int) -> int:
        """A number between 0 and 2^64 - 1 that looks like chance (SplitMix64)."""
        value = (number * 0x9E3779B97F4A7C15 + purpose * 0xD1B54A32D192ED03) & _MASK
        value = ((value ^ self._salt ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        return value ^ (value >> 31)


def has_length_rule(algorithm: str) -> bool:
    """Whether the bank refuses a reference that is too long or too short.

    A KID agreement names its lengths, OCR level 4 too; in level 3 the length is in
    the reference itself. In OCR level 2 only the check digit is looked at.
    """
    return algorithm != "ocr_luhn"


def is_accepted(text: str, scheme: Scheme) -> bool:
    """Whether a bank that checks references lets ``text`` through.

    Sources as in ``billing_base.core.reference``.
    """
    fixed = scheme.algorithm in ("mod10", "mod11", "ocr_fixed")
    if fixed and len(text) != scheme.length:
        return False
    return core_reference.check_passes(text, scheme.algorithm)


def slips(text: str, kind: str) -> Iterator[str]:
    """All that one slip of a kind makes of a reference, place by place.

    People mistype digits; the dash of MOD11 gets lost or read as a digit, but nobody
    moves it.
    """
    end = len(text) - text.endswith("-")
    if kind == MISSING:
        for at in range(len(text)):
            yield text[:at] + text[at + 1 :]
    elif kind == EXTRA:
        for at in range(end + 1):
            for digit in DIGITS:
                yield text[:at] + digit + text[at:]
    elif kind == WRONG:
        for at, char in enumerate(text):
            for digit in DIGITS:
                if digit != char:
                    yield text[:at] + digit + text[at + 1 :]
    elif kind == SWAPPED:
        for at in range(end - 1):
            if text[at] != text[at + 1]:
                yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    else:
        raise ValueError(f"not a slip: {kind!r}")


def draw_slip(text: str, kind: str, rng) -> str | None:
    """One slip of a kind at a chance place; None where none is possible.

    :param rng: ``random.Random``
    """
    if kind == SWAPPED:
        found = list(slips(text, kind))
        return rng.choice(found) if found else None
    end = len(text) - text.endswith("-")
    if kind == EXTRA:
        at = rng.randrange(end + 1)
        return text[:at] + rng.choice(DIGITS) + text[at:]
    at = rng.randrange(len(text))
    if kind == MISSING:
        return text[:at] + text[at + 1 :]
    digit = rng.choice([other for other in DIGITS if other != text[at]])
    return text[:at] + digit + text[at + 1 :]


def draw_two_slips(text: str, kinds: Mapping[str, float], rng) -> str:
    """Two slips that do not undo each other, nor come to one.

    :param kinds: share of each kind of slip
    :param rng: ``random.Random``
    """
    names, shares = list(kinds), list(kinds.values())
    while True:
        damaged = text
        for kind in rng.choices(names, shares, k=2):
            damaged = draw_slip(damaged, kind, rng) or damaged
        if OSA.distance(damaged, text) == 2:
            return damaged


def assess(
    scheme: Scheme,
    book: Book,
    kinds: Mapping[str, float],
    two: float,
    rng,
    effort: Effort | None = None,
) -> Assessment:
    """Try a scheme on a book.

    :param kinds: share of each kind among single slips
    :param two: share of references with two slips among the damaged ones
    :param rng: ``random.Random``; the same seed gives the same result
    """
    effort = effort or Effort()
    numbering = Numbering(scheme, book, rng.getrandbits(32))
    outcomes = {}
    for kind in KINDS:
        caught, silent = _unseen(numbering, kind, kinds, rng, effort.slips)
        repaired, with_amount = _repaired(numbering, kind, kinds, rng, effort)
        outcomes[kind] = Outcome(
            caught, repaired, with_amount, silent, silent * book.same_amount
        )
    return Assessment(scheme, outcomes, _mixed(outcomes, kinds, two))


def silent_share(
    scheme: Scheme,
    book: Book,
    kinds: Mapping[str, float],
    two: float,
    rng,
    slip_count: int = 4_000,
) -> float:
    """Share of slips that make another open invoice's reference.

    Arguments as in :func:`assess`; quick, for comparing many schemes.
    """
    numbering = Numbering(scheme, book, rng.getrandbits(32))
    outcomes = {}
    for kind in KINDS:
        silent = 0.0
        # an issued reference has one length and one check digit
        if kind in (SWAPPED, TWO):
            _, silent = _unseen(numbering, kind, kinds, rng, slip_count)
        outcomes[kind] = Outcome(silent=silent)
    return _mixed(outcomes, kinds, two).silent


def recommend(
    algorithms: Sequence[str],
    book: Book,
    customer_length: int,
    serial_length: int,
    limit: float,
    kinds: Mapping[str, float],
    two: float,
    rng,
    needs_customer: bool = True,
) -> tuple[Scheme, float]:
    """The shortest scheme whose slips stay below a share of silent hits.

    :param algorithms: those to choose among, the preferred one first
    :param customer_length: fewest digits that hold the customer numbers
    :param serial_length: fewest digits that hold the running numbers
    :param limit: largest share of slips that may hit another open invoice
    :param needs_customer: direct debit finds the mandate by the customer number
    :return: the scheme and its share of silent hits; the best one when none stays
        below the limit
    """
    best = None
    for scheme in _by_length(
        algorithms, customer_length, serial_length, needs_customer
    ):
        silent = silent_share(scheme, book, kinds, two, rng)
        if best is None or silent < best[1]:
            best = (scheme, silent)
        if silent <= limit:
            break
    if best is None:
        raise ValueError("no reference has room for these numbers")
    return best


def bank_tests(scheme: Scheme) -> list[BankTest]:
    """References for the bank to try: accepted ones, and one for each reason not to.

    The codes are ``smallest``, ``largest``, ``typical``, ``zeros``, ``check_zero`` and
    ``check_dash`` for valid ones; for others ``empty``, ``short``, ``long``,
    ``zeros_lost``, ``missing``, ``extra``, ``wrong``, ``swapped``, ``check``,
    ``length_digit``, ``other_check``, ``dash``, ``dash_inside`` and ``letter``.
    """
    tests: dict[str, BankTest] = {}

    def add(code: str, text: str | None, valid: bool):
        if text is not None and text not in tests:
            if is_accepted(text, scheme) == valid:
                tests[text] = BankTest(text, valid, code)

    customer_most = 10**scheme.customer_length - 1
    serial_most = 10**scheme.serial_length - 1
    typical = _typical(scheme)
    add("typical", typical, True)
    first = 1 if scheme.serial_length else 0
    add(
        "smallest",
        core_reference.generate(scheme, min(customer_most, 1), first),
        True,
    )
    add(
        "zeros", core_reference.generate(scheme, min(customer_most, 7), first * 3), True
    )
    add("largest", core_reference.generate(scheme, customer_most, serial_most), True)
    add("check_zero", _with_check(scheme, "0"), True)
    if scheme.algorithm == "mod11":
        add("check_dash", _with_check(scheme, "-"), True)

    other = "mod10" if _check(scheme) == "mod11" else "mod11"
    base, check = typical[:-1], typical[-1]
    middle = len(base) // 2
    add("empty", "", False)
    add("short", check, False)
    add("long", "9" * (core_reference.MAX_LENGTH + 1), False)
    if has_length_rule(scheme.algorithm):
        add("zeros_lost", typical.lstrip("0"), False)
    for code in (MISSING, EXTRA, WRONG, SWAPPED):
        refused = [
            text for text in slips(typical, code) if not is_accepted(text, scheme)
        ]
        if refused:
            add(code, refused[len(refused) // 2], False)
    add("check", base + ("0" if check == "-" else str((int(check) + 1) % 10)), False)
    if scheme.algorithm == "ocr_length":
        other_length = base[:-1] + str((int(base[-1]) + 1) % 10)
        check_fits = core_reference.mod10_digit(other_length)
        add("length_digit", other_length + check_fits, False)
    add("other_check", base + core_reference.check_digit(base, other), False)
    add("dash", base + "-", False)
    add("dash_inside", base[:middle] + "-" + base[middle + 1 :] + check, False)
    add("letter", base[:middle] + "O" + base[middle + 1 :] + check, False)
    return sorted(tests.values(), key=lambda test: not test.valid)


def agreement_problems(
    scheme: Scheme, others: Iterable[Scheme]
) -> list[tuple[str, Scheme | None]]:
    """What a Norwegian KID agreement would not hold, or not well.

    Source: Mastercard Payment Services, «KID»: 4–25 digits, at most three structures
    in an agreement, each of another length.

    :param others: the structures in use beside this one
    :return: (code, scheme it is about): ``too_short``, ``same_length``,
        ``too_many`` and ``next_length`` for a length that a missing or extra digit
        of the other turns into this one's
    """
    problems: list[tuple[str, Scheme | None]] = []
    kids = [item for item in dict.fromkeys(others) if item != scheme]
    kids = [item for item in kids if item.algorithm in ("mod10", "mod11")]
    if scheme.length < MIN_AGREEMENT_LENGTH:
        problems.append(("too_short", None))
    for item in kids:
        if item.length == scheme.length:
            problems.append(("same_length", item))
        elif abs(item.length - scheme.length) == 1:
            problems.append(("next_length", item))
    if len({scheme.length, *(item.length for item in kids)}) > (
        MAX_AGREEMENT_STRUCTURES
    ):
        problems.append(("too_many", None))
    return problems


def _check(scheme: Scheme) -> str:
    return "mod11" if scheme.algorithm == "mod11" else "mod10"


def _unseen(numbering, kind, kinds, rng, count) -> tuple[float, float]:
    """Shares of the slips of a kind that the bank catches, and that hit silently."""
    scheme = numbering.scheme
    seen = caught = silent = 0
    # references without two neighbours that differ cannot be swapped
    for _try in range(count):
        text = numbering.reference(numbering.draw(rng))
        if kind == TWO:
            damaged = [draw_two_slips(text, kinds, rng)]
        else:
            damaged = slips(text, kind)
        for item in damaged:
            seen += 1
            if not is_accepted(item, scheme):
                caught += 1
            elif numbering.find(item):
                silent += 1
        if seen >= count:
            break
    return (caught / seen, silent / seen) if seen else (1.0, 0.0)


def _repaired(numbering, kind, kinds, rng, effort) -> tuple[float, float]:
    """Shares of the slips of a kind that are repaired, without and with the amount."""
    most, count = (2, effort.double_repairs) if kind == TWO else (1, effort.repairs)
    seen = alone = alone_with_amount = 0
    for _try in range(count):
        number = numbering.draw(rng)
        text = numbering.reference(number)
        if kind == TWO:
            damaged = draw_two_slips(text, kinds, rng)
        else:
            damaged = draw_slip(text, kind, rng)
        if damaged is None:
            continue
        seen += 1
        if numbering.find(damaged):
            continue  # nothing looks wrong, so nothing is repaired
        others = numbering.near(damaged, most) - {number}
        amount = numbering.amount(number)
        alone += not others
        alone_with_amount += all(numbering.amount(n) != amount for n in others)
    return (alone / seen, alone_with_amount / seen) if seen else (1.0, 1.0)


def _mixed(outcomes, kinds, two) -> Outcome:
    total = sum(kinds.values())
    shares = {kind: (1 - two) * share / total for kind, share in kinds.items()}
    shares[TWO] = two
    return Outcome(
        *(
            sum(shares[kind] * getattr(outcomes[kind], name) for kind in KINDS)
            for name in Outcome.__slots__
        )
    )


def _by_length(algorithms, customer, serial, needs_customer) -> Iterator[Scheme]:
    control = {name: Scheme(name, 1, 1).control_length for name in algorithms}
    for length in range(MIN_AGREEMENT_LENGTH, core_reference.MAX_LENGTH + 1):
        for algorithm in algorithms:
            rest = length - control[algorithm] - customer
            if rest >= serial:
                yield Scheme(algorithm, customer, rest)
            elif not needs_customer and rest + customer >= serial:
                yield Scheme(algorithm, 0, rest + customer)


def _typical(scheme: Scheme) -> str:
    customer = "48213"[
        : max(scheme.customer_length - 2, min(scheme.customer_length, 1))
    ]
    serial = "10572"[: max(scheme.serial_length - 2, min(scheme.serial_length, 1))]
    return core_reference.generate(scheme, customer or 0, serial or 0)


def _with_check(scheme: Scheme, check: str) -> str | None:
    """A reference whose check character is ``check``."""
    room = 10 ** (scheme.serial_length or scheme.customer_length)
    for number in range(1, min(room, 200)):
        customer, serial = (7, number) if scheme.serial_length else (number, 0)
        if not scheme.customer_length:
            customer = 0
        text = core_reference.generate(scheme, customer, serial)
        if text.endswith(check):
            return text
    return None
