"""Days on which banks settle payments.

Public holidays come from the ``holidays`` library. Rules on top of it:

* Saturdays and Sundays are no bank days anywhere.
* Norway: public holidays only. The Norwegian clearing (NICS) settles on
  24 and 31 December when these are working days.
* Sweden: also closed on Midsummer Eve, Christmas Eve and New Year's Eve, when
  Bankgirot makes no payments (category ``de_facto`` of the library). The
  half-days before a holiday are bank days.
* A country the library does not know, or none: only weekends are closed.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays

_CATEGORIES = {"SE": ("public", "de_facto")}
_ONE_DAY = timedelta(days=1)
#: No calendar is closed longer; guards against closing every day by mistake.
_MAX_CLOSED_RUN = 60


@cache
def holidays_of(country: str, year: int) -> frozenset[date]:
    """Return the days of ``year`` on which the banks of ``country`` are closed.

    :param country: ISO 3166-1 alpha-2 code, any case; may be empty
    :param year: calendar year
    """
    country = country.upper()
    if country not in holidays.list_supported_countries():
        return frozenset()
    categories = _CATEGORIES.get(country, ("public",))
    return frozenset(
        holidays.country_holidays(country, years=year, categories=categories)
    )


@dataclass(frozen=True, slots=True)
class BankCalendar:
    """Bank days of one country, with a company's own exceptions.

    :param country: ISO 3166-1 alpha-2 code; empty = weekends only
    :param closed: further closed days
    :param opened: days that count as bank days in spite of everything else
    """

    country: str
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()

    def is_bank_day(self, day: date) -> bool:
        """Whether the bank settles payments on ``day``."""
        if day in self.opened:
            return True
        if day in self.closed or day.weekday() >= 5:
            return False
        return day not in holidays_of(self.country, day.year)

    def next_bank_day(self, day: date) -> date:
        """Return ``day`` if it is a bank day, else the first one after it."""
        return self._seek(day, _ONE_DAY)

    def previous_bank_day(self, day: date) -> date:
        """Return ``day`` if it is a bank day, else the last one before it."""
        return self._seek(day, -_ONE_DAY)

    def add_bank_days(self, day: date, count: int) -> date:
        """Return the bank day ``count`` bank days after ``day``.

        :param day: start; need not be a bank day itself
        :param count: bank days to go, negative = back; 0 gives
            :meth:`next_bank_day`
        """
        if not count:
            return self.next_bank_day(day)
        step = _ONE_DAY if count > 0 else -_ONE_DAY
        for _nth in range(abs(count)):
            day = self._seek(day + step, step)
        return day

    def bank_days_between(self, start: date, end: date) -> int:
        """Return how many bank days lie after ``start``, up to and with ``end``.

        Negative when ``end`` is before ``start``, so that swapping the two only
        changes the sign.
        """
        if end < start:
            return -self.bank_days_between(end, start)
        return sum(
            self.is_bank_day(start + timedelta(days=offset))
            for offset in range(1, (end - start).days + 1)
        )

    def _seek(self, day, step):
        for nth in range(_MAX_CLOSED_RUN):
            found = day + nth * step
            if self.is_bank_day(found):
                return found
        raise ValueError(
            f"no bank day within {_MAX_CLOSED_RUN} days of {day.isoformat()}"
        )


def is_bank_day(day: date, country: str) -> bool:
    """Whether banks of ``country`` settle on ``day``; see :class:`BankCalendar`."""
    return BankCalendar(country).is_bank_day(day)


def next_bank_day(day: date, country: str) -> date:
    """Return ``day`` or the first bank day of ``country`` after it."""
    return BankCalendar(country).next_bank_day(day)


def add_bank_days(day: date, count: int, country: str) -> date:
    """Return the bank day of ``country`` that is ``count`` of them after ``day``."""
    return BankCalendar(country).add_bank_days(day, count)


def bank_days_between(start: date, end: date, country: str) -> int:
    """Return the number of bank days of ``country`` after ``start`` up to ``end``."""
    return BankCalendar(country).bank_days_between(start, end)
