from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: what becomes of messages and runs."""
        return super()._billing_event_kinds() | {
            "delivery.sent": {
                "label": self.env._("Sent"),
                "icon": "fa-paper-plane-o",
                "customer_visible": True,
                "text": self.env._("Sent by %(channel)s to %(address)s."),
                "customer_text": self.env._("We sent you the invoice by %(channel)s."),
            },
            "delivery.delivered": {
                "label": self.env._("Delivered"),
                "icon": "fa-check-circle-o",
                "customer_visible": False,
                "text": self.env._("Delivered by %(channel)s to %(address)s."),
            },
            "delivery.opened": {
                "label": self.env._("Opened"),
                "icon": "fa-envelope-open-o",
                "customer_visible": False,
                "text": self.env._("The customer opened what was sent by %(channel)s."),
            },
            "delivery.machine": {
                "label": self.env._("Opened by a machine"),
                "icon": "fa-cogs",
                "customer_visible": False,
                "text": self.env._(
                    "A machine, not a person, opened what was sent by %(channel)s."
                ),
            },
            "delivery.bounced": {
                "label": self.env._("Bounced"),
                "icon": "fa-reply",
                "customer_visible": False,
                "text": self.env._(
                    "%(channel)s to %(address)s could not be delivered: %(reason)s"
                ),
            },
            "delivery.failed": {
                "label": self.env._("Sending failed"),
                "icon": "fa-exclamation-triangle",
                "customer_visible": False,
                "text": self.env._(
                    "%(channel)s to %(address)s did not go through: %(reason)s"
                ),
            },
            "delivery.uncertain": {
                "label": self.env._("Sending uncertain"),
                "icon": "fa-question-circle-o",
                "customer_visible": False,
                "text": self.env._(
                    "Nobody knows whether %(channel)s to %(address)s went out. It is "
                    "not sent again by itself."
                ),
            },
            "delivery.skipped": {
                "label": self.env._("Step left out"),
                "icon": "fa-step-forward",
                "customer_visible": False,
                "text": self.env._("«%(plan)s»: %(channel)s left out: %(reason)s"),
            },
            "delivery.postponed": {
                "label": self.env._("Message postponed"),
                "icon": "fa-clock-o",
                "customer_visible": False,
                "text": self.env._("«%(plan)s»: %(channel)s waits: %(reason)s"),
            },
            "run.started": {
                "label": self.env._("Distribution started"),
                "icon": "fa-play-circle-o",
                "customer_visible": False,
                "text": self.env._("«%(plan)s» began."),
            },
            "run.stopped": {
                "label": self.env._("Distribution stopped"),
                "icon": "fa-stop-circle-o",
                "customer_visible": False,
                "text": self.env._("«%(plan)s» stopped: %(reason)s"),
            },
            "run.done": {
                "label": self.env._("Distribution done"),
                "icon": "fa-flag-checkered",
                "customer_visible": False,
                "text": self.env._("«%(plan)s» is done: %(reason)s"),
            },
            "run.stuck": {
                "label": self.env._("Distribution needs somebody"),
                "icon": "fa-life-ring",
                "customer_visible": False,
                "text": self.env._("«%(plan)s» cannot go on: %(reason)s"),
            },
            "run.changed": {
                "label": self.env._("Invoice changed"),
                "icon": "fa-pencil-square-o",
                "customer_visible": False,
                "text": self.env._(
                    "Amount or due date changed since the customer was last told."
                ),
            },
        }

    def _get_text_values(self, kind, channels):
        """Extension of `billing_base`: reasons in the language of the reader."""
        values = super()._get_text_values(kind, channels)
        payload = self.payload or {}
        if self.kind.startswith(("run.", "delivery.")) and payload.get("code"):
            labels = self.env["billing.distribution.run"]._reason_labels()
            label = labels.get(payload["code"])
            if label:
                detail = payload.get("detail")
                values["reason"] = f"{label}: {detail}" if detail else label
        return values

    def _get_channel_labels(self):
        """Extension of `billing_base`: also channels without contact points."""
        field = self.env["billing.distribution.step"]._fields["channel"]
        return {
            **dict(field._description_selection(self.env)),
            **super()._get_channel_labels(),
        }
