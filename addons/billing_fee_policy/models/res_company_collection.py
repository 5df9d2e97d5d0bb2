from odoo import fields, models


class ResCompany(models.Model):
    """Collection: who decides, and about what."""

    _inherit = "res.company"

    billing_collection_two_persons = fields.Boolean(
        string="Two Persons Decide",
        default=True,
        help="Who prepared a batch for collection cannot approve it.",
    )
    billing_collection_minimum = fields.Monetary(
        string="Not Below",
        help="Claims below are not handed over for collection, in the company's "
        "currency.",
    )
    billing_is_grid = fields.Boolean(
        string="Grid Company",
        help="The company runs the grid. Nobody else may cut a supply of electricity.",
    )

    _billing_collection_minimum_positive = models.Constraint(
        "CHECK(billing_collection_minimum >= 0)",
        "No claim is below less than nothing.",
    )
