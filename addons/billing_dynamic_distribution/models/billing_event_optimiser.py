from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension: what becomes of tries."""
        return super()._billing_event_kinds() | {
            "trial.ended": {
                "label": self.env._("Try ended"),
                "icon": "fa-flask",
                "customer_visible": False,
                "text": self.env._("«%(name)s» ended: %(reason)s"),
            },
        }

    def _get_text_values(self, kind, channels):
        """Extension: why a try ended, in the language of the reader."""
        values = super()._get_text_values(kind, channels)
        if self.kind == "trial.ended":
            labels = self.env["billing.distribution.experiment"]._end_labels()
            code = (self.payload or {}).get("code")
            values["reason"] = labels.get(code, code or "")
        return values
