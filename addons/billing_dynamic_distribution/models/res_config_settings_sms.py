from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_sms_provider = fields.Selection(
        related="company_id.billing_sms_provider", readonly=False, required=True
    )
    billing_sms_sender = fields.Char(
        related="company_id.billing_sms_sender", readonly=False
    )
    billing_sms_typewriter = fields.Boolean(
        related="company_id.billing_sms_typewriter", readonly=False
    )
    billing_sms_max_segments = fields.Integer(
        related="company_id.billing_sms_max_segments", readonly=False
    )
    billing_sms_price = fields.Float(
        related="company_id.billing_sms_price", readonly=False
    )
    billing_sms_price_currency_id = fields.Many2one(
        related="company_id.billing_sms_price_currency_id", readonly=False
    )
    billing_sms_http_url = fields.Char(
        related="company_id.billing_sms_http_url",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_http_method = fields.Selection(
        related="company_id.billing_sms_http_method",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_http_username = fields.Char(
        related="company_id.billing_sms_http_username",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_http_password = fields.Char(
        related="company_id.billing_sms_http_password",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_http_parameters = fields.Text(
        related="company_id.billing_sms_http_parameters",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_http_accepted = fields.Char(
        related="company_id.billing_sms_http_accepted",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_http_timeout = fields.Integer(
        related="company_id.billing_sms_http_timeout",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_http_connections = fields.Integer(
        related="company_id.billing_sms_http_connections",
        readonly=False,
        groups="base.group_system",
    )
    billing_sms_report_base_url = fields.Char(
        related="company_id.billing_sms_report_base_url",
        readonly=False,
        groups="base.group_system",
    )
