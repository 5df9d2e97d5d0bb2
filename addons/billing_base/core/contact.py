"""State of a contact point after what happened on it."""

#: Passing troubles in a row (mailbox full, phone switched off) until a contact
#: point counts as failing. One is noise, three over three sends is a pattern.
SOFT_FAILURES_BEFORE_FAILING = 3

UNVERIFIED = "unverified"
WORKING = "working"
FAILING = "failing"
BLOCKED = "blocked"

#: Channels whose address only the customer knows. The postal address is not among
#: them: a letter is what is left when the others fail.
ELECTRONIC = frozenset({"email", "sms", "ehf", "efaktura", "mailbox"})

#: How well a customer can be reached, from their electronic contact points.
GOOD = "good"
WEAK = "weak"
LOST = "lost"
DECLINED = "declined"
NONE = "none"


def after_success(state: str) -> str:
    """Return the state after a delivery or answer through the contact point.

    A blocked one stays blocked: somebody or a permanent error said no, and a
    late receipt of an earlier message does not take that back.
    """
    return BLOCKED if state == BLOCKED else WORKING


def after_failure(state: str, kind: str, soft_failures: int) -> str:
    """Return the state after a failed try.

    :param state: state before
    :param kind: ``hard`` (the address does not exist or refuses for good) or
        ``soft`` (may work later)
    :param soft_failures: soft failures in a row, this one included
    :raises ValueError: unknown ``kind``
    """
    if kind not in ("hard", "soft"):
        raise ValueError(f"a failure is 'hard' or 'soft', not {kind!r}")
    if state == BLOCKED or kind == "hard":
        return BLOCKED
    if soft_failures >= SOFT_FAILURES_BEFORE_FAILING:
        return FAILING
    return state


def preferred(points):
    """Return those of ``points`` that invoices may go to, the one to try first first.

    What the customer said no to and what is known not to work is left out. An address
    that fails at the moment comes after all others, in whatever order the customer
    would like them.

    :param points: objects with ``state``, ``consent_billing``, ``sequence`` and ``id``
    :rtype: list
    """
    return sorted(
        (point for point in points if point.consent_billing and point.state != BLOCKED),
        key=lambda point: (point.state == FAILING, point.sequence, point.id),
    )


def health(points) -> str:
    """Return how well a customer can be reached other than by letter.

    :param points: objects with ``channel``, ``state`` and ``consent_billing``: the
        contact points of one customer that are in use
    :return: ``GOOD``: something works, or nothing speaks against it; ``WEAK``: all that
        is left fails at the moment; ``LOST``: nothing is left; ``DECLINED``: the
        customer wants no invoices there; ``NONE``: there is no such address
    """
    electronic = [point for point in points if point.channel in ELECTRONIC]
    if not electronic:
        return NONE
    states = {point.state for point in electronic if point.consent_billing}
    if not states:
        return DECLINED
    if states & {UNVERIFIED, WORKING}:
        return GOOD
    return WEAK if FAILING in states else LOST


def needs_another(points) -> bool:
    """Whether the customer should be asked for another address.

    :param points: as for :func:`health`
    """
    return health(points) in (WEAK, LOST)
