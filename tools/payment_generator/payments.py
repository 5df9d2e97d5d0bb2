"""Draw payments over a book, each with the truth about itself."""

from bisect import bisect
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from random import Random

from . import names
from . import reference as damage
from .book import BookItem

#: Open invoices looked at in search of one that a kind of damage can happen to.
SCAN = 500
#: Latest exact payments kept as models for double payments.
REMEMBERED = 200

#: What may become of a payment without harm, by kind: the wanted outcome first.
#: Reconciling is right only with the invoices named in the truth.
OUTCOMES = {
    "exact": ("reconciled", "proposed", "unmatched"),
    "wrong_digit": ("reconciled", "proposed", "unmatched"),
    "missing_digit": ("reconciled", "proposed", "unmatched"),
    "extra_digit": ("reconciled", "proposed", "unmatched"),
    "swapped_digits": ("reconciled", "proposed", "unmatched"),
    "swapped_invisible": ("reconciled", "proposed", "unmatched"),
    "two_edits": ("reconciled", "proposed", "unmatched"),
    "zeros_lost": ("reconciled", "proposed", "unmatched"),
    "spaced_reference": ("reconciled", "proposed", "unmatched"),
    "text_reference": ("reconciled", "proposed", "unmatched"),
    "old_reference": ("reconciled", "proposed", "unmatched"),
    "invoice_number": ("reconciled", "proposed", "unmatched"),
    "no_reference": ("reconciled", "proposed", "unmatched"),
    "stranger": ("unmatched", "proposed"),
    "other_reference": ("proposed", "unmatched", "reconciled"),
    "partial": ("partial", "proposed", "unmatched"),
    "overpaid": ("reconciled", "proposed", "unmatched"),
    "ore_dropped": ("reconciled", "partial", "proposed", "unmatched"),
    "sum": ("reconciled", "partial", "proposed", "unmatched"),
    "unrelated_number": ("unmatched", "proposed"),
    "duplicate": ("duplicate", "unmatched", "proposed"),
    "damaged_other_amount": ("proposed", "partial", "reconciled", "unmatched"),
}

#: Shares among payments that are not exact. The reference kinds follow the study's
#: mix (22 wrong, 11 missing, 8 extra, 11 swapped, 5 two edits, 10 in text, 13 old,
#: 7 invoice number, 13 none); the others are its shares of odd amounts and of
#: payments that belong to no open invoice.
DAMAGED_MIX: Mapping[str, float] = {
    "wrong_digit": 22,
    "missing_digit": 11,
    "extra_digit": 8,
    "swapped_digits": 10.5,
    "swapped_invisible": 0.5,
    "two_edits": 5,
    "zeros_lost": 2,
    "spaced_reference": 2,
    "text_reference": 6,
    "old_reference": 13,
    "invoice_number": 7,
    "no_reference": 13,
    "stranger": 1.5,
    "other_reference": 0.5,
    "partial": 4,
    "overpaid": 0.5,
    "ore_dropped": 2,
    "sum": 3,
    "unrelated_number": 1,
    "duplicate": 2.5,
    "damaged_other_amount": 0.5,
}

#: Kinds whose reference stays a valid KID, all that an OCR giro file can hold.
VALID_REFERENCE_KINDS = frozenset(
    (
        "swapped_invisible",
        "old_reference",
        "other_reference",
        "partial",
        "overpaid",
        "ore_dropped",
        "duplicate",
    )
)


class BookExhausted(ValueError):
    """The book has no open invoice left for another payment."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about a payment because it was made up.

    :param kind: one of :data:`OUTCOMES`
    :param moves: database ids of the invoices it was meant for, may be empty
    :param invoices: their numbers
    :param partner_id: customer who pays, 0 for a stranger
    :param original: the reference before the damage
    :param collides: ids of other invoices whose reference the payment states exactly
    """

    kind: str
    moves: tuple[int, ...]
    invoices: tuple[str, ...]
    partner_id: int
    original: str
    collides: tuple[int, ...] = ()

    @property
    def wanted(self) -> str:
        """The best outcome."""
        return OUTCOMES[self.kind][0]

    @property
    def safe(self) -> tuple[str, ...]:
        """The outcomes that harm nobody."""
        return OUTCOMES[self.kind]


@dataclass(frozen=True, slots=True)
class Payment:
    """One incoming payment.

    :param amount: minor units
    :param reference: structured reference; empty for a payment with a message
    :param message: free text; empty for a payment with a reference
    """

    amount: int
    currency: str
    reference: str
    message: str
    payer_name: str
    payer_account: str
    end_to_end_id: str
    truth: Truth


def _is_organisation(name: str) -> bool:
    return name.rpartition(" ")[2].upper() in names.ORGANISATIONS


