"""What fees bring in, what they cost, and what can be said about it.

A fee earns what is paid of it. It costs the minutes that staff spend on the letter and
on the conversations that follow, and perhaps customers. That a customer left after a
fee does not mean that the customer left because of it: those who were charged are
therefore compared with those who were forgiven. That comparison is an association: who
is forgiven was chosen, mostly for being a good customer. It is said with an interval,
and below :data:`LEAST` customers in either group nothing is concluded from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from math import ceil, sqrt

#: Quantile of the normal distribution for an interval that holds 95 times in a hundred.
Z95 = 1.959963984540054
#: Of fewer fees, or fewer customers in a group, nothing is concluded.
LEAST = 30

#: What can be said about a fee.
NOTHING = "nothing"
FEW = "few"
LOSES = "loses"
EARLY = "early"
UNPRICED = "unpriced"
COSTS_CUSTOMERS = "costs_customers"
EARNS = "earns"
UNSURE = "unsure"

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """A share that was seen, and the interval the true one lies in.

    :param hits: of ``count``
    :param low: 0 to 1; below 0 only for differences
    """

    hits: int
    count: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the fees of a group of customers and a time came to.

    :param fees: number that came due, forgiven ones included
    :param due: their amount, currency of the company
    :param forgiven: of that, what was dropped, before or after it was charged
    :param paid: of the rest, what was paid
    :param unpaid: of the rest, what was not paid as yet
    :param letters: that carried a fee, forgiven ones included
    :param conversations: that customers began soon after such a letter
    :param payers: customers charged, long enough ago to know whether they stayed
    :param payers_lost: of these, those who did not
    :param spared: customers forgiven, as long ago
    :param spared_lost: of these, those who did not stay
    """

    fees: int = 0
    due: Decimal = _ZERO
    forgiven: Decimal = _ZERO
    paid: Decimal = _ZERO
    unpaid: Decimal = _ZERO
    letters: int = 0
    conversations: int = 0
    payers: int = 0
    payers_lost: int = 0
    spared: int = 0
    spared_lost: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            *(getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        )


@dataclass(frozen=True, slots=True)
class Prices:
    """What time and customers are worth, as the company has put it.

    :param hour: an hour of staff, currency of the company
    :param letter_minutes: spent on one letter with a fee
    :param conversation_minutes: spent on one conversation
    :param customer: what is lost with a customer, currency of the company; 0 = not said
    """

    hour: Decimal
    letter_minutes: Decimal
    conversation_minutes: Decimal
    customer: Decimal = _ZERO

    def minutes(self, letters, conversations) -> Decimal:
        """Minutes that so many letters and conversations take."""
        return (
            Decimal(letters) * self.letter_minutes
            + Decimal(conversations) * self.conversation_minutes
        )

    def cost(self, minutes: Decimal) -> Decimal:
        """What minutes cost, unrounded."""
        return minutes * self.hour / 60


@dataclass(frozen=True, slots=True)
class Judgement:
    """What can be said about fees.

    :param code: one of :data:`NOTHING`, :data:`FEW`, :data:`LOSES`, :data:`EARLY`
        (what is unpaid decides), :data:`UNPRICED`, :data:`COSTS_CUSTOMERS`,
        :data:`EARNS` and :data:`UNSURE`
    :param left: what was paid less what handling cost
    :param payers: share of those charged who left
    :param spared: share of those forgiven who left
    :param excess: difference of the two, None when either group is empty
    :param lost_low: what customers lost because of the fee cost, at least; below 0 when
        the forgiven ones left more often
    :param lost_high: at most
    :param tipping: difference at which nothing is left, None without a price
    :param needed: customers in each group from which on the answer could be told, None
        when it can be told already or no number would do
    """

    code: str
    left: Decimal
    payers: Share
    spared: Share
    excess: Share | None = None
    lost_low: Decimal | None = None
    lost_high: Decimal | None = None
    tipping: float | None = None
    needed: int | None = None


def together(figures: Iterable[Figures]) -> Figures:
    """Add figures up."""
    return sum(figures, Figures())


def wilson(hits: int, count: int, z: float = Z95) -> Share:
    """A share with the interval that the true one lies in.

    E. B. Wilson, «Probable inference, the law of succession, and statistical
    inference», JASA 22 (1927). It stays within 0 and 1 however few there are.

    :raises ValueError: more hits than there were
    """
    if not 0 <= hits <= count:
        raise ValueError(f"{hits} of {count} cannot be")
    if not count:
        return Share(0, 0, 0.0, 0.0, 1.0)
    share = hits / count
    middle = share + z * z / (2 * count)
    spread = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return Share(
        hits,
        count,
        share,
        0.0 if hits == 0 else max((middle - spread) / scale, 0.0),
        1.0 if hits == count else min((middle + spread) / scale, 1.0),
    )


def difference(one: Share, other: Share) -> Share:
    """How much larger one share is than another, with an interval.

    R. G. Newcombe, «Interval estimation for the difference between independent
    proportions», Statistics in Medicine 17 (1998), method 10: from the intervals of the
    two.

    :param one: of :func:`wilson`
    :param other: of :func:`wilson`
    """
    value = one.value - other.value
    return Share(
        one.hits,
        one.count,
        value,
        value - sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2),
        value + sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2),
    )


def judge(figures: Figures, prices: Prices) -> Judgement:
    """Say whether fees are worth it, as far as it can be told.

    :param figures: of everything that is judged together
    :param prices: of the company
    """
    handling = prices.cost(prices.minutes(figures.letters, figures.conversations))
    left = figures.paid - handling
    payers = wilson(figures.payers_lost, figures.payers)
    spared = wilson(figures.spared_lost, figures.spared)
    excess = difference(payers, spared) if payers.count and spared.count else None
    said = {"left": left, "payers": payers, "spared": spared, "excess": excess}
    worth = prices.customer * figures.payers
    if excess and worth:
        said |= {
            "lost_low": worth * Decimal(str(excess.low)),
            "lost_high": worth * Decimal(str(excess.high)),
            "tipping": float(left / worth),
        }
    if not figures.fees:
        return Judgement(NOTHING, **said)
    if figures.fees < LEAST:
        return Judgement(FEW, **said)
    if left <= 0:
        return Judgement(EARLY if left + figures.unpaid > 0 else LOSES, **said)
    if not prices.customer:
        return Judgement(UNPRICED, **said)
    if min(payers.count, spared.count) < LEAST:
        return Judgement(FEW, **said)
    if said["lost_low"] > left:
        return Judgement(COSTS_CUSTOMERS, **said)
    if said["lost_high"] < left:
        return Judgement(EARNS, **said)
    return Judgement(UNSURE, needed=_needed(payers, spared, said["tipping"]), **said)


def scenario(payers: int, share: Decimal, customer: Decimal) -> Decimal:
    """What it would cost if a given share of the customers charged left.

    :param payers: customers charged
    :param share: 0 to 1
    :param customer: what is lost with a customer
    """
    return payers * share * customer


def _needed(payers: Share, spared: Share, tipping: float) -> int | None:
    """Customers in each group at which the interval would leave the tipping point out.

    With the shares as they were seen; None when these are just at it.
    """
    distance = abs(payers.value - spared.value - tipping)
    spread = payers.value * (1 - payers.value) + spared.value * (1 - spared.value)
    if not distance or not spread:
        return None
    needed = ceil(Z95**2 * spread / distance**2)
    return needed if needed > min(payers.count, spared.count) else None
