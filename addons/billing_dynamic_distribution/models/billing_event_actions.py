from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: what staff do with messages and runs."""
        return super()._billing_event_kinds() | {
            "run.hurried": {
                "label": self.env._("Sent ahead of time"),
                "icon": "fa-bolt",
                "customer_visible": False,
                "text": self.env._("«%(plan)s»: %(user)s sends the next message now."),
            },
            "run.resumed": {
                "label": self.env._("Distribution goes on"),
                "icon": "fa-play-circle-o",
                "customer_visible": False,
                "text": self.env._("«%(plan)s» goes on."),
            },
            "run.rerouted": {
                "label": self.env._("Another channel chosen"),
                "icon": "fa-random",
                "customer_visible": False,
                "text": self.env._(
                    "«%(plan)s»: %(user)s sends the next message by %(channel)s."
                ),
            },
            "delivery.resent": {
                "label": self.env._("Sent again by hand"),
                "icon": "fa-repeat",
                "customer_visible": False,
                "text": self.env._(
                    "%(user)s sends again what went by %(channel)s to %(address)s."
                ),
            },
            "delivery.asked": {
                "label": self.env._("Sent by hand"),
                "icon": "fa-hand-o-up",
                "customer_visible": False,
                "text": self.env._("%(user)s sends it by %(channel)s."),
            },
        }
