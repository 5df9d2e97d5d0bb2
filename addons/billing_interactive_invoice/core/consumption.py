"""How much was used in a period, and why an invoice is higher than another one.

What an invoice costs is price times volume for what is metered, and the rest; the
volume is usage a day times days. The difference between two invoices is taken apart
step by step along that product, so that its parts add up to it exactly:

    days   p0 · u0 · (d1 − d0)        as many more days as before a day
    usage  p0 · (u1 − u0) · d1        more a day, at the price of before
    price  p1 · v1 − p0 · v1          the new volume at the new price instead
    other  what is left

with price p, usage a day u, days d and volume v = u · d, before (0) and now (1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import floor

#: What the quantity of a line says of the consumption.
VOLUME = "volume"
PRICE = "price"
GUESS = ""

#: Share of the days of a period that has to be known to speak of its consumption.
KNOWN = Fraction(9, 10)
#: Share of their days that two periods have in common to be compared as the same one.
ALIKE = Fraction(1, 2)

DAYS = "days"
USAGE = "usage"
PRICE_PART = "price"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line of an invoice charges for.

    :param start: first day of the period
    :param end: last day of the period, which belongs to it
    :param volume: quantity in the unit of the consumption
    :param meter: what was metered; volumes of different meters always add up
    :param role: ``VOLUME`` when the quantity is the consumption, ``PRICE`` when it is
        charged on a consumption that another line has, ``GUESS`` when nobody said
    """

    start: date
    end: date
    volume: Fraction
    meter: object = None
    role: str = GUESS


@dataclass(frozen=True, slots=True)
class Period:
    """Consumption from day to day.

    :param start: first day
    :param end: last day, which belongs to it
    :param volume: consumption in it
    """

    start: date
    end: date
    volume: Fraction

    @property
    def days(self) -> int:
        """Number of days, at least one."""
        return max((self.end - self.start).days + 1, 1)


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice as the explanation looks at it.

    :param days: days it is for
    :param volume: consumption in them
    :param metered: what is charged by volume, in the smallest unit of the currency
    :param total: what the invoice is for in all, in the smallest unit of the currency
    """

    days: int
    volume: Fraction
    metered: int
    total: int

    @property
    def charge(self) -> tuple[int, Fraction]:
        """What is charged by volume, and the volume."""
        return self.metered, self.volume


@dataclass(frozen=True, slots=True)
class Part:
    """One reason for a difference.

    :param reason: ``DAYS``, ``USAGE``, ``PRICE_PART`` or ``OTHER``
    :param amount: what it accounts for, in the smallest unit of the currency; positive
        when it makes the invoice higher
    """

    reason: str
    amount: int


def measured(readings: Iterable[Reading]) -> list[Period]:
    """Return what was used, of lines that may charge for the same more than once.

    Power and grid rent are two lines for the same kilowatt hours. For each meter:
    where some lines are said to measure, those count and nothing else does. Otherwise
    lines for the same days and the same quantity are taken for the same consumption.
    Lines said to be charged on another line's consumption never count.

    :return: one period for each first and last day, by day
    """
    by_meter: dict[object, list[Reading]] = {}
    for reading in readings:
        if reading.role != PRICE and reading.start <= reading.end:
            by_meter.setdefault(reading.meter, []).append(reading)
    volumes: dict[tuple[date, date], Fraction] = {}
    for of_meter in by_meter.values():
        said = [reading for reading in of_meter if reading.role == VOLUME]
        seen = set()
        for reading in said or of_meter:
            key = (reading.start, reading.end, reading.volume)
            if not said and key in seen:
                continue
            seen.add(key)
            days = key[:2]
            volumes[days] = volumes.get(days, Fraction(0)) + reading.volume
    return [Period(*days, volume) for days, volume in sorted(volumes.items())]


def whole(periods: Iterable[Period]) -> Period | None:
    """Return one period from the first to the last day of all, with their sum."""
    periods = list(periods)
    if not periods:
        return None
    return Period(
        min(period.start for period in periods),
        max(period.end for period in periods),
        sum((period.volume for period in periods), Fraction(0)),
    )


def common_days(one: Period, start: date, end: date) -> int:
    """Return how many days of a period lie between two days, both included."""
    return max((min(one.end, end) - max(one.start, start)).days + 1, 0)


def volume_between(
    periods: Iterable[Period], start: date, end: date
) -> Fraction | None:
    """Return the consumption from day to day, as if used evenly within each period.

    :param start: first day
    :param end: last day, which belongs to it
    :return: None when less than :data:`KNOWN` of the days lie in a period
    """
    volume, known = Fraction(0), set()
    for period in periods:
        days = common_days(period, start, end)
        if not days:
            continue
        volume += period.volume * Fraction(days, period.days)
        first = max(period.start, start).toordinal()
        known.update(range(first, first + days))
    if len(known) < KNOWN * ((end - start).days + 1):
        return None
    return volume


def year_before(day: date) -> date:
    """Return the same day a year earlier; the last of February for a leap day."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def last_year(period: Period) -> tuple[date, date]:
    """Return first and last day of the same period a year earlier.

    A period that ends with a month ends with that month a year earlier too.
    """
    end = year_before(period.end)
    next_day = period.end + timedelta(days=1)
    if next_day.day == 1:
        end = year_before(next_day) - timedelta(days=1)
    return year_before(period.start), end


def alike(one: Period, start: date, end: date) -> Fraction:
    """Return the share of days that a period has in common with others."""
    common = common_days(one, start, end)
    return Fraction(common, one.days + (end - start).days + 1 - common)


def explain(before: Bill, now: Bill, least: int = 0) -> list[Part]:
    """Return why ``now`` is for another amount than ``before``, biggest reason first.

    The amounts add up to the difference of the totals exactly; reasons that account
    for nothing are left out.

    :param least: reasons for less than this, in the smallest unit of the currency, are
        counted with the biggest one: nobody asks about the odd cent
    """
    price = _ratio(*(before if before.volume else now).charge)
    a_day = _ratio(before.volume, before.days)
    days = price * a_day * (now.days - before.days) if before.days else Fraction(0)
    usage = price * (now.volume - before.volume) - days
    # Nothing used before has no price; whatever is used now is all more usage.
    charged = now.metered - price * now.volume if before.volume else Fraction(0)
    difference = now.total - before.total
    shares = {
        DAYS: days,
        USAGE: usage,
        PRICE_PART: charged,
        OTHER: difference - days - usage - charged,
    }
    amounts = _whole_units(shares, difference)
    # The first of those that are for the same amount, so that it is always the same.
    biggest = max(amounts, key=lambda reason: abs(amounts[reason]))
    for reason in amounts.keys() - {biggest}:
        if abs(amounts[reason]) < least:
            amounts[biggest] += amounts[reason]
            amounts[reason] = 0
    parts = [Part(reason, amount) for reason, amount in amounts.items() if amount]
    # Sorting keeps the order of reasons that are for the same amount.
    return sorted(parts, key=lambda part: -abs(part.amount))


def _ratio(value, by) -> Fraction:
    return Fraction(value) / Fraction(by) if by else Fraction(0)


def _whole_units(shares: dict[str, Fraction], total: int) -> dict[str, int]:
    """Round shares to whole units so that they still add up to their total.

    Each is rounded up or down; up where most was cut off.
    """
    rounded = {name: floor(share) for name, share in shares.items()}
    missing = total - sum(rounded.values())
    by_cut = sorted(shares, key=lambda name: rounded[name] - shares[name])
    for name in by_cut[:missing]:
        rounded[name] += 1
    return rounded
