from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_list


class BillingWaiveWizard(models.TransientModel):
    """Drops what was charged on invoices: one reason, one click."""

    _name = "billing.waive.wizard"
    _description = "Drop Fees"

    move_ids = fields.Many2many("account.move", string="Invoices", required=True)
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    is_objective = fields.Boolean(related="company_id.billing_waiver_objective")
    charge_ids = fields.Many2many(
        "billing.charge",
        string="What Was Charged",
        compute="_compute_charge_ids",
        store=True,
        readonly=False,
    )
    reason_id = fields.Many2one(
        "billing.waiver.reason",
        required=True,
        domain="['|', ('is_objective', '=', True),"
        " ('is_objective', '=', is_objective)]",
    )
    note = fields.Char(
        string="Note for Staff", help="Write nothing here about somebody's health."
    )
    is_told = fields.Boolean(string="Tell the Customer", default=True)
    warning = fields.Char(compute="_compute_warning")

    # === COMPUTE METHODS === #

    @api.depends("move_ids")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.move_ids.company_id[:1] or self.env.company

    @api.depends("move_ids")
    def _compute_charge_ids(self):
        for wizard in self:
            wizard.charge_ids = [
                Command.set(wizard.move_ids._billing_live_charges().ids)
            ]

    @api.depends("charge_ids", "reason_id")
    def _compute_warning(self):
        """Tell of customers who have had this year's goodwill; it forbids nothing."""
        for wizard in self:
            over = self.env["res.partner"]
            if wizard.reason_id.is_goodwill:
                over = wizard._over_budget()
            wizard.warning = bool(over) and self.env._(
                "More than this year's goodwill: %(customers)s",
                customers=format_list(self.env, over.mapped("display_name")),
            )

    # === ACTIONS === #

    def action_waive(self):
        """Drop the charges and close the form."""
        self.ensure_one()
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff can drop a fee."))
        self.move_ids.check_access("write")
        charges = self.charge_ids & self.move_ids._billing_live_charges()
        if not charges:
            raise UserError(
                self.env._(
                    "Nothing is charged on these invoices that could be dropped."
                )
            )
        if self.warning and not self.env.user.has_group(
            "billing_base.group_billing_manager"
        ):
            raise AccessError(
                self.env._(
                    "%(warning)s. A billing manager can drop it all the same.",
                    warning=self.warning,
                )
            )
        self.env["billing.waiver"]._waive_charges(
            charges, self.reason_id, note=self.note or "", tell=self.is_told
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Dropped: %(amounts)s",
                    amounts=format_list(
                        self.env,
                        [
                            charge.currency_id.format(charge.amount)
                            for charge in charges
                        ],
                    ),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === HELPERS === #

    def _over_budget(self):
        """Return the customers whose goodwill of the year the charges go beyond."""
        self.ensure_one()
        company = self.company_id
        count = company.billing_waiver_customer_count
        limit = company.billing_waiver_customer_amount
        customers = self.charge_ids.partner_id
        today = company._billing_today()
        earlier = {
            partner: (number, amount)
            for partner, number, amount in self.env["billing.waiver"]._read_group(
                Domain("company_id", "=", company.id)
                & Domain("partner_id", "in", customers.ids)
                & Domain("is_goodwill", "=", True)
                & Domain("state", "in", ("reserved", "granted"))
                & Domain("day", ">=", today.replace(month=1, day=1)),
                ["partner_id"],
                ["__count", "amount:sum"],
            )
        }
        over = customers.browse()
        for partner, charges in self.charge_ids.grouped("partner_id").items():
            number, amount = earlier.get(partner, (0, 0))
            if (count and number + len(charges) > count) or (
                limit and amount + sum(charges.mapped("amount")) > limit
            ):
                over |= partner
        return over
