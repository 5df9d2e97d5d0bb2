from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        """Override of `account`: open pages show another due date."""
        result = super().write(vals)
        if "date_maturity" in vals:
            self.move_id._billing_page_changed()
        return result
