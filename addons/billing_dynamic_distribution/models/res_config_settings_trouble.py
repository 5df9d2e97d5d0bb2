from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_trouble_count = fields.Integer(
        related="company_id.billing_trouble_count", readonly=False
    )
    billing_trouble_days = fields.Integer(
        related="company_id.billing_trouble_days", readonly=False
    )
