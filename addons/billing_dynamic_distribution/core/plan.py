"""How one invoice steps through a plan.

Pure: what is known goes in, what comes next comes out. The same functions drive the
running invoices and the replay of a plan on history.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import state
from .hours import ANY, wished

# Conditions of a step.
NOT_PAID = "not_paid"
NOT_OPENED = "not_opened"
NOT_DELIVERED = "not_delivered"
CONDITIONS = (NOT_PAID, NOT_OPENED, NOT_DELIVERED)

# What can become of a step besides the outcomes of its attempt.
SKIPPED = "skipped"  # it could not be tried
NOT_NEEDED = "not_needed"  # its condition did not hold
OUTCOMES = state.OUTCOMES | {state.OPENED, SKIPPED, NOT_NEEDED}

# What a run does next.
WAIT = "wait"
DONE = "done"
STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan.

    :param id: any number that is the step's own
    :param channel: code of its channel
    :param wait: units after the step before it, or after the trigger
    :param unit: one of ``core.clock.UNITS``
    :param condition: one of :data:`CONDITIONS`, looked at when its time has come
    :param at_once_on_failure: it does not wait when the step before it failed
    :param window: part of the day at which it would rather come, one of
        ``core.hours.WINDOWS``
    """

    id: int
    channel: str
    wait: int = 0
    unit: str = "days"
    condition: str = NOT_PAID
    at_once_on_failure: bool = True
    window: str = ANY


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of all messages of a run together.

    :param reached: one of them was accepted and has not failed since
    :param delivered: one of them is known to have arrived, or was accepted by a channel
        that never tells
    :param opened: a person opened one of them
    """

    reached: bool = False
    delivered: bool = False
    opened: bool = False

    @classmethod
    def of(cls, attempts: Iterable[tuple[str, bool]]):
        """Sum up attempts.

        :param attempts: of each its state, and whether its channel reports deliveries
        """
        reached = delivered = opened = False
        for current, reports in attempts:
            reached |= current in state.REACHED
            opened |= current == state.OPENED
            delivered |= current in (state.DELIVERED, state.OPENED) or (
                current == state.SENT and not reports
            )
        return cls(reached, delivered, opened)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often the same channel is tried again after a passing trouble.

    :param times: further tries
    :param first_wait: before the first of them; each later one waits twice as long
    :param longest_wait: but never longer than this
    """

    times: int = 3
    first_wait: timedelta = timedelta(minutes=30)
    longest_wait: timedelta = timedelta(days=1)

    def wait(self, retry: int) -> timedelta:
        """Return the wait before the next try, with ``retry`` further tries behind."""
        # Two to the tenth of a minute is most of a day; more would only overflow.
        return min(self.first_wait * 2 ** min(retry, 10), self.longest_wait)


@dataclass(frozen=True, slots=True)
class Next:
    """What a run does next.

    :param kind: :data:`WAIT`, :data:`DONE` or :data:`STUCK`
    :param step: the step it waits for
    :param at: when that is due (UTC)
    :param retry: how often that step was tried before
    :param code: why: an outcome, or ``no_steps``
    :param other_point: the step is tried again with another address
    """

    kind: str
    step: Step | None = None
    at: datetime | None = None
    retry: int = 0
    code: str = ""
    other_point: bool = False


def start(steps, at, calendar):
    """Return the first thing a run does.

    :param steps: sequence of :class:`Step`, in order
    :param datetime at: when it was triggered (UTC)
    :param calendar: ``core.clock.Calendar`` of the customer
    :rtype: Next
    """
    if not steps:
        return Next(DONE, code="no_steps")
    first = steps[0]
    due = calendar.after(at, first.wait, first.unit)
    return Next(WAIT, first, wished(calendar, due, first.window))


def is_needed(step, seen):
    """Whether the condition of a step holds, now that its time has come.

    :param step: :class:`Step`
    :param seen: :class:`Seen`
    """
    if step.condition == NOT_OPENED:
        return not seen.opened
    if step.condition == NOT_DELIVERED:
        return not seen.delivered
    return True


def can_be_needed(step, seen):
    """Whether the condition of a step may still hold when its time comes.

    What was opened stays opened; what was delivered may come back.
    """
    return step.condition == NOT_PAID or not seen.opened


def after(steps, step_id, outcome, at, seen, calendar, *, retries=None, retry=0,
          other_point=False):  # fmt: skip
    """Return what a run does after a step came to something.

    :param steps: sequence of :class:`Step`, in order
    :param step_id: id of the step
    :param outcome: one of :data:`OUTCOMES`
    :param datetime at: when that was (UTC)
    :param seen: :class:`Seen`, the step's own attempt included
    :param calendar: ``core.clock.Calendar`` of the customer
    :param retries: :class:`Retries`; None = a passing trouble is a failure
    :param retry: tries of the step before this one
    :param other_point: the customer has another address on the same channel that was
        not tried yet
    :rtype: Next
    :raises ValueError: unknown step or outcome
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"{outcome!r} is nothing that becomes of a step")
    position = _position(steps, step_id)
    failed = outcome in state.FAILED or outcome == SKIPPED
    if outcome == state.FAILED_SOFT and retries and retry < retries.times:
        due = calendar.next_allowed(at + retries.wait(retry))
        return Next(WAIT, steps[position], due, retry + 1, outcome)
    if outcome in state.FAILED and other_point:
        due = calendar.next_allowed(at)
        return Next(WAIT, steps[position], due, 0, outcome, other_point=True)
    for step in steps[position + 1 :]:
        if not can_be_needed(step, seen):
            continue
        if failed and step.at_once_on_failure:
            due = calendar.next_allowed(at)
        else:
            due = calendar.after(at, step.wait, step.unit)
            due = wished(calendar, due, step.window)
        return Next(WAIT, step, due, code=outcome)
    if seen.opened:
        return Next(DONE, code=state.OPENED)
    if outcome == state.UNCERTAIN and not seen.delivered:
        return Next(STUCK, code=outcome)
    if failed and not seen.reached:
        return Next(STUCK, code=outcome)
    return Next(DONE, code=outcome)


def _position(steps, step_id):
    for position, step in enumerate(steps):
        if step.id == step_id:
            return position
    raise ValueError(f"the plan has no step {step_id!r}")
