from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_match_repair = fields.Boolean(
        related="company_id.billing_match_repair", readonly=False
    )
    billing_match_threshold = fields.Float(
        related="company_id.billing_match_threshold", readonly=False
    )
