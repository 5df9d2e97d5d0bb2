from odoo import api, models

from .account_move_asked import ASKED


class BillingDistributionRun(models.Model):
    _inherit = "billing.distribution.run"

    @api.model
    def _reason_labels(self):
        """Extended: what the customer asked for comes instead."""
        return {
            **super()._reason_labels(),
            ASKED: self.env._("The customer asked for another channel"),
        }
