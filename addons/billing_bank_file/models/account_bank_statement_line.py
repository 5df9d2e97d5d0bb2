from odoo import fields, models


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    billing_payment_ids = fields.One2many(
        comodel_name="billing.payment",
        inverse_name="statement_line_id",
        string="Bank Payments",
        readonly=True,
    )

    # === ACTIONS === #

    def action_undo_reconciliation(self):
        """Keep the payments of the lines in step with what happened to their line.

        Undoing a collective line undoes every payment in it; each then waits for a
        person on a line of its own.
        """
        if self.env.context.get("billing_unbook"):
            # The payments themselves asked for it and keep their own state.
            return super().action_undo_reconciliation()
        payments = self.billing_payment_ids.filtered("is_booked")
        collective = payments.filtered("is_collective")
        if collective:
            collective.action_undo()
        (payments - collective)._log_undone()
        res = super(
            AccountBankStatementLine, self - collective.statement_line_id
        ).action_undo_reconciliation()
        (payments - collective)._set_undone()
        return res
