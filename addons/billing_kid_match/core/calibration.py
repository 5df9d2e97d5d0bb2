"""Whether what was said to be 99 % certain was right 99 times in a hundred."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

#: Limits between the groups that probabilities are told in. They lie close where it
#: decides whether a person looks.
LIMITS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999, 0.9999)

#: Quantile of the normal distribution for an interval that holds 95 times in a hundred.
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising step function from what was said to what was seen.

    :param starts: what was said from where on each step holds, rising
    :param values: the share that was right on each step, rising
    """

    starts: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, said: float) -> float:
        """The share that was right of what was said to be ``said``."""
        at = bisect_right(self.starts, said) - 1
        return self.values[max(at, 0)]


class Curve:
    """A rising map from what evidence says to what it is worth.

    Between the given points it is straight in log odds; beyond them it goes on at the
    distance of the outermost.

    :param said: probabilities, rising, none 0 or 1
    :param worth: what each of them is worth, rising, none 0 or 1
    """

    def __init__(self, said: Sequence[float], worth: Sequence[float]):
        self.is_identity = tuple(said) == tuple(worth)
        self._said = [log_odds(value) for value in said]
        self._worth = [log_odds(value) for value in worth]

    def __call__(self, probability: float) -> float:
        """What a probability is worth; 0 stays 0, and 1 stays 1."""
        if self.is_identity or not 0 < probability < 1:
            return probability
        odds = log_odds(probability)
        said, worth = self._said, self._worth
        at = bisect_right(said, odds)
        if at == 0:
            odds += worth[0] - said[0]
        elif at == len(said):
            odds += worth[-1] - said[-1]
        else:
            way = (odds - said[at - 1]) / (said[at] - said[at - 1])
            odds = worth[at - 1] + way * (worth[at] - worth[at - 1])
        return 1 / (1 + exp(-odds))


def log_odds(probability: float) -> float:
    """Logarithm of the odds of a probability that is neither 0 nor 1."""
    return log(probability / (1 - probability))


def bin_of(said: float, limits: Sequence[float] = LIMITS) -> int:
    """Number of the group of a probability, 0 for the least."""
    return bisect_right(limits, said)


def bounds(number: int, limits: Sequence[float] = LIMITS) -> tuple[float, float]:
    """Least probability of a group, and where the next one begins."""
    edges = (0.0, *limits, 1.0)
    return edges[number], edges[number + 1]


def wilson(right: int, count: int, z: float = Z95) -> tuple[float, float]:
    """Interval that the true share lies in, after ``right`` of ``count`` were right.

    E. B. Wilson, «Probable inference, the law of succession, and statistical
    inference», JASA 22 (1927). Unlike the normal approximation it stays within 0 and
    1 and says something about 1,000 of 1,000.

    :raises ValueError: more were right than there were
    """
    if not 0 <= right <= count:
        raise ValueError(f"{right} of {count} cannot be")
    if not count:
        return 0.0, 1.0
    share = right / count
    middle = share + z * z / (2 * count)
    spread = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    low = 0.0 if right == 0 else max((middle - spread) / scale, 0.0)
    high = 1.0 if right == count else min((middle + spread) / scale, 1.0)
    return low, high


def isotonic(triples: Iterable[tuple[float, float, float]]) -> Isotonic | None:
    """Fit the rising step function nearest to what was seen.

    Pool-adjacent-violators: groups whose share falls although more was said are put
    together until none is left.

    :param triples: what was said, share that was right, weight (how often)
    :return: None without anything to fit
    """
    together: dict[float, list[float]] = {}
    for said, seen, weight in triples:
        if weight > 0:
            right, count = together.get(said, (0.0, 0.0))
            together[said] = [right + seen * weight, count + weight]
    blocks: list[list[float]] = []  # start, sum of right, weight
    for said in sorted(together):
        blocks.append([said, *together[said]])
        while len(blocks) > 1 and _share(blocks[-2]) >= _share(blocks[-1]):
            _start, right, count = blocks.pop()
            blocks[-1][1] += right
            blocks[-1][2] += count
    if not blocks:
        return None
    return Isotonic(
        tuple(block[0] for block in blocks), tuple(_share(block) for block in blocks)
    )


def _share(block: Sequence[float]) -> float:
    return block[1] / block[2]
