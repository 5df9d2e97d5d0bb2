from odoo import models

from odoo.addons.billing_direct_debit.core import failure


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_debit_failures(self):
        """Extend `billing_fee_policy`: what failed by our fault or the bank's."""
        found = super()._billing_debit_failures()
        claims_sudo = (
            self.env["billing.debit.claim"]
            .sudo()
            .search(
                [
                    ("move_id", "in", self.ids),
                    ("state", "in", ("failed", "rejected")),
                    ("reason_code", "in", list(failure.NOT_THE_PAYER)),
                ],
                order="attempt",
            )
        )
        for claim_sudo in claims_sudo:
            found[claim_sudo.move_id.id] = claim_sudo.reason_text
        return found
