from odoo import api, models

#: Events that tell that a payment settled an invoice.
SETTLED = frozenset({"payment.reconciled", "payment.partial"})


class BillingEvent(models.Model):
    _inherit = "billing.event"

    # === BUSINESS METHODS === #

    @api.model
    def _billing_event_kinds(self):
        """Extend `billing_bank_file` with what customers are told of payments."""
        return super()._billing_event_kinds() | {
            "payment.told_repaired": {
                "label": self.env._("Told of a repaired reference"),
                "icon": "fa-envelope-o",
                "customer_visible": True,
                "text": self.env._(
                    "Told by %(channel)s to %(address)s that the reference of the "
                    "payment of %(amount)s was repaired."
                ),
                "customer_text": self.env._(
                    "We told you that we put the reference of your payment of "
                    "%(amount)s right."
                ),
            },
            "payment.told_needed": {
                "label": self.env._("Asked about a payment"),
                "icon": "fa-question-circle-o",
                "customer_visible": True,
                "text": self.env._(
                    "Asked by %(channel)s to %(address)s what the payment of "
                    "%(amount)s is for."
                ),
                "customer_text": self.env._(
                    "We asked you what your payment of %(amount)s is for."
                ),
            },
        }

    @api.model
    def _log(self, vals_list):
        """Extend `billing_base`: customers may want to hear of a repaired reference."""
        events = super()._log(vals_list)
        settled = [
            (vals["payload"]["payment_id"], vals["move_id"])
            for vals in vals_list
            if vals["kind"] in SETTLED
            and vals.get("move_id")
            and (vals.get("payload") or {}).get("payment_id")
        ]
        companies = self.env["res.company"].browse(
            {vals.get("company_id") for vals in vals_list if settled} - {None, False}
        )
        if any(companies.sudo().mapped("billing_match_tell_repaired")):
            self.env["billing.payment.notice"]._queue_repaired(settled)
        return events
