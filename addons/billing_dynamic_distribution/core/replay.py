"""What another plan would have done with the invoices of the past.

A replay walks through each invoice's recorded story with the steps of the plan in
question. As long as these say what was done, what was recorded is what happens: the
moment it was sent, whether it arrived, whether it was opened, what it cost. Where they
first say something else, and the invoice was still open and its run alive at that
moment, the rest is estimated from how messages on that channel fared in that segment.

Payment is the careful part. Nobody knows when the customer would have paid. The day of
payment is therefore kept as it was, which is the low estimate; the high one lets those
who open because of the new plan pay as those do who open (association, not proof: only
a try with a holdout can tell).

Replaying the plan that really ran estimates nothing: it gives back the recorded figures
to the last message and amount, and names every invoice in which the record departs from
the rules.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

from . import plan, state
from .clock import Calendar, to_local
from .hours import LEARNED, LONGEST, band_of, wished
from .plan import Step
from .pooling import Beta, Pool, pool

#: How a record may depart from the rules of its plan.
EARLY = "early"
MISSING = "missing"
UNASKED = "unasked"
FOREIGN = "foreign"

#: A job that starts on the minute may act on what is due within it.
_SLACK = timedelta(minutes=1)
#: What is due may wait so long for the next job before it counts as missing.
_PATIENCE = timedelta(hours=1)
#: Hours after sending at which opening is counted.
_DELAYS = (1, 3, 6, 12, 24, 36, 48, 72, 96, 120, 168, 240, 336)
#: Messages younger than this may still be opened, so they teach nothing.
_RIPE = timedelta(hours=_DELAYS[-1])

LOW, MEAN, HIGH = "low", "mean", "high"
_LEVELS = {LOW: 0.05, HIGH: 0.95}


@dataclass(frozen=True, slots=True)
class Message:
    """One invoice in one message, or in one that could not be sent, as recorded.

    :param step: id of the step, None when sent outside of the plan
    :param channel: code of the channel really used
    :param at: when it was handed over, or when that failed (UTC)
    :param weight: share of the message, 1 over the number of invoices in it; 0 when it
        was never handed over
    :param cost: that share of its cost, currency of the company
    :param delivered_at: UTC, None when not known to be
    :param failed_at: UTC, None when it did not fail
    :param opened_at: UTC, when a person opened it
    :param reports: the channel tells what was delivered; what it takes counts as
        delivered otherwise
    :param is_by_hand: a person chose the moment
    """

    step: int | None
    channel: str
    at: datetime
    weight: float = 1.0
    cost: float = 0.0
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    opened_at: datetime | None = None
    reports: bool = True
    is_by_hand: bool = False

    def state(self, at: datetime) -> str:
        """State of the attempt at a moment; see ``core.state``."""
        if self.opened_at and self.opened_at <= at:
            return state.OPENED
        if self.failed_at and self.failed_at <= at:
            return state.FAILED_HARD
        if self.delivered_at and self.delivered_at <= at:
            return state.DELIVERED
        return state.SENT


@dataclass(frozen=True, slots=True)
class Story:
    """One invoice in one run of a plan, as recorded.

    :param key: id of the run
    :param segment: of the customer
    :param period: that it is told in, such as the month
    :param calendar: by which the customer is written to
    :param steps: of the version that ran
    :param trigger_at: UTC, when waits began to count
    :param due_at: UTC, end of the due date
    :param paid_by: UTC, when what was paid on the due date has reached the books
    :param fee_at: UTC, when a fee may be charged
    :param messages: in the order they were sent
    :param paid_at: UTC, None when it is not paid
    :param ended_at: UTC, when somebody or something else stopped the run
    :param skipped: step id → UTC, when it could not be tried
    :param waited: ids of steps that were put off for a recorded reason
    """

    key: int
    segment: str
    period: str
    calendar: Calendar
    steps: tuple[Step, ...]
    trigger_at: datetime
    due_at: datetime
    paid_by: datetime
    fee_at: datetime
    messages: tuple[Message, ...] = ()
    paid_at: datetime | None = None
    ended_at: datetime | None = None
    skipped: Mapping[int, datetime] = field(default_factory=dict)
    waited: frozenset[int] = frozenset()

    @property
    def is_paid_in_time(self) -> bool:
        return self.paid_at is not None and self.paid_at <= self.paid_by

    @property
    def is_opened_in_time(self) -> bool:
        return any(m.opened_at and m.opened_at <= self.due_at for m in self.messages)

    @property
    def over_at(self) -> datetime | None:
        """When nothing more could be sent; None while something can."""
        return min(filter(None, (self.paid_at, self.ended_at)), default=None)

    def band(self, at: datetime) -> str:
        """Part of the customer's day."""
        return band_of(to_local(at, self.calendar.zone).hour)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What became, or would have become, of one invoice.

    Counts are whole numbers where they are recorded and expected values where they are
    estimated.

    :param messages: by channel
    :param cost: currency of the company
    :param opened: by the due date
    :param paid: by the due date, if those who open so pay like those who do
    :param paid_low: by the due date, if nobody pays otherwise than recorded
    :param fees: still open when a fee may be charged
    :param fees_high: the same with ``paid_low``
    :param is_exact: nothing is estimated
    :param departures: pairs of step id and how the record departs from the rules
    """

    messages: Mapping[str, float]
    cost: float
    opened: float
    paid: float
    paid_low: float
    fees: float
    fees_high: float
    is_exact: bool
    departures: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Model:
    """How messages fare in each segment; see :func:`observe`."""

    delays: Sequence[Pool]
    reached: Pool
    costs: Mapping[str, float]
    usual: Mapping[tuple[str, str], str]
    lifts: Mapping[str, tuple[Beta, Beta]]
    fees: Mapping[str, float]
    level: str = MEAN
    _curves: dict = field(default_factory=dict)

    def at(self, level: str) -> "Model":
        """The same, at the lower or upper limit of what the data allow."""
        return Model(
            self.delays,
            self.reached,
            self.costs,
            self.usual,
            self.lifts,
            self.fees,
            level,
        )

    def opened(self, segment: str, channel: str, band: str, hours: float) -> float:
        """Share of messages opened within so many hours after sending."""
        curve = self._curve(segment, channel, band)
        if hours <= 0:
            return 0.0
        at = bisect_left(_DELAYS, hours)
        if at == len(_DELAYS):
            return curve[-1]
        before_at = _DELAYS[at - 1] if at else 0
        before = curve[at - 1] if at else 0.0
        return before + (curve[at] - before) * (hours - before_at) / (
            _DELAYS[at] - before_at
        )

    def arrives(self, segment: str, channel: str) -> float:
        """Share of messages that arrive."""
        return self.reached.belief((segment, channel)).mean

    def channel(self, segment: str, code: str) -> str:
        """Real channel that a virtual one usually means in a segment."""
        return self.usual.get((segment, code), code)

    def lift(self, segment: str) -> tuple[float, float]:
        """What opening in time has to do with paying in time.

        :return: of those who did not pay in time without opening, the share that does
            with it; of those who paid in time, the share that does not without
        """
        if segment not in self.lifts:
            return 0.0, 0.0
        opened, unopened = (belief.mean for belief in self.lifts[segment])
        more = max(opened - unopened, 0.0)
        return more / (1 - unopened), more / opened

    def _curve(self, segment, channel, band):
        key = (segment, channel, band)
        if key not in self._curves:
            curve, most = [], 0.0
            for known in self.delays:
                belief = known.belief(key)
                share = (
                    belief.mean
                    if self.level == MEAN
                    else belief.quantile(_LEVELS[self.level])
                )
                most = max(most, share)
                curve.append(most)
            self._curves[key] = curve
        return self._curves[key]


# === WHAT WAS RECORDED === #


def recorded(story: Story, until: datetime) -> Estimate:
    """The figures of an invoice as they were.

    :param until: UTC, end of what is recorded
    """
    messages: dict[str, float] = defaultdict(float)
    for message in story.messages:
        messages[message.channel] += message.weight
    fee = _is_open(story, story.fee_at) and story.fee_at <= until
    paid = float(story.is_paid_in_time)
    return Estimate(
        messages=dict(messages),
        cost=sum(message.cost for message in story.messages),
        opened=float(story.is_opened_in_time),
        paid=paid,
        paid_low=paid,
        fees=float(fee),
        fees_high=float(fee),
        is_exact=True,
    )


def observe(stories: Iterable[Story], until: datetime) -> Model:
    """Learn from recorded stories how messages fare.

    :param until: UTC, end of what is recorded; what is not over by then teaches nothing
    """
    opened: list[dict] = [defaultdict(_pair) for _delay in _DELAYS]
    arrived: dict = defaultdict(_pair)
    costs: dict = defaultdict(_pair)
    usual: dict = defaultdict(lambda: defaultdict(int))
    paid: dict = defaultdict(lambda: (_pair(), _pair()))
    fees: dict = defaultdict(_pair)
    for story in stories:
        channels = {step.id: step.channel for step in story.steps}
        for message in story.messages:
            _add(costs[message.channel], message.cost, message.weight)
            code = channels.get(message.step, message.channel)
            usual[story.segment, code][message.channel] += 1
            if message.at > until - _RIPE:
                continue
            _add(arrived[story.segment, message.channel], message.failed_at is None, 1)
            key = (story.segment, message.channel, story.band(message.at))
            for delay, cells in zip(_DELAYS, opened, strict=True):
                limit = message.at + timedelta(hours=delay)
                _add(
                    cells[key],
                    message.opened_at is not None and message.opened_at <= limit,
                    1,
                )
        if story.paid_by <= until and story.messages:
            _add(
                paid[story.segment][not story.is_opened_in_time],
                story.is_paid_in_time,
                1,
            )
        if story.fee_at <= until and not story.is_paid_in_time:
            _add(fees[story.segment], _is_open(story, story.fee_at), 1)
    return Model(
        delays=[_pool(cells) for cells in opened],
        reached=_pool(arrived),
        costs={code: total / count for code, (total, count) in costs.items() if count},
        usual={
            key: max(sorted(counts), key=counts.__getitem__)
            for key, counts in usual.items()
        },
        lifts=_lifts(paid),
        fees={
            segment: (hits + 1) / (count + 2) for segment, (hits, count) in fees.items()
        },
    )


# === REPLAY === #


def replay(
    story: Story, steps: Sequence[Step], model: Model | None, until: datetime
) -> Estimate:
    """Say what would have become of an invoice under other steps.

    :param steps: of the version in question, in order
    :param model: None = give the recorded figures with ``is_exact`` False where they
        would be estimated
    :param until: UTC, end of what is recorded
    """
    walk = _Walk(story, until)
    moment = walk.go(steps)
    over = story.over_at
    if moment is None or moment > until or (over and over <= moment):
        return walk.result()
    if model is None:
        return replace(walk.result(), is_exact=False)
    return _Branch(walk, model, moment).run(steps)


class _Walk:
    """Follows a story along the steps that really ran.

    The rules are those of ``core.plan``, by which the invoices run.
    """

    def __init__(self, story, until):
        self.story, self.until = story, until
        self.by_step = defaultdict(list)
        for message in story.messages:
            self.by_step[message.step].append(message)
        known = {step.id for step in story.steps}
        self.foreign = [m for m in story.messages if m.step not in known]
        self.departures = [(m.step, FOREIGN) for m in self.foreign if m.step]
        self.taken = []
        # What was last: step, outcome, when.
        self.last = None

    def go(self, steps):
        """Go as far as other steps say the same.

        :return: UTC, when they first say something else; None = never
        """
        story = self.story
        same = _common(story.steps, steps)
        while True:
            coming = self._next(story.steps)
            if coming.kind != plan.WAIT or _place(story.steps, coming.step) >= same:
                return self._parting(steps, coming)
            if not self._take(coming):
                return None

    def next_of(self, steps):
        """What other steps say comes next, after what was last."""
        return self._next(
            steps, {o.id: s.id for o, s in zip(self.story.steps, steps, strict=False)}
        )

    def _next(self, steps, ids=None):
        calendar = self.story.calendar
        if self.last is None:
            return plan.start(steps, self.story.trigger_at, calendar)
        step, outcome, at = self.last
        step_id = ids[step.id] if ids else step.id
        return plan.after(steps, step_id, outcome, at, self._seen(at), calendar)

    def _parting(self, steps, own):
        """When the steps first say something else than what was recorded."""
        other = self.next_of(steps)
        moments = [coming.at for coming in (own, other) if coming.kind == plan.WAIT]
        if own.kind == plan.WAIT:
            moments += [m.at for m in self.by_step[own.step.id]]
        return min(moments, default=None)

    def _take(self, coming):
        """Go one step; False when the run is over before it."""
        step, planned = coming.step, coming.at
        messages = self.by_step[step.id]
        if messages:
            first, last = messages[0], messages[-1]
            if first.at < planned - _SLACK and not first.is_by_hand:
                self.departures.append((step.id, EARLY))
            # What was opened while it was handed over came too late to stop it.
            seen = self._seen(first.at - _SLACK)
            if not plan.is_needed(step, seen) and not first.is_by_hand:
                self.departures.append((step.id, UNASKED))
            self.taken += messages
            self.last = (step, state.SENT, last.at)
            if last.failed_at:
                # Failed in time to make the next step come earlier?
                coming = self._next(self.story.steps)
                if coming.kind != plan.WAIT or last.failed_at <= coming.at:
                    self.last = (step, state.FAILED_HARD, last.failed_at)
            return True
        if step.id in self.story.skipped:
            self.last = (step, plan.SKIPPED, self.story.skipped[step.id])
            return True
        # The end of the run may come while a step waits for its hour.
        over, late = self.story.over_at, self._latest(step, planned)
        if planned > self.until or (over and over <= planned):
            return False
        needless = self._needless_from(step, planned)
        if needless and needless <= min(late + _PATIENCE, self.until):
            self.last = (step, plan.NOT_NEEDED, needless)
            return True
        if not over and late + _PATIENCE <= self.until:
            self.departures.append((step.id, MISSING))
        return False

    def _needless_from(self, step, planned):
        """From when on, once it is due, the condition of a step does not hold."""
        moments = {planned}
        for message in self.taken:
            moments |= {message.opened_at, message.delivered_at}
        return min(
            (
                at
                for at in moments
                if at and at >= planned and not plan.is_needed(step, self._seen(at))
            ),
            default=None,
        )

    def _latest(self, step, planned):
        """When a step that is due should have come, all its reasons to wait over."""
        if step.id in self.story.waited:
            return self.until
        if step.window == LEARNED:
            # What was known of the customer then is not known any more.
            return planned + LONGEST
        return planned

    def _seen(self, at):
        return plan.Seen.of((m.state(at), m.reports) for m in self.taken)

    def result(self):
        """The recorded figures, with what departs from the rules."""
        return replace(
            recorded(self.story, self.until), departures=tuple(self.departures)
        )


class _Branch:
    """Estimates the rest of a story from the moment it would have gone otherwise."""

    def __init__(self, walk, model, moment):
        self.walk, self.model, self.moment = walk, model, moment
        self.story = story = walk.story
        seen = [m.state(moment) for m in walk.taken]
        self.unopened = 0.0 if state.OPENED in seen else 1.0
        self.undelivered = 1.0
        if plan.Seen.of(
            zip(seen, (m.reports for m in walk.taken), strict=True)
        ).delivered:
            self.undelivered = 0.0
        self.at = moment
        # Messages that may still be opened: channel, part of the day, when, for whom.
        self.pending = [
            (m.channel, story.band(m.at), m.at, 1.0)
            for m in walk.taken
            if not m.failed_at
        ]
        self.opened_in_time = None
        if any(
            m.opened_at and m.opened_at <= min(moment, story.due_at)
            for m in story.messages
        ):
            self.opened_in_time = 1.0
        self.messages = defaultdict(float)
        self.cost = 0.0
        for message in (*walk.taken, *walk.foreign):
            self.messages[message.channel] += message.weight
            self.cost += message.cost

    def run(self, steps):
        """Go through the rest of the steps with shares of an invoice.

        :rtype: Estimate
        """
        story, calendar = self.story, self.story.calendar
        over = story.over_at
        coming = self.walk.next_of(steps)
        planned = coming.at
        rest = steps[_place(steps, coming.step) :] if coming.kind == plan.WAIT else ()
        for step in rest:
            if planned > self.walk.until or (over and over <= planned):
                break
            self._pass_time(planned)
            self._send(step, planned)
            later = _place(steps, step) + 1
            if later < len(steps):
                planned = calendar.after(planned, steps[later].wait, steps[later].unit)
                planned = wished(calendar, planned, steps[later].window)
        self._pass_time(max(story.due_at, self.at))
        return self._result()

    def _send(self, step, at):
        share = {
            plan.NOT_OPENED: self.unopened,
            plan.NOT_DELIVERED: self.undelivered,
        }.get(step.condition, 1.0)
        if not share:
            return
        segment = self.story.segment
        channel = self.model.channel(segment, step.channel)
        self.messages[channel] += share
        self.cost += share * self.model.costs.get(channel, 0.0)
        # Of those who have not opened anything, how many get it?
        reached = self.undelivered if step.condition == plan.NOT_DELIVERED else 1.0
        self.pending.append((channel, self.story.band(at), at, reached))
        self.undelivered *= 1 - self.model.arrives(segment, channel) * (
            1.0 if step.condition == plan.NOT_DELIVERED else share
        )

    def _pass_time(self, until):
        """Let what was sent be opened up to a moment."""
        due = self.story.due_at
        if self.opened_in_time is None and until >= due:
            self._open(due)
            self.opened_in_time = 1 - self.unopened
        self._open(until)

    def _open(self, until):
        if until <= self.at:
            return
        for channel, band, sent, reached in self.pending:
            before = self._share(channel, band, self.at - sent)
            after = self._share(channel, band, until - sent)
            if before < 1:
                self.unopened *= 1 - reached * (after - before) / (1 - before)
        self.at = until

    def _share(self, channel, band, elapsed):
        hours = elapsed.total_seconds() / 3600
        return self.model.opened(self.story.segment, channel, band, hours)

    def _result(self):
        segment = self.story.segment
        before = recorded(self.story, self.walk.until)
        opened = self.opened_in_time
        # Whose due date was past by then has opened in time, or has not.
        if self.moment > self.story.due_at:
            opened = before.opened
        gained, lost = self.model.lift(segment)
        change = opened - before.opened
        late = self.model.fees.get(segment, 0.0)
        if before.paid:
            gain = min(change, 0.0) * lost
            fees = -gain * late
        else:
            gain = max(change, 0.0) * gained
            fees = before.fees * (1 - gain)
        return Estimate(
            messages=dict(self.messages),
            cost=self.cost,
            opened=opened,
            paid=before.paid + gain,
            paid_low=before.paid + min(gain, 0.0),
            fees=fees,
            fees_high=max(fees, before.fees),
            is_exact=False,
            departures=tuple(self.walk.departures),
        )


# === SUMS === #


@dataclass(slots=True)
class Total:
    """Sums over invoices, recorded or replayed."""

    invoices: int = 0
    exact: int = 0
    departures: int = 0
    messages: dict[str, float] = field(default_factory=dict)
    cost: float = 0.0
    opened: float = 0.0
    paid: float = 0.0
    paid_low: float = 0.0
    fees: float = 0.0
    fees_high: float = 0.0

    @property
    def message_count(self) -> float:
        return sum(self.messages.values())

    def add(self, estimate: Estimate) -> None:
        """Count one more invoice."""
        self.invoices += 1
        self.exact += estimate.is_exact
        self.departures += bool(estimate.departures)
        for channel, count in estimate.messages.items():
            self.messages[channel] = self.messages.get(channel, 0.0) + count
        for name in ("cost", "opened", "paid", "paid_low", "fees", "fees_high"):
            setattr(self, name, getattr(self, name) + getattr(estimate, name))


# === HELPERS === #


def _rule(step):
    """What a step says; equal steps of two versions have different ids."""
    return tuple(getattr(step, f.name) for f in fields(step) if f.name != "id")


def _common(ours, others):
    """How many steps two versions have in common at their beginning."""
    count = 0
    for one, other in zip(ours, others, strict=False):
        if _rule(one) != _rule(other):
            break
        count += 1
    return count


def _place(steps, step):
    return next(at for at, other in enumerate(steps) if other.id == step.id)


def _is_open(story, at):
    return story.paid_at is None or story.paid_at > at


def _pair():
    return [0.0, 0.0]


def _add(cell, hit, count):
    cell[0] += hit
    cell[1] += count


def _pool(cells):
    return pool({key: (hits, count) for key, (hits, count) in cells.items()})


def _lifts(paid):
    """Belief about paying in time, by segment, of those who opened and who did not.

    Each segment is drawn towards what all segments say.
    """
    known = pool(
        {
            (segment, part): tuple(cell)
            for segment, cells in paid.items()
            for part, cell in zip(("opened", "unopened"), cells, strict=True)
        }
    )
    return {
        segment: (
            known.belief((segment, "opened")),
            known.belief((segment, "unopened")),
        )
        for segment in paid
    }
