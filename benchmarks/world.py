"""A made-up world of customers, invoices and payers, with the truth about it.

It follows the design study the matching rests on. What it takes for granted:

**Customers.** 1–12 open invoices each, 84 % have one, in the mean a third more; none to
three closed ones before these. 8 % are companies. Names by Zipf's law; 1 % have a twin,
a customer of the same name, half of these pairs also owe the same amount. A few pairs
have references one digit apart, half of them the same amount. 5 % of those that owe
several invoices have one reference for all of these; only a trap pays them.

**Invoices.** 30 % bear one of eight fixed prices, the others a log-normal amount. The
newest is due between 20 days ago and 14 days ahead; older ones a month before each
other (70 %) or spread over a year. Numbers run by date of issue. References in the
regimes of the study: ``S`` customer and serial number, ``D`` running number of which
two in three are in the book (a third of them open), ``R`` random.

**What is remembered.** Of 85 % of the customers the account and name of their payments
are known. 4 % share the account with another customer of their family. 1.5 % are paid
for, 40 % of the time, by somebody who pays for many: employer, cooperative, guardian.
8 % have a payer of another name that is known.

**Payers.** Name: 80 % the customer's, written as banks write it
(:func:`~benchmarks.people.as_written`), 12 % of the family, 8 % another's; of the
latter two a seventh say in the message for whom they pay. Account: 92 % the known one,
3 % another customer's (a third of them in that customer's name), else a new one.
Companies have no family. A customer pays by his habit: on the due date (50 %), early
(25 %), late (15 %) or irregularly (10 %); payments come in the last seven days.

**Amounts.** 90 % are what is open, 2 % leave the øre out, 4 % are a part, 3 % the sum
of all that the customer owes, 1 % something else: a reminder fee, rounded, interest.

**References.** Wrong digit 22, missing 11, extra 8, swapped 11, two slips 5, in a text
10, of a closed invoice 13, invoice number 7, none 13 %. A reference whose check digit
fails arrives as a message at every other bank. 5 % of all payments are for nothing
open: a closed invoice paid again (40 % of them), a stranger (25 %), a stranger's number
(15 %), another customer's reference with an amount of its own (20 %). None of these
without reference is just what its payer owes: nobody could tell it from a payment of
that.

Every payment is independent: none is booked before the next one is decided, and no
invoice is meant twice in one batch, duplicates on purpose apart.
"""

import sys
from array import array
from bisect import bisect
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from . import people

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from payment_generator import reference as damage  # noqa: E402
from payment_generator.synthetic import FIXED_PRICES  # noqa: E402

TODAY = date(2026, 11, 20)
#: Days of payments in one file.
WINDOW = 7

#: Share of customers by number of open and of closed invoices.
OPEN_SHARES = (0, 84, 9, 3.5, 1.5, 0.6, 0.4, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1)
CLOSED_SHARES = (20, 50, 20, 10)

#: Chance of each day from the due date, by habit; share of the habit.
HABITS = (
    (0.50, {-2: 0.05, -1: 0.15, 0: 0.55, 1: 0.12, 2: 0.06, 3: 0.07}),
    (0.25, {day: 1 / 12 for day in range(-14, -2)}),
    (0.15, {day: 0.12 * 0.88 ** (day - 1) for day in range(1, 60)}),
    (0.10, {day: 1 / 45 for day in range(-14, 31)}),
)
_HABIT_SUMS = list(accumulate(share for share, _days in HABITS))
_MOST = max(max(days.values()) for _share, days in HABITS)

KINDS = {
    "wrong_digit": 22, "missing_digit": 11, "extra_digit": 8, "swapped_digits": 11,
    "two_edits": 5, "text_reference": 10, "old_reference": 13, "invoice_number": 7,
    "no_reference": 13,
}  # fmt: skip
ONE_EDIT = ("wrong_digit", "missing_digit", "extra_digit", "swapped_digits")
#: Payments for nothing that is open.
NOTHING_OPEN = {"paid_again": 40, "stranger": 25, "unrelated_number": 15,
                "other_reference": 20}  # fmt: skip
NOTHING_OPEN_SHARE = 0.05
#: What the payments of closed invoices state.
PAID_AGAIN = {"exact": 70, **dict.fromkeys(ONE_EDIT, 3.75), "no_reference": 15}
AMOUNTS = {"equal": 90, "ore_dropped": 2, "part": 4, "sum": 3, "other": 1}
PERSON_NAMES = {"own": 80, "family": 12, "stranger": 8}

