from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_reminder_sms_too = fields.Boolean(
        related="company_id.billing_reminder_sms_too", readonly=False
    )
