"""What becomes of a claim: states, and which answer leads from one to the next.

A state tells what is known for sure. Whatever answers come late, twice or in another
order, a claim ends where the last thing that happened leaves it: money that came is
never made undone by an older message that it did not.
"""

PLANNED, BATCHED, DELIVERED, ACCEPTED = "planned", "batched", "delivered", "accepted"
BANK_RETRY = "bank_retry"
PAID, FAILED, REJECTED = "paid", "failed", "rejected"
CANCELLED, REFUNDED = "cancelled", "refunded"

#: The bank knows of it, and nothing is decided.
OUT = (DELIVERED, ACCEPTED, BANK_RETRY)
#: It will be drawn, or may be.
OPEN = (PLANNED, BATCHED, *OUT)
#: Nothing more is expected.
CLOSED = (PAID, FAILED, REJECTED, CANCELLED, REFUNDED)

#: What an answer says → the states it is possible in.
FROM = {
    ACCEPTED: frozenset({DELIVERED}),
    BANK_RETRY: frozenset({DELIVERED, ACCEPTED}),
    # Money may come after everything: a late try of the bank, a cancellation too late.
    PAID: frozenset({*OUT, FAILED, REJECTED, CANCELLED}),
    FAILED: frozenset(OUT),
    REJECTED: frozenset({BATCHED, *OUT}),
    CANCELLED: frozenset(OPEN),
    REFUNDED: frozenset({PAID}),
    # Of a cancellation: the claim stays what it is.
    "cancel_refused": frozenset(OUT),
}
RESULTS = tuple(FROM)


def after(state: str, result: str) -> str | None:
    """Return the state an answer leads to; None when it is not possible in ``state``.

    :param state: of the claim
    :param result: one of :data:`RESULTS`
    :raises ValueError: there is no such answer
    """
    if result not in FROM:
        raise ValueError(f"{result!r} is not one of {RESULTS}")
    if state not in FROM[result]:
        return None
    return state if result == "cancel_refused" else result
