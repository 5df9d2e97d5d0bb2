"""How often something may be done on the pages of invoices."""

from dataclasses import dataclass

#: Who a limit counts.
NETWORK = "network"
SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times within so many minutes.

    :param who: :data:`NETWORK`, or :data:`SUBJECT`: the link, customer or user
    :param count: how often, more than 0
    :param minutes: within which, more than 0
    :raises ValueError: anything else
    """

    who: str
    count: int
    minutes: int

    def __post_init__(self):
        if self.who not in (NETWORK, SUBJECT):
            raise ValueError(f"a limit counts no {self.who!r}")
        if self.count <= 0 or self.minutes <= 0:
            raise ValueError("a limit is a number of times within minutes")


#: Customers of one telephone operator, or one firm, may share a network: its limits are
#: for programs, those of the subject for people.
LIMITS = {
    # Any form on the page of an invoice.
    "action": (Limit(SUBJECT, 40, 10), Limit(NETWORK, 400, 10)),
    "upload": (Limit(SUBJECT, 10, 10), Limit(NETWORK, 60, 10)),
    # One-time codes. With five tries to each, ten codes a day let a guesser into one
    # customer of twenty thousand in a day, who must hold a link to each.
    "code_send": (
        Limit(SUBJECT, 3, 10),
        Limit(SUBJECT, 10, 24 * 60),
        Limit(NETWORK, 30, 60),
    ),
    "code_try": (Limit(SUBJECT, 15, 10), Limit(NETWORK, 60, 10)),
    # «Is this invoice real?» needs reference and amount right at once.
    "check": (Limit(NETWORK, 10, 10),),
}


def longest(limits=None) -> int:
    """Return after how many minutes nothing needs to be known of a use any more.

    :param limits: by scope; None = :data:`LIMITS`
    """
    limits = LIMITS if limits is None else limits
    return max(limit.minutes for scope in limits.values() for limit in scope)


def exceeded(limits, counts) -> bool:
    """Whether one of the limits is reached.

    :param limits: of one scope
    :param counts: how often it was done before, one number for each of the limits
    """
    return any(
        count >= limit.count for limit, count in zip(limits, counts, strict=True)
    )
