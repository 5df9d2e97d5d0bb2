from odoo import models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    def _billing_event_kinds(self):
        """Extend `billing_base` with what happens to bank payments."""
        return {
            **super()._billing_event_kinds(),
            "payment.reconciled": {
                "label": self.env._("Payment received"),
                "icon": "fa-check-circle",
                "customer_visible": True,
                "text": self.env._("Payment of %(amount)s received."),
                "customer_text": self.env._(
                    "We have received your payment of %(amount)s. Thank you!"
                ),
            },
            "payment.partial": {
                "label": self.env._("Part payment received"),
                "icon": "fa-adjust",
                "customer_visible": True,
                "text": self.env._("Part payment of %(amount)s received."),
                "customer_text": self.env._(
                    "We have received %(amount)s. Thank you! The rest remains to be "
                    "paid."
                ),
            },
            "payment.undone": {
                "label": self.env._("Payment taken off"),
                "icon": "fa-undo",
                "customer_visible": False,
                "text": self.env._(
                    "Payment of %(amount)s was taken off this invoice by %(user)s."
                ),
            },
        }
