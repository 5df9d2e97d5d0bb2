from odoo import models
from odoo.fields import Domain

#: Triggers of plans that remind of what is overdue.
LATE_TRIGGERS = ("on_due", "after_due")


class BillingDistributionPlan(models.Model):
    _inherit = "billing.distribution.plan"

    def _get_domain(self):
        """Override: documents of fees are no invoices to send.

        And a plan does not remind of what the ladder has taken up.
        """
        domain = super()._get_domain() & Domain("billing_claim_id", "=", False)
        if self.is_reminder and self.trigger in LATE_TRIGGERS:
            domain &= Domain(
                "billing_reminder_line_ids", "not any", [("state", "=", "sent")]
            )
        return domain
