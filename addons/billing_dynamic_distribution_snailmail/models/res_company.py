from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_letter_provider = fields.Selection(
        selection_add=[("snailmail", "Odoo's letter service")]
    )
