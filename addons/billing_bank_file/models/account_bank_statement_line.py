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

        Undoing a collective line takes every payment in it out, onto a line of its
        own; the collective line itself stays as it is.
        """
        payments = self.billing_payment_ids.filtered("is_booked")
        if self.env.context.get("billing_unbook") or not payments:
            return super().action_undo_reconciliation()
        others = self - payments.statement_line_id
        payments.action_undo()
        return super(AccountBankStatementLine, others).action_undo_reconciliation()
