from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: when the law is out of date."""
        return super()._billing_event_kinds() | {
            "law.stale": {
                "label": self.env._("Law needs a review"),
                "icon": "fa-balance-scale",
                "customer_visible": False,
                "text": self.env._(
                    "%(law)s was reviewed through %(reviewed)s. Letters with a fee "
                    "wait."
                ),
                "formats": {"reviewed": "date"},
            },
        }
