from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_page_colour = fields.Char(
        related="company_id.billing_page_colour", readonly=False
    )
    billing_page_privacy_url = fields.Char(
        related="company_id.billing_page_privacy_url", readonly=False
    )
