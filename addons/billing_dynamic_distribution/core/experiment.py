"""Trying a new version of a plan on some of the customers.

Who gets which version is decided by a number made from the customer and the try alone,
so that a customer always gets the same, on every machine, and nobody can choose. Part
of the customers, the holdout, never gets the new version.

Customers have several invoices, and a customer who always pays in time counts for one
customer, not for twelve: the spread is measured between customers. Weeks differ (pay
day, holidays), so that only invoices of the same week are compared. And staff look at
the figures every day: the interval is one that holds at all times, not only at the end.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, log, sqrt

#: Buckets that customers fall into.
BUCKETS = 2**32

CONTROL = "a"
TRIAL = "b"
HOLDOUT = "holdout"

#: Size of the effects worth finding, in shares: where the interval is narrowest.
_USUAL_EFFECT = 0.03

BETTER = "better"
WORSE = "worse"
OPEN = "open"


def bucket(experiment: int, customer: int) -> int:
    """Number 0 … :data:`BUCKETS` - 1 of a customer in a try, evenly spread.

    The same as ``('x' || left(md5('<experiment>:<customer>'), 8))::bit(32)::bigint``
    in PostgreSQL.
    """
    text = f"{experiment}:{customer}".encode()
    return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:8], 16)


def limits(holdout: float, share: float) -> tuple[int, int]:
    """First bucket that may be given anything new, and the first that gets it.

    A larger share only adds customers, and nobody of the holdout ever.

    :param holdout: share of customers, 0–1
    :param share: of all customers that get the new version, 0–1
    :raises ValueError: together more than all customers
    """
    if not (0 <= holdout <= 1 and 0 <= share <= 1) or holdout + share > 1 + 1e-9:
        raise ValueError(f"holdout {holdout} and {share} are no shares of customers")
    kept = round(holdout * BUCKETS)
    return kept, max(BUCKETS - round(share * BUCKETS), kept)


def group(experiment: int, customer: int, holdout: float, share: float) -> str:
    """:data:`HOLDOUT`, :data:`CONTROL` or :data:`TRIAL`."""
    kept, first = limits(holdout, share)
    number = bucket(experiment, customer)
    if number < kept:
        return HOLDOUT
    return TRIAL if number >= first else CONTROL


@dataclass(frozen=True, slots=True)
class Row:
    """Invoices of one customer in one period.

    :param is_trial: they got the new version
    :param period: such as the week; only the same periods are compared
    :param customer: id
    :param count: invoices whose time is over
    :param hits: those paid (or opened) in time
    """

    is_trial: bool
    period: str
    customer: int
    count: int
    hits: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The new version beside the old one.

    :param rate_a: share of hits with the old version; None without invoices
    :param rate_b: with the new one
    :param count_a: invoices with the old version
    :param count_b: with the new one
    :param customers_a: customers with the old version
    :param customers_b: with the new one
    :param difference: ``rate_b - rate_a`` within the same periods; None when none has
        both
    :param low: the true difference is not smaller, at any time one looks
    :param high: nor larger
    """

    rate_a: float | None
    rate_b: float | None
    count_a: int
    count_b: int
    customers_a: int
    customers_b: int
    difference: float | None = None
    low: float = -1.0
    high: float = 1.0

    @property
    def verdict(self) -> str:
        """:data:`BETTER`, :data:`WORSE` or :data:`OPEN`."""
        if self.difference is None:
            return OPEN
        return BETTER if self.low > 0 else WORSE if self.high < 0 else OPEN


