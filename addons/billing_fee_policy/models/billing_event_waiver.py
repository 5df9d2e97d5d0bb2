from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Override: reminders that went out without the fee they could have carried."""
        return super()._billing_event_kinds() | {
            "waiver.granted": {
                "label": self.env._("Fee left out"),
                "icon": "fa-gift",
                "customer_visible": True,
                "text": self.env._("Fee of %(amount)s left out: %(reason)s"),
                "customer_text": self.env._(
                    "We dropped a fee of %(amount)s this time."
                ),
            },
        }
