from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_reminder_approval = fields.Selection(
        related="company_id.billing_reminder_approval", readonly=False, required=True
    )
    billing_reminder_hours = fields.Boolean(
        related="company_id.billing_reminder_hours", readonly=False
    )
