from odoo import api, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _billing_channel_by_method(self):
        """Extension: who wants invoices by Odoo's letter service wants letters."""
        return {**super()._billing_channel_by_method(), "snailmail": "letter"}
