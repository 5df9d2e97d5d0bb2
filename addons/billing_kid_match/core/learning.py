"""What payments whose invoice is known tell about how people pay.

A payment that names its invoice exactly was placed without looking at name, account,
amount or day; so it tells, for free and without circular reasoning, how these agree
when the invoice is right. How references get damaged, only damaged ones can tell: those
that a person placed, and those that nobody took back.

New weights never jump. They are drawn towards what was seen, away from what was
believed, by no more than a set step; a misled week does little harm and is taken back
with one click.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from math import exp, isclose, log

from odoo.addons.billing_base.core.reference import compact

from .calibration import Curve, isotonic
from .edits import explain
from .look import Query
from .weights import DEFAULT_WEIGHTS, DELAY_STEPS, SAID_STEPS, Weights

# How the reference of the invoice arrived
EXACT = "exact"
ZEROS = "zeros"
ONE = "one"  # one slip
TWO = "two"
BARE = "bare"  # no reference of ours
FOREIGN = "foreign"  # a reference in its own field that is nothing of ours
STALE = "stale"  # that of another invoice of the customer

# How the amount relates to what was open
EQUAL = "equal"
LESS = "less"
MORE = "more"

YES = "yes"
NO = "no"

#: Log odds, in nats, that a probability moves at most in one go.
MAX_STEP = 0.2
#: Log odds that the one which moves most must move, so that noise makes no version.
LEAST_STEP = 0.02
#: Payments that what is believed so far counts for.
PRIOR = 200.0
#: What has never been seen stays possible.
FLOOR = 1e-5

#: Observations that a group of weights needs to be estimated anew.
MINIMUM = {
    "reference": 500,
    "kinds": 100,
    "names": 300,
    "accounts": 300,
    "remembered": 300,
    "delays": 500,
    "amounts": 500,
    "part": 1000,
    "more": 1000,
    "several": 1000,
    "bare": 1000,
    "foreign": 1000,
    "stale": 1000,
    "told": 300,
}
#: Payments whose truth is known that a new calibration needs.
MINIMUM_JUDGED = 300
#: From here on, what is said is about to book: calibration lowers it, or leaves it.
NEVER_LIFTED = 0.9

# The others are kept by category in the weights.
_CATEGORIES = {
    "reference": (EXACT, ZEROS, ONE, TWO),
    "delays": tuple(str(step) for step in DELAY_STEPS),
    "amounts": (EQUAL, "other"),
}
_SHARES = (
    "remembered", "part", "more", "several", "bare", "foreign", "stale", "told",
)  # fmt: skip

#: The groups in the order a report tells them.
GROUPS = tuple(MINIMUM)


@dataclass(frozen=True, slots=True)
class Case:
    """One payment whose invoice is known.

    What is not known of it is empty or None, and not counted.

    :param stated: how the reference arrived, one of the constants above
    :param slips: kinds of its edits
    :param is_named: the invoice was found by its exact structured reference alone
    :param invoices: number of invoices paid
    :param customers: number of customers they belong to
    :param amount: :data:`EQUAL`, :data:`LESS` or :data:`MORE` than was open
    :param name: how the payer's name agrees with the customer's, a constant ``NAME_…``
    :param account: where the payer's account was seen before, a constant ``ACCOUNT_…``;
        empty when no account of the customer was known
    :param knew_account: whether an account of the customer was known then
    :param delay: days from the due date
    :param told: whether the customer set on the statement line is the one who paid;
        None where none was set
    """

    stated: str
    slips: tuple[str, ...] = ()
    is_named: bool = False
    invoices: int = 1
    customers: int = 1
    amount: str = ""
    name: str = ""
    account: str = ""
    knew_account: bool | None = None
    delay: int | None = None
    told: bool | None = None


@dataclass(frozen=True, slots=True)
class Observations:
    """How often each outcome of each group was seen.

    :param counts: by group and category
    """

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def sample(self, group: str) -> int:
        """Number of observations of a group."""
        return sum(self.counts.get(group, {}).values())

    def only(self, *groups: str) -> "Observations":
        """The observations of some groups."""
        return Observations(
            {name: seen for name, seen in self.counts.items() if name in groups}
        )

    def __add__(self, other: "Observations") -> "Observations":
        total = {name: dict(seen) for name, seen in self.counts.items()}
        for name, seen in other.counts.items():
            group = total.setdefault(name, {})
            for category, count in seen.items():
                group[category] = group.get(category, 0) + count
        return Observations(total)


@dataclass(frozen=True, slots=True)
class Change:
    """One weight that moved.

    :param group: one of :data:`GROUPS`
    :param category: which of the group
    :param before: probability believed so far
    :param after: probability from now on
    :param sample: observations of the group
    """

    group: str
    category: str
    before: float
    after: float
    sample: int


def how_stated(
    queries: Sequence[Query], issued: Sequence[str], elsewhere: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """How the reference of an invoice arrived.

    :param queries: the references that the payment states
    :param issued: references of the invoices it was for
    :param elsewhere: references of other invoices of the same customers
    :return: one of the constants of this module, and the kinds of the slips
    """
    stated = {key for query in queries for key in query.keys}
    wanted = [compact(reference) for reference in issued if reference]
    # what is another invoice's number is not a slip in this one's
    if stated.isdisjoint(wanted) and not stated.isdisjoint(map(compact, elsewhere)):
        return STALE, ()
    found = [
        explanation
        for key in sorted(stated)
        for reference in wanted
        if (explanation := explain(key, reference))
    ]
    if not found:
        in_field = any(not query.in_text for query in queries)
        return (FOREIGN if in_field else BARE), ()
    best = min(found, key=lambda how: (how.distance, how.zeros != 0))
    if not best.distance:
        return (ZEROS if best.zeros else EXACT), ()
    slips = tuple(edit.kind for edit in best.edits)
    return (ONE if best.distance == 1 else TWO), slips


def delay_step(days: int) -> str:
    """Category of a delay: the last day, from the due date, of its step."""
    at = min(bisect_left(DELAY_STEPS, days), len(DELAY_STEPS) - 1)
    return str(DELAY_STEPS[at])


def observe(cases: Iterable[Case]) -> Observations:
    """Count what the cases tell."""
    counts: dict[str, dict[str, int]] = {}

    def count(group, category):
        seen = counts.setdefault(group, {})
        seen[category] = seen.get(category, 0) + 1

    for case in cases:
        if case.stated in _CATEGORIES["reference"]:
            count("reference", case.stated)
        for slip in case.slips:
            count("kinds", slip)
        for share in (BARE, FOREIGN, STALE):
            count(share, YES if case.stated == share else NO)
        count("several", YES if case.invoices > 1 and case.customers == 1 else NO)
        if not case.is_named:
            continue
        # what placed these payments is their reference, so the rest is not of
        # our own choosing
        if case.name:
            count("names", case.name)
        if case.account:
            count("accounts", case.account)
        if case.knew_account is not None:
            count("remembered", YES if case.knew_account else NO)
        if case.delay is not None:
            count("delays", delay_step(case.delay))
        if case.told is not None:
            count("told", YES if case.told else NO)
        if case.amount:
            count("amounts", EQUAL if case.amount == EQUAL else "other")
            count("part", YES if case.amount == LESS else NO)
            count("more", YES if case.amount == MORE else NO)
    return Observations(counts)


def estimate(
    present: Weights,
    seen: Observations,
    *,
    max_step: float = MAX_STEP,
    least_step: float = LEAST_STEP,
    prior: float = PRIOR,
    minimum: Mapping[str, int] | None = None,
) -> tuple[Weights, list[Change]]:
    """Weigh what was seen against what is believed.

    The believed probabilities count as ``prior`` payments (the mean of a Dirichlet
    posterior). Then none moves by more than ``max_step`` in log odds, and those of a
    group still add up to what they did.

    :param present: the weights in use
    :param seen: what was observed since they were estimated
    :param max_step: nats
    :param least_step: nats; a group in which nothing moves so far stays as it is
    :param prior: payments that what is believed counts for
    :param minimum: least observations by group, :data:`MINIMUM` unless given
    :return: new weights, equal to ``present`` when nothing moved, and what moved
    """
    minimum = MINIMUM if minimum is None else minimum
    weights = present
    changes = []
    for group in GROUPS:
        counts = seen.counts.get(group, {})
        sample = sum(counts.values())
        if not sample or sample < minimum[group]:
            continue
        before = read_group(present, group)
        after = _move(before, counts, max_step, prior)
        if _longest_step(before, after) < least_step:
            continue
        weights = _write_group(weights, group, after)
        told = (YES,) if group in _SHARES else before
        changes += [
            Change(group, name, before[name], after[name], sample) for name in told
        ]
    return weights, changes


def surprise(weights: Weights, seen: Observations) -> float:
    """How surprising observations are, in nats each; less is better.

    :raises ValueError: nothing was observed
    """
    total, count = 0.0, 0
    for group, counts in seen.counts.items():
        believed = read_group(weights, group)
        for category, number in counts.items():
            total -= number * log(max(believed.get(category, 0.0), FLOOR))
            count += number
    if not count:
        raise ValueError("nothing was observed")
    return total / count


def recalibrate(
    present: Weights,
    judged: Sequence[tuple[float, bool]],
    *,
    max_step: float = MAX_STEP,
    least_step: float = LEAST_STEP,
    prior: float = PRIOR,
    minimum: int | None = None,
) -> tuple[Weights, list[Change]]:
    """Draw what is said towards how often it was right.

    Each payment counts at the step of :data:`~.weights.SAID_STEPS` that it lies
    nearest to. What was said counts as ``prior`` payments at each step; the shares are
    put in order (isotonic regression), and none moves by more than ``max_step`` in log
    odds. Nothing is lifted to :data:`NEVER_LIFTED` or more above what evidence says:
    that nobody objected proves too little to book more.

    :param present: the weights in use
    :param judged: what was said of the likeliest invoice, and whether it was right
    :return: new weights, equal to ``present`` when nothing moved, and what moved
    """
    minimum = MINIMUM_JUDGED if minimum is None else minimum
    judged = [pair for pair in judged if 0 < pair[0] < 1]
    if len(judged) < minimum:
        return present, []
    worth = [_log_odds(value) for value in present.calibrated]
    middles = [(low + high) / 2 for low, high in pairwise(worth)]
    said, right, count = ([0.0] * len(worth) for _ in range(3))
    for probability, is_right in judged:
        at = bisect_left(middles, _log_odds(probability))
        said[at] += probability
        right[at] += is_right
        count[at] += 1
    wanted = []
    for at, value in enumerate(present.calibrated):
        if not count[at]:
            wanted.append(value)
            continue
        mean = said[at] / count[at]
        seen = (prior * mean + right[at]) / (prior + count[at])
        seen = min(max(seen, FLOOR), 1 - FLOOR)
        wanted.append(_shift(value, _log_odds(seen) - _log_odds(mean)))
    ordered = isotonic(
        (at, value, prior + count[at]) for at, value in enumerate(wanted)
    )
    after = []
    for at, before in enumerate(present.calibrated):
        value = min(
            max(ordered(at), _shift(before, -max_step)), _shift(before, max_step)
        )
        value = min(value, max(before, SAID_STEPS[at], NEVER_LIFTED))
        after.append(before if isclose(value, before, rel_tol=1e-9) else value)
    steps = {str(step): value for step, value in zip(SAID_STEPS, after, strict=True)}
    known = dict(zip(steps, present.calibrated, strict=True))
    if _longest_step(known, steps) < least_step:
        return present, []
    return replace(present, calibrated=tuple(after)), [
        Change("calibrated", name, known[name], value, int(count[at]))
        for at, (name, value) in enumerate(steps.items())
        if value != known[name]
    ]


def surprise_of_calibration(
    before: Weights, after: Weights, judged: Sequence[tuple[float, bool]]
) -> float:
    """How surprising outcomes are when what was said is put by another calibration.

    :param before: the weights by which it was said
    :param after: those to judge
    :param judged: see :func:`recalibrate`
    :return: nats each; less is better
    :raises ValueError: nothing was judged
    """
    curve = Curve(before.calibrated, after.calibrated)
    losses = [
        -log(max(curve(said) if is_right else 1 - curve(said), FLOOR))
        for said, is_right in judged
    ]
    if not losses:
        raise ValueError("nothing was judged")
    return sum(losses) / len(losses)


def read_group(weights: Weights, group: str) -> dict[str, float]:
    """Probabilities of a group by category, as shares of the group."""
    if group in _SHARES:
        share = getattr(weights, group)
        return {YES: share, NO: 1 - share}
    values = _read_values(weights, group)
    whole = sum(values.values())
    return {name: value / whole for name, value in values.items()}


def _read_values(weights: Weights, group: str) -> dict[str, float]:
    stored = {
        "reference": (weights.exact, weights.zeros, *weights.edits),
        "amounts": (weights.amount_equal, weights.amount_other),
        "delays": weights.delays,
    }
    if group in stored:
        return dict(zip(_CATEGORIES[group], stored[group], strict=True))
    return getattr(weights, group)


def _write_group(weights: Weights, group: str, shares: Mapping[str, float]) -> Weights:
    if group in _SHARES:
        return replace(weights, **{group: shares[YES]})
    # what the group leaves to other things stays left to them
    whole = sum(_read_values(weights, group).values())
    values = {name: share * whole for name, share in shares.items()}
    if group == "reference":
        exact, zeros, one, two = values.values()
        return replace(weights, exact=exact, zeros=zeros, edits=(one, two))
    if group == "amounts":
        equal, other = values.values()
        return replace(weights, amount_equal=equal, amount_other=other)
    if group == "delays":
        return replace(weights, delays=tuple(values.values()))
    return replace(weights, **{group: values})


def revive(data: Mapping) -> Weights:
    """Weights that another release of this addon has stored.

    What has no place any more is left out; what has come since, or is divided
    otherwise now, is as shipped.
    """
    kept = {}
    for item in fields(Weights):
        shipped = getattr(DEFAULT_WEIGHTS, item.name)
        value = data.get(item.name, shipped)
        if isinstance(shipped, dict):
            if set(value) != set(shipped):
                continue
            # a database that stores JSON does not keep the order
            value = {name: value[name] for name in shipped}
        if isinstance(shipped, tuple) and len(value) != len(shipped):
            continue
        kept[item.name] = value
    return Weights.from_json(kept)


def _move(
    before: Mapping[str, float],
    counts: Mapping[str, int],
    max_step: float,
    prior: float,
) -> dict[str, float]:
    """Draw shares towards counts, none farther than the step, still adding up to one.

    The nearest shares that fit, in proportion: those which would go too far stop at
    their limit, the others are scaled to make up for it.
    """
    sample = sum(counts.get(name, 0) for name in before)
    wanted = {
        name: (prior * share + counts.get(name, 0)) / (prior + sample)
        for name, share in before.items()
    }
    limits = {
        name: (
            max(_shift(share, -max_step), min(share, FLOOR)),
            _shift(share, max_step),
        )
        for name, share in before.items()
    }

    def scaled(factor):
        return {
            name: min(max(wanted[name] * factor, limits[name][0]), limits[name][1])
            for name in before
        }

    # the shares before the move lie within the limits and add up to one, so some
    # factor does it
    low, high = -50.0, 50.0
    for _round in range(200):
        middle = (low + high) / 2
        if sum(scaled(exp(middle)).values()) < 1:
            low = middle
        else:
            high = middle
    return scaled(exp(high))


def _shift(share: float, nats: float) -> float:
    """A probability moved by some log odds."""
    if not 0 < share < 1:
        return share
    return 1 / (1 + exp(-nats) * (1 - share) / share)


def _longest_step(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """How far the share that moved most did, in log odds."""
    return max(
        (
            abs(_log_odds(after[name]) - _log_odds(share))
            for name, share in before.items()
            if 0 < share < 1
        ),
        default=0.0,
    )


def _log_odds(share: float) -> float:
    return log(share / (1 - share))
