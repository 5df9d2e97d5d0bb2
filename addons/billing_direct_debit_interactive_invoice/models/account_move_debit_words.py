from markupsafe import Markup

from odoo import models


class AccountMove(models.Model):
    """What the page says of a debit that is not as ever: first of all."""

    _inherit = "account.move"

    def _billing_customer_cards(self):
        """Override: what became of a debit stands where the invoice's state does."""
        return {
            move_id: [card for card in cards if card.code != "debit_state"]
            for move_id, cards in super()._billing_customer_cards().items()
        }

    def _billing_state_lines(self, standing, facts):
        """Override: what became of the debit, before what the customer can do.

        «There is nothing you have to do» is not said where a debit failed.
        """
        lines = super()._billing_state_lines(standing, facts)
        news = self._billing_debit_news().get(self.id)
        if not news:
            return lines
        kept = [] if standing.code == "debit" else lines
        return [*(Markup.escape(line) for line in news), *kept]
