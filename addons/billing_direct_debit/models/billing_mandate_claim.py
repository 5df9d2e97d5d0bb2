from odoo import models

from .billing_debit_claim import OPEN


class BillingMandate(models.Model):
    _inherit = "billing.mandate"

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
