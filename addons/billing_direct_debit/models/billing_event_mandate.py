from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    # === BUSINESS METHODS - KINDS === #

    @api.model
    def _billing_event_kinds(self):
        """Extend with what happens to mandates."""
        _ = self.env._
        return super()._billing_event_kinds() | {
            "mandate.signed": {
                "label": _("Direct debit asked for"),
                "icon": "fa-pencil-square-o",
                "customer_visible": True,
                "text": _("Asked for %(scheme)s, number %(number)s."),
                "customer_text": _(
                    "You asked us to use %(scheme)s. Your bank has to confirm it."
                ),
            },
            "mandate.sent": {
                "label": _("Mandate sent to the bank"),
                "icon": "fa-paper-plane-o",
                "customer_visible": False,
                "text": _("The bank was asked for %(scheme)s, number %(number)s."),
            },
            "mandate.active": {
                "label": _("Direct debit active"),
                "icon": "fa-check-circle-o",
                "customer_visible": True,
                "text": _("%(scheme)s is active, number %(number)s."),
                "customer_text": _(
                    "%(scheme)s is ready. We draw your invoices from your account."
                ),
            },
            "mandate.changed": {
                "label": _("Mandate changed"),
                "icon": "fa-exchange",
                "customer_visible": False,
                "text": _("The bank told a change of %(scheme)s, number %(number)s."),
            },
            "mandate.ended": {
                "label": _("Direct debit ended"),
                "icon": "fa-stop-circle-o",
                "customer_visible": True,
                "text": _("%(scheme)s ended, number %(number)s: %(why)s"),
                "customer_text": _(
                    "%(scheme)s is stopped. We draw nothing from your account for new "
                    "invoices."
                ),
            },
            "mandate.rejected": {
                "label": _("Mandate rejected"),
                "icon": "fa-times-circle-o",
                "customer_visible": True,
                "text": _("The bank rejected %(scheme)s, number %(number)s: %(why)s"),
                "customer_text": _(
                    "Your bank did not accept %(scheme)s. Please pay your invoices "
                    "yourself, or try again."
                ),
            },
            "mandate.forgotten": {
                "label": _("Personal data erased"),
                "icon": "fa-eraser",
                "customer_visible": False,
                "text": _(
                    "Account and personal number of the ended %(scheme)s mandate "
                    "%(number)s were erased."
                ),
            },
        }

    # === HELPERS === #

    def _get_text_values(self, kind, channels):
        """Extend with why a mandate ended, in the words of the reader."""
        values = super()._get_text_values(kind, channels)
        if (self.kind or "").startswith("mandate."):
            payload = self.payload or {}
            mandates = self.env["billing.mandate"]
            values["why"] = mandates._why_words(payload.get("code"), payload.get("by"))
        return values