def _random_account(rng: Random) -> str:
    """A Norwegian account number with a right MOD11 check digit."""
    while True:
        base = f"{rng.randrange(1000, 9999)}{rng.randrange(10**6):06d}"
        check = damage.check_digit_mod11(base)
        if check != "-":
            return base + check


class _Drawer:
    """State of one run: which invoices are spent, what was paid before."""

    def __init__(self, book: Sequence[BookItem], rng: Random, structured_share: float):
        self.book = book
        self.rng = rng
        self.structured_share = structured_share
        self.queue = [at for at, item in enumerate(book) if item.state == "open"]
        rng.shuffle(self.queue)
        self.head = 0
        self.used = bytearray(len(book))
        self.open_of: dict[int, list[int]] = defaultdict(list)
        self.paid_of: dict[int, list[int]] = defaultdict(list)
        self.by_reference: dict[str, int] = {}
        for at, item in enumerate(book):
            if item.state == "open":
                self.open_of[item.partner_id].append(at)
            elif item.reference:
                self.paid_of[item.partner_id].append(at)
            if item.reference:
                self.by_reference[item.reference] = item.move_id
        self.paid = [at for group in self.paid_of.values() for at in group]
        self.exact: deque[Payment] = deque(maxlen=REMEMBERED)
        edits = (
            "wrong_digit",
            "missing_digit",
            "extra_digit",
            "swapped_digits",
            "swapped_invisible",
            "two_edits",
            "zeros_lost",
        )
        self.draws: dict[str, Callable[[], Payment | None]] = {
            name: partial(self._edited, name) for name in edits
        }
        for name in OUTCOMES:
            self.draws.setdefault(name, getattr(self, f"_{name}", None))

    # Invoices

    def has_open(self) -> bool:
        """Whether an open invoice is left to pay."""
        while self.head < len(self.queue) and self.used[self.queue[self.head]]:
            self.head += 1
        return self.head < len(self.queue)

    def _take(self, fits: Callable[[BookItem], object] | None = None):
        """An unspent open invoice that ``fits``, spent by this call, or None."""
        if not self.has_open():
            return None
        queue, used = self.queue, self.used
        looked = 0
        for place in range(self.head, len(queue)):
            at = queue[place]
            if used[at]:
                continue
            if fits is None or fits(self.book[at]):
                used[at] = 1
                return self.book[at]
            looked += 1
            if looked == SCAN:
                break
        return None

    def _any_open(self, fits: Callable[[BookItem], object]) -> BookItem | None:
        """Some open invoice that ``fits``, spent or not, or None."""
        for _ in range(min(SCAN, len(self.queue))):
            item = self.book[self.rng.choice(self.queue)]
            if fits(item):
                return item
        return None

    # Payers and texts

    def _payer(self, item: BookItem) -> tuple[str, str]:
        """Name and account that pay ``item``, in the study's shares.

        Name: 80 % the customer's own, 12 % of the family, 8 % another's. Account:
        92 % the known one, 3 % one of another customer, else one never seen.
        """
        rng = self.rng
        name = item.partner
        chance = rng.random()
        if not _is_organisation(name):
            if chance >= 0.92:
                name = self._stranger_name()
            elif chance >= 0.80:
                name = f"{rng.choice(names.FIRST_NAMES)} {name.rpartition(' ')[2]}"
        chance = rng.random()
        account = item.partner_account
        if chance >= 0.95 or not account:
            account = _random_account(rng)
        elif chance >= 0.92:
            account = self.book[rng.randrange(len(self.book))].partner_account
        return name, account

    def _stranger_name(self) -> str:
        rng = self.rng
        return f"{rng.choice(names.FIRST_NAMES)} {rng.choice(names.LAST_NAMES)}"

    def _text(self, table: Mapping[str, Sequence[str]], currency: str) -> str:
        return self.rng.choice(table["SE" if currency == "SEK" else "NO"])

    def _pay(
        self,
        kind: str,
        items: Sequence[BookItem],
        *,
        amount: int | None = None,
        reference: str = "",
        message: str = "",
        payer: tuple[str, str] | None = None,
    ) -> Payment:
        """The payment of ``items`` with the truth filled in."""
        item = items[0]
        name, account = payer or self._payer(item)
        moves = tuple(item.move_id for item in items)
        hit = self.by_reference.get(reference or message)
        return Payment(
            amount=sum(item.amount for item in items) if amount is None else amount,
            currency=item.currency,
            reference=reference,
            message=message,
            payer_name=name,
            payer_account=account,
            end_to_end_id=(
                f"E{self.rng.randrange(10**12):012d}"
                if self.rng.random() < 0.3
                else "NOTPROVIDED"
            ),
            truth=Truth(
                kind=kind,
                moves=moves,
                invoices=tuple(item.name for item in items),
                partner_id=item.partner_id,
                original=item.reference,
                collides=(hit,) if hit and hit not in moves else (),
            ),
        )

    def _damaged(
        self, kind: str, item: BookItem, damaged: str, amount: int | None = None
    ) -> Payment:
        """A payment with a ``damaged`` reference, as banks hand it on.

        A reference that passes the check digit stays structured. One that does not
        becomes a message at banks that check it, and stays structured at others.
        """
        if (
            damage.is_valid_reference(damaged)
            or self.rng.random() < self.structured_share
        ):
            return self._pay(kind, [item], amount=amount, reference=damaged)
        return self._pay(kind, [item], amount=amount, message=damaged)

    # Kinds

    def _exact(self) -> Payment | None:
        item = self._take(lambda item: item.reference)
        if item is None:
            return None
        payment = self._pay("exact", [item], reference=item.reference)
        self.exact.append(payment)
        return payment

    def _edited(self, kind: str) -> Payment | None:
        edit = getattr(damage, kind)
        item = self._take(
            lambda item: len(item.reference) > 2 and edit(item.reference, Random(0))
        )
        if item is None:
            return None
        return self._damaged(kind, item, edit(item.reference, self.rng))

    def _spaced_reference(self) -> Payment | None:
        item = self._take(lambda item: len(item.reference) > 5)
        if item is None:
            return None
        text = damage.spaced_reference(item.reference, self.rng)
        return self._pay("spaced_reference", [item], message=text)

    def _text_reference(self) -> Payment | None:
        item = self._take(lambda item: item.reference)
        if item is None:
            return None
        text = self._text(names.REFERENCE_TEXTS, item.currency)
        return self._pay("text_reference", [item], message=text.format(item.reference))

    def _old_reference(self) -> Payment | None:
        item = self._take(lambda item: self.paid_of.get(item.partner_id))
        if item is None:
            return None
        old = self.book[self.rng.choice(self.paid_of[item.partner_id])]
        return self._pay("old_reference", [item], reference=old.reference)

    def _invoice_number(self) -> Payment | None:
        item = self._take()
        if item is None:
            return None
        number = item.name
        if self.rng.random() < 0.3:
            number = number.partition("/")[2] or number
        text = self._text(names.INVOICE_TEXTS, item.currency).format(number)
        return self._pay("invoice_number", [item], message=text)

    def _no_reference(self) -> Payment | None:
        item = self._take()
        if item is None:
            return None
        text = self._text(names.IDLE_WORDS, item.currency)
        return self._pay("no_reference", [item], message=text)

    def _foreign(self, kind: str, amount: int, currency: str, message: str) -> Payment:
        """Money of somebody who is no customer."""
        return Payment(
            amount=amount,
            currency=currency,
            reference="",
            message=message,
            payer_name=self._stranger_name(),
            payer_account=_random_account(self.rng),
            end_to_end_id="NOTPROVIDED",
            truth=Truth(kind, (), (), 0, ""),
        )

    def _stranger(self) -> Payment | None:
        item = self._any_open(bool)
        if item is None:
            return None
        text = self._text(names.IDLE_WORDS, item.currency)
        return self._foreign("stranger", item.amount, item.currency, text)

    def _unrelated_number(self) -> Payment | None:
        item = self._any_open(bool)
        if item is None:
            return None
        number = str(self.rng.randrange(10_000, 100_000))
        text = self._text(names.UNRELATED_TEXTS, item.currency).format(number)
        return self._foreign("unrelated_number", 100_00, item.currency, text)

    def _other_reference(self) -> Payment | None:
        other = self._any_open(lambda item: item.reference)
        if other is None:
            return None
        item = self._take(
            lambda item: (
                item.partner_id != other.partner_id and item.amount != other.amount
            )
        )
        if item is None:
            return None
        return self._pay(
            "other_reference",
            [item],
            reference=other.reference,
            payer=(item.partner, item.partner_account or _random_account(self.rng)),
        )

    def _part_of(self, amount: int) -> int:
        """Whole crowns between a tenth and nine tenths of ``amount``."""
        return max(100, int(amount * self.rng.uniform(0.1, 0.9)) // 100 * 100)

    def _partial(self) -> Payment | None:
        item = self._take(lambda item: item.amount >= 10_00 and item.reference)
        if item is None:
            return None
        amount = self._part_of(item.amount)
        return self._pay("partial", [item], amount=amount, reference=item.reference)

    def _overpaid(self) -> Payment | None:
        item = self._take(lambda item: item.reference)
        if item is None:
            return None
        more = self.rng.choice((10_00, 50_00, 100_00, item.amount))
        return self._pay(
            "overpaid", [item], amount=item.amount + more, reference=item.reference
        )

    def _ore_dropped(self) -> Payment | None:
        item = self._take(
            lambda item: item.amount > 100 and item.amount % 100 and item.reference
        )
        if item is None:
            return None
        return self._pay(
            "ore_dropped",
            [item],
            amount=item.amount // 100 * 100,
            reference=item.reference,
        )

    def _sum(self) -> Payment | None:
        def unspent(partner_id: int) -> list[int]:
            return [at for at in self.open_of[partner_id] if not self.used[at]]

        first = self._take(lambda item: len(unspent(item.partner_id)) > 1)
        if first is None:
            return None
        others = unspent(first.partner_id)[: self.rng.randint(1, 3)]
        for at in others:
            self.used[at] = 1
        items = [first, *(self.book[at] for at in others)]
        chance = self.rng.random()
        if chance < 0.5 and first.reference:
            return self._pay("sum", items, reference=first.reference)
        if chance < 0.75:
            numbers = ", ".join(item.name for item in items)
            return self._pay("sum", items, message=f"Faktura {numbers}")
        text = self._text(names.IDLE_WORDS, first.currency)
        return self._pay("sum", items, message=text)

    def _duplicate(self) -> Payment | None:
        rng = self.rng
        if self.exact and (not self.paid or rng.random() < 0.5):
            model = rng.choice(self.exact)
        elif self.paid:
            item = self.book[rng.choice(self.paid)]
            model = self._pay("exact", [item], reference=item.reference)
        else:
            return None
        truth = replace(model.truth, kind="duplicate", moves=(), invoices=())
        return replace(model, truth=truth, end_to_end_id="NOTPROVIDED")

    def _damaged_other_amount(self) -> Payment | None:
        item = self._take(lambda item: len(item.reference) > 2 and item.amount > 10_00)
        if item is None:
            return None
        edit = self.rng.choice(
            (damage.wrong_digit, damage.missing_digit, damage.extra_digit)
        )
        return self._damaged(
            "damaged_other_amount",
            item,
            edit(item.reference, self.rng),
            self._part_of(item.amount),
        )


def draw_payments(
    book: Sequence[BookItem],
    *,
    seed: int,
    count: int | None,
    damaged_share: float = 0.05,
    mix: Mapping[str, float] = DAMAGED_MIX,
    structured_share: float = 0.5,
) -> Iterator[Payment]:
    """Payments over ``book``; the same arguments always give the same payments.

    Every open invoice is paid at most once. A kind that the book cannot serve (no
    customer with a paid invoice, no leading zeros…) gives way to the others.

    :param count: how many; None for as many as the book has open invoices for
    :param damaged_share: 0–1, share of payments that are not exact
    :param mix: weights of the kinds among those
    :param structured_share: 0–1, share of failing references that the bank passes
        on as a structured reference instead of a message
    :raise BookExhausted: when ``count`` payments cannot be drawn
    :raise ValueError: for a kind that does not exist
    """
    if unknown := set(mix) - set(OUTCOMES):
        raise ValueError(f"unknown kinds: {', '.join(sorted(unknown))}")
    if len({item.currency for item in book}) > 1:
        raise ValueError("the book mixes currencies; one file holds one currency")
    rng = Random(seed)
    drawer = _Drawer(book, rng, structured_share)
    drawn = 0
    while count is None or drawn < count:
        payment = None
        if drawer.has_open() and rng.random() < damaged_share:
            payment = _draw_damaged(drawer, mix)
        payment = payment or drawer.draws["exact"]()
        if payment is None:
            if count is None:
                return
            raise BookExhausted(
                f"the book has no open invoice left after {drawn} of {count} payments"
            )
        yield payment
        drawn += 1


def _draw_damaged(drawer: _Drawer, mix: Mapping[str, float]) -> Payment | None:
    """A payment of some kind in ``mix``, None if the book serves none of them."""
    kinds = [kind for kind, weight in mix.items() if weight > 0]
    while kinds:
        sums = list(accumulate(mix[kind] for kind in kinds))
        kind = kinds[min(bisect(sums, drawer.rng.random() * sums[-1]), len(kinds) - 1)]
        payment = drawer.draws[kind]()
        if payment is not None:
            return payment
        kinds.remove(kind)
    return None


def arrange(payments: Iterator[Payment], batch_size: int) -> Iterator[list[Payment]]:
    """Group payments into bank entries.

    References are booked together, up to ``batch_size`` in a lump, as banks do for
    a KID or OCR agreement; each payment with a message is an entry of its own.
    """
    if batch_size < 1:
        raise ValueError(f"batch size must be at least 1, not {batch_size}")
    lump: list[Payment] = []
    for payment in payments:
        if not payment.reference:
            yield [payment]
            continue
        lump.append(payment)
        if len(lump) == batch_size:
            yield lump
            lump = []
    if lump:
        yield lump
