from markupsafe import Markup

from odoo import models


class AccountMove(models.Model):
    """What came on top of an invoice, beside how the invoice stands."""

    _inherit = "account.move"

    def _billing_state_lines(self, standing, facts):
        """Override: fees and interest that are left to pay, also of a paid invoice."""
        lines = super()._billing_state_lines(standing, facts)
        additions = [
            item
            for item in self._billing_additions().get(self.id, ())
            if item.open_amount
        ]
        if not additions:
            return lines
        left = sum(float(item.open_amount) for item in additions)
        values = {
            "amount": self._billing_amount(left, "charged"),
            "total": self._billing_amount(left + self.amount_residual, "with_charges"),
        }
        together = all(
            item.reference == (self.payment_reference or "") for item in additions
        )
        if self.currency_id.is_zero(self.amount_residual):
            text = self.env._("%(amount)s of fees and interest are left to pay.")
        elif together:
            text = self.env._(
                "%(amount)s of fees and interest came on top. Pay %(total)s to settle "
                "both."
            )
        else:
            text = self.env._(
                "%(amount)s of fees and interest came on top, and are paid with a "
                "reference number of their own."
            )
        return [*lines, Markup.escape(text) % values]
