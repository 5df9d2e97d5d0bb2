from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_page_compare_by_link = fields.Boolean(
        string="Consumption by Link",
        default=True,
        help="Who comes by a personal link, without signing in, sees the customer's "
        "earlier consumption and why the invoice is higher.",
    )
