from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import split_every

from ..core import address as core_address
from ..core import contact

#: Partners that get their contact points between two flushes at installation.
SYNC_BATCH = 1000
#: Fields that the postal address is made of.
_POSTAL_FIELDS = ("street", "street2", "zip", "city", "state_id", "country_id")
#: Channel → field that holds its address and nothing else.
_PLAIN_FIELDS = {
    "efaktura": "billing_efaktura_address",
    "mailbox": "billing_mailbox_address",
}


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
    billing_efaktura_address = fields.Char(
        string="eFaktura Address",
        copy=False,
        help="Where the customer gets eFaktura in their bank: the identifier that the "
        "eFaktura service answers with.",
    )
    billing_mailbox_address = fields.Char(
        string="Digital Mailbox",
        copy=False,
        help="The customer's address at Digipost, e-Boks or Kivra.",
    )
    billing_contact_health = fields.Selection(
        [
            (contact.GOOD, "Good"),
            (contact.WEAK, "Failing"),
            (contact.LOST, "Nothing Works"),
            (contact.DECLINED, "Wants None"),
            (contact.NONE, "No Address"),
        ],
        string="Reachability",
        compute="_compute_billing_contact_health",
        search="_search_billing_contact_health",
        groups="billing_base.group_billing_user",
        help="How well the customer can be reached other than by letter.",
    )
    billing_contact_needed = fields.Boolean(
        string="Another Address Needed",
        compute="_compute_billing_contact_health",
        search="_search_billing_contact_needed",
        groups="billing_base.group_billing_user",
        help="Every e-mail address and phone number of the customer fails.",
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

    @api.depends(
        "billing_contact_point_ids.active",
        "billing_contact_point_ids.channel",
        "billing_contact_point_ids.consent_billing",
        "billing_contact_point_ids.state",
    )
    def _compute_billing_contact_health(self):
        for partner in self:
            points = partner.billing_contact_point_ids
            partner.billing_contact_health = contact.health(points)
            partner.billing_contact_needed = contact.needs_another(points)

    def _search_billing_contact_health(self, operator, value):
        if operator != "in":
            return NotImplemented
        electronic = Domain("channel", "in", sorted(contact.ELECTRONIC))
        wanted = electronic & Domain("consent_billing", "=", True)
        usable = wanted & Domain("state", "in", (contact.UNVERIFIED, contact.WORKING))
        failing = wanted & Domain("state", "=", contact.FAILING)

        def has(points):
            return Domain("billing_contact_point_ids", "any", points)

        def has_no(points):
            return Domain("billing_contact_point_ids", "not any", points)

        domains = {
            contact.GOOD: has(usable),
            contact.WEAK: has_no(usable) & has(failing),
            contact.LOST: has_no(usable) & has_no(failing) & has(wanted),
            contact.DECLINED: has_no(wanted) & has(electronic),
            contact.NONE: has_no(electronic),
        }
        return Domain.OR(domains[health] for health in value if health in domains)

    def _search_billing_contact_needed(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("billing_contact_health", "in", (contact.WEAK, contact.LOST))
        if set(value) == {True}:
            return domain
        return (
            Domain.FALSE if not value else ~domain if True not in value else Domain.TRUE
        )

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
        return {
            "email",
            *self._phone_get_number_fields(),
            *_POSTAL_FIELDS,
            *_PLAIN_FIELDS.values(),
        }

    def _billing_contact_addresses(self):
        """Return the addresses on the customer record, as they should be stored.

        Extended by addons with further channels.

        :rtype: list[tuple[str, str]]
        :return: (channel, normalised address)
        """
        self.ensure_one()
        points = self.env["billing.contact.point"]
        values = [
            ("email", self.email),
            *(("sms", self[name]) for name in self._phone_get_number_fields()),
            *((channel, self[name]) for channel, name in _PLAIN_FIELDS.items()),
            ("letter", self._billing_postal_address()),
        ]
        return list(
            dict.fromkeys(
                (channel, address)
                for channel, value in values
                if value
                for address in points._normalise_all(channel, value, self)
            )
        )

    def _billing_postal_address(self):
        """Return the postal address in one line, empty when a letter would not arrive.

        :rtype: str
        """
        self.ensure_one()
        if not ((self.street or self.street2) and self.zip and self.city):
            return ""
        return core_address.one_line(
            [
                self.street,
                self.street2,
                f"{self.zip} {self.city}",
                self.state_id.name,
                self.country_id.code,
            ]
        )

    def _billing_replace_address(self, channel, old, new):
        """Put another address where the customer record has ``old``.

        :param str channel: code of the channel
        :param str old: normalised, as its contact point has it
        :param str new: as somebody wrote it
        :return: None
        :raises UserError: the customer record has that address in no field of its own
        """
        self.ensure_one()
        points = self.env["billing.contact.point"]
        names = {
            "email": ["email"],
            "sms": self._phone_get_number_fields(),
            **{channel: [name] for channel, name in _PLAIN_FIELDS.items()},
        }.get(channel, [])
        for name in names:
            addresses = points._normalise_all(channel, self[name], self)
            if old not in addresses:
                continue
            # A field may hold several e-mail addresses; the others stay.
            others = [address for address in addresses if address != old]
            # Billing staff keep the addresses of customers, who may be no contacts of
            # theirs to edit otherwise. Colleagues are another matter: whoever has
            # their e-mail address can have their password reset.
            users_sudo = self.sudo().with_context(active_test=False).user_ids
            is_colleague = any(user._is_internal() for user in users_sudo)
            partner = self if is_colleague else self.sudo()
            partner[name] = ", ".join([new, *others])
            return
        raise UserError(
            self.env._(
                "Change the address of %(customer)s on the customer record.",
                customer=self.display_name,
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

    # === BUSINESS METHODS - ANOTHER ADDRESS === #

    def _billing_ask_for_address(self):
        """Have staff ask for another address where nothing but a letter arrives.

        Leaves a task on each such customer, unless there is one, and an event, at most
        once a day.

        :return: None
        """
        partners_sudo = self.sudo().filtered("billing_contact_needed")
        if not partners_sudo:
            return
        partners_sudo -= partners_sudo._billing_address_tasks().mapped(
            lambda task: partners_sudo.browse(task.res_id)
        )
        events = self.env["billing.event"]._log(
            [
                {
                    "kind": "contact.needed",
                    "partner_id": partner_sudo.commercial_partner_id.id,
                    "company_id": partner_sudo.company_id.id or self.env.company.id,
                    "payload": {"partner_id": partner_sudo.id},
                    "dedup_key": f"contact.needed:{partner_sudo.id}"
                    f":{self.env.company._billing_today().isoformat()}",
                }
                for partner_sudo in partners_sudo
            ]
        )
        asked = {event_sudo.payload["partner_id"] for event_sudo in events.sudo()}
        task_type_sudo = self._billing_address_task_type()
        if not task_type_sudo:
            return
        model_id = self.env["ir.model"]._get_id(self._name)
        # Nobody wants an e-mail for each of a hundred bounces.
        self.env["mail.activity"].sudo().with_context(
            mail_activity_quick_update=True
        ).create(
            [
                {
                    "activity_type_id": task_type_sudo.id,
                    "summary": task_type_sudo.summary,
                    "res_model_id": model_id,
                    "res_id": partner_sudo.id,
                    "date_deadline": self.env.company._billing_today(),
                    "user_id": task_type_sudo.default_user_id.id
                    or partner_sudo.user_id.id,
                }
                for partner_sudo in partners_sudo
                if partner_sudo.id in asked
            ]
        )

    def _billing_close_address_tasks(self):
        """Close the tasks to ask for an address where there is one that may work.

        :return: None
        """
        tasks_sudo = self._billing_address_tasks()
        if not tasks_sudo:
            return
        partners_sudo = self.sudo().browse(tasks_sudo.mapped("res_id"))
        settled_ids = set(
            partners_sudo.filtered(lambda p: not p.billing_contact_needed).ids
        )
        tasks_sudo.filtered(lambda task: task.res_id in settled_ids).action_feedback(
            feedback=self.env._("There is another address to try.")
        )

    def _billing_address_tasks(self):
        """Return the open tasks to ask the customers for another address.

        :return: in superuser mode
        :rtype: mail.activity
        """
        tasks_sudo = self.env["mail.activity"].sudo()
        task_type_sudo = self._billing_address_task_type()
        if not task_type_sudo:
            return tasks_sudo
        return tasks_sudo.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("activity_type_id", "=", task_type_sudo.id),
            ]
        )

    @api.model
    def _billing_address_task_type(self):
        """Return the type of those tasks; none where somebody deleted it."""
        task_type = self.env.ref(
            "billing_base.mail_activity_type_address", raise_if_not_found=False
        )
        return (task_type or self.env["mail.activity.type"]).sudo()

    @api.model
    def _billing_leave_address_tasks(self):
        """Make ordinary to-dos of the tasks, done ones too (at uninstallation).

        :return: None
        """
        task_type_sudo = self._billing_address_task_type()
        if task_type_sudo:
            self.env["mail.activity"].sudo().with_context(active_test=False).search(
                [("activity_type_id", "=", task_type_sudo.id)]
            ).activity_type_id = self.env.ref("mail.mail_activity_data_todo")

    @api.model
    def _billing_sync_all_contact_points(self, names=("email", "phone", "street")):
        """Give all partners their contact points (at installation).

        :param names: fields; who has none of them filled in has no address
        :return: None
        """
        partners = self.sudo().with_context(active_test=False)
        ids = partners.search(
            Domain.OR(Domain(name, "!=", False) for name in names),
            order="id",
        ).ids
        for batch_ids in split_every(SYNC_BATCH, ids):
            partners.browse(batch_ids)._billing_sync_contact_points()
            self.env.flush_all()
            self.env.invalidate_all()
