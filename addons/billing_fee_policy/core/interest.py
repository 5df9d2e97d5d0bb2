"""Late interest to the day, in the periods that a letter has to show.

Simple interest. A period ends where the half-year, the rate or the open amount changes,
so old claims take each half-year's rate (Norway: forsinkelsesrenteloven § 3; Sweden:
räntelagen § 6), and no average is ever used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from .statute import Pack, Rate

_ONE_DAY = timedelta(days=1)


class NoRate(LookupError):
    """No rate of interest is known for a day; it is never carried forward.

    :ivar day: first day without a rate
    """

    def __init__(self, day: date):
        super().__init__(f"no rate of late interest is known for {day}")
        self.day = day


@dataclass(frozen=True, slots=True)
class Period:
    """Days with the same rate and the same open amount.

    :param start: first day
    :param end: last day, inclusive
    :param days: number of days
    :param base: open amount that bears interest
    :param rate: percent a year
    :param amount: interest; the amounts of all periods add up to the rounded whole
    """

    start: date
    end: date
    days: int
    base: Decimal
    rate: Decimal
    amount: Decimal


def interest_rates(pack: Pack) -> tuple[Rate, ...]:
    """Return the rates of late interest of ``pack`` in percent a year, oldest first.

    Where the law names a reference rate and an addition (Sweden), their sum: from the
    day either changes, and only while both are known.
    """
    if not pack.interest_code:
        return ()
    codes = {pack.interest_code, pack.interest_addition_code or pack.interest_code}
    parts = [rate for rate in pack.rates if rate.code in codes]
    starts = sorted({rate.valid_from for rate in parts})
    rates = []
    for number, start in enumerate(starts):
        found = [pack.rate_on(code, start) for code in sorted(codes)]
        if None in found:
            continue
        ends = [rate.expires for rate in found if rate.expires is not None]
        if number + 1 < len(starts):
            ends.append(starts[number + 1] - _ONE_DAY)
        main = pack.rate_on(pack.interest_code, start)
        value = sum(rate.value for rate in found)
        expires = min(ends, default=None)
        rates.append(
            Rate("late_interest", start, value, "percent", main.source, expires)
        )
    return tuple(rates)


def known_through(rates: Sequence[Rate], day: date) -> date | None:
    """Return the last day up to which every day from ``day`` on has a rate.

    None where ``day`` itself has none; ``date.max`` where the last rate never expires.
    """
    last = None
    while (rate := _rate_on(rates, day)) is not None:
        following = [other.valid_from for other in rates if other.valid_from > day]
        ends = [end for end in (rate.expires,) if end is not None]
        if following:
            ends.append(min(following) - _ONE_DAY)
        if not ends:
            return date.max
        last = min(ends)
        day = last + _ONE_DAY
    return last


def late_interest(
    rates: Sequence[Rate],
    principal_changes: Sequence[tuple[date, Decimal]],
    first_day: date,
    through_day: date,
    day_count: str = "actual/365",
    unit: Decimal = Decimal("0.01"),
) -> tuple[Period, ...]:
    """Return the interest from ``first_day`` through ``through_day``, both included.

    :param rates: percent a year, as from :func:`interest_rates`
    :param principal_changes: day and the amount open at the end of it, which bears
        interest from the following day on: the due date with the whole claim, then each
        part payment. The last one of a day counts; below zero bears nothing.
    :param day_count: ``actual/365``, or ``actual/actual`` with 366 days in leap years
    :param unit: smallest amount of the currency
    :raises NoRate: a day that bears interest has no rate
    :raises ValueError: the amount open on ``first_day`` is not among the changes, or
        ``day_count`` is unknown
    """
    if day_count not in ("actual/365", "actual/actual"):
        raise ValueError(f"{day_count!r} is no day count")
    if through_day < first_day:
        return ()
    changes = sorted(principal_changes, key=lambda change: change[0])
    if not changes or changes[0][0] >= first_day:
        raise ValueError(f"the amount open on {first_day} is not known")
    periods = []
    exact, shown = Fraction(0), Decimal(0)
    for start, end in _pieces(rates, changes, first_day, through_day):
        base = [amount for day, amount in changes if day < start][-1]
        if base <= 0:
            continue
        rate = _rate_on(rates, start)
        if rate is None:
            raise NoRate(start)
        days = (end - start).days + 1
        year = _days_of_year(start.year, day_count)
        exact += Fraction(base) * Fraction(rate.value) * days / (100 * year)
        amount = max(_rounded(exact, unit), shown) - shown
        shown += amount
        periods.append(Period(start, end, days, base, rate.value, amount))
    return tuple(periods)


def _pieces(rates, changes, first_day, through_day):
    """Yield first and last day of each run of days in which nothing changes."""
    starts = {first_day}
    starts |= {day + _ONE_DAY for day, __ in changes}
    starts |= {rate.valid_from for rate in rates}
    starts |= {rate.expires + _ONE_DAY for rate in rates if rate.expires is not None}
    for year in range(first_day.year, through_day.year + 1):
        starts |= {date(year, 1, 1), date(year, 7, 1)}
    starts = sorted(day for day in starts if first_day <= day <= through_day)
    ends = [day - _ONE_DAY for day in starts[1:]] + [through_day]
    return zip(starts, ends, strict=True)


def _rate_on(rates, day):
    """Return the rate on ``day``, None where there is none or it expired."""
    known = [rate for rate in rates if rate.valid_from <= day]
    rate = max(known, key=lambda rate: rate.valid_from, default=None)
    if rate is None or (rate.expires is not None and rate.expires < day):
        return None
    return rate


def _days_of_year(year, day_count):
    if day_count == "actual/365":
        return 365
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def _rounded(amount, unit):
    """Return an exact amount rounded half up to multiples of ``unit``."""
    units = Fraction(amount) / Fraction(unit)
    return (2 * units.numerator + units.denominator) // (2 * units.denominator) * unit
