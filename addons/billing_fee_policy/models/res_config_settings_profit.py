from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_fee_hour_cost = fields.Monetary(
        related="company_id.billing_fee_hour_cost",
        readonly=False,
        currency_field="currency_id",
    )
    billing_fee_letter_minutes = fields.Float(
        related="company_id.billing_fee_letter_minutes", readonly=False
    )
    billing_fee_conversation_minutes = fields.Float(
        related="company_id.billing_fee_conversation_minutes", readonly=False
    )
    billing_fee_conversation_days = fields.Integer(
        related="company_id.billing_fee_conversation_days", readonly=False
    )
    billing_fee_conversation_share = fields.Float(
        related="company_id.billing_fee_conversation_share", readonly=False
    )
    billing_fee_letter_price = fields.Monetary(
        related="company_id.billing_fee_letter_price",
        readonly=False,
        currency_field="currency_id",
    )
    billing_fee_customer_value = fields.Monetary(
        related="company_id.billing_fee_customer_value",
        readonly=False,
        currency_field="currency_id",
    )
    billing_fee_churn_days = fields.Integer(
        related="company_id.billing_fee_churn_days", readonly=False
    )
    billing_fee_quiet_days = fields.Integer(
        related="company_id.billing_fee_quiet_days", readonly=False
    )
    billing_fee_guide_share = fields.Float(
        related="company_id.billing_fee_guide_share", readonly=False
    )
