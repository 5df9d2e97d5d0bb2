from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import split_every

from ..core import contact

#: Partners that get their contact points between two flushes at installation.
SYNC_BATCH = 1000


class ResPartner(models.Model):
    _inherit = "res.partner"

    billing_customer_number = fields.Char(
        string="Customer Number",
        copy=False,
        help="First part of the customer's KID or OCR numbers. Assigned automatically "
        "with the first one, and fixed from then on.",
    )
    billing_installation_ids = fields.One2many(
        comodel_name="billing.installation",
        inverse_name="partner_id",
        string="Installations",
    )
    billing_contact_point_ids = fields.One2many(
        "billing.contact.point",
        "partner_id",
        string="Contact Points",
        groups="billing_base.group_billing_user",
    )
    billing_event_count = fields.Integer(
        compute="_compute_billing_event_count",
        groups="billing_base.group_billing_user",
    )

    _billing_customer_number_unique = models.UniqueIndex(
        "(billing_customer_number) WHERE billing_customer_number IS NOT NULL",
        "Another customer has this customer number.",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_event_count(self):
        partners = self.commercial_partner_id
        counts = dict(
            self.env["billing.event"]._read_group(
                [("partner_id", "in", partners.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.billing_event_count = counts.get(partner.commercial_partner_id, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("billing_customer_number")
    def _check_billing_customer_number(self):
        for partner in self:
            number = partner.billing_customer_number
            if number and not (number.isascii() and number.isdigit() and int(number)):
                raise ValidationError(
                    self.env._(
                        "«%(number)s» cannot be a customer number. Use digits only, "
                        "and not just zeros.",
                        number=number,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("billing_customer_number"):
                self._check_may_set_customer_number()
            elif "billing_customer_number" in vals:
                vals["billing_customer_number"] = False
        partners = super().create(vals_list)
        partners._billing_sync_contact_points()
        return partners

    def write(self, vals):
        if "billing_customer_number" in vals:
            vals = {
                **vals,
                "billing_customer_number": vals["billing_customer_number"] or False,
            }
            self._check_customer_number_change(vals["billing_customer_number"])
        result = super().write(vals)
        if not vals.keys().isdisjoint(self._billing_contact_fields()):
            self._billing_sync_contact_points()
        return result

    # === ACTIONS === #

    def action_billing_history(self):
        """Open the billing history of the customer."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_base.billing_event_action"
        )
        action["domain"] = [("partner_id", "=", self.commercial_partner_id.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS - CUSTOMER NUMBER === #

    def _billing_get_customer_number(self):
        """Return the customer number of the commercial partner, giving it one first.

        :return: digits without leading zeros, unless set otherwise by hand
        :rtype: str
        """
        self.ensure_one()
        partner_sudo = self.commercial_partner_id.sudo()
        if not partner_sudo.billing_customer_number:
            sequence_sudo = self.env.ref("billing_base.sequence_customer_number").sudo()
            number = sequence_sudo.next_by_id()
            # A manager may have given this number by hand.
            while (
                self.env["res.partner"]
                .sudo()
                .with_context(active_test=False)
                .search_count([("billing_customer_number", "=", number)], limit=1)
            ):
                number = sequence_sudo.next_by_id()
            partner_sudo.billing_customer_number = number
        return partner_sudo.billing_customer_number

    def _check_may_set_customer_number(self):
        if not self.env.su and not self.env.user.has_group(
            "billing_base.group_billing_manager"
        ):
            raise AccessError(
                self.env._("Only billing managers can set customer numbers.")
            )

    def _check_customer_number_change(self, number):
        """Refuse another number where references with the present one are out."""
        changed = self.filtered(
            lambda p: (p.billing_customer_number or False) != number
        )
        if not changed:
            return
        self._check_may_set_customer_number()
        numbered = changed.filtered("billing_customer_number")
        if not numbered:
            return
        used = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("commercial_partner_id", "in", numbered.ids),
                    ("move_type", "=", "out_invoice"),
                    ("payment_reference", "!=", False),
                    ("journal_id.invoice_reference_model", "=", "kvitt"),
                ],
                limit=1,
            )
        )
        if used:
            raise UserError(
                self.env._(
                    "%(customer)s has invoices with customer number %(number)s in "
                    "their reference. The number cannot change any more.",
                    customer=used.commercial_partner_id.display_name,
                    number=used.commercial_partner_id.billing_customer_number,
                )
            )

    # === BUSINESS METHODS - CONTACT POINTS === #

    @api.model
    def _billing_contact_fields(self):
        """Return the fields whose change may change contact points."""
        return {"email", "country_id", *self._phone_get_number_fields()}

    def _billing_contact_addresses(self):
        """Return the addresses on the customer record, as they should be stored.

        Extended by addons with further channels.

        :rtype: list[tuple[str, str]]
        :return: (channel, normalised address)
        """
        self.ensure_one()
        points = self.env["billing.contact.point"]
        values = [("email", self.email)] + [
            ("sms", self[name]) for name in self._phone_get_number_fields()
        ]
        return list(
            dict.fromkeys(
                (channel, address)
                for channel, value in values
                if value
                for address in points._normalise_all(channel, value, self)
            )
        )

    def _billing_sync_contact_points(self):
        """Bring the contact points in step with the addresses on the partners.

        A new address gets a point, one that is gone is archived with what is known
        of it, and one that comes back is the old point again. Points that staff
        added are left alone.

        :return: None
        """
        points_sudo = self.env["billing.contact.point"].sudo()
        existing_sudo = points_sudo.with_context(active_test=False).search(
            [("partner_id", "in", self.ids)]
        )
        existing_by_key = {
            (point.partner_id.id, point.channel, point.address): point
            for point in existing_sudo
        }
        wanted = {
            (partner.id, channel, address)
            for partner in self.sudo()
            for channel, address in partner._billing_contact_addresses()
        }
        back_sudo = points_sudo.concat(
            *(
                point
                for key, point in existing_by_key.items()
                if key in wanted and not point.active
            )
        )
        gone_sudo = points_sudo.concat(
            *(
                point
                for key, point in existing_by_key.items()
                if key not in wanted and point.active and point.source == "partner"
            )
        )
        if back_sudo:
            back_sudo.active = True
        if gone_sudo:
            gone_sudo.active = False
        points_sudo.create(
            [
                {
                    "partner_id": partner_id,
                    "channel": channel,
                    "address": address,
                    "source": "partner",
                }
                for partner_id, channel, address in sorted(
                    wanted - existing_by_key.keys()
                )
            ]
        )

    # === BUSINESS METHODS - MESSAGES === #

    def _billing_senders(self):
        """Return who can carry a message to the customer, by channel.

        A sender is called as ``send(point, template, record, thread)`` with what
        :meth:`_billing_tell` got, and returns whether the message is on its way: an
        addon whose channel has no text for ``template`` returns False, and the next
        contact point is tried. Senders only queue, so that a message goes out when
        what it tells is committed, and not before.

        Extended by addons with further channels.

        :rtype: dict[str, Callable]
        """
        return {"email": self._billing_send_email}

    def _billing_tell(self, template, record, thread=None):
        """Tell the customer something, where it will reach them best.

        The contact points are tried in the order of :func:`core.contact.preferred`;
        those of the commercial partner when a contact has none that works. When nobody
        can be reached, an event says so, once for each message.

        :param template: the ``mail.template`` that says it
        :param record: what it is rendered on, of the template's model
        :param thread: the record with the conversation that the message, and the
            answer to it, belong to; ``record`` when left out
        :return: the contact point that got it, or none
        :rtype: billing.contact.point
        """
        self.ensure_one()
        senders = self._billing_senders()
        for partner in self | self.commercial_partner_id:
            points_sudo = (
                self.env["billing.contact.point"]
                .sudo()
                .search(
                    [
                        ("partner_id", "=", partner.id),
                        ("channel", "in", list(senders)),
                    ]
                )
            )
            for point_sudo in contact.preferred(points_sudo):
                send = senders[point_sudo.channel]
                if send(point_sudo, template, record, thread or record):
                    return point_sudo.sudo(self.env.su)
            if not all(points_sudo.mapped("consent_billing")):
                # Who said no is not told through somebody else either.
                break
        self.env["billing.event"]._log(
            [
                {
                    "kind": "contact.unreachable",
                    "partner_id": self.commercial_partner_id.id,
                    "payload": {"message": template.name},
                    "dedup_key": "contact.unreachable:"
                    f"{template.id}:{record._name}:{record.id}",
                }
            ]
        )
        return self.env["billing.contact.point"]

    def _billing_send_email(self, point, template, record, thread):
        """Put a message to the customer into Odoo's queue of e-mails.

        :return: False when the address is on Odoo's list of those who want no mail
        """
        blacklisted_sudo = (
            self.env["mail.blacklist"]
            .sudo()
            .search_count([("email", "=", point.address)], limit=1)
        )
        if blacklisted_sudo:
            return False
        company = self.env.company
        template.sudo().send_mail(
            record.id,
            force_send=False,
            email_layout_xmlid="billing_base.mail_layout",
            email_values={
                "author_id": company.partner_id.id,
                # This address and no other, whatever the template says.
                "email_to": point.address,
                "email_cc": False,
                "recipient_ids": [],
                # The answer lands where the conversation is.
                "model": thread._name,
                "res_id": thread.id,
                "reply_to": thread._notify_get_reply_to(
                    default=company.email_formatted
                )[thread.id],
            },
        )
        return True

    @api.model
    def _billing_sync_all_contact_points(self):
        """Give all partners their contact points (at installation).

        :return: None
        """
        partners = self.sudo().with_context(active_test=False)
        ids = partners.search(
            ["|", ("email", "!=", False), ("phone", "!=", False)], order="id"
        ).ids
        for batch_ids in split_every(SYNC_BATCH, ids):
            partners.browse(batch_ids)._billing_sync_contact_points()
            self.env.flush_all()
            self.env.invalidate_all()
