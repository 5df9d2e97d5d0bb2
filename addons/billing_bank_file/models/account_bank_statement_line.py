from odoo import fields, models

from .billing_booking import PLAIN_ITEM


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
        payments_sudo = self.sudo().billing_payment_ids.filtered("is_booked")
        if self.env.context.get("billing_booking") or not payments_sudo:
            return super().action_undo_reconciliation()
        # An accountant need not be a billing user for this.
        self.check_access("write")
        others = self.browse((self.sudo() - payments_sudo.statement_line_id).ids)
        payments_sudo._undo()
        return super(AccountBankStatementLine, others).action_undo_reconciliation()

    # === HELPERS === #

    def _prepare_move_line_default_vals(self, counterpart_account_id=None):
        """Override of `account`: give at once what Odoo would compute item by item."""
        values = super()._prepare_move_line_default_vals(counterpart_account_id)
        if not self.env.context.get("billing_plain_items"):
            return values
        return [{**PLAIN_ITEM, **item} for item in values]
