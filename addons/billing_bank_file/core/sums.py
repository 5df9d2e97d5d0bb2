"""Tells which sum on a statement is made of which payments of another file.

Banks give the same money twice: as one sum in the statement (camt.053), and payment by
payment in a notification (camt.054) or an OCR giro file.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class BankSum:
    """An entry of a statement without details.

    :param key: the caller's own name for it
    :param journal: the account
    :param day: booking date
    :param reference: the bank's reference of the entry, empty for none
    :param amount: minor units
    :param is_new: whether the file just read brought it
    """

    key: Hashable
    journal: int
    day: date
    reference: str
    amount: int
    is_new: bool = False


class Details(BankSum):
    """An entry whose payments are known; ``amount`` is what they add up to."""

    __slots__ = ()


def pair(
    sums: Iterable[BankSum],
    details: Iterable[Details],
    journals_by_day: Collection[int] = (),
    withdrawals_by_day: Collection[int] = (),
) -> dict[Hashable, tuple[Hashable, ...]]:
    """Find the details of sums. No entry is the details of two sums.

    They agree in account, day and amount, and in the bank's reference of the entry:
    there the payments may be spread over several files. Where the reference is missing
    on one side, the amount alone decides, on accounts that are known to get their
    details in files of another kind; there for money out only where these files tell
    of it too.

    :param journals_by_day: accounts on which day and amount are enough
    :param withdrawals_by_day: those of them on which they are enough for money out
    :return: dict of key of a sum to the keys of the entries it is made of; only pairs
        one side of which is new
    """
    by_reference = defaultdict(list)
    by_amount = defaultdict(list)
    for entry in details:
        if entry.reference:
            by_reference[entry.journal, entry.day, entry.reference].append(entry)
        by_amount[entry.journal, entry.day, entry.amount].append(entry)
    found = {}
    used = set()

    def take(item, entries):
        if item.is_new or any(entry.is_new for entry in entries):
            found[item.key] = tuple(entry.key for entry in entries)
            used.update(found[item.key])

    rest = []
    for item in sums:
        entries = item.reference and by_reference.pop(
            (item.journal, item.day, item.reference), ()
        )
        if entries and sum(entry.amount for entry in entries) == item.amount:
            take(item, entries)
        elif item.journal in journals_by_day and (
            item.amount > 0 or item.journal in withdrawals_by_day
        ):
            rest.append(item)
    for item in rest:
        for entry in by_amount[item.journal, item.day, item.amount]:
            known = item.reference and entry.reference
            if entry.key not in used and not known:
                take(item, [entry])
                break
    return found
