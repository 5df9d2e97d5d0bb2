"""State of a contact point after what happened on it."""

#: Passing troubles in a row (mailbox full, phone switched off) until a contact
#: point counts as failing. One is noise, three over three sends is a pattern.
SOFT_FAILURES_BEFORE_FAILING = 3

UNVERIFIED = "unverified"
WORKING = "working"
FAILING = "failing"
BLOCKED = "blocked"


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
