"""Who looks at the page of an invoice, and what they may do there."""

from dataclasses import dataclass
from datetime import datetime

#: Came by the personal link of a message, or an address that Odoo itself gave out.
LINK = "link"
#: Signed in, and it is their own invoice.
PORTAL = "portal"
#: An employee, who sees what the customer sees and touches nothing.
STAFF = "staff"

SEE = "see"
PAY = "pay"
CHAT = "chat"
SELF_SERVICE = "self_service"
CONTACT = "contact"
OTHER_INVOICES = "other_invoices"
DIRECT_DEBIT = "direct_debit"

RIGHTS = frozenset(
    {SEE, PAY, CHAT, SELF_SERVICE, CONTACT, OTHER_INVOICES, DIRECT_DEBIT}
)
#: What a link opens by itself: no more than the paper invoice would, in the hands of
#: whoever finds it.
_BY_LINK = frozenset({SEE, PAY, CHAT, SELF_SERVICE})
#: What only the customer themselves does, and not the company above them.
_OWN = frozenset({DIRECT_DEBIT})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the page of one invoice.

    :param kind: :data:`LINK`, :data:`PORTAL` or :data:`STAFF`
    :param link_id: id of the ``billing.link`` they came by; None when by none
    :param partner_id: id of the customer's record they stand for; for staff, of the
        customer whose page they look at
    :param user_id: id of the user who is signed in; None when nobody is
    :param elevated_until: naive UTC until which a one-time code proved that they are
        the customer; None when none did, or no longer
    :param is_own: False when who is signed in is the company above the customer
    """

    kind: str
    link_id: int | None = None
    partner_id: int | None = None
    user_id: int | None = None
    elevated_until: datetime | None = None
    is_own: bool = True

    def __post_init__(self):
        if self.kind not in (LINK, PORTAL, STAFF):
            raise ValueError(f"{self.kind!r} is no kind of visitor")

    @property
    def is_customer(self) -> bool:
        """Whether it is the customer, or somebody the customer gave the link to."""
        return self.kind != STAFF

    @property
    def is_known(self) -> bool:
        """Whether it is certain to be the customer."""
        return self.kind == PORTAL or self.elevated_until is not None

    def rights(self) -> frozenset[str]:
        """Return all that the visitor may do, of :data:`RIGHTS`."""
        if self.kind == STAFF:
            return frozenset({SEE})
        if not self.is_known:
            return _BY_LINK
        return RIGHTS if self.is_own else RIGHTS - _OWN

    def may(self, right: str) -> bool:
        """Whether the visitor may do ``right``.

        :param right: one of :data:`RIGHTS`
        :raises ValueError: there is no such right
        """
        if right not in RIGHTS:
            raise ValueError(f"{right!r} is no right")
        return right in self.rights()

    def can_step_up(self, right: str) -> bool:
        """Whether signing in or a one-time code would let the visitor do ``right``."""
        return not self.may(right) and self.kind == LINK

    @property
    def key(self) -> str:
        """Stands for the visitor among all readers of the invoice.

        The same on each visit by the same link or the same user.
        """
        if self.user_id and self.kind != LINK:
            return f"user:{self.user_id}"
        if self.link_id:
            return f"link:{self.link_id}"
        return f"partner:{self.partner_id or 0}"
