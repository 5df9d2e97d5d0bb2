from odoo import api, models

from .account_move_settled import CREATED, REMOVED


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account`: the history tells of part payments and credits."""
        partials = super().create(vals_list)
        if partials:
            waiting = self.env["account.move"]._billing_history_waiting(CREATED)
            waiting.update(dict.fromkeys(partials.ids))
        return partials

    def unlink(self):
        """Override of `account`: the history tells that a payment was taken back."""
        if self:
            moves = self.env["account.move"]
            rows = moves._billing_settled_rows(self.ids)
            if rows:
                moves._billing_history_waiting(REMOVED).update(rows)
        return super().unlink()
