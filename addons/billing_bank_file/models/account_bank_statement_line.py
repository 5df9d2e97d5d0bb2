from odoo import fields, models

from .billing_booking import PLAIN_ITEM

# Fields of a statement line that a payment taken from it follows.
LINE_FIELDS = {
    "account_number",
    "amount",
    "amount_currency",
    "date",
    "foreign_currency_id",
    "journal_id",
    "narration",
    "partner_id",
    "partner_name",
    "payment_ref",
    "ref",
    "transaction_details",
    "transaction_type",
}


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    billing_payment_ids = fields.One2many(
        comodel_name="billing.payment",
        inverse_name="statement_line_id",
        string="Bank Payments",
        readonly=True,
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Payments that were taken from the lines follow what is corrected there."""
        res = super().write(vals)
        if not self.env.context.get("billing_booking") and not LINE_FIELDS.isdisjoint(
            vals
        ):
            self.sudo().billing_payment_ids.filtered(
                lambda payment: (
                    not payment.file_id
                    and payment.state in ("new", "proposed", "unmatched")
                )
            )._follow_lines()
        return res

    def unlink(self):
        """A payment that was taken from a line goes with it."""
        payments_sudo = self.sudo().billing_payment_ids.filtered(
            lambda payment: not payment.file_id
        )
        if payments_sudo:
            self.check_access("unlink")
            payments_sudo._forget_line()
        return super().unlink()

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
