"""Why the next message about an invoice comes when it comes, and not earlier."""

from dataclasses import dataclass, field
from datetime import datetime

from .clock import Calendar
from .plan import Step

#: Nothing is waited for any more.
DUE = "due"
#: The wait of the step, after the message before it or after the trigger.
WAIT = "wait"
#: Nothing: the step before it could not be delivered, or was left out.
AT_ONCE = "at_once"
#: The same message again, after a passing trouble.
RETRY = "retry"
#: The same message to another address of the customer.
OTHER_ADDRESS = "other_address"
#: An hour at which people may be written to.
HOURS = "hours"
#: The part of the day that the step, or what is known of the customer, would rather.
WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that waits.

    :param next_at: when it is looked at next (UTC)
    :param now: (UTC)
    :param step: of the plan
    :param since: when the message before it was sent or failed, or the run began (UTC);
        None = not known
    :param retry: how often the step was tried before
    :param other_point: it goes to another address of the customer
    :param code: why it was put off when it was looked at last, as ``core.checks`` says
        it; empty = it was not
    :param calendar: of the customer
    """

    next_at: datetime
    now: datetime
    step: Step
    since: datetime | None = None
    retry: int = 0
    other_point: bool = False
    code: str = ""
    calendar: Calendar = field(default_factory=Calendar)


def reasons(pending: Pending) -> tuple[str, ...]:
    """Return what a message waits for, what comes first first.

    :return: at least one of the codes above, or ``code``
    """
    if pending.next_at <= pending.now:
        return (DUE,)
    if pending.code:
        return (pending.code,)
    if pending.retry:
        return _with_hours(RETRY, pending)
    if pending.other_point:
        return _with_hours(OTHER_ADDRESS, pending)
    step, calendar = pending.step, pending.calendar
    if pending.since is None:
        return _with_hours(AT_ONCE, pending)
    elapsed = calendar.elapsed(pending.since, step.wait, step.unit)
    allowed = calendar.next_allowed(elapsed)
    if pending.next_at < elapsed:
        return _with_hours(AT_ONCE, pending)
    found = [WAIT] if elapsed > pending.since else []
    if allowed > elapsed:
        found.append(HOURS)
    if pending.next_at > allowed:
        found.append(WINDOW)
    return tuple(found) or (AT_ONCE,)


def _with_hours(code, pending):
    """Return ``code``, and :data:`HOURS` when it comes as soon as hours allow."""
    now_allowed = pending.calendar.next_allowed(pending.now)
    if pending.now < now_allowed == pending.next_at:
        return (code, HOURS)
    return (code,)
