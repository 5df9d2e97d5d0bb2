"""Why dunning waits: the answer every addon gives in the same form."""

from dataclasses import dataclass, field
from datetime import date

#: Everything a hold can stop. ``fee``: a reminder fee or late interest.
#: ``reminder``: a message that asks for payment again. ``handover``: passing the
#: claim to collection. ``distribution``: any sending of the invoice at all.
BLOCKS = frozenset({"fee", "reminder", "handover", "distribution"})


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why dunning of one invoice waits.

    :param code: stable code of the kind of hold, e.g. ``manual``, ``dispute``
    :param label: text for staff, in the reader's language
    :param since: first day it holds (in the company's calendar)
    :param until: last day it holds, inclusive; None = until it is lifted
    :param source_record: the record that caused it, or None
    :param blocks: what it stops, a subset of :data:`BLOCKS`
    :raises ValueError: unknown or no ``blocks``, or ``until`` before ``since``
    """

    code: str
    label: str
    since: date
    until: date | None = None
    source_record: object = field(default=None, compare=False)
    blocks: frozenset[str] = BLOCKS

    def __post_init__(self):
        blocks = frozenset(self.blocks)
        if not blocks or blocks - BLOCKS:
            raise ValueError(
                f"blocks must be some of {sorted(BLOCKS)}, not {sorted(blocks)}"
            )
        if self.until is not None and self.until < self.since:
            raise ValueError(f"a hold cannot end ({self.until}) before {self.since}")
        # Frozen: callers may hand over any iterable, readers get a frozenset.
        object.__setattr__(self, "blocks", blocks)

    def is_active(self, day: date) -> bool:
        """Whether the hold holds on ``day``."""
        return self.since <= day and (self.until is None or day <= self.until)


def blocking(holds, what: str) -> list[Hold]:
    """Return those of ``holds`` that stop ``what`` (one of :data:`BLOCKS`).

    :raises ValueError: ``what`` is nothing a hold can stop
    """
    if what not in BLOCKS:
        raise ValueError(f"{what!r} is not one of {sorted(BLOCKS)}")
    return [hold for hold in holds if what in hold.blocks]
