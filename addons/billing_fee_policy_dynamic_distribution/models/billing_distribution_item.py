from odoo import models


class BillingDistributionItem(models.Model):
    _inherit = "billing.distribution.item"

    def _resend(self):
        """Override: reminders are sent again as reminders, or not at all.

        What did not arrive goes by another address by itself.
        """
        own = self.sudo().filtered("attempt_id.reminder_id").with_env(self.env)
        return super(BillingDistributionItem, self - own)._resend()
