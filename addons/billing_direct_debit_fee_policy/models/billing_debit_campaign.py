from odoo import api, models


class BillingDebitCampaign(models.Model):
    _inherit = "billing.debit.campaign"

    @api.model
    def _reminder_kinds(self):
        """Extend `billing_direct_debit`: reminders count among the reasons to offer."""
        return super()._reminder_kinds() | {"reminder.sent"}
