from odoo import models


class BillingReminder(models.Model):
    _inherit = "billing.reminder"

    def _billing_withdraw(self, reason):
        """Override: what a letter that never went out left out was not forgiven."""
        withdrawn = super()._billing_withdraw(reason)
        withdrawn.sudo().line_ids.waiver_ids._withdraw()
        return withdrawn
