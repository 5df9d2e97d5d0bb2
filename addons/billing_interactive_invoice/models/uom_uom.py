from odoo import fields, models


class UomUom(models.Model):
    _inherit = "uom.uom"

    billing_is_consumption = fields.Boolean(
        string="Counts as Consumption",
        help="Quantities in this unit are shown to customers as their consumption, "
        "and compared with earlier invoices.",
    )
