from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_payment_part(self):
        """Extend: an invoice that is drawn says so in place of how to pay it.

        What looks like a slip to pay would have some customers pay twice.
        """
        part = super()._billing_payment_part()
        if part and (debit := self._billing_debits().get(self.id)):
            part["debit"] = debit
        return part
