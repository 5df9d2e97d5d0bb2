from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_mandate_months = fields.Integer(
        related="company_id.billing_mandate_months", readonly=False
    )
    billing_debit_agreement_count = fields.Integer(
        string="Bank Agreements", compute="_compute_billing_debit_agreement_count"
    )

    # === COMPUTE METHODS === #

    def _compute_billing_debit_agreement_count(self):
        for settings in self:
            settings.billing_debit_agreement_count = self.env[
                "billing.debit.agreement"
            ].search_count([("company_id", "=", settings.company_id.id)])
