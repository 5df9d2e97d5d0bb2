from odoo import models

from odoo.addons.billing_dynamic_distribution.core import state

#: State of an invoice at the access point → event of its message.
EVENTS = {"done": state.DELIVERED, "error": state.FAILED_HARD}


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        """Extension: what the access point reports moves the message."""
        result = super().write(vals)
        if vals.get("peppol_move_state") == "processing":
            self._billing_note_peppol()
        if vals.get("peppol_move_state") in EVENTS:
            self._billing_peppol_reported(EVENTS[vals["peppol_move_state"]])
        return result

    def _billing_note_peppol(self):
        """Note invoices that staff hand over by Odoo's own «Send & print».

        So that no plan sends them again. What a plan hands over at this moment is a
        message already.
        """
        items_sudo = (
            self.env["billing.distribution.item"]
            .sudo()
            .search(
                [
                    ("move_id", "in", self.ids),
                    ("attempt_id.channel", "=", "ehf"),
                    (
                        "attempt_id.state",
                        "not in",
                        [state.PLANNED, state.CANCELLED, *state.FAILED],
                    ),
                ]
            )
        )
        for move in self - items_sudo.move_id.sudo(self.env.su):
            if move.move_type == "out_invoice":
                move._billing_record_sent(
                    "ehf",
                    provider="peppol",
                    provider_reference=move.peppol_message_uuid,
                )

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
