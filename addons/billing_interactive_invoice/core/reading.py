"""What a page reports of its reader, and what is new to them since their last visit.

A page tells that it is in view, which of its sections have been, and up to which
message the conversation was read. All of it comes from outside: what has another form
is left out, and what is believed concerns nobody but the one who said it. What the
invoice said at the time, its facts, is not asked of the page; the server knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: Without a sign of life for so long, what comes next is another visit.
PAUSE = timedelta(minutes=30)
#: A page has about a dozen sections; more are not kept.
MAX_SECTIONS = 40

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True)
class Report:
    """What an open page says.

    :ivar visible: whether it is in view at all
    :ivar shown: whether it has just shown the invoice as it is now
    :ivar seen: codes of the sections that were in view since the last report
    :ivar read: id of the newest message that was in view, or 0
    """

    visible: bool = True
    shown: bool = False
    seen: frozenset[str] = frozenset()
    read: int = 0

    @property
    def is_news(self) -> bool:
        """Whether it says more than that the reader is still here, or is not."""
        return bool(self.shown or self.seen or self.read)


def parse(data: object) -> Report:
    """Return what a page reported, without what has no right form.

    :param data: as it came out of JSON
    """
    if not isinstance(data, Mapping):
        return Report()
    seen = data.get("seen")
    read = data.get("read")
    codes = seen if isinstance(seen, list) else ()
    return Report(
        visible=data.get("visible") is not False,
        shown=data.get("shown") is True,
        seen=frozenset([code for code in codes if _is_code(code)][:MAX_SECTIONS]),
        # Whole numbers only: True is one to Python.
        read=read if type(read) is int and 0 < read < 2**31 else 0,
    )


def _is_code(value):
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


@dataclass(frozen=True)
class Marks:
    """What somebody has seen of an invoice on its page.

    :ivar facts: what mattered, by key, as last shown
    :ivar before: the same, as the visit before this one ended; None during the first
    :ivar since: when that visit ended, UTC; None during the first
    :ivar seen_at: when the page last showed a sign of life, UTC; None before the first
    :ivar visits: how many so far
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, str] | None = None
    since: datetime | None = None
    seen_at: datetime | None = None
    visits: int = 0

    def at_next_visit(self, at: datetime) -> bool:
        """Whether a sign of life at ``at`` (UTC) begins another visit."""
        return self.seen_at is None or at - self.seen_at > PAUSE


def advance(marks: Marks, facts: Mapping[str, str], at: datetime) -> Marks:
    """Return the marks after the page showed ``facts``.

    :param marks: those so far
    :param facts: what the page shows now
    :param at: now, UTC; a time before the last sign of life begins no visit
    """
    begins = marks.at_next_visit(at)
    return Marks(
        facts=facts,
        before=(marks.facts or None) if begins else marks.before,
        since=marks.seen_at if begins else marks.since,
        seen_at=max(filter(None, [marks.seen_at, at])),
        visits=marks.visits + begins,
    )


def changed(
    marks: Marks, facts: Mapping[str, str], at: datetime
) -> tuple[frozenset[str], datetime | None]:
    """Return what is new to a reader since their last visit.

    :param marks: what they have seen
    :param facts: what the page shows them now
    :param at: now, UTC
    :return: keys of the facts that differ, and since when; nothing and None at the
        first visit, for then nothing is newer than the rest
    """
    if marks.at_next_visit(at):
        baseline, since = marks.facts, marks.seen_at
    else:
        baseline, since = marks.before, marks.since
    if since is None:
        return frozenset(), None
    return (
        frozenset(
            key
            for key, value in facts.items()
            # A fact that was not noted then is none that changed.
            if (baseline or {}).get(key, value) != value
        ),
        since,
    )
