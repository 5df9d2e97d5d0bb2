from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_debit_saving = fields.Monetary(
        related="company_id.billing_debit_saving",
        readonly=False,
        currency_field="currency_id",
    )
