"""Tickets: what lets an open page hear that its invoice changed, and nothing else.

A page gets its ticket with its HTML, from a server that has checked who may see the
invoice. The ticket says for whom it was made and until when it is good, in words, and
is signed; so it needs no table, and the look-up of what stands behind it begins with an
id that somebody proved to have been given. It opens no page: all that comes of it is
the word «changed», and that its bearer is here.
"""

import hmac
import re
from dataclasses import dataclass

from odoo.addons.billing_base.core import token as core_token

#: What the signature is for, among all that the database's secret is used for.
SCOPE = "billing.page"
#: Seconds for which a ticket is good. An open page gets a new one each time it asks
#: what changed.
SECONDS = 24 * 3600

LINK = "link"
PORTAL = "portal"
STAFF = "staff"
KINDS = (LINK, PORTAL, STAFF)

#: Ids are of PostgreSQL's integer type.
_MAX_ID = 2**31 - 1
_TICKET = re.compile(
    r"([1-9][0-9]{0,9})\.(link|portal|staff)\.(0|[1-9][0-9]{0,9})\.([0-9]{1,12})"
    r"\.([A-Za-z0-9_-]{22})",
    re.ASCII,
)


@dataclass(frozen=True)
class Ticket:
    """Who may hear of which invoice, and until when.

    :ivar move_id: id of the invoice
    :ivar kind: one of :data:`KINDS`: came by link, signed in as the customer, staff
    :ivar ident: id of the personal link (0: by Odoo's own token), else of the user
    :ivar expires: seconds since 1970, UTC
    """

    move_id: int
    kind: str
    ident: int
    expires: int

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"no kind of visitor: {self.kind!r}")
        if not 0 < self.move_id <= _MAX_ID or not 0 <= self.ident <= _MAX_ID:
            raise ValueError("an id is out of range")
        if self.kind != LINK and not self.ident:
            raise ValueError("who is signed in is a user")

    @property
    def text(self) -> str:
        return f"{self.move_id}.{self.kind}.{self.ident}.{self.expires}"


def issue(secret: str, ticket: Ticket) -> str:
    """Return the text of a ticket, signed.

    :param secret: what only the server knows
    :raises ValueError: empty secret
    """
    return f"{ticket.text}.{core_token.derive(secret, SCOPE, ticket.text)}"


def read(secret: str, value: object, now: int) -> Ticket | None:
    """Return the ticket that ``value`` is, or None when it is none or is too old.

    :param secret: what only the server knows
    :param value: as somebody sent it
    :param now: seconds since 1970, UTC
    """
    match = _TICKET.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    text, signature = value.rpartition(".")[::2]
    if not hmac.compare_digest(core_token.derive(secret, SCOPE, text), signature):
        return None
    move_id, kind, ident, expires = match.groups()[:4]
    if int(expires) <= now:
        return None
    try:
        return Ticket(int(move_id), kind, int(ident), int(expires))
    except ValueError:
        return None
