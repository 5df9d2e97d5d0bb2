from odoo import api, fields, models
from odoo.tools import format_date

#: Kinds whose payload has a code of ``core.failure`` as ``reason``.
_WITH_REASON = frozenset({"debit.failed", "debit.bank_retry"})
#: Kinds whose payload has a code of ``core.retry`` as ``why``.
_FOLLOWUPS = {"debit.retried": "retry", "debit.otherwise": "otherwise"}


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extended with what is done about debits that fail."""
        kinds = super()._billing_event_kinds()
        kinds.update(
            {
                "debit.retried": {
                    "label": self.env._("Debited again"),
                    "icon": "fa-repeat",
                    "customer_visible": True,
                    "text": self.env._("%(why)s."),
                    "customer_text": self.env._(
                        "%(amount)s is drawn from your account again on %(next)s."
                    ),
                    "formats": {"next": "date"},
                },
                "debit.otherwise": {
                    "label": self.env._("Not debited again"),
                    "icon": "fa-hand-paper-o",
                    "customer_visible": False,
                    "text": self.env._("%(why)s."),
                },
                "debit.warned": {
                    "label": self.env._("Above the customer's limit"),
                    "icon": "fa-exclamation-triangle",
                    "customer_visible": False,
                    "text": self.env._(
                        "%(amount)s on %(day)s is above what the bank let through in a "
                        "month so far. The customer is told before."
                    ),
                    "formats": {"day": "date"},
                },
                "mandate.paused": {
                    "label": self.env._("Direct debit paused"),
                    "icon": "fa-pause-circle-o",
                    "customer_visible": False,
                    "text": self.env._(
                        "%(scheme)s of %(customer)s is paused: %(count)s invoices in a "
                        "row could not be debited."
                    ),
                },
                "mandate.resumed": {
                    "label": self.env._("Direct debit resumed"),
                    "icon": "fa-play-circle-o",
                    "customer_visible": False,
                    "text": self.env._("%(customer)s is debited again."),
                },
            }
        )
        return kinds

    def _get_text_values(self, kind, channels):
        """Override: codes in the words of who reads."""
        values = super()._get_text_values(kind, channels)
        claims = self.env["billing.debit.claim"]
        payload = self.payload or {}
        if self.kind in _WITH_REASON:
            values["reason"] = claims._failure_words().get(
                payload.get("reason"), payload.get("code") or self.env._("unknown")
            )
        if self.kind in _FOLLOWUPS:
            words = claims._followup_words()
            text = words.get((_FOLLOWUPS[self.kind], payload.get("why")), "")
            day = fields.Date.to_date(payload.get("next") or None)
            values["why"] = text % {"day": format_date(self.env, day) if day else ""}
        return values
