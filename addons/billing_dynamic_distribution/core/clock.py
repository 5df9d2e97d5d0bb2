"""When a message may go out, and when the next one is due.

All moments are naive UTC; what a customer's clock says is worked out here and nowhere
else. The clock of a place jumps twice a year: a wait in days ends at the same time of
day by that clock, a wait in hours is that many hours, and a window that opens within
the hour that is left out opens when that hour is over.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytz

from odoo.addons.billing_base.core.bank_days import BankCalendar, holidays_of

HOURS = "hours"
DAYS = "days"
BANK_DAYS = "bank_days"
UNITS = (HOURS, DAYS, BANK_DAYS)

#: Whole day, in minutes since midnight.
DAY = (0, 24 * 60)
#: From the hours in which a collection agency may reach people in Norway.
DEFAULT_WEEK = ((8 * 60, 21 * 60),) * 5 + ((9 * 60, 15 * 60), None)
ALWAYS = (DAY,) * 7
#: No country is closed longer; guards against windows that never open.
_MAX_DAYS = 60


def zone_of(name: str | None, country: str | None, fallback: str = "UTC") -> str:
    """Return the time zone somebody lives in.

    :param name: time zone that is known of them
    :param country: ISO 3166-1 alpha-2 code of their country; of several zones its first
    :param fallback: time zone when neither says
    """
    if name and name in pytz.all_timezones_set:
        return name
    zones = pytz.country_timezones.get((country or "").upper(), ())
    return next(iter(zones), fallback)


def to_local(at: datetime, zone: str) -> datetime:
    """Return a moment in UTC as naive local time."""
    return pytz.utc.localize(at).astimezone(pytz.timezone(zone)).replace(tzinfo=None)


def to_utc(local: datetime, zone: str) -> datetime:
    """Return naive local time as a moment in UTC.

    A time that comes twice is taken for the first one, a time that is left out for as
    long after the jump as it is after the jump's beginning.
    """
    timezone = pytz.timezone(zone)
    try:
        aware = timezone.localize(local, is_dst=None)
    except pytz.AmbiguousTimeError:
        aware = timezone.localize(local, is_dst=True)
    except pytz.NonExistentTimeError:
        aware = timezone.localize(local, is_dst=False)
    return aware.astimezone(pytz.utc).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The clock by which one customer is written to.

    :param zone: time zone of the customer
    :param week: from Monday, the minutes after midnight between which a message may
        come, or None for a day on which none may
    :param country: of the customer, for public holidays; empty = none are kept
    :param bank: bank days of the company
    :param bank_days_only: messages go out on bank days only
    :param habit: part of the day in which the customer usually opens, one of
        ``core.hours.BANDS``; empty = not known
    """

    zone: str = "UTC"
    week: tuple[tuple[int, int] | None, ...] = DEFAULT_WEEK
    country: str = ""
    bank: BankCalendar = BankCalendar("")
    bank_days_only: bool = False
    habit: str = ""

    def window(self, day: date) -> tuple[datetime, datetime] | None:
        """Return from when until when a message may go out on a local ``day``.

        :return: first moment and the moment after the last one, in UTC; None = never
        """
        hours = self.week[day.weekday()]
        if hours is None or hours[0] >= hours[1]:
            return None
        if self.country and day in holidays_of(self.country, day.year):
            return None
        if self.bank_days_only and not self.bank.is_bank_day(day):
            return None
        midnight = datetime.combine(day, time())
        opens = to_utc(midnight + timedelta(minutes=hours[0]), self.zone)
        closes = to_utc(midnight + timedelta(minutes=hours[1]), self.zone)
        return (opens, closes) if opens < closes else None

    def is_allowed(self, at: datetime) -> bool:
        """Whether a message may go out at this moment."""
        window = self.window(to_local(at, self.zone).date())
        return window is not None and window[0] <= at < window[1]

    def next_allowed(self, at: datetime) -> datetime:
        """Return ``at`` if a message may go out then, else the next moment it may.

        :raises ValueError: no such moment within two months
        """
        day = to_local(at, self.zone).date()
        for offset in range(_MAX_DAYS):
            window = self.window(day + timedelta(days=offset))
            if window is not None and at < window[1]:
                return max(at, window[0])
        raise ValueError(f"no hour to write within {_MAX_DAYS} days of {at}")

    def after(self, at: datetime, wait: int, unit: str) -> datetime:
        """Return the moment ``wait`` units after ``at`` at which a message may go out.

        :param wait: 0 or more
        :param unit: one of :data:`UNITS`
        :raises ValueError: unknown unit, or a wait before ``at``
        """
        return self.next_allowed(self.elapsed(at, wait, unit))

    def elapsed(self, at: datetime, wait: int, unit: str) -> datetime:
        """Return the moment ``wait`` units after ``at``, at whatever hour.

        :raises ValueError: unknown unit, or a wait before ``at``
        """
        if wait < 0:
            raise ValueError("nothing is due before it began")
        if unit == HOURS or not wait:
            if unit not in UNITS:
                raise ValueError(f"{unit!r} is no unit of waiting")
            return at + timedelta(hours=wait)
        local = to_local(at, self.zone)
        if unit == DAYS:
            day = local.date() + timedelta(days=wait)
        elif unit == BANK_DAYS:
            day = self.bank.add_bank_days(local.date(), wait)
        else:
            raise ValueError(f"{unit!r} is no unit of waiting")
        return to_utc(datetime.combine(day, local.time()), self.zone)

    def day_start(self, day: date) -> datetime:
        """Return the moment at which a local day begins."""
        return to_utc(datetime.combine(day, time()), self.zone)
