"""What is charged on top of an overdue claim, and how charges go together.

Amounts are :class:`~decimal.Decimal` in the currency of the claim. Nothing here knows a
rate: those come from the law pack.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from . import kept
from .interest import Period, interest_rates, known_through, late_interest
from .statute import Pack, Rate, Reason, Verdict

FEE = "fee"
INTEREST = "interest"
COMPENSATION = "compensation"

_ONE_DAY = timedelta(days=1)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Addition:
    """A charge as letters and the customer's page show it, apart from the principal.

    :param kind: ``fee``, ``interest`` or ``compensation``
    :param charge_id: id of the ``billing.charge``
    :param document_id: id of the document it stands on
    :param name: number of that document
    :param day: on which it was charged
    :param due: last day to pay it
    :param amount: charged
    :param open_amount: of that, still to be paid
    :param label: what it is, in the reader's language
    :param ground: why it may be charged, in the reader's language
    :param paragraph: of the law, as it is quoted
    :param rate: the rate its amount comes from, None for interest
    :param periods: of interest, in order
    :param reference: what to pay it with, the claim's own or one by itself
    :param state: ``booked``, ``paid``, ``waived`` or ``reversed``
    """

    kind: str
    charge_id: int
    document_id: int
    name: str
    day: date
    due: date
    amount: Decimal
    open_amount: Decimal
    label: str
    ground: str = ""
    paragraph: str = ""
    rate: Rate | None = None
    periods: tuple[Period, ...] = ()
    reference: str = ""
    state: str = "booked"


@dataclass(frozen=True, slots=True)
class Booked:
    """A charge that stands, as far as the next one asks.

    :param amount: what was booked
    :param gross: what it would have been without the charges before it
    """

    kind: str
    amount: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Interest:
    """Late interest of one claim that is not booked yet.

    :param amount: of all periods
    :param periods: split where the rate or the open amount changes, in order
    """

    amount: Decimal = _ZERO
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a claim that falls due on one day.

    :param due: its due date
    :param amount: of it
    :param settled: what came off it, as pairs of the day and the amount; None for what
        was never owed, such as a credit note of the very invoice
    """

    due: date
    amount: Decimal
    settled: tuple[tuple[date | None, Decimal], ...] = ()


def left_to_charge(kind: str, amount: Decimal, booked: Iterable[Booked]) -> Decimal:
    """Return how much of ``amount`` may still be charged beside what stands.

    Fees and the compensation for late payment are for the same cost and do not stack:
    together they never exceed the larger of both (forsinkelsesrenteloven § 3 a with
    inkassoforskriften §§ 1-5 and 2-6; lag 1981:739 § 4 a). Compensation comes once for
    a claim. Interest is for the delay and comes beside either.

    :param kind: of the new charge
    :param amount: that the law allows it by itself
    :param booked: charges of the claim that stand
    """
    if kind == INTEREST:
        return amount
    booked = [charge for charge in booked if charge.kind != INTEREST]
    taken = sum((charge.amount for charge in booked), _ZERO)
    fees = sum((charge.amount for charge in booked if charge.kind == FEE), _ZERO)
    compensations = [charge.gross for charge in booked if charge.kind == COMPENSATION]
    if kind == COMPENSATION:
        most = _ZERO if compensations else amount
    else:
        most = max([fees + amount, *compensations])
    return max(most - taken, _ZERO)


def balances(
    terms: Sequence[Term], first_day: int = 1
) -> tuple[tuple[date, Decimal], ...]:
    """Return what of a claim was overdue, from day to day.

    As :func:`.interest.late_interest` takes it: the amount open at the end of a day,
    which bears interest from the following day on. What came off before the due date,
    or was never owed, bears none for any day.

    :param first_day: days after the due date of the first day of interest
    :return: day and amount, in order; the last holds until further notice
    """
    changes: dict[date, Decimal] = {}
    for term in terms:
        start = term.due + timedelta(days=first_day - 1)
        changes[start] = changes.get(start, _ZERO) + term.amount
        for day, amount in term.settled:
            after = start if day is None else max(day, start)
            changes[after] = changes.get(after, _ZERO) - amount
    result = []
    overdue = _ZERO
    for day in sorted(changes):
        overdue += changes[day]
        result.append((day, overdue))
    return tuple(result)


def interest(
    pack: Pack,
    terms: Sequence[Term],
    covered: date | None,
    through: date,
    unit: Decimal,
) -> Interest:
    """Return the late interest of a claim that no charge covers yet.

    It ends where the law is not known any more: with the last rate, and with the day
    through which somebody has looked that the pack holds.

    :param pack: the law
    :param terms: parts of the claim
    :param covered: last day that an earlier charge covers, None = none does
    :param through: last day
    :param unit: smallest amount of the currency
    """
    changes = balances(terms, pack.interest_first_day)
    rates = interest_rates(pack)
    if not changes or not rates:
        return Interest()
    first = changes[0][0] + _ONE_DAY
    if covered is not None:
        first = max(first, covered + _ONE_DAY)
    known = known_through(rates, first)
    if known is None:
        return Interest()
    last = min(through, known, pack.reviewed_through)
    periods = late_interest(rates, changes, first, last, pack.day_count, unit)
    return Interest(sum((period.amount for period in periods), _ZERO), periods)


# === WHAT A CHARGE RESTS ON === #


@dataclass(frozen=True, slots=True)
class Basis:
    """What a charge rests on, kept with it: rates and packs may be corrected later.

    :param verdict: of the law, with rate and reasons
    :param periods: of interest
    :param gross: amount without the charges before it, None = the charged amount
    """

    verdict: Verdict | None = None
    periods: tuple[Period, ...] = ()
    gross: Decimal | None = None

    @property
    def reason(self) -> Reason | None:
        """The ground it stands on."""
        return (
            self.verdict.reasons[0] if self.verdict and self.verdict.reasons else None
        )


def to_json(basis: Basis) -> dict:
    """Return a basis as JSON holds it; :func:`from_json` gives it back."""
    return {
        "verdict": basis.verdict and kept.to_json(basis.verdict),
        "periods": [
            [
                period.start.isoformat(),
                period.end.isoformat(),
                period.days,
                str(period.base),
                str(period.rate),
                str(period.amount),
            ]
            for period in basis.periods
        ],
        "gross": None if basis.gross is None else str(basis.gross),
    }


def from_json(stored: Mapping | None) -> Basis:
    """Return the basis that :func:`to_json` made; an empty one of nothing."""
    if not stored:
        return Basis()
    return Basis(
        verdict=kept.from_json(stored["verdict"]) if stored["verdict"] else None,
        periods=tuple(
            Period(
                date.fromisoformat(start),
                date.fromisoformat(end),
                days,
                Decimal(base),
                Decimal(rate),
                Decimal(amount),
            )
            for start, end, days, base, rate, amount in stored["periods"]
        ),
        gross=None if stored["gross"] is None else Decimal(stored["gross"]),
    )
