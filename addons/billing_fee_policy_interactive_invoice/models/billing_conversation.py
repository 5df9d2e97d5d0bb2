from odoo import fields, models


class BillingConversation(models.Model):
    _inherit = "billing.conversation"

    billing_has_live_charge = fields.Boolean(related="move_id.billing_has_live_charge")

    # === ACTIONS === #

    def action_billing_waive(self):
        """Open the form that drops what was charged on the invoice (button)."""
        self.ensure_one()
        return self.move_id.action_billing_waive()
