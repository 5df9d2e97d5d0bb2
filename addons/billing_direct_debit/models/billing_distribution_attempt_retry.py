from odoo import api, models

RETRY_CONTENT = "billing_direct_debit.content_debit_retry"


class BillingDistributionAttempt(models.Model):
    _inherit = "billing.distribution.attempt"

    @api.model
    def _make(self, vals_list):
        """Extend: the message about a new try tells when it is drawn."""
        attempts = super()._make(vals_list)
        retry = self.env.ref(RETRY_CONTENT)
        attempts.filtered(
            lambda attempt: attempt.content_id == retry
        ).tells_debit = True
        return attempts

    def _prepare_events(self, event, report, now, before):
        """Override: what becomes of a debit is told by the events of its claim."""
        if self.channel == "debit":
            return []
        return super()._prepare_events(event, report, now, before)
