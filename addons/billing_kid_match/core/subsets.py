"""Which of a customer's open items add up to what was paid."""

from collections.abc import Sequence
from dataclasses import dataclass

#: Open items of one customer that are tried in all combinations, the oldest ones.
MAX_ITEMS = 14
#: Most items of one combination other than «all» and «the oldest».
MAX_SIZE = 6
#: Combinations that add up; more than that say nothing.
MAX_FOUND = 8

ALL = "all"
OLDEST = "oldest"
SOME = "some"


@dataclass(frozen=True, slots=True)
class Subset:
    """Items that add up to the amount.

    :param places: places in the given sequence, rising
    :param kind: :data:`ALL` that is open, the :data:`OLDEST` so many, or
        :data:`SOME`
    :param tried: number of combinations of this size, so that a hit among many
        counts for less
    """

    places: tuple[int, ...]
    kind: str
    tried: int


def subsets(amounts: Sequence[int], total: int) -> list[Subset]:
    """Combinations of two items or more that add up to ``total``.

    :param amounts: minor units, oldest first; credit notes below zero
    :param total: minor units, above zero
    :return: at most :data:`MAX_FOUND`, the simplest first; when there are more ways
        than that to put the sum together, only «all» and «the oldest»
    """
    found: dict[tuple[int, ...], Subset] = {}
    size = len(amounts)
    if size < 2 or total <= 0:
        return []
    running = 0
    for count, amount in enumerate(amounts, 1):
        running += amount
        if running == total and count > 1:
            kind = ALL if count == size else OLDEST
            places = tuple(range(count))
            found[places] = Subset(places, kind, size)
    some = _search(amounts[:MAX_ITEMS], total)
    if len(some) <= MAX_FOUND:
        for places in some:
            if places not in found:
                tried = _combinations(min(size, MAX_ITEMS), len(places))
                found[places] = Subset(places, SOME, tried)
    return list(found.values())[:MAX_FOUND]


def _search(amounts: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """All combinations of 2 to :data:`MAX_SIZE` items, smaller ones first.

    Meets in the middle: sums of one half are looked up against those of the other.
    """
    half = len(amounts) // 2
    left = _sums(amounts, range(half))
    right = _sums(amounts, range(half, len(amounts)))
    by_sum: dict[int, list[tuple[int, ...]]] = {}
    for places, value in right:
        by_sum.setdefault(value, []).append(places)
    found = []
    for places, value in left:
        for others in by_sum.get(total - value, ()):
            if 2 <= len(places) + len(others) <= MAX_SIZE:
                found.append(places + others)
                if len(found) > 4 * MAX_FOUND:
                    return found
    found.sort(key=lambda places: (len(places), places))
    return found


def _sums(amounts, places) -> list[tuple[tuple[int, ...], int]]:
    sums: list[tuple[tuple[int, ...], int]] = [((), 0)]
    for place in places:
        sums += [
            ((*taken, place), value + amounts[place])
            for taken, value in sums
            if len(taken) < MAX_SIZE
        ]
    return sums


def _combinations(count: int, size: int) -> int:
    result = 1
    for at in range(size):
        result = result * (count - at) // (at + 1)
    return result
