from odoo import models

from .billing_debit_claim import OPEN


class BillingMandate(models.Model):
    _inherit = "billing.mandate"

    # === BUSINESS METHODS === #

    def _forget(self, day):
        """Extend: files about nobody but payers to forget are erased.

        What they were, and that they went, stays: number, count and checksum.
        """
        result = super()._forget(day)
        batches_sudo = self.sudo().request_ids.batch_id
        for batch_sudo in batches_sudo:
            others_sudo = batch_sudo.request_ids.mandate_id
            if all(others_sudo.mapped("forgotten_on")):
                batch_sudo.file = False
        return result

    # === HOOKS === #

    def _on_ended(self):
        """Override: what is not at the bank yet is not drawn on it any more.

        A mandate that another one replaced gives its claims over to that one.
        """
        result = super()._on_ended()
        claims_sudo = (
            self.env["billing.debit.claim"]
            .sudo()
            .search([("mandate_id", "in", self.ids), ("state", "in", OPEN)])
        )
        replaced = claims_sudo.filtered(
            lambda claim: claim.mandate_id.end_code == "replaced"
        )
        replaced._cancel("changed")
        (claims_sudo - replaced)._cancel("mandate")
        return result

    def _on_active(self):
        """Override: invoices that wait for the mandate are looked at soon."""
        result = super()._on_active()
        self.env["billing.debit.planner"]._trigger()
        return result
