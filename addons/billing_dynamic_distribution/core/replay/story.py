"""What was recorded of an invoice, and the figures it comes to."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .. import state
from ..clock import Calendar, to_local
from ..hours import band_of
from ..plan import Step


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


def recorded(story: Story, until: datetime) -> Estimate:
    """The figures of an invoice as they were.

    :param until: UTC, end of what is recorded
    """
    messages: dict[str, float] = defaultdict(float)
    for message in story.messages:
        messages[message.channel] += message.weight
    fee = is_open(story, story.fee_at) and story.fee_at <= until
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


def is_open(story, at):
    return story.paid_at is None or story.paid_at > at
