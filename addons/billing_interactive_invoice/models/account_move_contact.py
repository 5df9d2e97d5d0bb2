from odoo import models
from odoo.exceptions import UserError

from odoo.addons.billing_base.core import contact
from odoo.addons.billing_base.models.billing_contact_point import DEFAULT_SEQUENCE

from ..core import one_time_code
from ..core.section import Section
from ..core.visitor_rights import CONTACT
from .billing_page_code import ADDRESS, IDENTITY

#: Place in the order of preference of what the customer chose, before all others.
CHOSEN = 1
#: Channels whose addresses customers can change by themselves, with the form's words.
CHANGEABLE = ("email", "sms")
CONSENTS = ("consent_billing", "consent_marketing", "consent_tracking")
#: Channels on which we could see whether a message was opened.
TRACKED = ("email",)


class AccountMove(models.Model):
    """How the customer of an invoice is reached, and changes it on the page."""

    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: how we reach the customer."""
        sections = super()._billing_page_sections(visitor)
        values = {"known": visitor.may(CONTACT)}
        if values["known"]:
            values |= self._billing_contact_values(visitor)
        sections.append(
            Section(
                "contact",
                "billing_interactive_invoice.page_contact",
                values,
                sequence=85,
            )
        )
        return sections

    # === BUSINESS METHODS - CONTACT POINTS === #

    def _billing_contact_points(self):
        """Return the contact points of who gets the invoice, the first one first.

        Those of the customer's other contacts are none of this page's business.

        :return: in superuser mode
        :rtype: billing.contact.point
        """
        self.ensure_one()
        partners_sudo = self.sudo().partner_id | self.sudo().commercial_partner_id
        points_sudo = (
            self.env["billing.contact.point"]
            .sudo()
            .search([("partner_id", "in", partners_sudo.ids)])
        )
        return points_sudo.sorted(
            lambda point: (
                point.partner_id != self.partner_id,
                point.sequence,
                point.id,
            )
        )

    def _billing_code_points(self):
        """Return the contact points that a code can go to, what works first.

        Also those that want no invoices: it is the customer who asks for the code.

        :return: in superuser mode
        :rtype: billing.contact.point
        """
        senders = self.sudo().partner_id._billing_senders()
        return (
            self._billing_contact_points()
            .filtered(
                lambda point: (
                    point.channel in senders and point.state != contact.BLOCKED
                )
            )
            .sorted(lambda point: point.state == contact.FAILING)
        )

    def _billing_contact_values(self, visitor):
        """Return what the section shows whoever is known to be the customer."""
        labels = self.env["billing.event"]._get_channel_labels()
        points_sudo = self._billing_contact_points()
        usable = contact.preferred(points_sudo)
        waiting_sudo = self.env["billing.page.code"]._find_waiting(
            self, ADDRESS, self._billing_contact_binding(visitor)
        )
        senders = self.partner_id._billing_senders()
        words = {
            "email": [
                self.env._("Change your e-mail address"),
                self.env._("Add an e-mail address"),
                self.env._("New e-mail address"),
                "email",
            ],
            "sms": [
                self.env._("Change your mobile number"),
                self.env._("Add a mobile number"),
                self.env._("New mobile number"),
                "tel",
            ],
        }
        changes = []
        for channel in CHANGEABLE:
            if channel not in senders:
                continue
            own_sudo = points_sudo.filtered(
                lambda point, channel=channel: point.channel == channel
            )
            change, add, label, kind = words[channel]
            changes.append(
                {
                    "channel": channel,
                    "title": change if own_sudo else add,
                    "label": label,
                    "type": kind,
                    "points": [(point.id, point.address) for point in own_sudo],
                }
            )
        return {
            "points": [
                {
                    "id": point.id,
                    "label": labels.get(point.channel, point.channel),
                    "address": point.address,
                    "first": bool(usable) and usable[0] == point,
                    "usable": point in usable,
                    "fails": point.state in (contact.FAILING, contact.BLOCKED),
                    "consents": {
                        name: point[name] for name in _asked_consents(point.channel)
                    },
                }
                for point in points_sudo
            ],
            "changes": changes,
            "waiting": waiting_sudo
            and {
                "address": waiting_sudo.address,
                "label": labels.get(waiting_sudo.channel),
            },
        }

    # === BUSINESS METHODS - WHO IT IS === #

    def _billing_prove_send(self, point_id, binding):
        """Send a code that proves that whoever asks for it is the customer.

        :param int point_id: where to send it, of :meth:`_billing_code_points`
        :param str binding: of the browser session
        :return: None
        :raises UserError: it is none of them, or nothing can be sent
        """
        point_sudo = self._billing_code_points().filtered(lambda p: p.id == point_id)
        if not point_sudo or not self.env["billing.page.code"]._send(
            self, IDENTITY, binding, point_sudo.channel, point_sudo
        ):
            raise UserError(
                self.env._("We could not send a code there. Please try another way.")
            )

    def _billing_prove_try(self, binding, typed):
        """Check a code that proves that whoever gives it is the customer.

        :param str binding: of the browser session
        :param str typed: the code
        :return: None
        :raises UserError: it does not
        """
        codes = self.env["billing.page.code"]
        tried = codes._try(self, IDENTITY, binding, typed)
        if tried.verdict != one_time_code.RIGHT:
            raise UserError(codes._sentence(tried))
        self.env["billing.event"]._log(
            [
                {
                    "kind": "contact.proved",
                    "move_id": self.id,
                    "actor": "customer",
                    "channel": tried.code_sudo.channel,
                    "dedup_key": f"contact.proved:{tried.code_sudo.id}",
                }
            ]
        )

    # === BUSINESS METHODS - CHANGES === #

    def _billing_contact_ask(self, visitor, channel, point_id, typed):
        """Send a code to an address that the customer would like to be reached at.

        :param core.visitor_rights.Visitor visitor: who asks; may change contact points
        :param str channel: ``email`` or ``sms``
        :param int point_id: the contact point it replaces; None = none
        :param str typed: the address as the customer wrote it
        :return: what the customer is told
        :rtype: str
        :raises UserError: the address is none, or in use, or no code can be sent
        """
        senders = self.partner_id._billing_senders()
        points_sudo = self._billing_contact_points().filtered(
            lambda point: point.channel == channel
        )
        old_sudo = points_sudo.filtered(lambda point: point.id == point_id)
        if (
            channel not in CHANGEABLE
            or channel not in senders
            or (point_id and not old_sudo)
        ):
            raise UserError(self.env._("This cannot be changed here."))
        address = points_sudo._normalise_or_raise(
            channel, typed.strip() if isinstance(typed, str) else "", self.partner_id
        )
        if address in points_sudo.mapped("address"):
            raise UserError(self.env._("That is an address we have already."))
        self._billing_check_contact_owner(old_sudo.partner_id or self.partner_id)
        if not self.env["billing.page.code"]._send(
            self,
            ADDRESS,
            self._billing_contact_binding(visitor),
            channel,
            old_sudo,
            address=address,
        ):
            raise UserError(self.env._("We could not send a code there."))
        # No sentence names the address: it is told by the page's address for a while.
        return self.env._(
            "We have sent a code to the new address. Type it in below within ten "
            "minutes; nothing changes before."
        )

    def _billing_contact_verify(self, visitor, typed):
        """Use the address whose code the customer gives, from now on.

        :param core.visitor_rights.Visitor visitor: who gives it
        :param str typed: the code
        :return: what the customer is told
        :rtype: str
        :raises UserError: the code is not the right one
        """
        codes = self.env["billing.page.code"]
        tried = codes._try(self, ADDRESS, self._billing_contact_binding(visitor), typed)
        if tried.verdict != one_time_code.RIGHT:
            raise UserError(codes._sentence(tried))
        code_sudo = tried.code_sudo
        old_sudo = code_sudo.point_id.filtered("active")
        self._billing_check_contact_owner(old_sudo.partner_id or self.partner_id)
        if old_sudo:
            if old_sudo.address != code_sudo.address:
                # Whoever reads there must hear of it, in case it was not the customer.
                code_sudo._carry(
                    old_sudo,
                    self.env.ref(
                        "billing_interactive_invoice.mail_template_address_changed"
                    ),
                )
                new_sudo = old_sudo._replace(code_sudo.address, actor="customer")
            else:
                new_sudo = old_sudo
        else:
            new_sudo = self._billing_contact_add(code_sudo.channel, code_sudo.address)
        new_sudo._record_success()
        self.env["billing.event"]._log(
            [
                {
                    "kind": "contact.verified",
                    "move_id": self.id,
                    "actor": "customer",
                    "channel": new_sudo.channel,
                    "payload": {"address": new_sudo.address},
                    "dedup_key": f"contact.verified:{code_sudo.id}",
                }
            ]
        )
        return self.env._("Thank you. From now on we use the new address.")

    def _billing_contact_add(self, channel, address):
        """Return a contact point for an address on a channel that had none like it."""
        partner_sudo = self.sudo().partner_id
        points_sudo = self.env["billing.contact.point"].sudo()
        names = {"email": ["email"], "sms": partner_sudo._phone_get_number_fields()}
        empty = [name for name in names[channel] if not partner_sudo[name]]
        domain = [
            ("partner_id", "=", partner_sudo.id),
            ("channel", "=", channel),
            ("address", "=", address),
        ]
        if empty:
            # On the customer record, where everybody else looks for it.
            partner_sudo[empty[0]] = address
        point_sudo = points_sudo.with_context(active_test=False).search(domain)
        if not point_sudo:
            return points_sudo.create(
                {
                    "partner_id": partner_sudo.id,
                    "channel": channel,
                    "address": address,
                }
            )
        point_sudo.active = True
        point_sudo._unblock()
        point_sudo.consent_billing = True
        return points_sudo.browse(point_sudo.id)

    def _billing_contact_prefer(self, visitor, point_id):
        """Reach the customer at one of the contact points before all others.

        :param core.visitor_rights.Visitor visitor: who wishes so
        :param int point_id: the contact point
        :return: what the customer is told
        :rtype: str
        :raises UserError: there is no such contact point, or it does not work
        """
        points_sudo = self._billing_contact_points()
        chosen_sudo = points_sudo.filtered(lambda point: point.id == point_id)
        if not chosen_sudo or chosen_sudo not in contact.preferred(points_sudo):
            raise UserError(self.env._("Please choose one of the ways that work."))
        for point in points_sudo:
            if point.sequence <= CHOSEN:
                point.sequence = DEFAULT_SEQUENCE.get(point.channel, 50)
        chosen_sudo.sequence = CHOSEN
        customer_sudo = self.sudo().commercial_partner_id.with_company(self.company_id)
        methods = dict(
            customer_sudo._fields["invoice_sending_method"]._description_selection(
                self.env
            )
        )
        customer_sudo.invoice_sending_method = (
            chosen_sudo.channel if chosen_sudo.channel in methods else False
        )
        self._billing_contact_log("contact.preferred", channel=chosen_sudo.channel)
        label = self.env["billing.event"]._get_channel_labels()[chosen_sudo.channel]
        return self.env._(
            "Thank you. We reach you first by %(channel)s.", channel=label
        )

    def _billing_contact_consent(self, visitor, shown, wanted):
        """Keep to what the customer agreed may be sent where.

        :param core.visitor_rights.Visitor visitor: who agreed
        :param shown: ids of the contact points that the form was about
        :param wanted: pairs of an id and a field of :data:`CONSENTS` that were ticked
        :return: what the customer is told
        :rtype: str
        """
        changes = []
        for point_sudo in self._billing_contact_points():
            if point_sudo.id not in shown:
                continue
            values = {
                name: (point_sudo.id, name) in wanted
                for name in _asked_consents(point_sudo.channel)
            }
            changed = {
                name: value
                for name, value in values.items()
                if point_sudo[name] != value
            }
            if changed:
                point_sudo.write(changed)
                changes.append({"contact_point_id": point_sudo.id, **changed})
        if changes:
            # Consent has to be proved: what was said, when, about which address.
            self._billing_contact_log("contact.consent", payload={"changes": changes})
        return self.env._("Thank you. We keep to that.")

    # === HELPERS === #

    def _billing_contact_binding(self, visitor):
        return self.env["billing.page.code"]._bind(f"visitor:{visitor.key}")

    def _billing_check_contact_owner(self, partner):
        """Refuse where the address is an employee's, who signs in to Odoo with it."""
        users_sudo = partner.sudo().with_context(active_test=False).user_ids
        if any(user._is_internal() for user in users_sudo):
            raise UserError(
                self.env._("This address is an employee's: it is changed in Odoo.")
            )

    def _billing_contact_log(self, kind, **values):
        self.env["billing.event"]._log(
            [{"kind": kind, "move_id": self.id, "actor": "customer", **values}]
        )


def _asked_consents(channel):
    """Return the fields of the consents that are asked for on a channel."""
    return CONSENTS if channel in TRACKED else CONSENTS[:2]
