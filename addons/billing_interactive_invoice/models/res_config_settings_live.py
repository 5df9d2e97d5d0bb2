from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_page_staff_presence = fields.Boolean(
        related="company_id.billing_page_staff_presence", readonly=False
    )
