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
            "payment.assigned": {
                "label": self.env._("Payment on account"),
                "icon": "fa-plus-circle",
                "customer_visible": True,
                "text": self.env._(
                    "Payment of %(amount)s credited to the customer's account."
                ),
                "customer_text": self.env._(
                    "We have received %(amount)s. Thank you! It stands to your credit."
                ),
            },
            "payment.unassigned": {
                "label": self.env._("Payment taken off the account"),
                "icon": "fa-undo",
                "customer_visible": True,
                "text": self.env._(
                    "Payment of %(amount)s was taken off the customer's account by "
                    "%(user)s."
                ),
                "customer_text": self.env._(
                    "%(amount)s does not stand to your credit any more: we are "
                    "checking what the payment is for. You need not do anything."
                ),
            },
            "payment.credit_used": {
                "label": self.env._("Credit used"),
                "icon": "fa-exchange",
                "customer_visible": True,
                "text": self.env._("%(amount)s of the customer's credit used."),
                "customer_text": self.env._(
                    "%(amount)s of your credit was used for invoice %(invoice)s."
                ),
            },
            "payment.confirmed": {
                "label": self.env._("Payment confirmed by the bank"),
                "icon": "fa-check-circle-o",
                "customer_visible": False,
                "text": self.env._(
                    "The bank has reported the registered payment of %(amount)s."
                ),
            },
            "payment.parked": {
                "label": self.env._("Payment set aside"),
                "icon": "fa-pause",
                "customer_visible": False,
                "text": self.env._(
                    "Payment of %(amount)s was set aside by %(user)s: %(reason)s"
                ),
            },
            "payment.unparked": {
                "label": self.env._("Payment taken up again"),
                "icon": "fa-play",
                "customer_visible": False,
                "text": self.env._(
                    "Payment of %(amount)s was taken up again by %(user)s."
                ),
            },
            "payment.refund_proposed": {
                "label": self.env._("Refund proposed"),
                "icon": "fa-reply",
                "customer_visible": False,
                "text": self.env._("Refund of %(amount)s proposed."),
            },
            "payment.refunded": {
                "label": self.env._("Refund"),
                "icon": "fa-reply",
                "customer_visible": True,
                "text": self.env._("Refund of %(amount)s posted."),
                "customer_text": self.env._("We are paying %(amount)s back to you."),
            },
            "payment.undone": {
                "label": self.env._("Payment taken off"),
                "icon": "fa-undo",
                "customer_visible": True,
                "text": self.env._(
                    "Payment of %(amount)s was taken off this invoice by %(user)s."
                ),
                # Whose money it was is not known here: it may never have been theirs.
                "customer_text": self.env._(
                    "A payment of %(amount)s does not count for this invoice any "
                    "more: we are checking what it is for. You need not do anything."
                ),
            },
            "payment.replaced": {
                "label": self.env._("Sum replaced by its payments"),
                "icon": "fa-list",
                "customer_visible": False,
                "text": self.env._(
                    "The sum of %(amount)s was replaced by its payments, which came "
                    "in %(file)s."
                ),
            },
            "payment.repeated": {
                "label": self.env._("Payment came another way"),
                "icon": "fa-clone",
                "customer_visible": False,
                "text": self.env._(
                    "The payment of %(amount)s came in %(file)s and from another "
                    "importer. It counts once."
                ),
            },
            "payment.restored": {
                "label": self.env._("Counted again"),
                "icon": "fa-undo",
                "customer_visible": False,
                "text": self.env._("%(amount)s counted again by %(user)s."),
            },
        }
