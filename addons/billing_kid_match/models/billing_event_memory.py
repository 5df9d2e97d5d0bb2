from odoo import models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    def _billing_event_kinds(self):
        """Extend with what happens to the memory of payers and to what evidence is
        worth."""
        return {
            **super()._billing_event_kinds(),
            "payer.forgotten": {
                "label": self.env._("Payers forgotten"),
                "icon": "fa-eraser",
                "customer_visible": False,
                "text": self.env._(
                    "%(count)s remembered payers of %(customer)s erased by %(user)s."
                ),
            },
            "weights.activated": {
                "label": self.env._("Weights of evidence changed"),
                "icon": "fa-balance-scale",
                "customer_visible": False,
                "text": self.env._(
                    "Version %(version)s of what evidence is worth is in use."
                ),
            },
        }
