from odoo import models

from odoo.addons.billing_dynamic_distribution.core import state

#: State of an invoice at the access point → event of its message.
EVENTS = {"done": state.DELIVERED, "error": state.FAILED_HARD}


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        """Extension: what the access point reports moves the message."""
        result = super().write(vals)
        if vals.get("peppol_move_state") in EVENTS:
            self._billing_peppol_reported(EVENTS[vals["peppol_move_state"]])
        return result

    def _billing_peppol_reported(self, event):
        """Note what became of the EHF messages of the invoices that are out.

        One that is being handed over at this moment is told by the call itself.
        """
        items_sudo = (
            self.env["billing.distribution.item"]
            .sudo()
            .search(
                [
                    ("move_id", "in", self.ids),
                    ("attempt_id.channel", "=", "ehf"),
                    ("attempt_id.state", "in", [state.SENT, state.UNCERTAIN]),
                ]
            )
        )
        if items_sudo:
            items_sudo.attempt_id._apply(
                event,
                code="peppol" if event == state.FAILED_HARD else None,
                reason=self.env._("The access point could not deliver the invoice.")
                if event == state.FAILED_HARD
                else None,
                address_fault=False,
            )
