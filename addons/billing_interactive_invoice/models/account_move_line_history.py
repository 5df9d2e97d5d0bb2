from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        """Override of `account`: the history tells of another due date."""
        if "date_maturity" in vals:
            self.move_id._billing_note_due()
        return super().write(vals)
