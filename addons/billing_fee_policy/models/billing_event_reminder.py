from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: what happens with reminders before sending."""
        return super()._billing_event_kinds() | {
            "reminder.prepared": {
                "label": self.env._("Reminder prepared"),
                "icon": "fa-pencil-square-o",
                "customer_visible": False,
                "text": self.env._("Reminder prepared for %(day)s."),
                "formats": {"day": "date"},
            },
            "reminder.cancelled": {
                "label": self.env._("Reminder cancelled"),
                "icon": "fa-ban",
                "customer_visible": False,
                "text": self.env._("Reminder not sent: %(reason)s"),
            },
        }
