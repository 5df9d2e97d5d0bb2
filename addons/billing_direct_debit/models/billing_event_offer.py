from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: who was told of direct debit, and the answer."""
        return super()._billing_event_kinds() | {
            "debit.offered": {
                "label": self.env._("Told of direct debit"),
                "icon": "fa-bullhorn",
                "customer_visible": False,
                "text": self.env._(
                    "Told of direct debit by %(channel)s, campaign «%(campaign)s»."
                ),
            },
            "debit.offer_declined": {
                "label": self.env._("Wants no offers"),
                "icon": "fa-bell-slash-o",
                "customer_visible": False,
                "text": self.env._(
                    "%(customer)s wants to hear no more of direct debit, nor other "
                    "offers."
                ),
            },
            "debit.offer_taken": {
                "label": self.env._("Signed up after an offer"),
                "icon": "fa-thumbs-o-up",
                "customer_visible": False,
                "text": self.env._(
                    "Signed up for direct debit after campaign «%(campaign)s»."
                ),
            },
        }
