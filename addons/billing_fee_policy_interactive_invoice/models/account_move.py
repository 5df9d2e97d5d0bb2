from odoo import models
from odoo.fields import Domain


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS - WHAT THE WAIVER RULES ASK === #

    def _billing_open_conversations(self):
        """Override: where there is a conversation, it says whose turn it is.

        Staff close one without an answer when none is needed.
        """
        open_ids = super()._billing_open_conversations()
        for move, state in (
            self.env["billing.conversation"]
            .sudo()
            ._read_group([("move_id", "in", self.ids)], ["move_id", "state"])
        ):
            if state == "open":
                open_ids.add(move.id)
            else:
                open_ids.discard(move.id)
        return open_ids

    def _billing_outages(self):
        """Override: customers for whom a notice of an outage is or was meant.

        Those outages count that were going on at some time since the invoice was made.
        """
        outages = super()._billing_outages()
        for message_sudo in (
            self.env["billing.message"].sudo()._outages(self.company_id)
        ):
            last_day = message_sudo._outage_last_day()
            moves = self.env["account.move"].search(
                message_sudo._audience_domain()
                & Domain("id", "in", self.ids)
                & Domain("invoice_date", "<=", last_day)
            )
            outages |= dict.fromkeys(moves.ids, message_sudo.title)
        return outages
