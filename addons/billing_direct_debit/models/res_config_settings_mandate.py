from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_mandate_months = fields.Integer(
        related="company_id.billing_mandate_months", readonly=False
    )
