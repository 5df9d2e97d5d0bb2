from odoo import api, models


class BillingDistributionTrouble(models.Model):
    _inherit = "billing.distribution.trouble"

    @api.model
    def _is_down(self, company, channel):
        """Override: debits that fail for want of money say nothing of the channel."""
        return channel != "debit" and super()._is_down(company, channel)
