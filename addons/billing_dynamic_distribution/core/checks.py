"""What is asked before each send, in the order it is asked.

First what ends a run, then what makes it wait whatever the channel, then whether the
step is needed, then whether the channel can be used, then the hour, then how much the
customer got lately. The first answer that is no decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .clock import Calendar, to_local

# Verdicts.
SEND = "send"
POSTPONE = "postpone"
SKIP = "skip"  # this step cannot be tried
NOT_NEEDED = "not_needed"  # the condition of this step does not hold
END = "end"  # nothing to send any more

# Codes of what ends a run.
PAID = "paid"
RESET = "reset"
# Codes of what makes it wait.
HOLD = "hold"
BLOCKED = "payment_blocked"
QUIET = "quiet_hours"
CAP = "cap"
TROUBLE = "trouble"
# Codes of what leaves a step out.
NO_CHANNEL = "no_channel"
CHANNEL_OFF = "channel_off"
NO_ADDRESS = "no_address"
NO_CONSENT = "no_consent"
OPTED_OUT = "opted_out"
ADDRESS_BLOCKED = "address_blocked"


@dataclass(frozen=True, slots=True)
class Caps:
    """How many messages a customer gets at most, 0 = any number.

    :param day: within 24 hours
    :param week: within seven days
    """

    day: int = 0
    week: int = 0

    def free_at(self, sent: Sequence[datetime], at: datetime) -> datetime:
        """Return the first moment from ``at`` on at which one more is within the caps.

        :param sent: moments of earlier messages, in any order
        """
        ordered = sorted(sent)
        free = at
        for cap, span in (
            (self.day, timedelta(days=1)),
            (self.week, timedelta(days=7)),
        ):
            if cap and len(ordered) >= cap:
                # The message that has to be so long ago that cap - 1 come after it.
                free = max(free, ordered[-cap] + span)
        return free


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a step's time has come.

    :param at: the moment (UTC)
    :param is_posted: the invoice is
    :param is_open: something of it is left to pay
    :param payment_blocked: somebody marked it as not to be paid for now
    :param is_held: a hold stops it; that is looked at again tomorrow, since a hold may
        be lifted before its time
    :param is_needed: the condition of the step holds
    :param has_channel: the channel is installed
    :param is_available: the company can use it
    :param trouble_until: the channel fails for everybody; when to ask again (UTC)
    :param point_problem: one of the codes above when there is no address to use
    :param is_intrusive: it rings or buzzes, so that quiet hours and caps count
    :param sent: moments of the customer's earlier messages on the channel's group
    :param caps: for that group
    :param calendar: of the customer
    """

    at: datetime
    is_posted: bool = True
    is_open: bool = True
    payment_blocked: bool = False
    is_held: bool = False
    is_needed: bool = True
    has_channel: bool = True
    is_available: bool = True
    trouble_until: datetime | None = None
    point_problem: str = ""
    is_intrusive: bool = True
    sent: tuple[datetime, ...] = ()
    caps: Caps = Caps()
    calendar: Calendar = field(default_factory=Calendar)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a step whose time has come.

    :param kind: one of the verdicts above
    :param code: why not; empty when it is sent
    :param until: when to ask again, if it is postponed (UTC)
    """

    kind: str
    code: str = ""
    until: datetime | None = None


def decide(facts: Facts) -> Verdict:
    """Return what to do with a step whose time has come."""
    if not facts.is_posted:
        return Verdict(END, RESET)
    if not facts.is_open:
        return Verdict(END, PAID)
    if facts.is_held or facts.payment_blocked:
        until = facts.calendar.next_allowed(tomorrow(facts.at, facts.calendar))
        return Verdict(POSTPONE, HOLD if facts.is_held else BLOCKED, until)
    if not facts.is_needed:
        return Verdict(NOT_NEEDED, NOT_NEEDED)
    if not facts.has_channel:
        return Verdict(SKIP, NO_CHANNEL)
    if not facts.is_available:
        return Verdict(SKIP, CHANNEL_OFF)
    if facts.trouble_until:
        # Before the address: what failed for everybody says nothing of one.
        return Verdict(POSTPONE, TROUBLE, facts.trouble_until)
    if facts.point_problem:
        return Verdict(SKIP, facts.point_problem)
    if facts.is_intrusive:
        free = facts.caps.free_at(facts.sent, facts.at)
        if free > facts.at:
            return Verdict(POSTPONE, CAP, facts.calendar.next_allowed(free))
        allowed = facts.calendar.next_allowed(facts.at)
        if allowed > facts.at:
            return Verdict(POSTPONE, QUIET, allowed)
    return Verdict(SEND)


def tomorrow(at: datetime, calendar: Calendar) -> datetime:
    """Return the beginning of the customer's next day."""
    day = to_local(at, calendar.zone).date() + timedelta(days=1)
    return calendar.day_start(day)
