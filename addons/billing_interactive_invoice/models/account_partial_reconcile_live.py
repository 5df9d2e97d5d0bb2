from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account`: open pages show what was paid."""
        partials = super().create(vals_list)
        partials._billing_moves()._billing_page_changed()
        return partials

    def unlink(self):
        """Override of `account`: open pages show that a payment was taken back."""
        moves = self._billing_moves()
        result = super().unlink()
        moves._billing_page_changed()
        return result

    def _billing_moves(self):
        return (self.debit_move_id | self.credit_move_id).move_id
