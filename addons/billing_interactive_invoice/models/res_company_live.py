from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_page_staff_presence = fields.Boolean(
        string="Show That Staff Is There",
        default=True,
        help="Customers see on the page of their invoice that customer service is "
        "looking at it just now; never who.",
    )
