from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_collection_two_persons = fields.Boolean(
        related="company_id.billing_collection_two_persons", readonly=False
    )
    billing_collection_minimum = fields.Monetary(
        related="company_id.billing_collection_minimum",
        currency_field="currency_id",
        readonly=False,
    )
    billing_is_grid = fields.Boolean(
        related="company_id.billing_is_grid", readonly=False
    )
