from odoo import fields, models

from ..core import consumption


class ProductTemplate(models.Model):
    _inherit = "product.template"

    billing_consumption = fields.Selection(
        [
            (consumption.VOLUME, "Measures the consumption"),
            (consumption.PRICE, "Charged on it"),
        ],
        string="Consumption",
        help="Of several lines with kilowatt hours or the like, which say how much was "
        "used: power measures it, grid rent and taxes are charged on the same once "
        "more. Left empty, lines with the same period and quantity count once.",
    )
    billing_is_metered = fields.Boolean(related="uom_id.billing_is_consumption")
