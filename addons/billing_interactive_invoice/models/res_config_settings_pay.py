from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_page_compare_by_link = fields.Boolean(
        related="company_id.billing_page_compare_by_link", readonly=False
    )
