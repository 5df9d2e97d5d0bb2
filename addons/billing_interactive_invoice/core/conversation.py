"""Where a conversation stands after each thing that is said in it.

One conversation belongs to one invoice. Whoever has the word is all that matters:
«open» means that the customer waits for us, «waiting» that we wait for the customer,
or nobody for anybody, and «closed» that it is over until somebody writes again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OPEN = "open"
WAITING = "waiting"
CLOSED = "closed"

#: How staff may be called before customers.
FULL_NAME = "full"
FIRST_NAME = "first"
TEAM_NAME = "team"

#: A customer who was told of an answer and did not read it is told again of a further
#: one after this time, not before.
NOTICE_PAUSE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a conversation.

    :param state: :data:`OPEN`, :data:`WAITING` or :data:`CLOSED`
    :param waiting_since: when the oldest question without answer was asked
    :param unread_since: when the oldest answer the customer has not read was written
    :param notified_at: when the customer was last told of answers they have not read
    :param unread_by_staff: questions that nobody of staff has looked at
    """

    state: str = WAITING
    waiting_since: datetime | None = None
    unread_since: datetime | None = None
    notified_at: datetime | None = None
    unread_by_staff: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """A wait that is over.

    :param asked_at: when the oldest question was asked
    :param answered_at: when somebody answered it
    """

    asked_at: datetime
    answered_at: datetime


def customer_wrote(facts: Facts, at: datetime) -> Facts:
    """Return the facts after the customer wrote at ``at``.

    Who writes has read what was there. A wait begins with the first question; further
    ones do not begin it anew.
    """
    return replace(
        facts,
        state=OPEN,
        waiting_since=facts.waiting_since or at,
        unread_since=None,
        notified_at=None,
        unread_by_staff=facts.unread_by_staff + 1,
    )


def staff_wrote(facts: Facts, at: datetime) -> tuple[Facts, Answered | None]:
    """Return the facts after staff wrote to the customer at ``at``, and the wait ended.

    Who answers has read what was asked.
    """
    answered = None
    if facts.waiting_since is not None:
        # An e-mail may carry an earlier time than the question that came in meanwhile.
        answered = Answered(facts.waiting_since, max(at, facts.waiting_since))
    after = replace(
        facts,
        state=WAITING,
        waiting_since=None,
        unread_since=facts.unread_since or at,
        unread_by_staff=0,
    )
    return after, answered


def customer_read(facts: Facts) -> Facts:
    """Return the facts after the customer read all there is."""
    return replace(facts, unread_since=None, notified_at=None)


def closed(facts: Facts) -> Facts:
    """Return the facts after staff closed the conversation: nobody waits any more."""
    return replace(facts, state=CLOSED, waiting_since=None, unread_by_staff=0)


def notice_at(facts: Facts, written_at: datetime, wait: timedelta) -> datetime | None:
    """Return when the customer is to be told of what staff wrote at ``written_at``.

    Not at once: who has the page open reads it there. Once for all that stays unread,
    and once more a day when there is something new.

    :param facts: after :func:`staff_wrote`
    :param wait: how long it may lie unread on the page before a message goes out
    :return: None when nothing is to be told
    """
    if facts.unread_since is None:
        return None
    if facts.notified_at is None:
        return facts.unread_since + wait
    return max(written_at + wait, facts.notified_at + NOTICE_PAUSE)


def shown_name(policy: str, name: str, team: str) -> str:
    """Return what a member of staff is called before customers.

    :param policy: :data:`FULL_NAME`, :data:`FIRST_NAME` or :data:`TEAM_NAME`
    :param name: full name; without one, the team speaks
    :param team: name of the team, or of the company
    :raises ValueError: unknown ``policy``
    """
    if policy not in (FULL_NAME, FIRST_NAME, TEAM_NAME):
        raise ValueError(f"unknown way to name staff: {policy!r}")
    words = (name or "").split()
    if policy == TEAM_NAME or not words:
        return team
    return words[0] if policy == FIRST_NAME else " ".join(words)
