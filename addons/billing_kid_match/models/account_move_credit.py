from collections import defaultdict

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core.resolution import PAID


class AccountMove(models.Model):
    """Sets what customers paid twice against their next invoice."""

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._billing_use_credits()
        return posted

    def _billing_use_credits(self):
        """Settle new invoices with credit from payments of what was paid already.

        Only credit that the company's rule left for this, the oldest first. What
        another worker uses at this moment is passed over.
        """
        invoices = self.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.company_id.billing_match_paid_policy == "next"
            )
        )
        if not invoices:
            return
        credits_sudo = invoices.sudo()._billing_lock_credits()
        if not credits_sudo:
            return
        open_items = defaultdict(credits_sudo.browse)
        for item in (*credits_sudo, *invoices.sudo().line_ids):
            if item.account_id.account_type == "asset_receivable":
                key = (item.company_id, item.partner_id, item.account_id)
                open_items[(*key, item.currency_id)] |= item
        before = credits_sudo.matched_debit_ids
        credits_sudo.with_context(billing_booking=True)._reconcile_plan(
            [
                items.with_context(billing_booking=True)
                for items in open_items.values()
                if items & credits_sudo and items - credits_sudo
            ]
        )
        used = credits_sudo.matched_debit_ids - before
        credits_sudo.billing_payment_id._set_credit_used(used, "system")

    def _billing_lock_credits(self):
        """Lock what the customers of invoices paid twice and still have.

        :return: ``account.move.line`` records, oldest first
        """
        self.env["billing.payment"].flush_model()
        self.env["account.move.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT item.id
                  FROM billing_payment AS payment
                  JOIN account_move_line AS item
                    ON item.billing_payment_id = payment.id
                 WHERE payment.state = 'assigned'
                   AND payment.company_id IN %s
                   AND payment.resolution IN %s
                   AND item.partner_id IN %s
                   AND item.parent_state = 'posted'
                   AND NOT item.reconciled
                 ORDER BY item.date, item.id
                   FOR NO KEY UPDATE OF item, payment SKIP LOCKED
                """,
                tuple(self.company_id.ids),
                PAID,
                tuple(self.commercial_partner_id.ids),
            )
        )
        return self.env["account.move.line"].browse(row[0] for row in rows)