def compare(
    rows: Iterable[Row], level: float = 0.95, usual_effect: float = _USUAL_EFFECT
) -> Comparison:
    """Compare the new version with the old one.

    Differences within each period are weighted as Cochran and Mantel–Haenszel do; the
    spread is taken between customers (linearised, W. G. Cochran, Sampling Techniques,
    3rd ed. (1977), §9A); the interval is the normal mixture sequence of H. Robbins
    (Ann. Math. Statist. 41 (1970), 1397–1409), which holds however often one looks.

    :param level: how often the interval holds the truth, 0–1
    :param usual_effect: size of effect to be narrowest at, a share
    """
    rows = [row for row in rows if row.count]
    counts: dict[tuple[str, bool], int] = defaultdict(int)
    hits: dict[tuple[str, bool], int] = defaultdict(int)
    for row in rows:
        counts[row.period, row.is_trial] += row.count
        hits[row.period, row.is_trial] += row.hits
    total = {
        side: (
            sum(n for (_p, s), n in counts.items() if s is side),
            sum(n for (_p, s), n in hits.items() if s is side),
            len({row.customer for row in rows if row.is_trial is side}),
        )
        for side in (False, True)
    }
    found = Comparison(
        rate_a=total[False][1] / total[False][0] if total[False][0] else None,
        rate_b=total[True][1] / total[True][0] if total[True][0] else None,
        count_a=total[False][0],
        count_b=total[True][0],
        customers_a=total[False][2],
        customers_b=total[True][2],
    )
    weights = {}
    for period in sorted({period for period, _side in counts}):
        n_a, n_b = counts[period, False], counts[period, True]
        if n_a and n_b:
            weights[period] = n_a * n_b / (n_a + n_b)
    whole = sum(weights.values())
    if not whole:
        return found
    rates = {cell: hits[cell] / count for cell, count in counts.items() if count}
    difference = (
        sum(
            weight * (rates[period, True] - rates[period, False])
            for period, weight in weights.items()
        )
        / whole
    )
    variance = _variance(rows, weights, whole, counts, rates)
    if variance is None:
        return found
    half = _half_width(variance, 1 - level, usual_effect)
    return Comparison(
        **{
            name: getattr(found, name)
            for name in (
                "rate_a",
                "rate_b",
                "count_a",
                "count_b",
                "customers_a",
                "customers_b",
            )
        },
        difference=difference,
        low=max(difference - half, -1.0),
        high=min(difference + half, 1.0),
    )


def needed(rate: float, effect: float, share: float, level: float = 0.95) -> int:
    """Invoices a try takes until an effect is usually seen, in both groups together.

    For planning: fixed-sample formula with 80 % power, and a third more because the
    interval holds at all times.

    :param rate: share of hits now, 0–1
    :param effect: change to be found, a share above 0
    :param share: of invoices that get the new version, above 0 and below 1
    """
    reach = {0.95: 1.96, 0.9: 1.645}.get(level, 1.96) + 0.84
    spread = max(rate * (1 - rate), 0.01)
    return ceil(4 / 3 * reach**2 * spread / (effect**2 * share * (1 - share)))


# === HELPERS === #


def _variance(rows, weights, whole, counts, rates):
    """Variance of the difference, by how much customers differ; None if unknown."""
    scores: dict[tuple[bool, int], float] = defaultdict(float)
    for row in rows:
        weight = weights.get(row.period)
        if weight:
            cell = (row.period, row.is_trial)
            scores[row.is_trial, row.customer] += (
                weight / whole * (row.hits - row.count * rates[cell]) / counts[cell]
            )
    variance = 0.0
    for side in (False, True):
        own = [score for (is_trial, _c), score in scores.items() if is_trial is side]
        if len(own) < 2:
            return None
        variance += sum(score * score for score in own) * len(own) / (len(own) - 1)
        # All alike (everybody paid) does not mean that there is no doubt: allow for
        # one more customer who is otherwise (rule of Agresti and Coull, one instead
        # of two).
        variance += (1 / (len(own) + 1)) ** 2
    return variance


def _half_width(variance, alpha, usual_effect):
    tau = usual_effect**2
    grown = variance + tau
    return sqrt(variance * grown / tau * (log(grown / variance) - 2 * log(alpha)))
