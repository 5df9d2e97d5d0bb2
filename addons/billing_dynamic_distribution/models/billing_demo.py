from odoo import api, models


class BillingDemo(models.AbstractModel):
    _inherit = "billing.demo"

    @api.model
    def _load(self):
        """Extension of `billing_base`: the demo companies' plans go live."""
        result = super()._load()
        self.env["billing.distribution.plan"].sudo()._load_demo()
        return result
