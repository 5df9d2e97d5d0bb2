from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: what customers do with messages."""
        return super()._billing_event_kinds() | {
            "message.shown": {
                "label": self.env._("Message seen"),
                "icon": "fa-bullhorn",
                "customer_visible": False,
                "text": self.env._("%(customer)s saw «%(message)s» on the page."),
            },
            "message.clicked": {
                "label": self.env._("Message followed"),
                "icon": "fa-hand-pointer-o",
                "customer_visible": False,
                "text": self.env._("%(customer)s followed «%(message)s»."),
            },
            "message.closed": {
                "label": self.env._("Message closed"),
                "icon": "fa-times-circle-o",
                "customer_visible": False,
                "text": self.env._("%(customer)s closed «%(message)s»."),
            },
        }
