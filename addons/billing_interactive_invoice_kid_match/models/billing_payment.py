from odoo import api, fields, models

from odoo.addons.billing_bank_file.core import decision


class BillingPayment(models.Model):
    _inherit = "billing.payment"

    # === HELPERS === #

    @api.model
    def _reason_texts(self):
        """Extend `billing_kid_match` with what customers say."""
        return {
            **super()._reason_texts(),
            "customer_says": self.env._("the customer says they paid it on %(day)s"),
        }

    # === BUSINESS METHODS === #

    def _propose_claimed(self, request):
        """Show staff that a customer says these payments are for an invoice.

        What matching makes of the payments stays as it is: a candidate of theirs is
        given the customer's word as one more reason, that weighs nothing; an invoice
        they did not think of comes last.

        :param request: the ``billing.request``
        :return: None
        """
        says = {
            "code": "customer_says",
            "values": {"day": fields.Date.to_string(request.day)},
            "weight": 0.0,
        }
        for payment in self:
            candidate = payment.candidate_ids.filtered(
                lambda candidate: candidate.move_id == request.move_id
            )[:1]
            if not candidate:
                candidate = candidate.create(
                    {
                        "payment_id": payment.id,
                        "sequence": len(payment.candidate_ids),
                        "move_id": request.move_id.id,
                        "probability": 0.0,
                        "distance": -1,
                        "reference": request.move_id.payment_reference,
                        "reasons": [],
                    }
                )
            if says not in (candidate.reasons or []):
                candidate.reasons = [*(candidate.reasons or []), says]
        self.filtered(lambda payment: payment.state == decision.UNMATCHED).write(
            {"state": decision.PROPOSED}
        )
