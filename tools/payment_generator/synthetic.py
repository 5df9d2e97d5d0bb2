"""Made-up books of any size in the reference regimes of the matching study."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from . import names
from .book import BookItem
from .reference import check_digit_mod10, check_digit_mod11

#: ``S``: 18 digits, customer 8 + invoice 9; ``D``: 15 digits, running number, the
#: worst case; ``R``: 25 random digits.
REGIMES = ("S", "D", "R")

#: Prices that three invoices in ten share, minor units.
FIXED_PRICES = (99_00, 199_00, 299_00, 399_00, 499_00, 599_00, 699_00, 899_00)


def synthetic_book(
    size: int,
    *,
    seed: int,
    regime: str = "S",
    paid_share: float = 0.25,
    customers: int = 0,
    currency: str = "NOK",
    account: str = "15035149098",
    today: date = date(2026, 11, 20),
) -> Iterator[BookItem]:
    """``size`` invoices as the study assumes them, open and paid, in random order.

    :param paid_share: 0–1, share of invoices that are paid already
    :param customers: how many customers, 0 for three quarters of ``size``
    :raise ValueError: for an unknown regime
    """
    if regime not in REGIMES:
        raise ValueError(f"unknown regime: {regime!r}")
    rng = Random(seed)
    customers = customers or max(1, size * 3 // 4)
    # Running numbers of a dense book: a third of all that were ever issued.
    numbers = rng.sample(range(1, 3 * size + 1), size) if regime == "D" else None
    for at in range(size):
        customer = rng.randrange(customers)
        person = Random(seed * 1_000_003 + customer)
        name = f"{person.choice(names.FIRST_NAMES)} {person.choice(names.LAST_NAMES)}"
        base = f"{1000 + person.randrange(9000)}{customer % 10**6:06d}"
        check = check_digit_mod11(base)
        if regime == "S":
            digits = f"{customer:08d}{at + 1:09d}"
        elif numbers is not None:
            digits = f"{numbers[at]:014d}"
        else:
            digits = f"{rng.randrange(10**24):024d}"
        if rng.random() < 0.3:
            amount = rng.choice(FIXED_PRICES)
        else:
            amount = max(100, int(rng.lognormvariate(11.3, 0.7)))
        yield BookItem(
            move_id=at + 1,
            name=f"INV/2026/{at + 1:05d}",
            reference=digits + check_digit_mod10(digits),
            amount=amount,
            currency=currency,
            partner_id=customer + 1,
            partner=name,
            partner_account="" if check == "-" else base + check,
            customer_number=f"{customer:08d}",
            due=str(today + timedelta(days=rng.randint(-40, 20))),
            state="paid" if rng.random() < paid_share else "open",
            account=account,
        )
