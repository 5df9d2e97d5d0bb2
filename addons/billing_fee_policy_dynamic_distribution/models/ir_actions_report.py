from odoo import api, models

from odoo.addons.billing_fee_policy.models.billing_reminder_letter import REPORT


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _billing_letter_reports(self):
        """Extension of `billing_dynamic_distribution`: reminders go in envelopes."""
        return (*super()._billing_letter_reports(), REPORT)