#: Cases in which an engine may go wrong, each drawn alike often.
TRAPS = (
    "stranger_equal_amount", "other_kid", "one_digit_apart", "twins", "customer_kid",
    "artefacts", "two_references", "paid_and_open", "many_customers", "credit_netted",
    "customer_number", "meter_number", "phone_number", "end_to_end", "fee", "rounded",
    "instalment", "sum_no_reference", "sum_reference", "duplicate",
)  # fmt: skip
#: Traps that are for nothing open.
EMPTY_TRAPS = frozenset(("stranger_equal_amount", "duplicate"))

_DOUBLED = str.maketrans("0123456789", "0246813579")


def check_digit(base: str) -> str:
    """MOD10 check digit, fast."""
    total = sum(map(int, base[-1::-2].translate(_DOUBLED)))
    return str(-(total + sum(map(int, base[-2::-2]))) % 10)


def account_number(rng: Random) -> str:
    """A Norwegian account number with a right check digit."""
    while True:
        base = f"{rng.randrange(1000, 9999)}{rng.randrange(10**6):06d}"
        check = damage.check_digit_mod11(base)
        if check != "-":
            return base + check


def _pick(rng: Random, shares: dict) -> str:
    return rng.choices(list(shares), shares.values())[0]


@dataclass(slots=True)
class Payment:
    """One payment and what is true about it; invoices and customers are places in
    the world.

    :param round: payments of one round never mean the same invoice twice
    :param day: days from :data:`TODAY`
    :param moves: invoices it is meant for, none when nothing open is meant
    :param credits: credit notes the payer has set off
    :param customers: whose money it is, none for a stranger's
    """

    kind: str
    round: int
    amount: int
    day: int
    reference: str = ""
    text: str = ""
    name: str = ""
    account: str = ""
    end_to_end: str = ""
    moves: tuple[int, ...] = ()
    credits: tuple[int, ...] = ()
    customers: tuple[int, ...] = ()
    amount_kind: str = ""
    name_kind: str = ""
    account_kind: str = ""


