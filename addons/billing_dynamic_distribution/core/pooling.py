"""Shares estimated from few observations, by lending strength from many.

A share that was seen 3 times in 4 tells little; the same share among a thousand similar
invoices tells much. Each cell (say: private customers, e-mail, in the morning, three
days) is therefore drawn towards what its parts say elsewhere, the more so the less it
has been tried itself. How far is measured, not chosen: when cells differ much from what
their parts say, little is lent (empirical Bayes).

References: C. Morris, «Parametric empirical Bayes inference», JASA 78 (1983), 47–55;
A. Gelman and others, Bayesian Data Analysis, 3rd ed. (2013), §5.3 (beta-binomial).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

#: A cell is named by its parts: segment, channel, hour band, wait.
Key = tuple[str, ...]

#: Bounds and middle of how many observations a cell is lent by its parts. The middle
#: decides where there are too few cells to tell.
LEAST_LENT, USUAL_LENT, MOST_LENT = 4.0, 60.0, 5000.0
#: Spread of the logarithm of that number before anything was seen.
_LENT_SPREAD = 1.5
#: How far a part may usually move the odds: standard deviation in nats.
_EFFECT_SPREAD = 1.0
#: The same for the average, which may lie anywhere.
_BASE_SPREAD = 3.0
_SWEEPS = 60
#: Rounds between what parts do and how far cells depart from it.
_ROUNDS = 4
_ENOUGH = 1e-7
#: Fewer observations than this behind a belief would make it lean to 0 and 1.
_LEAST_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Beta:
    """What is believed about a share: a beta distribution.

    :param a: successes, seen and lent; above zero
    :param b: failures, seen and lent; above zero
    """

    a: float
    b: float

    @classmethod
    def of(cls, mean: float, weight: float) -> "Beta":
        """Belief with a mean that is worth ``weight`` observations."""
        mean = min(max(mean, 1e-6), 1 - 1e-6)
        return cls(mean * weight, (1 - mean) * weight)

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    @property
    def weight(self) -> float:
        """How many observations the belief is worth."""
        return self.a + self.b

    @property
    def variance(self) -> float:
        return self.mean * (1 - self.mean) / (self.weight + 1)

    def after(self, hits: float, count: float) -> "Beta":
        """The belief after ``hits`` of ``count`` more.

        :raises ValueError: more hits than there were
        """
        if not 0 <= hits <= count:
            raise ValueError(f"{hits} of {count} cannot be")
        return Beta(self.a + hits, self.b + count - hits)

    def draw(self, rng) -> float:
        """One share that may be the true one.

        :param rng: a :class:`random.Random`
        """
        return rng.betavariate(self.a, self.b)

    def below(self, share: float) -> float:
        """How likely the true share is below ``share``."""
        return incomplete_beta(self.a, self.b, share)

    def quantile(self, level: float) -> float:
        """The share that the true one is below with probability ``level``."""
        low, high, share = 0.0, 1.0, self.mean
        # Newton's steps, halving where they would leave the bounds.
        scale = lgamma(self.a + self.b) - lgamma(self.a) - lgamma(self.b)
        for _step in range(100):
            missed = self.below(share) - level
            if missed > 0:
                high = share
            else:
                low = share
            slope = scale + (self.a - 1) * log(share) + (self.b - 1) * log(1 - share)
            guess = share - missed * exp(min(-slope, 700.0))
            if not low < guess < high:
                guess = (low + high) / 2
            if abs(guess - share) < 1e-12 or high - low < 1e-12:
                break
            share = guess
        return share

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Share with as much probability below as above, together ``1 - level``."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)


@dataclass(frozen=True, slots=True)
class Pool:
    """What is believed about all cells, tried or not; see :func:`pool`.

    :param base: log odds of an average cell
    :param effects: what each part adds, by its place in the key and its name
    :param lent: how many observations a cell of well-known parts is lent
    :param seen: (hits, count) of each cell
    :param counts: what is known of each part, in observations
    """

    base: float
    effects: Mapping[tuple[int, str], float]
    lent: float
    seen: Mapping[Key, tuple[float, float]]
    counts: Mapping[tuple[int, str], float]

    def expected(self, key: Key) -> float:
        """The share that the parts of a cell say, leaving out the cell itself."""
        return _share(
            self.base + sum(self.effects.get(part, 0.0) for part in enumerate(key))
        )

    def prior(self, key: Key) -> Beta:
        """What is believed of a cell that was never tried.

        Doubts add up: of how cells depart from their parts, and of each part. So a
        part that is hardly known lends hardly anything, and what nobody tried stays
        uncertain.
        """
        doubt = 1 / self.lent
        for part in enumerate(key):
            known = self.counts.get(part, 0.0)
            doubt += 1 / known if known else 1.0
        return Beta.of(self.expected(key), max(1 / doubt, _LEAST_WEIGHT))

    def belief(self, key: Key) -> Beta:
        """What is believed of a cell after all that was seen."""
        return self.prior(key).after(*self.seen.get(key, (0.0, 0.0)))


def pool(cells: Mapping[Key, tuple[float, float]]) -> Pool:
    """Estimate all cells together.

    :param cells: (hits, count) by key; all keys have equally many parts
    :raises ValueError: more hits than there were
    """
    seen = {key: cell for key, cell in sorted(cells.items()) if cell[1]}
    members: dict[tuple[int, str], list[Key]] = defaultdict(list)
    for key, (hits, count) in seen.items():
        if not 0 <= hits <= count:
            raise ValueError(f"{hits} of {count} cannot be")
        for part in enumerate(key):
            members[part].append(key)
    lent = USUAL_LENT
    for _round in range(_ROUNDS):
        # A large cell says much about itself, but about its parts no more than its
        # own peculiarity allows.
        worth = {
            key: (hits / count, count / (1 + (count - 1) / (lent + 1)))
            for key, (hits, count) in seen.items()
        }
        base, effects = _fit_effects(worth, members)
        found = fit_lent(
            (
                *cell,
                _share(base + sum(effects[part] for part in enumerate(key))),
            )
            for key, cell in seen.items()
        )
        is_steady = abs(log(found / lent)) < 0.05
        lent = found
        if is_steady:
            break
    counts = {
        part: sum(worth[key][1] for key in keys) for part, keys in members.items()
    }
    if seen:
        # Effects were fitted to the same cells, which makes these look more alike
        # than they are: as with any variance, divide by what was left to vary.
        fitted = 1 + len(members) - len({at for at, _name in members})
        left = max(len(seen) - fitted, len(seen) / 4)
        lent = max(lent * left / len(seen), LEAST_LENT)
    return Pool(base, effects, lent, seen, counts)


def fit_lent(cells: Iterable[tuple[float, float, float]]) -> float:
    """How many observations a cell should be lent, by how much cells differ.

    Maximises the probability of what was seen (beta-binomial), times a vague
    expectation that decides when there is little to tell from.

    :param cells: hits, count and expected share of each cell
    :return: :data:`LEAST_LENT` … :data:`MOST_LENT`
    """
    rows = [
        (hits, count, min(max(share, 1e-6), 1 - 1e-6))
        for hits, count, share in cells
        if count
    ]

    def score(log_lent):
        lent = exp(log_lent)
        total = -((log_lent - log(USUAL_LENT)) ** 2) / (2 * _LENT_SPREAD**2)
        for hits, count, share in rows:
            a, b = share * lent, (1 - share) * lent
            total += (
                lgamma(hits + a)
                - lgamma(a)
                + lgamma(count - hits + b)
                - lgamma(b)
                + lgamma(lent)
                - lgamma(count + lent)
            )
        return total

    low, high = log(LEAST_LENT), log(MOST_LENT)
    steps = 16
    grid = [low + (high - low) * at / steps for at in range(steps + 1)]
    best = max(range(steps + 1), key=lambda at: score(grid[at]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, steps)]
    for _halving in range(20):
        third = (high - low) / 3
        if score(low + third) < score(high - third):
            low += third
        else:
            high -= third
    return exp((low + high) / 2)


def better(ours: Beta, other: Beta, steps: int = 400) -> float:
    """How likely the share of ``ours`` is the larger one.

    A sum over where the share of ``ours`` may lie, so that it takes no chance.
    """
    reach = 8 * sqrt(ours.variance)
    low, high = max(ours.mean - reach, 0.0), min(ours.mean + reach, 1.0)
    total = weights = 0.0
    before = ours.below(low)
    for at in range(1, steps + 1):
        edge = low + (high - low) * at / steps
        until = ours.below(edge)
        middle = edge - (high - low) / (2 * steps)
        total += (until - before) * other.below(middle)
        weights += until - before
        before = until
    return total / weights


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b).

    Continued fraction by Lentz's method: Numerical Recipes, 3rd ed. (2007), §6.4;
    NIST Digital Library of Mathematical Functions, 8.17.22.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x > (a + 1) / (a + b + 2):
        return 1.0 - front * _fraction(b, a, 1 - x) / b
    return front * _fraction(a, b, x) / a


# === HELPERS === #


def _fit_effects(worth, members):
    """Log odds of the average and of each part, drawn towards none.

    :param worth: by key the share that was seen and how many observations it is worth
    :param members: keys that have each part
    """
    total = sum(count for _share, count in worth.values())
    hits = sum(share * count for share, count in worth.values())
    base = _log_odds((hits + 0.5) / (total + 1))
    effects = dict.fromkeys(members, 0.0)
    odds = dict.fromkeys(worth, base)
    for _sweep in range(_SWEEPS):
        slope, curve = _lean(worth, odds, worth)
        step = _step(slope - base / _BASE_SPREAD**2, curve + _BASE_SPREAD**-2)
        largest = abs(step)
        base += step
        for key in worth:
            odds[key] += step
        for part, keys in members.items():
            slope, curve = _lean(worth, odds, keys)
            step = _step(
                slope - effects[part] / _EFFECT_SPREAD**2, curve + _EFFECT_SPREAD**-2
            )
            effects[part] += step
            for key in keys:
                odds[key] += step
            largest = max(largest, abs(step))
        if largest < _ENOUGH:
            break
    return base, effects


def _lean(worth, odds, keys):
    """First and second derivative of the log likelihood of some cells."""
    slope = curve = 0.0
    for key in keys:
        share, count = worth[key]
        expected = _share(odds[key])
        slope += count * (share - expected)
        curve += count * expected * (1 - expected)
    return slope, curve


def _step(slope, curve):
    return max(-2.0, min(2.0, slope / (curve + 1e-9)))


def _fraction(a, b, x, tiny=1e-300):
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    value = d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            c = 1 + numerator / c
            d = 1 / (d if abs(d) > tiny else tiny)
            c = c if abs(c) > tiny else tiny
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value


def _share(odds):
    return 1 / (1 + exp(-odds)) if odds > -700 else 0.0


def _log_odds(share):
    return log(share / (1 - share))
