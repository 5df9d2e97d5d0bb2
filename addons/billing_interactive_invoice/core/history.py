"""The history of an invoice as its page tells it: by day, newest first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

_WITHIN_NUMBER = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
#: Events that are shown at once; the older ones open on demand.
SHOWN_FIRST = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    :param at: when, by the company's clock
    :param moment: the same in UTC, for scripts
    :param text: what, in the reader's words
    :param by: who did it, one of the actors of ``billing.event``
    """

    at: datetime
    moment: datetime
    text: str
    by: str = "system"


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day, newest first."""

    day: date
    entries: tuple[Entry, ...]


def tell(
    entries: Iterable[Entry], shown_first: int = SHOWN_FIRST
) -> tuple[list[Day], list[Day]]:
    """Return the days to show at once, and those to show on demand.

    The same sentence twice within a minute is told once: what is noted of an invoice
    is noted by several addons. A day is not cut in two, so a few more entries than
    asked for may be shown; and a single older one is shown as well, rather than hidden
    behind a button that takes as much room.

    :param entries: newest first
    :param shown_first: how many entries to show at least, when there are so many
    """
    kept = _once(entries)
    by_day = {}
    for entry in kept:
        by_day.setdefault(entry.at.date(), []).append(entry)
    days = [Day(day, tuple(group)) for day, group in by_day.items()]
    count = 0
    for index, day in enumerate(days):
        if count >= shown_first and len(kept) - count > 1:
            return days[:index], days[index:]
        count += len(day.entries)
    return days, []


def _once(entries):
    """Return ``entries`` without what was said in the same minute already."""
    kept = {}
    for entry in entries:
        kept.setdefault((entry.at.replace(second=0, microsecond=0), entry.text), entry)
    return list(kept.values())


def keep_together(text: str) -> str:
    """Return ``text`` with amounts that no line breaks within («3 102,26»)."""
    return _WITHIN_NUMBER.sub("\u00a0", text)
