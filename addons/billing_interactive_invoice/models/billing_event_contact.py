from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Override: what customers change of how they are reached.

        What they read names no address: the page shows its history to whoever has a
        link.
        """
        return super()._billing_event_kinds() | {
            "contact.proved": {
                "label": self.env._("Customer confirmed"),
                "icon": "fa-id-card-o",
                "customer_visible": False,
                "text": self.env._(
                    "%(customer)s confirmed who they are with a code (%(channel)s)."
                ),
            },
            "contact.verified": {
                "label": self.env._("Address confirmed"),
                "icon": "fa-check-circle-o",
                "customer_visible": True,
                "text": self.env._(
                    "%(customer)s confirmed %(channel)s %(address)s with a code."
                ),
                "customer_text": self.env._(
                    "You gave us a new address (%(channel)s) and confirmed it."
                ),
            },
            "contact.preferred": {
                "label": self.env._("Channel chosen"),
                "icon": "fa-hand-pointer-o",
                "customer_visible": True,
                "text": self.env._(
                    "%(customer)s would like to be reached by %(channel)s first."
                ),
                "customer_text": self.env._(
                    "You chose how we reach you first: %(channel)s."
                ),
            },
            "contact.consent": {
                "label": self.env._("Consent changed"),
                "icon": "fa-check-square-o",
                "customer_visible": False,
                "text": self.env._("%(customer)s changed what may be sent where."),
            },
        }
