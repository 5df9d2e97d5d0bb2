"""The most a payer lets be drawn in a month, learnt from what went through.

A payer of AvtaleGiro sets a limit for each calendar month at the bank; the payee is
never told of it. What went through in a month is within the limit, what failed for
no other known reason and came to more than ever went through may have been above it.
All amounts are integers of the smallest unit of the currency.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from . import failure

FITS = "fits"
ABOVE = "above"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tried:
    """A debit that was tried.

    :param day: on which the bank was to execute it
    :param amount: of it
    :param reason: why it failed, one of ``failure.CODES``; empty when it was paid
    """

    day: date
    amount: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of a payer's limit for a month.

    :param paid: highest sum that went through in one month, 0 = none did
    :param refused: lowest sum that did not, None = none is known
    :param asked: limit that the payer wrote down when signing up, None = not known
    """

    paid: int = 0
    refused: int | None = None
    asked: int | None = None

    def judge(self, total: int) -> str:
        """Return whether a month's sum is within the limit.

        :param total: all that is drawn in the month, this debit included
        :return: :data:`FITS`, :data:`ABOVE` or :data:`UNKNOWN`
        """
        if total <= self.paid:
            return FITS
        if self.refused is not None:
            return ABOVE if total >= self.refused else UNKNOWN
        if self.asked is not None:
            return ABOVE if total > self.asked else FITS
        return UNKNOWN


def month_of(day: date) -> tuple[int, int]:
    """Return year and month of a day: limits begin anew with each."""
    return day.year, day.month


def learn(tried: Iterable[Tried], asked: int | None = None) -> Limit:
    """Return what the history of a mandate tells of its limit.

    The payer may change it at any time, so that what came later counts for more: a
    sum that went through undoes an earlier refusal below it, and a bank that says
    «above the limit» undoes an earlier success above it.

    :param tried: debits with a known end, in any order
    :param asked: see :class:`Limit`
    """
    paid = 0
    refused = None
    drawn = defaultdict(int)
    # Of one day what was paid first: a refusal has it in its sum.
    for one in sorted(tried, key=lambda one: (one.day, bool(one.reason), one.amount)):
        month = month_of(one.day)
        total = drawn[month] + one.amount
        if not one.reason:
            drawn[month] = total
            paid = max(paid, total)
            if refused is not None and total >= refused:
                refused = None
        elif one.reason == failure.LIMIT:
            refused = total if refused is None else min(refused, total)
            paid = min(paid, total - 1)
        elif one.reason == failure.NOT_PAID and 0 < paid < total:
            # Without a single success nothing says that it was for its size.
            refused = total if refused is None else min(refused, total)
    return Limit(paid, refused, asked)
