"""When customer service is there, and how long customers wait by that clock.

All times are naive and local: the company's own wall clock. A company that gave no
opening hours is always there, so that its clock never stops.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

MINUTES_A_DAY = 24 * 60
_ONE_DAY = timedelta(days=1)
#: Nobody is closed for longer; guards against opening hours that never come.
_MAX_CLOSED_DAYS = 60


def _never(day: date) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The hours of a week in which customer service is there.

    :param weekly: (weekday with Monday 0, first minute of the day, minute of the day
        it closes), in any order; may overlap
    :param is_closed: whether a day is a holiday, with nobody there
    :raises ValueError: a weekday or a minute that does not exist, or hours that end
        before they begin
    """

    weekly: tuple[tuple[int, int, int], ...] = ()
    is_closed: Callable[[date], bool] = field(default=_never, compare=False)

    def __post_init__(self):
        for weekday, start, end in self.weekly:
            if not (0 <= weekday <= 6 and 0 <= start < end <= MINUTES_A_DAY):
                raise ValueError(f"no opening hours: {weekday}, {start}–{end}")
        object.__setattr__(self, "weekly", tuple(_merged(self.weekly)))

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return from when to when somebody is there on ``day``, in order."""
        midnight = datetime.combine(day, time.min)
        if not self.weekly:
            return [(midnight, midnight + _ONE_DAY)]
        if self.is_closed(day):
            return []
        return [
            (midnight + timedelta(minutes=start), midnight + timedelta(minutes=end))
            for weekday, start, end in self.weekly
            if weekday == day.weekday()
        ]

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there at ``at``."""
        return any(start <= at < end for start, end in self.spans(at.date()))

    def closes(self, at: datetime) -> datetime | None:
        """Return when those who are there at ``at`` leave.

        :return: None when nobody is there, or somebody always is
        """
        if not self.weekly:
            return None
        return next(
            (end for start, end in self.spans(at.date()) if start <= at < end), None
        )

    def opens(self, at: datetime) -> datetime | None:
        """Return ``at`` when somebody is there, else when somebody will be next.

        :return: None when nobody comes for two months
        """
        for start, end in self._spans_from(at):
            if end > at:
                return max(start, at)
        return None

    def add(self, at: datetime, minutes: int) -> datetime | None:
        """Return when ``minutes`` of opening hours have gone by since ``at``.

        :param minutes: not negative; 0 gives :meth:`opens`
        :return: None when they never go by
        :raises ValueError: negative ``minutes``
        """
        if minutes < 0:
            raise ValueError(f"cannot wait {minutes} minutes")
        left = timedelta(minutes=minutes)
        while True:
            begin = self.opens(at)
            if begin is None:
                return None
            end = next(e for s, e in self.spans(begin.date()) if s <= begin < e)
            if begin + left <= end:
                return begin + left
            left -= end - begin
            at = end

    def minutes_between(self, start: datetime, end: datetime) -> int:
        """Return how many minutes of opening hours lie between two moments.

        :return: whole minutes, 0 when ``end`` is not after ``start``
        """
        if end <= start:
            return 0
        total = timedelta()
        day = start.date()
        while day <= end.date():
            for opens, closes in self.spans(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += _ONE_DAY
        return int(total.total_seconds() // 60)

    def minutes_a_day(self) -> int:
        """Return how long somebody is there on a usual day that is not closed."""
        days = {weekday for weekday, _start, _end in self.weekly}
        if not days:
            return MINUTES_A_DAY
        return sum(end - start for _weekday, start, end in self.weekly) // len(days)

    def _spans_from(self, at):
        for nth in range(_MAX_CLOSED_DAYS):
            yield from self.spans(at.date() + nth * _ONE_DAY)


def _merged(weekly: Iterable[tuple[int, int, int]]):
    """Yield ``weekly`` in order, with hours that touch or overlap as one."""
    last = None
    for weekday, start, end in sorted(weekly):
        if last and last[0] == weekday and start <= last[2]:
            last = (weekday, last[1], max(last[2], end))
            continue
        if last:
            yield last
        last = (weekday, start, end)
    if last:
        yield last


def grouped(hours: OpeningHours) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Return the week in the fewest rows: days that follow each other and are alike.

    :return: (weekdays, hours of each of them as minutes of the day); days on which
        nobody is there are left out
    """
    rows = []
    for weekday in range(7):
        spans = [(start, end) for day, start, end in hours.weekly if day == weekday]
        if not spans:
            continue
        if rows and rows[-1][1] == spans and rows[-1][0][-1] == weekday - 1:
            rows[-1][0].append(weekday)
        else:
            rows.append(([weekday], spans))
    return rows
