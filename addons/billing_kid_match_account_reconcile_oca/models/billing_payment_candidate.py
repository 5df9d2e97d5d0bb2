from odoo import models
from odoo.exceptions import UserError


class BillingPaymentCandidate(models.Model):
    _inherit = "billing.payment.candidate"

    def action_use_in_reconciliation(self):
        """Put the invoice, with those paid together with it, among the counterparts
        of its statement line.

        Where those take the whole amount already, it takes their place. Nothing is
        booked before the line is reconciled in the OCA's screen.

        :raises UserError: the payment was decided meanwhile
        """
        self.ensure_one()
        line = self.payment_id.statement_line_id
        if not line or line.is_reconciled:
            raise UserError(
                self.env._(
                    "%(payment)s has been decided meanwhile.",
                    payment=self.payment_id.display_name,
                )
            )
        line.check_access("write")
        items = self._open_items()
        data = line.reconcile_data_info["data"]
        used = {id_ for row in data for id_ in row.get("counterpart_line_ids", [])}
        is_covered = all(row["kind"] != "suspense" for row in data)
        if is_covered and used.isdisjoint(items.ids):
            line.reconcile_data_info = line._default_reconcile_data()
        for item in items:
            line._add_account_move_line(item, keep_current=True)
        return True

    def _open_items(self):
        """What is open on the invoice and on those paid together with it.

        Credit notes come first: what the OCA's screen lets an invoice take is what the
        payment and they bring. Then the earliest due.

        :return: ``account.move.line`` records
        """
        moves = self._together().exists()
        return moves.line_ids.filtered(
            lambda item: (
                item.account_id.account_type == "asset_receivable"
                and not item.reconciled
                and item.parent_state == "posted"
            )
        ).sorted(
            lambda item: (item.balance > 0, item.date_maturity or item.date, item.id)
        )
