"""Made-up customers of whom the truth is known.

Two things are made. Shares by segment and way of setting out, from which outcomes are
drawn, for the optimiser. And whole stories, message by message, for the replay: how
likely each customer opens what comes on a channel and after how long, and whether that
makes him pay; the same customers can be sent through any plan.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp, log
from random import Random

from odoo.addons.billing_dynamic_distribution.core import hours, plan, replay, state
from odoo.addons.billing_dynamic_distribution.core.clock import Calendar, to_local
from odoo.addons.billing_dynamic_distribution.core.optimiser import Arm, Tally

SEGMENTS = (
    "private_new",
    "private_prompt",
    "private_late",
    "business_new",
    "business_prompt",
    "business_late",
)
CHANNELS = ("email", "sms", "letter")
COSTS = {"email": 0.02, "sms": 0.55, "letter": 14.0}
#: Hours until whoever opens has opened: median.
_OPENS_AFTER = {"email": 9.0, "sms": 2.0, "letter": 60.0}
_ARRIVES = {"email": 0.97, "sms": 0.985, "letter": 0.995}

START = datetime(2026, 1, 5, 7, 0)


@dataclass
class World:
    """Log odds behind everything, drawn once from a seed.

    :param seed: same seed, same world
    :param peculiar: standard deviation of what a segment makes of an arm, in nats
    """

    seed: int
    peculiar: float = 0.25
    segments: dict = field(init=False)
    channels: dict = field(init=False)
    bands: dict = field(init=False)
    waits: dict = field(init=False)

    def __post_init__(self):
        rng = Random(f"world {self.seed}")
        usual = dict(zip(SEGMENTS, (0.6, 1.9, -0.6, 0.8, 2.2, -0.3), strict=True))
        self.segments = {s: odds + rng.gauss(0, 0.2) for s, odds in usual.items()}
        self.channels = {c: rng.gauss(0, 0.35) for c in CHANNELS}
        self.bands = {b: rng.gauss(0, 0.2) for b in hours.BANDS}
        self.waits = {w: rng.gauss(0, 0.15) for w in ("1", "2", "3", "5")}
        self._odd = {}

    def arms(self):
        """Every way of setting out that there is."""
        return [
            Arm(channel, band, wait)
            for channel in CHANNELS
            for band in hours.BANDS
            for wait in self.waits
        ]

    def rate(self, segment, arm):
        """True share of invoices paid in time."""
        key = (segment, arm)
        if key not in self._odd:
            rng = Random(f"{self.seed} {segment} {arm}")
            self._odd[key] = rng.gauss(0, self.peculiar)
        return _share(
            self.segments[segment]
            + self.channels[arm.channel]
            + self.bands[arm.band]
            + self.waits[arm.wait]
            + self._odd[key]
        )

    def serve(self, segment, arm, count, rng):
        """Draw what becomes of so many invoices.

        :rtype: Tally
        """
        share = self.rate(segment, arm)
        paid = sum(rng.random() < share for _nth in range(count))
        opened = paid + sum(rng.random() < 0.4 for _nth in range(count - paid))
        return Tally(count, opened, paid, count * COSTS[arm.channel])


@dataclass(frozen=True)
class Customer:
    """Everything that is not chance, and the chance that is his own.

    :param luck: seed of what happens to him, the same whatever plan he is in
    """

    key: int
    segment: str
    luck: int


def customers(count, seed):
    """Make customers, segment after segment in turn."""
    return [
        Customer(key, SEGMENTS[key % len(SEGMENTS)], seed * 1_000_003 + key)
        for key in range(count)
    ]


def live(customer, steps, calendar, until, nth=0):
    """Send one invoice of a customer through a plan and write down what happens.

    A runner of its own, simple and slow: it asks ``core.plan`` what comes next as the
    scheduler does, and knows nothing of the replay.

    :param steps: of the version
    :param until: UTC, what happens later is not recorded
    :param nth: of the customer's invoices
    :rtype: replay.Story
    """
    rng = Random(customer.luck * 31 + nth)
    trigger = START + timedelta(
        days=30 * nth + rng.randrange(28), minutes=rng.randrange(600)
    )
    due = trigger + timedelta(days=14)
    fate = _Fate(customer, nth, due)
    messages, last, ended = [], None, None
    coming = plan.start(steps, trigger, calendar)
    while coming.kind == plan.WAIT:
        step, at = coming.step, hours.wished(calendar, coming.at, coming.step.window)
        # The job runs every so often.
        at += timedelta(minutes=rng.randrange(4))
        paid = fate.paid_at(messages)
        if at > until or (paid and paid <= at):
            break
        seen = plan.Seen.of((m.state(at), m.reports) for m in messages)
        if not plan.is_needed(step, seen):
            last = (step, plan.NOT_NEEDED, at)
        else:
            message = fate.message(step, at, calendar)
            messages.append(message)
            last = (step, state.SENT, at)
        seen_at = last[2]
        coming = _after(steps, last, messages, seen_at, calendar)
        if messages and last[1] == state.SENT and messages[-1].failed_at:
            if coming.kind != plan.WAIT or messages[-1].failed_at <= coming.at:
                last = (step, state.FAILED_HARD, messages[-1].failed_at)
                coming = _after(steps, last, messages, last[2], calendar)
    paid = fate.paid_at(messages)
    return replay.Story(
        key=customer.key * 100 + nth,
        segment=customer.segment,
        period=f"{trigger:%Y-%m}",
        calendar=calendar,
        steps=tuple(steps),
        trigger_at=trigger,
        due_at=due,
        paid_by=due,
        fee_at=due + timedelta(days=14),
        messages=tuple(_known(m, until) for m in messages if m.at <= until),
        paid_at=paid if paid and paid <= until else None,
        ended_at=ended,
    )


def _after(steps, last, messages, at, calendar):
    step, outcome, moment = last
    seen = plan.Seen.of((m.state(at), m.reports) for m in messages)
    return plan.after(steps, step.id, outcome, moment, seen, calendar)


class _Fate:
    """What a customer will do, by channel; drawn apart from what the plan does."""

    def __init__(self, customer, nth, due):
        self.rng = Random(customer.luck * 17 + nth)
        self.due = due
        segment = customer.segment
        is_late = segment.endswith("late")
        self.opens = {
            "email": 0.45 if is_late else 0.7,
            "sms": 0.75 if segment.startswith("private") else 0.5,
            "letter": 0.85,
        }
        self.draws = {
            channel: (self.rng.random(), self.rng.gauss(0, 0.9), self.rng.random())
            for channel in CHANNELS
        }
        self.pays_anyway = 0.3 if is_late else 0.55
        self.pays_opened = 0.6 if is_late else 0.9
        self.luck = self.rng.random()
        self.days = self.rng.random()
        self.never = self.rng.random() < 0.1

    def message(self, step, at, calendar):
        """What becomes of a message sent now."""
        channel = step.channel
        opens, spread, arrives = self.draws[channel]
        if arrives > _ARRIVES[channel]:
            delay = timedelta(minutes=5 + 600 * (arrives - _ARRIVES[channel]))
            return replay.Message(
                step.id, channel, at, 1.0, COSTS[channel], failed_at=at + delay
            )
        chance = self.opens[channel]
        band = hours.band_of(to_local(at, calendar.zone).hour)
        if band == "evening":
            chance = min(chance + 0.08, 1)
        opened = None
        if opens < chance:
            wait = _OPENS_AFTER[channel] * exp(spread)
            opened = at + timedelta(hours=wait)
        return replay.Message(
            step.id,
            channel,
            at,
            1.0,
            COSTS[channel],
            delivered_at=at + timedelta(minutes=2),
            opened_at=opened,
            reports=channel != "letter",
        )

    def paid_at(self, messages):
        """When the invoice is paid, as far as the messages so far decide."""
        opened = min((m.opened_at for m in messages if m.opened_at), default=None)
        in_time = opened is not None and opened <= self.due
        if self.luck < self.pays_anyway:
            return self.due - timedelta(days=6 * self.days)
        if in_time and self.luck < self.pays_opened:
            return max(
                opened + timedelta(hours=1), self.due - timedelta(days=2 * self.days)
            )
        if self.never:
            return None
        return self.due + timedelta(days=2 + 25 * self.days)


def _known(message, until):
    """A message without what was not known yet."""

    def past(at):
        return at if at and at <= until else None

    return replay.Message(
        message.step,
        message.channel,
        message.at,
        message.weight,
        message.cost,
        past(message.delivered_at),
        past(message.failed_at),
        past(message.opened_at),
        message.reports,
    )


def calendar():
    """Norwegian customers, quiet hours and holidays as shipped."""
    return Calendar(zone="Europe/Oslo", country="NO")


def steps(*specs, first=1):
    """Steps from (channel, wait, unit, condition[, window]) rows."""
    return tuple(
        plan.Step(first + at, spec[0], spec[1], spec[2], spec[3], True, *spec[4:])
        for at, spec in enumerate(specs)
    )


#: The shipped waterfall: e-mail, SMS after three days, letter after two more.
WATERFALL = steps(
    ("email", 0, "hours", plan.NOT_PAID),
    ("sms", 3, "days", plan.NOT_OPENED),
    ("letter", 2, "days", plan.NOT_OPENED),
)


def _share(odds):
    return 1 / (1 + exp(-odds))


def log_odds(share):
    return log(share / (1 - share))
