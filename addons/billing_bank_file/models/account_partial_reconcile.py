from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def unlink(self):
        """Notice payments that are taken off an invoice in Odoo's own screens.

        Their money stays on the customer's account; a person decides where it goes.
        """
        if self.env.context.get("billing_unbook"):
            return super().unlink()
        items = self.debit_move_id | self.credit_move_id
        payments_sudo = items.sudo().billing_payment_id.filtered("is_booked")
        payments_sudo._log_undone()
        res = super().unlink()
        payments_sudo._set_undone()
        return res
