from datetime import timedelta

from odoo import models

from odoo.addons.billing_base.core.claim import Collection, Debit


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_debits(self):
        return super()._billing_debits() | {
            move.id: Debit(move.invoice_date_due, move.amount_residual, "AvtaleGiro")
            for move in self
            if move.ref == "test: debit"
        }

    def _billing_collections(self):
        return super()._billing_collections() | {
            move.id: Collection(
                move.invoice_date_due + timedelta(days=40),
                "Lysvik Inkasso AS",
                "+47 406 12 399",
                "2026-117",
            )
            for move in self
            if move.ref == "test: collection"
        }
