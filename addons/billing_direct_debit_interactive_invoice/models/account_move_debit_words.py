from odoo import models


class AccountMove(models.Model):
    """What the page says of a debit that is not as ever."""

    _inherit = "account.move"

    def _billing_state_lines(self, standing, facts):
        """Override: «nothing you have to do» is not said where a debit failed.

        What there is to say stands in the card below, on every kind of page alike.
        """
        lines = super()._billing_state_lines(standing, facts)
        if standing.code == "debit" and self._billing_debit_news():
            return []
        return lines
