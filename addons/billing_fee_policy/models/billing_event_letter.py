from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: what became of letters to customers."""
        return super()._billing_event_kinds() | {
            "reminder.sent": {
                "label": self.env._("Reminder sent"),
                "icon": "fa-paper-plane-o",
                "customer_visible": True,
                "text": self.env._("Reminder sent by %(channel)s."),
                "customer_text": self.env._(
                    "We reminded you of the invoice by %(channel)s."
                ),
                "formats": {"deadline": "date"},
            },
            "reminder.failed": {
                "label": self.env._("Reminder not sent"),
                "icon": "fa-exclamation-triangle",
                "customer_visible": False,
                "text": self.env._("The reminder could not be sent: %(reason)s"),
            },
        }
