from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, email_normalize_all

from ..core import address as core_address
from ..core import contact, event_text

#: Channel → place in the order of preference when nobody chose one.
DEFAULT_SEQUENCE = {
    # Who has these asked for them.
    "ehf": 4,
    "efaktura": 5,
    "mailbox": 8,
    "email": 10,
    "sms": 20,
    # Slow and dear.
    "letter": 90,
}


class BillingContactPoint(models.Model):
    """One address of one customer on one channel, and how well it works.

    Filled from the partner and kept in step with it. ``state`` changes through the
    named methods only: :meth:`_record_success`, :meth:`_record_failure`,
    :meth:`_block` and :meth:`_unblock`.

    An addon with another channel adds it to ``channel`` and extends
    :meth:`_normalise` and, if the address comes from the partner,
    ``res.partner._billing_contact_addresses``.
    """

    _name = "billing.contact.point"
    _description = "Contact Point"
    _order = "partner_id, sequence, id"
    _rec_name = "address"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="partner_id.company_id", store=True)
    channel = fields.Selection(
        [
            ("email", "E-mail"),
            ("sms", "SMS"),
            ("letter", "Letter"),
            ("ehf", "EHF"),
            ("efaktura", "eFaktura"),
            ("mailbox", "Digital Mailbox"),
        ],
        required=True,
    )
    address = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        string="Preference", default=50, help="The lowest number is tried first."
    )
    source = fields.Selection(
        [("partner", "Customer Record"), ("manual", "Added by Hand")],
        required=True,
        default="manual",
        readonly=True,
    )

    # How well it works
    state = fields.Selection(
        [
            (contact.UNVERIFIED, "Not Tried"),
            (contact.WORKING, "Working"),
            (contact.FAILING, "Failing"),
            (contact.BLOCKED, "Blocked"),
        ],
        required=True,
        default=contact.UNVERIFIED,
        readonly=True,
        copy=False,
    )
    last_success_at = fields.Datetime(string="Last Success", readonly=True, copy=False)
    last_failure_at = fields.Datetime(string="Last Failure", readonly=True, copy=False)
    failure_reason = fields.Char(readonly=True, copy=False)
    soft_failure_count = fields.Integer(
        string="Failures in a Row", readonly=True, copy=False
    )

    suggestion = fields.Char(
        string="Probably Meant",
        compute="_compute_suggestion",
        help="The address looks mistyped. This is what was probably meant.",
    )

    # What the customer agreed to
    consent_billing = fields.Boolean(
        string="Invoices",
        default=True,
        help="Invoices and reminders may be sent here.",
    )
    consent_marketing = fields.Boolean(
        string="Offers", help="The customer agreed to offers and tips here."
    )
    consent_tracking = fields.Boolean(
        string="Read Tracking",
        help="The customer agreed that we see whether a message was opened.",
    )

    _partner_channel_address_unique = models.Constraint(
        "UNIQUE(partner_id, channel, address)",
        "The customer has this contact point already.",
    )
    _address_idx = models.Index("(channel, address)")

    # === COMPUTE METHODS === #

    @api.depends("channel", "address")
    def _compute_display_name(self):
        channels = dict(self._fields["channel"]._description_selection(self.env))
        for point in self:
            point.display_name = f"{channels.get(point.channel)}: {point.address}"

    @api.depends("channel", "address", "state")
    def _compute_suggestion(self):
        for point in self:
            point.suggestion = (
                point.channel == "email"
                and point.state in (contact.FAILING, contact.BLOCKED)
                and core_address.suggest_email(point.address or "")
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        partners = self.env["res.partner"].browse(
            [vals["partner_id"] for vals in vals_list if vals.get("partner_id")]
        )
        partners_by_id = {partner.id: partner for partner in partners}
        for vals in vals_list:
            partner = partners_by_id.get(vals.get("partner_id"), partners.browse())
            vals["address"] = self._normalise_or_raise(
                vals.get("channel"), vals.get("address"), partner
            )
            vals.setdefault("sequence", DEFAULT_SEQUENCE.get(vals.get("channel"), 50))
        points = super().create(vals_list)
        points.partner_id._billing_close_address_tasks()
        return points

    def write(self, vals):
        """Normalise the address; another address has not been tried yet."""
        if "address" not in vals and "channel" not in vals:
            result = super().write(vals)
            if vals.get("active") or vals.get("state") in (
                contact.UNVERIFIED,
                contact.WORKING,
            ):
                self.partner_id._billing_close_address_tasks()
            return result
        for point in self:
            channel = vals.get("channel", point.channel)
            address = self._normalise_or_raise(
                channel, vals.get("address", point.address), point.partner_id
            )
            own_vals = {**vals, "address": address}
            if address != point.address or channel != point.channel:
                own_vals.update(
                    state=contact.UNVERIFIED,
                    soft_failure_count=0,
                    failure_reason=False,
                    last_success_at=False,
                    last_failure_at=False,
                )
            super(BillingContactPoint, point).write(own_vals)
        self.partner_id._billing_close_address_tasks()
        return True

    # === BUSINESS METHODS - OUTCOMES === #

    def _record_success(self, at=None):
        """Note that something was delivered through, or answered from, the points.

        :param datetime at: when (UTC); None = now
        :return: None
        """
        at = at or fields.Datetime.now()
        groups = defaultdict(self.browse)
        for point in self:
            groups[contact.after_success(point.state)] |= point
        for state, points in groups.items():
            recovered = points.filtered(
                lambda p, state=state: p.state == contact.FAILING and p.state != state
            )
            vals = {"last_success_at": at, "soft_failure_count": 0}
            if state != contact.BLOCKED:
                vals.update(state=state, failure_reason=False)
            points.sudo().write(vals)
            recovered._log_state("contact.working")

    def _record_failure(self, kind, reason, at=None):
        """Note that a try through the points failed.

        A hard failure blocks at once; soft ones make a point failing after
        ``core.contact.SOFT_FAILURES_BEFORE_FAILING`` in a row.

        :param str kind: ``hard`` or ``soft``
        :param str reason: what the gateway said, for staff
        :param datetime at: when (UTC); None = now
        :return: None
        :raises ValueError: unknown ``kind``
        """
        at = at or fields.Datetime.now()
        reason = event_text.clean(reason)
        groups = defaultdict(self.browse)
        troubled = self.browse()
        for point in self:
            count = point.soft_failure_count + (kind == "soft")
            state = contact.after_failure(point.state, kind, count)
            groups[state, count] |= point
        for (state, count), points in groups.items():
            changed = points.filtered(lambda p, state=state: p.state != state)
            points.sudo().write(
                {
                    "state": state,
                    "soft_failure_count": count,
                    "last_failure_at": at,
                    "failure_reason": reason,
                }
            )
            if state in (contact.FAILING, contact.BLOCKED):
                changed._log_state(f"contact.{state}")
                troubled |= changed
        troubled.partner_id._billing_ask_for_address()

    def _block(self, reason):
        """Stop using the points: a complaint, or the customer said no.

        :param str reason: for staff
        :return: None
        """
        todo = self.filtered(lambda point: point.state != contact.BLOCKED)
        todo.sudo().write(
            {
                "state": contact.BLOCKED,
                "failure_reason": event_text.clean(reason),
                "last_failure_at": fields.Datetime.now(),
            }
        )
        todo._log_state("contact.blocked")
        todo.partner_id._billing_ask_for_address()

    def _unblock(self):
        """Let blocked or failing points be tried again.

        :return: None
        """
        todo = self.filtered(
            lambda point: point.state in (contact.BLOCKED, contact.FAILING)
        )
        todo.sudo().write(
            {
                "state": contact.UNVERIFIED,
                "failure_reason": False,
                "soft_failure_count": 0,
            }
        )

    def _replace(self, address, actor="staff"):
        """Use another address instead of this one, which is kept with its story.

        Where the address is on the customer record, it is changed there. The same
        address again means that it is right after all, and is tried again.

        :param str address: as somebody wrote it
        :param str actor: who did, ``staff`` or ``customer``
        :return: the contact point with the new address
        :rtype: billing.contact.point
        :raises ValidationError: ``address`` is not one of the channel
        """
        self.ensure_one()
        partner = self.partner_id
        new_address = self._normalise_or_raise(self.channel, address, partner)
        if new_address == self.address:
            self._unblock()
            return self
        if self.source == "partner":
            partner._billing_replace_address(self.channel, self.address, address)
        else:
            self.active = False
        points = self.with_context(active_test=False)
        new = points.search(
            [
                ("partner_id", "=", partner.id),
                ("channel", "=", self.channel),
                ("address", "=", new_address),
            ]
        ) or points.create(
            {
                "partner_id": partner.id,
                "channel": self.channel,
                "address": new_address,
                "sequence": self.sequence,
            }
        )
        new.active = True
        # Somebody just confirmed it, whatever was known of it before.
        new._unblock()
        new.write(
            {"consent_billing": True, "consent_marketing": self.consent_marketing}
        )
        self.env["billing.event"]._log(
            [
                {
                    "kind": "contact.replaced",
                    "partner_id": partner.commercial_partner_id.id,
                    "company_id": self.company_id.id or self.env.company.id,
                    "channel": self.channel,
                    "actor": actor,
                    "payload": {"old": self.address, "new": new_address},
                }
            ]
        )
        return self.browse(new.id)

    # === ACTIONS === #

    def action_fix(self):
        """Open the form that replaces an address (button)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_base.billing_contact_fix_wizard_action"
        )
        action["context"] = {"default_point_id": self.id}
        return action

    def action_use_suggestion(self):
        """Replace the addresses by what was probably meant (button)."""
        self.check_access("write")
        for point in self.filtered("suggestion"):
            point._replace(point.suggestion)

    def action_block(self):
        """Block the contact points (button)."""
        self.check_access("write")
        self._block(self.env._("Blocked by %(user)s", user=self.env.user.name))

    def action_unblock(self):
        """Let the contact points be tried again (button)."""
        self.check_access("write")
        self._unblock()

    # === HELPERS === #

    @api.model
    def _normalise(self, channel, address, partner):
        """Return ``address`` in the one form it is stored in, or False.

        :param str channel: code of the channel
        :param str address: as somebody wrote it
        :param partner: whose it is; the country decides on phone numbers
        """
        if not address:
            return False
        if channel == "email":
            return email_normalize(address)
        if channel == "sms":
            return partner._phone_format(number=address, force_format="E164")
        if channel == "ehf":
            return core_address.peppol(address)
        if channel == "letter":
            return core_address.one_line([address])
        return core_address.compact(address)

    @api.model
    def _normalise_all(self, channel, value, partner):
        """Return the addresses in ``value``: an e-mail field may hold several."""
        if channel == "email":
            return list(dict.fromkeys(email_normalize_all(value or "")))
        address = self._normalise(channel, value, partner)
        return [address] if address else []

    def _normalise_or_raise(self, channel, address, partner):
        normalised = self._normalise(channel, address, partner)
        if not normalised:
            raise ValidationError(
                self.env._(
                    "«%(address)s» is not a valid address for %(channel)s.",
                    address=address or "",
                    channel=dict(
                        self._fields["channel"]._description_selection(self.env)
                    ).get(channel, channel),
                )
            )
        return normalised

    def _log_state(self, kind):
        """Leave an event of ``kind`` for each of the points."""
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "partner_id": point.partner_id.commercial_partner_id.id,
                    "company_id": point.company_id.id,
                    "channel": point.channel,
                    "payload": {
                        "contact_point_id": point.id,
                        "address": point.address,
                        "reason": point.failure_reason or "",
                    },
                }
                for point in self.sudo()
            ]
        )
