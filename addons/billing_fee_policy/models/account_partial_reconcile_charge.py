from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def unlink(self):
        """Override of `account`: a fee whose payment goes is open again."""
        moves = (self.debit_move_id | self.credit_move_id).move_id
        # Already in memory of who takes a payment back; hardly ever there are any.
        document_ids = moves.filtered("billing_claim_id").ids
        result = super().unlink()
        if document_ids:
            self.env["billing.charge"].sudo().search(
                [("document_id", "in", document_ids)]
            )._note_unpaid()
        return result
