"""The life of an attempt: which report leads from which state to which.

Reports come late, twice and in any order. Each of them says something that stays true,
so an attempt only ever climbs: of all that was reported, what tells most is its state,
whatever came first. A person who opened the message has got it, whatever a mail server
says; a mail server that gives up later outdoes one that took the message; a delivery
outdoes a passing trouble.
"""

PLANNED = "planned"
CALLING = "calling"
UNCERTAIN = "uncertain"
SENT = "sent"
FAILED_SOFT = "failed_soft"
DELIVERED = "delivered"
FAILED_HARD = "failed_hard"
OPENED = "opened"
CANCELLED = "cancelled"

STATES = (
    PLANNED,
    CALLING,
    UNCERTAIN,
    SENT,
    FAILED_SOFT,
    DELIVERED,
    FAILED_HARD,
    OPENED,
    CANCELLED,
)
#: What moves an attempt; all but ``called`` are named after the state they lead to.
CALLED = "called"
EVENTS = (
    CALLED,
    UNCERTAIN,
    SENT,
    FAILED_SOFT,
    DELIVERED,
    FAILED_HARD,
    OPENED,
    CANCELLED,
)
#: What a channel may answer to a call.
OUTCOMES = frozenset({SENT, DELIVERED, FAILED_SOFT, FAILED_HARD, UNCERTAIN})
#: The message is, as far as is known, with the customer or on its way there.
REACHED = frozenset({SENT, DELIVERED, OPENED})
FAILED = frozenset({FAILED_SOFT, FAILED_HARD})
#: Nothing has been handed over yet, or nobody knows.
UNSETTLED = frozenset({PLANNED, CALLING})

TRANSITIONS = {
    # Before the call: it is made, given up, or could not even be prepared.
    (PLANNED, CALLED): CALLING,
    (PLANNED, CANCELLED): CANCELLED,
    (PLANNED, FAILED_SOFT): FAILED_SOFT,
    (PLANNED, FAILED_HARD): FAILED_HARD,
    # The answer to the call, or a report that was faster than the answer.
    (CALLING, UNCERTAIN): UNCERTAIN,
    (CALLING, SENT): SENT,
    (CALLING, FAILED_SOFT): FAILED_SOFT,
    (CALLING, DELIVERED): DELIVERED,
    (CALLING, FAILED_HARD): FAILED_HARD,
    (CALLING, OPENED): OPENED,
    # Reports.
    (UNCERTAIN, SENT): SENT,
    (UNCERTAIN, FAILED_SOFT): FAILED_SOFT,
    (UNCERTAIN, DELIVERED): DELIVERED,
    (UNCERTAIN, FAILED_HARD): FAILED_HARD,
    (UNCERTAIN, OPENED): OPENED,
    (SENT, FAILED_SOFT): FAILED_SOFT,
    (SENT, DELIVERED): DELIVERED,
    (SENT, FAILED_HARD): FAILED_HARD,
    (SENT, OPENED): OPENED,
    (FAILED_SOFT, DELIVERED): DELIVERED,
    (FAILED_SOFT, FAILED_HARD): FAILED_HARD,
    (FAILED_SOFT, OPENED): OPENED,
    (DELIVERED, FAILED_HARD): FAILED_HARD,
    (DELIVERED, OPENED): OPENED,
    (FAILED_HARD, OPENED): OPENED,
}


def after(state: str, event: str) -> str | None:
    """Return the state that ``event`` leads to, None when it changes nothing.

    :param state: one of :data:`STATES`
    :param event: one of :data:`EVENTS`
    :raises ValueError: ``state`` or ``event`` is none
    """
    if state not in STATES:
        raise ValueError(f"{state!r} is no state of an attempt")
    if event not in EVENTS:
        raise ValueError(f"{event!r} is nothing that happens to an attempt")
    return TRANSITIONS.get((state, event))
