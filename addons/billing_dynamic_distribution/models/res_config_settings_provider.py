from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_efaktura_provider = fields.Selection(
        related="company_id.billing_efaktura_provider", readonly=False
    )
    billing_efaktura_settings = fields.Text(
        related="company_id.billing_efaktura_settings",
        readonly=False,
        groups="base.group_system",
    )
    billing_efaktura_price = fields.Float(
        related="company_id.billing_efaktura_price", readonly=False
    )
    billing_mailbox_provider = fields.Selection(
        related="company_id.billing_mailbox_provider", readonly=False
    )
    billing_mailbox_settings = fields.Text(
        related="company_id.billing_mailbox_settings",
        readonly=False,
        groups="base.group_system",
    )
    billing_mailbox_price = fields.Float(
        related="company_id.billing_mailbox_price", readonly=False
    )
