from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.billing_base.core import event_text

from .billing_dunning_step import KINDS

#: States in which a reminder has not gone out and may still.
PENDING = ("prepared", "approved", "failed")


class BillingReminder(models.Model):
    """One letter or message to one customer about one or several claims.

    The planner prepares it; it goes out once it is approved, after everything was
    looked at once more. ``key`` keeps two runs from preparing the same one.
    """

    _name = "billing.reminder"
    _description = "Reminder"
    _order = "day desc, id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Addressed To",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    commercial_partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    kind = fields.Selection(KINDS[:-1], required=True, readonly=True)
    day = fields.Date(
        required=True,
        readonly=True,
        help="For which it was prepared; on which it was sent, once it was.",
    )
    deadline = fields.Date(
        readonly=True, help="Last day to pay that the reminder gives."
    )
    state = fields.Selection(
        [
            ("prepared", "To Approve"),
            ("approved", "Approved"),
            ("sent", "Sent"),
            ("failed", "Could not be sent"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="prepared",
        index=True,
    )
    policy_id = fields.Many2one(
        "billing.dunning.policy", readonly=True, index=True, ondelete="restrict"
    )
    step_id = fields.Many2one(
        "billing.dunning.step", readonly=True, index=True, ondelete="set null"
    )
    channel = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("letter", "Letter")],
        readonly=True,
        help="Empty: where the customer prefers to be reached.",
    )
    contact_point_id = fields.Many2one(
        "billing.contact.point", readonly=True, ondelete="set null"
    )
    pdf_attachment_id = fields.Many2one(
        "ir.attachment", string="PDF", readonly=True, ondelete="set null"
    )
    line_ids = fields.One2many(
        "billing.reminder.line", "reminder_id", string="Claims", readonly=True
    )
    total = fields.Monetary(compute="_compute_total", store=True)
    charged = fields.Monetary(
        string="Fees and Interest", compute="_compute_total", store=True
    )
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_at = fields.Datetime(readonly=True)
    cancel_reason = fields.Char(readonly=True)
    key = fields.Char(required=True, readonly=True)

    _key_unique = models.UniqueIndex(
        "(key) WHERE state <> 'cancelled'", "This reminder is prepared already."
    )
    _to_send_idx = models.Index("(company_id, id) WHERE state = 'approved'")

    # === COMPUTE METHODS === #

    @api.depends(
        "line_ids.principal",
        "line_ids.fee_amount",
        "line_ids.compensation_amount",
        "line_ids.interest_amount",
    )
    def _compute_total(self):
        for reminder in self:
            lines = reminder.line_ids
            reminder.charged = (
                sum(lines.mapped("fee_amount"))
                + sum(lines.mapped("compensation_amount"))
                + sum(lines.mapped("interest_amount"))
            )
            reminder.total = sum(lines.mapped("principal")) + reminder.charged

    @api.depends("kind", "commercial_partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for reminder in self:
            reminder.display_name = self.env._(
                "%(kind)s to %(customer)s",
                kind=kinds.get(reminder.kind, ""),
                customer=reminder.commercial_partner_id.display_name or "",
            )

    # === ACTIONS === #

    def action_approve(self):
        """Let the reminders go out (button for billing staff)."""
        self._check_staff()
        todo = self.filtered(lambda reminder: reminder.state == "prepared")
        todo.sudo().write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
            }
        )
        if todo:
            self.env.ref("billing_fee_policy.ir_cron_reminder_send").sudo()._trigger()

    def action_retry(self):
        """Try those again that could not be sent (button for billing staff)."""
        self._check_staff()
        todo = self.filtered(lambda reminder: reminder.state == "failed")
        todo.sudo().write({"state": "approved"})
        if todo:
            self.env.ref("billing_fee_policy.ir_cron_reminder_send").sudo()._trigger()

    def action_cancel(self):
        """Do not send the reminders (button for billing staff)."""
        self._check_staff()
        self._billing_cancel(
            self.env._("Cancelled by %(user)s", user=self.env.user.name)
        )

    def action_invoices(self):
        """Open the invoices that the reminder is about."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        action["domain"] = [("id", "in", self.line_ids.move_id.ids)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    def _billing_cancel(self, reason):
        """Cancel those of the reminders that did not go out, with an event each.

        A claim of a cancelled reminder is planned anew when its turn comes again.

        :param str reason: for staff
        :return: those that were cancelled
        :rtype: billing.reminder
        """
        todo_sudo = self.sudo().filtered(lambda reminder: reminder.state in PENDING)
        todo_sudo.line_ids.waiver_ids._release()
        todo_sudo.write({"state": "cancelled", "cancel_reason": reason})
        todo_sudo.line_ids._log_cancelled(
            dict.fromkeys(todo_sudo.line_ids.move_id.ids, reason),
            "system" if self.env.su else "staff",
        )
        return todo_sudo.with_env(self.env)

    def _billing_refresh(self, day):
        """Look at the reminder once more, on the day on which it is to go out.

        Claims that are settled, on hold or not allowed any more leave it, with an event
        each. With none left the reminder is cancelled.

        :param date day: on which it goes out; its deadline is counted from it
        :return: whether there is something left to send
        :rtype: bool
        """
        self.ensure_one()
        reminder_sudo = self.sudo()
        planner = self.env["billing.dunning.planner"]
        left_out = planner._refresh(reminder_sudo, day)
        if not left_out:
            return True
        why = {move_id: planner._wait_words(wait) for move_id, wait in left_out.items()}
        dropped_sudo = reminder_sudo.line_ids.filtered(
            lambda line: line.move_id.id in left_out
        )
        if dropped_sudo == reminder_sudo.line_ids:
            reminder_sudo._billing_cancel(next(iter(why.values())))
            return False
        dropped_sudo._billing_drop(why)
        return True

    def _billing_fail(self, error):
        """Note that the reminder could not be sent, until somebody looks at it."""
        self.ensure_one()
        self.sudo().write(
            {"state": "failed", "failure_reason": event_text.clean(error)}
        )

    # === HELPERS === #

    def _check_staff(self):
        """Refuse who may not decide about reminders.

        :raises AccessError: the user is no billing user, or of another company
        """
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about reminders."))
        self.check_access("read")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_unsent(self):
        if any(reminder.state == "sent" for reminder in self):
            raise UserError(self.env._("Reminders that were sent are kept."))
