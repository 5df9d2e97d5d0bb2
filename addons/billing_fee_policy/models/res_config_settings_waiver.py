from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_waiver_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of Goodwill"
    )
    billing_waiver_objective = fields.Boolean(
        related="company_id.billing_waiver_objective", readonly=False
    )
    billing_waiver_customer_count = fields.Integer(
        related="company_id.billing_waiver_customer_count", readonly=False
    )
    billing_waiver_customer_amount = fields.Monetary(
        related="company_id.billing_waiver_customer_amount",
        currency_field="billing_waiver_currency_id",
        readonly=False,
    )
    billing_waiver_month_amount = fields.Monetary(
        related="company_id.billing_waiver_month_amount",
        currency_field="billing_waiver_currency_id",
        readonly=False,
    )
    billing_waiver_late_days = fields.Integer(
        related="company_id.billing_waiver_late_days", readonly=False
    )
    billing_fee_page = fields.Boolean(
        related="company_id.billing_fee_page", readonly=False
    )
