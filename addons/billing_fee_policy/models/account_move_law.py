from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # === ACTIONS === #

    def action_billing_law(self):
        """Open what the law says about the invoice (button)."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Does the Law Say?"),
            "res_model": "billing.law.question",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id},
        }
