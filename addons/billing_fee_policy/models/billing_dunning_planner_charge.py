from odoo import api, models
from odoo.tools import SQL


class BillingDunningPlanner(models.AbstractModel):
    _inherit = "billing.dunning.planner"

    @api.model
    def _not_dunned(self):
        """Extension: documents of fees and interest are asked for with their invoice.

        What is left of a fee that was paid and then dropped is the customer's money as
        any other.
        """
        return [
            *super()._not_dunned(),
            SQL("(move.billing_claim_id IS NULL OR move.move_type = 'out_refund')"),
        ]
