"""What invoices teach about how to send the next ones.

Each invoice that had its time is one observation: which channel came first, at what
time of the day, how long until the next channel, and whether it was opened and paid in
time. From these the optimiser says which change of a plan would do good, how sure that
is, and what it costs; and how much of it may be tried. It changes nothing itself.

Nothing here reads a clock or takes a chance of its own: the generator of random numbers
is passed in.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from .pooling import Beta, Key, Pool, fit_lent, pool

#: Waits that are told apart, in days; longer ones count as the last.
WAITS = (1, 2, 3, 4, 5, 7, 10, 14)
#: Wait of a plan with a single step.
NO_WAIT = "none"

FACTORS = ("channel", "band", "wait")

#: What stands against a change, in the order in which it is told.
FEW = "few"
UNSURE = "unsure"
SMALL = "small"
HURTS = "hurts"
DEAR = "dear"
MONTH = "month"
REQUIRED = "required"

#: How many drawings decide between plans.
DRAWS = 2000
#: Observations that the mean cost of an arm is lent by the same channel elsewhere.
_COST_LENT = 20.0


def wait_of(hours: float | None) -> str:
    """Name of the wait before the second step.

    :param hours: None for a plan of one step
    """
    if hours is None:
        return NO_WAIT
    days = ceil(hours / 24 - 1e-9)
    return str(next((step for step in WAITS if days <= step), WAITS[-1]))


@dataclass(frozen=True, slots=True)
class Arm:
    """How an invoice sets out.

    :param channel: code of the first channel
    :param band: one of :data:`.hours.BANDS`, or :data:`.hours.OTHER`
    :param wait: days until the second step as :func:`wait_of` names them
    """

    channel: str
    band: str
    wait: str

    def key(self, segment: str) -> Key:
        return (segment, self.channel, self.band, self.wait)

    def differs(self, other: "Arm") -> tuple[str, ...]:
        """Factors in which two arms differ."""
        return tuple(
            factor
            for factor in FACTORS
            if getattr(self, factor) != getattr(other, factor)
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Invoices that set out in the same way.

    :param count: invoices whose time is over
    :param opened: opened by a person by the due date
    :param paid: paid by the due date, with the days that banks take
    :param cost: of all their messages together, currency of the company
    """

    count: int = 0
    opened: int = 0
    paid: int = 0
    cost: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.count + other.count,
            self.opened + other.opened,
            self.paid + other.paid,
            self.cost + other.cost,
        )


@dataclass(frozen=True, slots=True)
class Rails:
    """What the optimiser must keep to.

    :param least_sample: invoices that an arm needs behind it to be proposed
    :param certainty: how likely a change must do good, 0–1
    :param least_gain: share of invoices paid in time that is worth a change, 0–1
    :param most_loss: share by which no segment may expect to lose, 0–1
    :param cost_per_invoice: most that messages of an invoice may cost on average;
        None = no limit
    :param cost_per_month: most that a plan may cost a month; None = no limit
    :param worth: what an invoice paid in time is worth, in the company's currency
    :param holdout: share of customers that always get the plan as it was, 0–1
    :param tolerance: share of all invoices that trying may cost at most, 0–1
    """

    least_sample: int = 200
    certainty: float = 0.95
    least_gain: float = 0.005
    most_loss: float = 0.02
    cost_per_invoice: float | None = None
    cost_per_month: float | None = None
    worth: float = 50.0
    holdout: float = 0.1
    tolerance: float = 0.01


