from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_optimise = fields.Boolean(
        related="company_id.billing_optimise", readonly=False
    )
    billing_optimise_customers = fields.Boolean(
        related="company_id.billing_optimise_customers", readonly=False
    )
    billing_optimise_sample = fields.Integer(
        related="company_id.billing_optimise_sample", readonly=False
    )
    billing_optimise_certainty = fields.Float(
        related="company_id.billing_optimise_certainty", readonly=False
    )
    billing_optimise_holdout = fields.Float(
        related="company_id.billing_optimise_holdout", readonly=False
    )
    billing_optimise_tolerance = fields.Float(
        related="company_id.billing_optimise_tolerance", readonly=False
    )
    billing_optimise_worth = fields.Monetary(
        related="company_id.billing_optimise_worth",
        readonly=False,
        currency_field="currency_id",
    )
    billing_optimise_cost_invoice = fields.Monetary(
        related="company_id.billing_optimise_cost_invoice",
        readonly=False,
        currency_field="currency_id",
    )
    billing_optimise_cost_month = fields.Monetary(
        related="company_id.billing_optimise_cost_month",
        readonly=False,
        currency_field="currency_id",
    )