class World:
    """Customers and invoices; the same arguments always make the same world.

    Lists run over customers (``names`` …), over invoices (``amounts`` …; those of
    customer ``c`` are ``first[c]:first[c + 1]``) and over open credit notes.

    :param regime: ``S``, ``D`` or ``R``
    :param open_count: open invoices
    """

    def __init__(self, regime: str, open_count: int, seed: int):
        self.regime = regime
        self.open_count = open_count
        self.rng = Random(f"{regime}-{open_count}-{seed}")
        self.names: list[str] = []
        self.companies = bytearray()
        self.known = bytearray()
        self.habits = bytearray()
        self.accounts: list[str] = []
        self.payers: dict[int, str] = {}  # known payer of another name
        self.sponsored: dict[int, int] = {}
        self.twins: list[int] = []  # this customer and the one before
        self.apart: list[int] = []
        self.own_reference: set[int] = set()
        self.first = array("i", [0])
        self.owners = array("i")
        self.amounts = array("q")
        self.dues = array("h")
        self.open = bytearray()
        self.credits: list[tuple[int, int]] = []  # customer and amount
        self.sponsors = [
            (people.association(self.rng), account_number(self.rng))
            for _ in range(max(3, open_count // 5000))
        ]
        self._make_customers()
        self._number()

    # Customers

    def _make_customers(self):
        left = self.open_count
        while left:
            left -= self._make_customer(left)
        self.customer_count = len(self.names)

    def _make_customer(self, left: int) -> int:
        """Add a customer with his invoices; return how many are open."""
        rng = self.rng
        at = len(self.names)
        chance = rng.random()
        company = chance < 0.08
        before = at and not self.companies[-1]
        account = account_number(rng)
        if company:
            name = people.company(rng)
        elif before and chance < 0.09:
            name = self.names[-1]
            self.twins.append(at)
        elif before and chance < 0.13:
            name = people.person(rng, self.names[-1].rpartition(" ")[2])
            account = self.accounts[-1]
        else:
            name = people.person(rng)
            if chance > 0.92:
                last = name.rpartition(" ")[2] if rng.random() < 0.5 else ""
                self.payers[at] = people.person(rng, last)
        if rng.random() < 0.015:
            self.sponsored[at] = rng.randrange(len(self.sponsors))
        self.names.append(name)
        self.companies.append(company)
        self.accounts.append(account)
        self.known.append(rng.random() < 0.85)
        self.habits.append(min(bisect(_HABIT_SUMS, rng.random()), 3))
        count = min(left, rng.choices(range(13), OPEN_SHARES)[0])
        self._make_invoices(at, count, rng.choices(range(4), CLOSED_SHARES)[0])
        return count

    def _make_invoices(self, customer: int, open_count: int, closed_count: int):
        rng = self.rng
        start = len(self.amounts)
        monthly = rng.random() < 0.7
        newest = rng.randint(-20, 14)
        for number in range(open_count + closed_count):
            if monthly or number >= open_count:
                due = newest - 30 * number + rng.randint(-1, 1)
            else:
                due = newest - rng.randint(0, 330) if number else newest
            self.amounts.append(self.amount(rng))
            self.dues.append(due)
            self.open.append(number < open_count)
            self.owners.append(customer)
        if open_count == 1 and customer:
            before = self.first[customer - 1]
            alone = before + 1 == start or not self.open[before + 1]
            same = rng.random() < 0.5
            if self.twins and self.twins[-1] == customer:
                if same:
                    self.amounts[start] = self.amounts[before]
            elif alone and rng.random() < 0.004:
                self.apart.append(customer)
                if same:
                    self.amounts[start] = self.amounts[before]
        if open_count > 1 and rng.random() < 0.05:
            self.own_reference.add(customer)
        if rng.random() < 0.005 and self.amounts[start] > 20_000:
            self.credits.append((customer, rng.randrange(5_000, 15_000)))
        self.first.append(len(self.amounts))

    @staticmethod
    def amount(rng: Random) -> int:
        """Amount of an invoice in minor units."""
        if rng.random() < 0.3:
            return rng.choice(FIXED_PRICES)
        return max(100, int(rng.lognormvariate(11.3, 0.7)))

    # Numbers

    def _number(self):
        """Give invoices their numbers and references, by date of issue."""
        count = len(self.amounts)
        self.order = sorted(range(count), key=self.issued)
        self.ranks = array("i", bytes(4 * count))
        self.numbers = array("i", bytes(4 * count))
        last: dict[str, int] = {}
        for rank, at in enumerate(self.order):
            self.ranks[at] = rank
            prefix = self.prefix(at)
            self.numbers[at] = last[prefix] = last.get(prefix, 0) + 1
        if self.regime == "D":
            most = max(3 * self.open_count, count * 3 // 2)
            self._running = array("i", sorted(self.rng.sample(range(1, most), count)))
        self.references = [self._base(at) for at in range(count)]
        for customer in self.own_reference:
            first = self.first[customer]
            base = self.references[first]
            if self.regime == "S":
                base = base[:8] + "0" * 9
            for at in range(first, self.first[customer + 1]):
                self.references[at] = base
        taken = set(self.references)
        for customer in self.apart:
            before = self.references[self.first[customer - 1]]
            base = self._next_to(before, customer)
            while base in taken:
                base = self._next_to(before, customer)
            taken.add(base)
            self.references[self.first[customer]] = base
        self.references = [base + check_digit(base) for base in self.references]

    def _base(self, at: int) -> str:
        if self.regime == "S":
            return f"{self.owners[at] + 1:08d}{self.ranks[at] + 1:09d}"
        if self.regime == "D":
            return f"{self._running[self.ranks[at]]:014d}"
        return f"{self.rng.randrange(10**24):024d}"

    def _next_to(self, base: str, customer: int) -> str:
        """A base one digit away from the reference of the customer before."""
        if self.regime == "S":
            # the same serial; neighbours' numbers may differ in more than one digit
            return f"{customer + 1:08d}{base[8:]}"
        # where a dense numbering is full, one of the leading zeros
        at = self.rng.randrange(len(base) - 9, len(base) - 1)
        digit = str((int(base[at]) + self.rng.randrange(1, 10)) % 10)
        return base[:at] + digit + base[at + 1 :]

    def issued(self, at: int) -> int:
        """Day of issue, before all payments."""
        return min(self.dues[at] - 14, -WINDOW)

    def prefix(self, at: int) -> str:
        return f"INV/{(TODAY + timedelta(days=self.issued(at))).year}/"

    def name(self, at: int) -> str:
        return f"{self.prefix(at)}{self.numbers[at]:05d}"

    def open_of(self, customer: int) -> list[int]:
        return [
            at
            for at in range(self.first[customer], self.first[customer + 1])
            if self.open[at]
        ]

    def closed_of(self, customer: int) -> list[int]:
        """Closed invoices, the newest first."""
        return [
            at
            for at in range(self.first[customer], self.first[customer + 1])
            if not self.open[at]
        ]

    def chance(self, at: int, day: int) -> float:
        """How readily the customer, with his habit, pays an invoice on a day: 0–1."""
        days = HABITS[self.habits[self.owners[at]]][1]
        return days.get(day - self.dues[at], 0) / _MOST

    @staticmethod
    def phone(customer: int) -> str:
        """National number, eight digits, each customer his own."""
        return str(90_000_000 + customer * 7_654_321 % 9_999_991)

    @staticmethod
    def meter(customer: int) -> str:
        """Identity of a metering point, 18 digits, each customer his own."""
        base = f"7070575{customer * 7_654_321 % 9_999_999_967:010d}"
        total = sum(
            int(digit) * (3 if at % 2 == 0 else 1)
            for at, digit in enumerate(reversed(base))
        )
        return f"{base}{-total % 10}"

    def memory(self):
        """What is remembered of payments of the past.

        :return: iterator over (kind, key or name, customer, times, days since first,
            days since last)
        """
        rng = Random(self.open_count)
        for customer, name in enumerate(self.names):
            if self.known[customer]:
                times = rng.randint(1, 12)
                first, last = 40 + 30 * times, rng.randint(10, 40)
                yield "account", self.accounts[customer], customer, times, first, last
                yield "name", name, customer, times, first, last
            if customer in self.payers:
                yield "name", self.payers[customer], customer, 2, 95, 35
            if customer in self.sponsored:
                name, account = self.sponsors[self.sponsored[customer]]
                yield "account", account, customer, 2, 95, 35
                yield "name", name, customer, 2, 95, 35

    def habit_rows(self):
        """Mean delay, as learnt from a few payments.

        :return: iterator over (customer, payments, days, days since the last)
        """
        rng = Random(self.open_count + 1)
        for customer, habit in enumerate(self.habits):
            if self.known[customer]:
                days, count = HABITS[habit][1], rng.randint(1, 12)
                seen = rng.choices(list(days), days.values(), k=count)
                yield customer, count, sum(seen) / count, rng.randint(10, 40)


class Drawer:
    """Draws payments over a world.

    :param seed: of the payments, whatever the world's was
    """

    def __init__(self, world: World, seed):
        self.world = world
        self.rng = Random(f"payments-{seed}")
        self.queue = [
            at
            for at, is_open in enumerate(world.open)
            if is_open and world.owners[at] not in world.own_reference
        ]
        self.rng.shuffle(self.queue)
        self.several = [
            customer
            for customer in range(world.customer_count)
            if world.first[customer + 1] - world.first[customer] > 1
            and world.open[world.first[customer] + 1]
            and customer not in world.own_reference
        ]
        self.closed = [at for at, is_open in enumerate(world.open) if not is_open]
        self.round = 0
        self.cursor = 0
        self.exact_cursor = 0
        self.day = 0
        self.used = bytearray(len(world.open))

    # Which invoice

    def new_round(self):
        self.round += 1
        self.cursor = self.exact_cursor = 0
        self.used = bytearray(len(self.used))

    def is_due(self, at: int) -> bool:
        """Whether the customer pays the invoice on this day."""
        chance = self.world.chance(at, self.day)
        return chance > 0 and self.rng.random() < chance

    def take(self, fits=None) -> int:
        """An invoice that is paid on this day and not yet in this round."""
        while True:
            if self.cursor == len(self.queue):
                self.new_round()
            at = self.queue[self.cursor]
            self.cursor += 1
            if not self.used[at] and self.is_due(at) and (not fits or fits(at)):
                self.used[at] = 1
                return at

    def take_any(self) -> int:
        """The next invoice, whatever its date; for payments without damage."""
        while True:
            if self.exact_cursor == len(self.queue):
                self.new_round()
            at = self.queue[self.exact_cursor]
            self.exact_cursor += 1
            if not self.used[at]:
                self.used[at] = 1
                return at

    def take_of(self, pool, invoices) -> tuple[int, list[int]]:
        """One of a pool, rather one that is due, and its invoices.

        :param invoices: function from a member to its invoices; the first has to be
            due
        """
        found = None
        for tried in range(300):
            member = self.rng.choice(pool)
            found = invoices(member)
            if not found or any(self.used[at] for at in found):
                if tried % 50 == 49:
                    self.new_round()
                continue
            if tried > 250 or self.is_due(found[0]):
                break
        else:
            self.new_round()
        for at in found:
            self.used[at] = 1
        return member, found

    def take_all(self) -> list[int]:
        """All open invoices of a customer that has several."""
        return self.take_of(self.several, self.world.open_of)[1]

    # Who pays

    def payer(self, customer: int) -> dict:
        """Name and account of the payer, and of what kind they are."""
        rng, world = self.rng, self.world
        if customer in world.sponsored and rng.random() < 0.4:
            name, account = world.sponsors[world.sponsored[customer]]
            return dict(
                name=name, account=account, name_kind="sponsor", account_kind="sponsor"
            )
        account, account_kind, other = self._pick_account(customer)
        name, name_kind = self._pick_name(customer)
        if other is not None and rng.random() < 1 / 3:
            name = people.as_written(world.names[other], rng, world.companies[other])
            name_kind = "other_customer"
        return dict(
            name=name, account=account, name_kind=name_kind, account_kind=account_kind
        )

    def _pick_account(self, customer: int):
        rng, world = self.rng, self.world
        chance = rng.random()
        if chance < 0.03:
            other = rng.randrange(world.customer_count)
            return world.accounts[other], "other", other
        if chance < 0.95 and world.known[customer]:
            return world.accounts[customer], "known", None
        return account_number(rng), "new", None

    def _pick_name(self, customer: int):
        rng, world = self.rng, self.world
        name = world.names[customer]
        is_company = world.companies[customer]
        kind = "own" if is_company else _pick(rng, PERSON_NAMES)
        if kind == "own":
            return people.as_written(name, rng, is_company), kind
        if customer in world.payers and rng.random() < 0.7:
            return people.as_written(world.payers[customer], rng, False), "known_payer"
        if kind == "family":
            return people.relative(name, rng), kind
        return people.person(rng), kind

    def pay(self, kind: str, at: int, **values) -> Payment:
        """A payment of the customer of an invoice.

        Unless ``values`` say otherwise it is meant for this invoice and equals it.
        """
        customer = self.world.owners[at]
        values = {
            "amount": self.world.amounts[at],
            "amount_kind": "equal",
            "moves": (at,),
            "customers": (customer,),
            **self.payer(customer),
            **values,
        }
        payment = Payment(kind, self.round, day=self.day, **values)
        foreign = payment.name_kind in ("family", "stranger", "known_payer")
        if foreign and self.rng.random() < 1 / 7:
            word = self.rng.choice(("for", "gjelder", "avser", "på vegne av"))
            meant = f"{word} {self.world.names[customer]}"
            payment.text = f"{payment.text} {meant}".strip()
        return payment

    def foreign(self, kind: str, amount: int, **values) -> Payment:
        """A payment of somebody who is no customer."""
        return Payment(
            kind,
            self.round,
            amount,
            self.day,
            name=people.as_written(people.person(self.rng), self.rng, False),
            account=account_number(self.rng),
            name_kind="stranger",
            account_kind="new",
            **values,
        )

    def name_of(self, at: int) -> str:
        return self.world.names[self.world.owners[at]]

    # What is stated

    def stated(self, kind: str, at: int) -> dict:
        """Reference or message of a payment, damaged as its kind says."""
        rng, world = self.rng, self.world
        issued = world.references[at]
        if kind == "exact":
            return {"reference": issued}
        if kind == "text_reference":
            return {
                "text": people.text(
                    rng, people.REFERENCE, people.grouped(issued, rng), self.name_of(at)
                )
            }
        if kind == "old_reference":
            closed = world.closed_of(world.owners[at])
            old = closed[0] if rng.random() < 0.7 else rng.choice(closed)
            return {"reference": world.references[old]}
        if kind == "invoice_number":
            number = people.invoice_writing(world.prefix(at), world.numbers[at], rng)
            return {"text": people.text(rng, people.INVOICE, number, self.name_of(at))}
        if kind == "no_reference":
            return {"text": people.text(rng, people.IDLE)}
        return self.edited(kind, issued)

    def edited(self, kind: str, issued: str) -> dict:
        """A slip of the pen; half of the banks make a message of what fails."""
        if kind == "swapped_digits":
            places = [
                at for at in range(len(issued) - 1) if issued[at] != issued[at + 1]
            ]
            at = self.rng.choice(places)
            paid = issued[:at] + issued[at + 1] + issued[at] + issued[at + 2 :]
        else:
            paid = getattr(damage, kind)(issued, self.rng)
            while paid == issued:
                paid = getattr(damage, kind)(issued, self.rng)
        if damage.is_valid_reference(paid) or self.rng.random() < 0.5:
            return {"reference": paid}
        return {"text": paid}

    # Payments

    def damaged(self, kinds=KINDS, amounts=AMOUNTS) -> Payment:
        """A payment with an open invoice whose reference is damaged or absent."""
        rng = self.rng
        self.day = -rng.randrange(WINDOW)
        kind = _pick(rng, kinds)
        amount_kind = _pick(rng, amounts)
        if amount_kind == "sum":
            moves = self.take_all()
            while kind == "old_reference" and not self._has_old(moves[0]):
                moves = self.take_all()
        elif kind == "old_reference":
            moves = [self.take(self._has_old)]
        else:
            moves = [self.take()]
        amount, amount_kind = self.odd(moves, amount_kind)
        return self.pay(
            kind,
            moves[0],
            amount=amount,
            amount_kind=amount_kind,
            moves=tuple(moves),
            **self.stated(kind, moves[0]),
        )

    def _has_old(self, at: int) -> bool:
        return bool(self.world.closed_of(self.world.owners[at]))

    def odd(self, moves: list[int], kind: str) -> tuple[int, str]:
        """What is paid, in minor units, and the kind of it."""
        rng = self.rng
        due = sum(self.world.amounts[at] for at in moves)
        if kind == "ore_dropped" and due % 100 and due > 100:
            return due // 100 * 100, kind
        if kind == "part" and due > 10_000:
            share = rng.choice((0.5, 0.5, 1 / 3, 0.25, rng.uniform(0.1, 0.9)))
            step = rng.choice((1, 100, 10_000)) if share == 0.5 else 10_000
            return max(int(due * share) // step * step, 100), kind
        if kind == "other":
            what = rng.choice(("fee", "fee", "rounded", "rounded", "interest"))
            if what == "fee":
                return due + rng.choice((3500, 3500, 7000, 6000)), what
            if what == "interest":
                return due + max(due * rng.randint(1, 20) // 1000, 1), what
            step = rng.choice((1000, 5000, 10_000))
            return -(-due // step) * step, what
        return due, kind if kind == "sum" else "equal"

    def nothing_open(self) -> Payment:
        """A payment for nothing that is open."""
        rng, world = self.rng, self.world
        self.day = -rng.randrange(WINDOW)
        kind = _pick(rng, NOTHING_OPEN)
        if kind == "paid_again":
            stated = _pick(rng, PAID_AGAIN)
            at = self._take_closed()
            while stated == "no_reference" and self._owes(at, world.amounts[at]):
                at = self._take_closed()
            return self.pay(kind, at, moves=(), **self.stated(stated, at))
        if kind == "stranger":
            text = people.text(rng, people.IDLE)
            return self.foreign(kind, world.amount(rng), text=text)
        if kind == "unrelated_number":
            digits = rng.randint(4, 8)
            number = str(rng.randrange(10 ** (digits - 1), 10**digits))
            amount = rng.choice((10_000, 20_000, 25_000, 50_000, world.amount(rng)))
            text = people.text(rng, people.UNRELATED, number)
            return self.foreign(kind, amount, text=text)
        other = rng.choice(self.queue)
        amount = world.amount(rng)
        while amount == world.amounts[other]:
            amount = world.amount(rng)
        reference = world.references[other]
        if rng.random() < 0.5:
            return self.foreign(kind, amount, reference=reference)
        at = rng.randrange(len(world.open))
        while world.owners[at] == world.owners[other] or self._owes(at, amount):
            at = rng.randrange(len(world.open))
        payment = self.pay(kind, at, amount=amount, moves=(), reference=reference)
        while payment.account_kind == "other":
            payment = self.pay(kind, at, amount=amount, moves=(), reference=reference)
        return payment

    def _take_closed(self) -> int:
        """A closed invoice, rather the newest of its customer."""
        closed = self.rng.choice(self.closed)
        newest = self.world.closed_of(self.world.owners[closed])[0]
        return newest if self.rng.random() < 0.7 else closed

    def _owes(self, at: int, amount: int) -> bool:
        """Whether the customer of an invoice owes an amount on any of his."""
        owed = self.world.open_of(self.world.owners[at])
        return any(self.world.amounts[other] == amount for other in owed)

    def exact(self) -> Payment:
        """A payment as it should be."""
        self.day = -self.rng.randrange(WINDOW)
        at = self.take_any()
        return self.pay("exact", at, reference=self.world.references[at])

    # Traps

    def trap(self, kind: str) -> list[Payment]:
        """One case of a trap; more than one payment when they belong together."""
        self.day = -self.rng.randrange(WINDOW)
        made = getattr(self, f"_trap_{kind}")()
        return made if isinstance(made, list) else [made]

    def _trap_stranger_equal_amount(self):
        at = self.rng.choice(self.queue)
        text = people.text(self.rng, people.IDLE)
        return self.foreign("stranger_equal_amount", self.world.amounts[at], text=text)

    def _trap_other_kid(self):
        world = self.world
        at = self.take()
        other = self.rng.choice(self.queue)
        while world.owners[other] == world.owners[at] or (
            world.amounts[other] == world.amounts[at]
        ):
            other = self.rng.choice(self.queue)
        return self.pay("other_kid", at, reference=world.references[other])

    def _trap_one_digit_apart(self):
        world, rng = self.world, self.rng
        if not world.apart:
            return []
        _, (at,) = self.take_of(world.apart, lambda c: [world.first[c]])
        other = world.first[world.owners[at] - 1]
        if rng.random() < 0.5:
            at, other = other, at
        mine, others = world.references[at], world.references[other]
        # one digit of mine as on the other: as far from one as from the other
        places = [i for i in range(len(mine)) if mine[i] != others[i]]
        place = rng.choice(places)
        paid = mine[:place] + others[place] + mine[place + 1 :]
        return self.pay("one_digit_apart", at, reference=paid)

    def _trap_twins(self):
        world = self.world
        _, found = self.take_of(world.twins, lambda c: world.open_of(c)[:1])
        text = people.text(self.rng, people.IDLE)
        return self.pay("twins", found[0], text=text)

    def _trap_customer_kid(self):
        """One reference for all: the amount tells, or the oldest is meant."""
        world = self.world
        pool = sorted(world.own_reference)
        _, found = self.take_of(pool, world.open_of)
        oldest = min(found, key=lambda at: (world.dues[at], at))
        return self.pay("customer_kid", oldest, reference=world.references[oldest])

    def _trap_artefacts(self):
        at = self.take()
        paid = people.artefacts(self.world.references[at], self.rng)
        if self.rng.random() < 0.4:
            return self.pay("artefacts", at, reference=paid)
        return self.pay(
            "artefacts", at, text=people.text(self.rng, people.REFERENCE, paid)
        )

    def _trap_two_references(self):
        world = self.world
        moves = self.take_all()[:2]
        stated = [world.references[at] for at in moves]
        text = self.rng.choice(("KID {} og {}", "{} + {}", "kid {}, {}", "{} {}"))
        return self.pay(
            "two_references",
            moves[0],
            moves=tuple(moves),
            amount=sum(world.amounts[at] for at in moves),
            amount_kind="sum",
            text=text.format(*stated),
        )

    def _trap_paid_and_open(self):
        world = self.world
        at = self.take(self._has_old)
        old = world.closed_of(world.owners[at])[0]
        text = f"KID {world.references[old]} og {world.references[at]}"
        return self.pay("paid_and_open", at, text=text)

    def _trap_many_customers(self):
        world, rng = self.world, self.rng
        moves = [self.take() for _ in range(rng.randint(2, 5))]
        name, account = rng.choice(world.sponsors)
        stated = [world.references[at] for at in moves]
        if rng.random() < 0.4:
            stated = [world.name(at) for at in moves]
        return self.pay(
            "many_customers",
            moves[0],
            moves=tuple(moves),
            customers=tuple(world.owners[at] for at in moves),
            amount=sum(world.amounts[at] for at in moves),
            amount_kind="sum",
            name=name,
            account=account,
            name_kind="sponsor",
            account_kind="sponsor",
            text=rng.choice((" ", ", ", " + ")).join(stated),
        )

    def _trap_credit_netted(self):
        world = self.world
        credit = self.rng.randrange(len(world.credits))
        customer, amount = world.credits[credit]
        at = world.first[customer]
        if self.used[at] or not world.open[at]:
            self.new_round()
        self.used[at] = 1
        exact = self.rng.random() < 0.6
        return self.pay(
            "credit_netted",
            at,
            amount=world.amounts[at] - amount,
            amount_kind="netted",
            credits=(credit,),
            **self.stated("exact" if exact else "no_reference", at),
        )

    def _number_in_text(self, kind, table, number):
        at = self.take()
        value = number(self.world.owners[at])
        return self.pay(kind, at, text=people.text(self.rng, table, value))

    def _trap_customer_number(self):
        return self._number_in_text(
            "customer_number", people.CUSTOMER, lambda customer: str(customer + 1)
        )

    def _trap_meter_number(self):
        return self._number_in_text("meter_number", people.METER, self.world.meter)

    def _trap_phone_number(self):
        def written(customer):
            digits = self.world.phone(customer)
            return self.rng.choice(
                (digits, f"+47 {digits}", f"{digits[:3]} {digits[3:5]} {digits[5:]}")
            )

        return self._number_in_text("phone_number", people.PHONE, written)

    def _trap_end_to_end(self):
        at = self.take()
        return self.pay("end_to_end", at, end_to_end=self.world.references[at])

    def _odd_amount(self, kind, amount_kind):
        at = self.take(lambda at: self.world.amounts[at] > 20_000)
        due = self.world.amounts[at]
        if amount_kind == "fee":
            amount = due + self.rng.choice((3500, 7000))
        elif amount_kind == "rounded":
            amount = round(due / 10_000) * 10_000
        else:
            amount = due // self.rng.choice((2, 3, 4))
        return self.pay(
            kind,
            at,
            amount=amount,
            amount_kind=amount_kind,
            reference=self.world.references[at],
        )

    def _trap_fee(self):
        return self._odd_amount("fee", "fee")

    def _trap_rounded(self):
        return self._odd_amount("rounded", "rounded")

    def _trap_instalment(self):
        return self._odd_amount("instalment", "part")

    def _sum(self, kind, stated):
        moves = self.take_all()
        return self.pay(
            kind,
            moves[0],
            moves=tuple(moves),
            amount=sum(self.world.amounts[at] for at in moves),
            amount_kind="sum",
            **self.stated(stated, moves[0]),
        )

    def _trap_sum_no_reference(self):
        return self._sum("sum_no_reference", "no_reference")

    def _trap_sum_reference(self):
        return self._sum("sum_reference", "exact")

    def _trap_duplicate(self):
        at = self.take()
        stated = self.stated("exact", at)
        first = self.pay("exact", at, **stated)
        again = Payment(
            "duplicate",
            self.round,
            first.amount,
            self.day,
            name=first.name,
            account=first.account,
            customers=first.customers,
            amount_kind="equal",
            name_kind=first.name_kind,
            account_kind=first.account_kind,
            **stated,
        )
        return [first, again]


def draw_mix(world: World, seed, count: int):
    """Payments none of which has its reference in order: 95 % damaged or without
    reference, 5 % for nothing open."""
    drawer = Drawer(world, f"mix-{seed}")
    for _ in range(count):
        if drawer.rng.random() < NOTHING_OPEN_SHARE:
            yield drawer.nothing_open()
        else:
            yield drawer.damaged()


def draw_one_edit(world: World, seed, count: int):
    """Payments of the right amount with one slip each."""
    drawer = Drawer(world, f"one-edit-{seed}")
    kinds = {kind: KINDS[kind] for kind in ONE_EDIT}
    for _ in range(count):
        yield drawer.damaged(kinds, {"equal": 1})


def draw_traps(world: World, seed, each: int):
    """``each`` cases of every trap; some have two payments."""
    drawer = Drawer(world, f"traps-{seed}")
    for kind in TRAPS:
        for _ in range(each):
            yield from drawer.trap(kind)


def draw_ordinary(world: World, seed, count: int, damaged: float):
    """An ordinary file: a share of it as in :func:`draw_mix`, the others exact."""
    drawer = Drawer(world, f"ordinary-{seed}")
    for _ in range(count):
        if drawer.rng.random() >= damaged:
            yield drawer.exact()
        elif drawer.rng.random() < NOTHING_OPEN_SHARE:
            yield drawer.nothing_open()
        else:
            yield drawer.damaged()