@dataclass(frozen=True, slots=True)
class Span:
    """An estimate with the limits that hold the truth 9 times in 10."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: Sequence[float], level: float = 0.9) -> "Span":
        ordered = sorted(draws)
        last = len(ordered) - 1
        return cls(
            sum(ordered) / len(ordered),
            ordered[round(last * (1 - level) / 2)],
            ordered[round(last * (1 + level) / 2)],
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A change of one factor of a plan, and what it would do.

    :param factor: one of :data:`FACTORS`
    :param current: how the plan sets out now
    :param proposed: how it would
    :param paid: more invoices paid in time, as a share of all
    :param opened: more invoices opened in time, as a share of all
    :param certainty: how likely more are paid in time, 0–1
    :param sample: invoices behind (current, proposed)
    :param cost: how much more an invoice costs, in the company's currency
    :param cost_month: how much more a month costs
    :param net: worth of the gain less the cost, for each invoice
    :param segments: gain in paid in time of each segment
    :param obstacles: codes of the guard rails that it would break
    """

    factor: str
    current: Arm
    proposed: Arm
    paid: Span
    opened: Span
    certainty: float
    sample: tuple[int, int]
    cost: float
    cost_month: float
    net: float
    segments: Mapping[str, Span] = field(default_factory=dict)
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What is known about all arms in all segments; see :func:`learn`."""

    paid: Pool
    opened: Pool
    tallies: Mapping[Key, Tally]
    costs: Mapping[str, tuple[float, float]]

    def cost(self, segment: str, arm: Arm) -> float:
        """Expected cost of all messages of an invoice, in the company's currency.

        The mean of the arm, drawn towards the mean of its channel.
        """
        tally = self.tallies.get(arm.key(segment), Tally())
        total, count = self.costs.get(arm.channel, (0.0, 0.0))
        usual = total / count if count else 0.0
        return (tally.cost + _COST_LENT * usual) / (tally.count + _COST_LENT)

    def sample(self, arm: Arm) -> int:
        """Invoices that set out so, over all segments."""
        return sum(
            tally.count
            for key, tally in self.tallies.items()
            if key[1:] == (arm.channel, arm.band, arm.wait)
        )


def learn(tallies: Mapping[tuple[str, Arm], Tally]) -> Table:
    """Estimate what each way of setting out does in each segment.

    :param tallies: by (segment, arm), of invoices whose time is over
    """
    by_key = {
        arm.key(segment): tally
        for (segment, arm), tally in tallies.items()
        if tally.count
    }
    costs: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for (_segment, channel, _band, _wait), tally in by_key.items():
        total, count = costs[channel]
        costs[channel] = (total + tally.cost, count + tally.count)
    return Table(
        pool({key: (tally.paid, tally.count) for key, tally in by_key.items()}),
        pool({key: (tally.opened, tally.count) for key, tally in by_key.items()}),
        by_key,
        dict(costs),
    )


# === PROPOSALS === #


def examine(
    table: Table,
    current: Arm,
    proposed: Arm,
    volumes: Mapping[str, float],
    rails: Rails,
    rng,
    draws: int = DRAWS,
    is_required: bool = False,
) -> Finding:
    """Say what changing a plan from one arm to another would do.

    :param volumes: invoices a month of each segment of the plan
    :param rng: a :class:`random.Random`
    :param is_required: the law asks for the step as it is
    :raises ValueError: the arms do not differ in exactly one factor, or no volumes
    """
    factors = current.differs(proposed)
    if len(factors) != 1:
        raise ValueError(f"one factor at a time, not {factors}")
    total = sum(volumes.values())
    if total <= 0:
        raise ValueError("a plan without invoices cannot be judged")
    shares = {segment: count / total for segment, count in sorted(volumes.items())}
    by_segment = {
        segment: (
            _differences(table.paid, segment, current, proposed, rng, draws),
            _differences(table.opened, segment, current, proposed, rng, draws),
        )
        for segment in shares
    }
    paid = _weighted([by_segment[s][0] for s in shares], shares.values(), draws)
    opened = _weighted([by_segment[s][1] for s in shares], shares.values(), draws)
    cost = sum(
        share * (table.cost(segment, proposed) - table.cost(segment, current))
        for segment, share in shares.items()
    )
    whole = sum(share * table.cost(s, proposed) for s, share in shares.items())
    finding = Finding(
        factor=factors[0],
        current=current,
        proposed=proposed,
        paid=Span.of(paid),
        opened=Span.of(opened),
        certainty=sum(gain > 0 for gain in paid) / draws,
        sample=(table.sample(current), table.sample(proposed)),
        cost=cost,
        cost_month=cost * total,
        net=rails.worth * sum(paid) / draws - cost,
        segments={segment: Span.of(by_segment[segment][0]) for segment in shares},
    )
    return replace(
        finding, obstacles=_obstacles(finding, whole, total, rails, is_required)
    )


def propose(
    table: Table,
    current: Arm,
    choices: Iterable[Arm],
    volumes: Mapping[str, float],
    rails: Rails,
    rng,
    draws: int = DRAWS,
    required: Iterable[str] = (),
) -> list[Finding]:
    """Examine every allowed change of one factor, the most worthwhile first.

    Those without obstacles may be proposed to staff; the others tell what would have
    to be tried first, or why not.

    :param choices: arms the plan could have; those that differ in more than one factor
        are left out
    :param required: factors that the law fixes
    """
    required = frozenset(required)
    findings = []
    for arm in sorted(set(choices), key=lambda arm: (arm.channel, arm.band, arm.wait)):
        factors = current.differs(arm)
        if len(factors) == 1:
            findings.append(
                examine(
                    table,
                    current,
                    arm,
                    volumes,
                    rails,
                    rng,
                    draws,
                    factors[0] in required,
                )
            )
    findings.sort(key=lambda f: (len(f.obstacles) > 0, -f.net))
    return findings


def _obstacles(finding, whole, total, rails, is_required):
    found = []
    if is_required:
        found.append(REQUIRED)
    if min(finding.sample) < rails.least_sample:
        found.append(FEW)
    if finding.certainty < rails.certainty:
        found.append(UNSURE)
    if finding.paid.mean < rails.least_gain or finding.net <= 0:
        found.append(SMALL)
    if any(span.mean < -rails.most_loss for span in finding.segments.values()):
        found.append(HURTS)
    if rails.cost_per_invoice is not None and whole > rails.cost_per_invoice:
        found.append(DEAR)
    if rails.cost_per_month is not None and whole * total > rails.cost_per_month:
        found.append(MONTH)
    return tuple(found)


def _differences(known, segment, current, proposed, rng, draws):
    """Drawings of how much larger the share of ``proposed`` is in a segment."""
    before, after = (
        known.belief(current.key(segment)),
        known.belief(proposed.key(segment)),
    )
    return [after.draw(rng) - before.draw(rng) for _nth in range(draws)]


def _weighted(columns, shares, draws):
    shares = list(shares)
    return [
        sum(share * column[nth] for share, column in zip(shares, columns, strict=True))
        for nth in range(draws)
    ]


# === TRYING === #


def allocate(
    fixed: Beta,
    others: Mapping[str, Beta],
    served: Mapping[str, float],
    total: float,
    today: float,
    rails: Rails,
    rng,
    draws: int = 400,
    certainty: float = 0.99,
) -> dict[str, float]:
    """Share of today's customers that each alternative may have.

    Thompson sampling: an alternative gets as large a share as it is likely to be the
    best one (W. R. Thompson, Biometrika 25 (1933), 285–294), outside the holdout. And a
    conservative bound (Y. Wu and others, «Conservative bandits», ICML 2016): what all
    alternatives together may have lost by tonight, if each is as bad as it can be with
    ``certainty``, stays within ``rails.tolerance`` of all invoices since the start.

    :param fixed: belief about the plan as it is
    :param others: belief about each alternative
    :param served: invoices that each alternative has had, answered or not
    :param total: invoices since the start, of all alternatives and of the plan
    :param today: invoices expected until the next allocation
    :param rng: a :class:`random.Random`
    :return: share of each alternative; the rest is the plan's
    """
    wins = dict.fromkeys(others, 0)
    for _nth in range(draws):
        best, best_share = "", fixed.draw(rng)
        for code in sorted(others):
            share = others[code].draw(rng)
            if share > best_share:
                best, best_share = code, share
        if best:
            wins[best] += 1
    wanted = {code: count / draws * (1 - rails.holdout) for code, count in wins.items()}
    if today <= 0:
        return dict.fromkeys(others, 0.0)
    worst = {
        code: worst_loss(fixed, belief, certainty) for code, belief in others.items()
    }
    allowance = rails.tolerance * (total + today) - sum(
        served.get(code, 0.0) * loss for code, loss in worst.items()
    )
    asked = sum(wanted[code] * today * loss for code, loss in worst.items())
    if not asked or asked <= allowance:
        return wanted
    scale = max(allowance, 0.0) / asked
    return {
        code: share if worst[code] <= 0 else share * scale
        for code, share in wanted.items()
    }


def worst_loss(fixed: Beta, other: Beta, certainty: float = 0.99) -> float:
    """How much smaller the share of ``other`` may be than that of ``fixed``, at most.

    :return: 0 when it is larger with ``certainty``
    """
    # Each limit is kept with certainty c when both are with 1 - (1 - c) / 2.
    side = (1 - certainty) / 2
    return max(fixed.quantile(1 - side) - other.quantile(side), 0.0)


# === CUSTOMERS === #


@dataclass(frozen=True, slots=True)
class Preference:
    """What reaches a customer best.

    :param choice: channel or hour band
    :param certainty: how likely it is better than the usual one, 0–1
    :param count: the customer's own messages behind it
    """

    choice: str
    certainty: float
    count: int


def prefer(
    usual: str,
    known: Mapping[str, Beta],
    own: Mapping[str, tuple[int, int]],
    rng,
    least: int = 4,
    certainty: float = 0.9,
    draws: int = 400,
) -> Preference | None:
    """Choose what reaches one customer better than what is usual in the segment.

    What the segment says is lent to the customer; a handful of own messages says
    little. No choice is made on what the customer never got.

    :param usual: channel or band that the plan would use
    :param known: belief of the segment about each choice, its weight being what a
        customer is lent (see :func:`customer_prior`)
    :param own: (opened, messages) of the customer by choice
    :param least: messages by a choice before it can be preferred
    :return: None when nothing is better with ``certainty``
    """
    if usual not in known:
        return None
    beliefs = {
        code: belief.after(*own.get(code, (0, 0))) for code, belief in known.items()
    }
    best = None
    for code in sorted(own):
        if code == usual or code not in beliefs or own[code][1] < least:
            continue
        wins = sum(
            beliefs[code].draw(rng) > beliefs[usual].draw(rng) for _nth in range(draws)
        )
        if wins / draws >= certainty and (
            best is None or beliefs[code].mean > beliefs[best.choice].mean
        ):
            best = Preference(code, wins / draws, own[code][1])
    return best


def customer_prior(
    rows: Iterable[tuple[str, int, int]], least: int = 20
) -> dict[str, Beta]:
    """What to believe of a customer by what all customers of the segment did.

    :param rows: choice, opened and messages of each customer
    :param least: customers without whom a choice is not judged
    """
    by_choice: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for code, opened, count in rows:
        if count:
            by_choice[code].append((opened, count))
    priors = {}
    for code, cells in sorted(by_choice.items()):
        if len(cells) < least:
            continue
        hits, total = sum(o for o, _c in cells), sum(c for _o, c in cells)
        mean = (hits + 0.5) / (total + 1)
        priors[code] = Beta.of(mean, fit_lent((o, c, mean) for o, c in cells))
    return priors
