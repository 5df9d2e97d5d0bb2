from odoo import api, fields, models

ADDONS = (
    "billing_bank_file",
    "billing_kid_match",
    "billing_dynamic_distribution",
    "billing_interactive_invoice",
    "billing_fee_policy",
    "billing_direct_debit",
    "billing_insights",
)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    module_billing_bank_file = fields.Boolean(string="Bank Files")
    module_billing_kid_match = fields.Boolean(string="KID Match")
    module_billing_dynamic_distribution = fields.Boolean(string="Dynamic Distribution")
    module_billing_interactive_invoice = fields.Boolean(string="Interactive Invoice")
    module_billing_fee_policy = fields.Boolean(string="Fee Policy")
    module_billing_direct_debit = fields.Boolean(string="Direct Debit")
    module_billing_insights = fields.Boolean(string="Insights")

    billing_unavailable_addons = fields.Json(
        compute="_compute_billing_unavailable_addons"
    )
    billing_event_retention_months = fields.Integer(
        related="company_id.billing_event_retention_months", readonly=False
    )

    billing_link_days = fields.Integer(
        related="company_id.billing_link_days", readonly=False
    )
    billing_visit_days = fields.Integer(
        related="company_id.billing_visit_days", readonly=False
    )
    billing_payment_qr = fields.Selection(
        related="company_id.billing_payment_qr", readonly=False, required=True
    )

    @api.depends_context("uid")
    def _compute_billing_unavailable_addons(self):
        """List the addons that are not on this server, so cannot be switched on."""
        modules_sudo = (
            self.env["ir.module.module"]
            .sudo()
            .search([("name", "in", ADDONS), ("state", "!=", "uninstallable")])
        )
        present = set(modules_sudo.mapped("name"))
        self.billing_unavailable_addons = [
            addon for addon in ADDONS if addon not in present
        ]
