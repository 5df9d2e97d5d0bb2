from odoo import api, models


class BillingEvent(models.Model):
    """What customers do about direct debit on the page of an invoice."""

    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: signing up and stopping."""
        _ = self.env._
        return super()._billing_event_kinds() | {
            "signup.started": {
                "label": _("Sign-up for direct debit begun"),
                "icon": "fa-hand-o-right",
                "customer_visible": True,
                "text": _("The customer began to sign up for %(scheme)s."),
                "customer_text": _("You began to set up %(scheme)s."),
            },
            "signup.returned": {
                "label": _("Back from the bank's page"),
                "icon": "fa-reply",
                "customer_visible": False,
                "text": _(
                    "The customer came back from the page of the bank. Whether there "
                    "is a mandate, the bank's record tells."
                ),
            },
            "signup.done": {
                "label": _("Signed up for direct debit"),
                "icon": "fa-pencil-square-o",
                "customer_visible": True,
                "text": _("The customer signed up for %(scheme)s on the page."),
                "customer_text": _(
                    "You signed up for %(scheme)s. Your bank still has to confirm it."
                ),
            },
            "signup.failed": {
                "label": _("Sign-up for direct debit not finished"),
                "icon": "fa-times-circle-o",
                "customer_visible": False,
                "text": _("The customer did not finish signing up for %(scheme)s."),
            },
            "signup.stopped": {
                "label": _("Direct debit stopped on the page"),
                "icon": "fa-stop-circle-o",
                "customer_visible": True,
                "text": _("The customer stopped %(scheme)s on the page."),
                "customer_text": _("You stopped %(scheme)s."),
            },
        }
