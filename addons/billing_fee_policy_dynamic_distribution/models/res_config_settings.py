from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_reminder_print_days = fields.Integer(
        related="company_id.billing_reminder_print_days", readonly=False
    )
