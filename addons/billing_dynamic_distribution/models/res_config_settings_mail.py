from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_email_tagged_return = fields.Boolean(
        related="company_id.billing_email_tagged_return", readonly=False
    )
    billing_email_pixel = fields.Boolean(
        related="company_id.billing_email_pixel", readonly=False
    )
    billing_bounce_email = fields.Char(
        string="Reports of Failure Go To", related="company_id.bounce_email"
    )
