from odoo import api, models


class BillingEvent(models.Model):
    """What happens in conversations."""

    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extended by conversations."""
        return super()._billing_event_kinds() | {
            "chat.asked": {
                "label": self.env._("Customer wrote"),
                "icon": "fa-comment-o",
                "customer_visible": True,
                "text": self.env._("%(customer)s wrote to us."),
                "customer_text": self.env._("You wrote to us."),
            },
            "chat.answered": {
                "label": self.env._("Answered"),
                "icon": "fa-comments-o",
                "customer_visible": True,
                "text": self.env._("%(user)s answered the customer."),
                "customer_text": self.env._("We answered you."),
            },
            "chat.notified": {
                "label": self.env._("Customer told of an answer"),
                "icon": "fa-bell-o",
                "customer_visible": False,
                "text": self.env._(
                    "%(customer)s was told of our answer (%(channel)s)."
                ),
            },
            "chat.assigned": {
                "label": self.env._("Conversation assigned"),
                "icon": "fa-user-o",
                "customer_visible": False,
                "text": self.env._("The conversation was assigned to %(to)s."),
            },
            "chat.late": {
                "label": self.env._("Answer is late"),
                "icon": "fa-clock-o",
                "customer_visible": False,
                "text": self.env._("%(customer)s waits for an answer, and it is late."),
            },
            "chat.closed": {
                "label": self.env._("Conversation closed"),
                "icon": "fa-check-circle-o",
                "customer_visible": False,
                "text": self.env._("The conversation was closed."),
            },
        }
