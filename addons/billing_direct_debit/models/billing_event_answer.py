from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: what follows from answers of the bank."""
        return super()._billing_event_kinds() | {
            "debit.answer_undone": {
                "label": self.env._("Direct debit waits again"),
                "icon": "fa-undo",
                "customer_visible": False,
                "text": self.env._(
                    "The payment of %(amount)s was not the debit: the debit waits for "
                    "its money again."
                ),
            },
            "debit.answer_handled": {
                "label": self.env._("Answer of the bank handled"),
                "icon": "fa-check-square-o",
                "customer_visible": False,
                "text": self.env._(
                    "%(user)s looked at what the bank said and closed it."
                ),
            },
        }
