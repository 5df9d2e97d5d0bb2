from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    # === BUSINESS METHODS - KINDS === #

    @api.model
    def _billing_event_kinds(self):
        """Extend with collection and with notices of disconnection."""
        _ = self.env._
        return super()._billing_event_kinds() | {
            "collection.approved": {
                "label": _("Collection approved"),
                "icon": "fa-check-square-o",
                "customer_visible": False,
                "text": _("%(user)s approved handing over to %(agency)s."),
            },
            "collection.dropped": {
                "label": _("Left out of collection"),
                "icon": "fa-hand-paper-o",
                "customer_visible": False,
                "text": _("Not handed over to %(agency)s: %(reason)s"),
            },
            "collection.handed_over": {
                "label": _("Handed over for collection"),
                "icon": "fa-share-square-o",
                "customer_visible": True,
                "text": _("Handed over to %(agency)s: %(amount)s."),
                "customer_text": _(
                    "We asked %(agency)s to collect invoice %(invoice)s. They will "
                    "write to you."
                ),
            },
            "collection.accepted": {
                "label": _("Accepted by the agency"),
                "icon": "fa-handshake-o",
                "customer_visible": False,
                "text": _("%(agency)s accepted the case: %(reference)s."),
            },
            "collection.rejected": {
                "label": _("Rejected by the agency"),
                "icon": "fa-reply",
                "customer_visible": False,
                "text": _("%(agency)s rejected the case: %(reason)s"),
            },
            "collection.paid": {
                "label": _("Paid to the agency"),
                "icon": "fa-money",
                "customer_visible": False,
                "text": _("Paid to %(agency)s, says the agency: %(amount)s in all."),
            },
            "collection.withdrawn": {
                "label": _("Called back from collection"),
                "icon": "fa-undo",
                "customer_visible": True,
                "text": _("Called back from %(agency)s: %(why)s."),
                "customer_text": _(
                    "We asked %(agency)s to give invoice %(invoice)s back to us."
                ),
            },
            "collection.recalled": {
                "label": _("Given back by the agency"),
                "icon": "fa-undo",
                "customer_visible": False,
                "text": _("%(agency)s gave the case back."),
            },
            "collection.closed": {
                "label": _("Closed by the agency"),
                "icon": "fa-archive",
                "customer_visible": False,
                "text": _("%(agency)s closed the case: %(reason)s"),
            },
            "collection.unexpected": {
                "label": _("Unexpected answer of the agency"),
                "icon": "fa-question-circle-o",
                "customer_visible": False,
                "text": _(
                    "%(agency)s answered «%(said)s», which does not fit. Nothing was "
                    "changed."
                ),
            },
            "disconnection.prepared": {
                "label": _("Notice of disconnection prepared"),
                "icon": "fa-plug",
                "customer_visible": False,
                "text": _("%(user)s prepared a notice of disconnection."),
            },
            "disconnection.sent": {
                "label": _("Notice of disconnection sent"),
                "icon": "fa-plug",
                "customer_visible": True,
                "text": _("%(user)s sent a notice of disconnection."),
                "customer_text": _("We sent you a letter about your supply."),
            },
            "disconnection.withdrawn": {
                "label": _("Notice of disconnection withdrawn"),
                "icon": "fa-plug",
                "customer_visible": True,
                "text": _("The notice of disconnection was withdrawn: %(reason)s"),
                "customer_text": _("Your supply stays. You need not do anything."),
            },
        }
