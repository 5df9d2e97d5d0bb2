from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain

#: Mandates of which one transaction erases personal data.
FORGET_BATCH = 500


class BillingMandate(models.Model):
    _inherit = "billing.mandate"

    # === BUSINESS METHODS - PRIVACY === #

    @api.model
    def _cron_forget(self):
        """Erase the personal data of mandates that have been over for long enough."""
        for company in self.env["res.company"].sudo().search([]):
            day = company._billing_today()
            until = day - relativedelta(months=company.billing_mandate_months)
            domain = (
                Domain("company_id", "=", company.id)
                & Domain("state", "in", ("ended", "rejected"))
                & Domain("ended_on", "<", until)
                & Domain("forgotten_on", "=", False)
            )
            while mandates_sudo := (
                self.sudo()
                .search(domain, limit=FORGET_BATCH, order="id")
                .try_lock_for_update()
            ):
                mandates_sudo._forget(day)
                if not self.env["ir.cron"]._commit_progress(len(mandates_sudo)):
                    return

    def _forget(self, day):
        """Erase what only the mandates needed of their payers.

        That there was a mandate, and when, stays: invoices were drawn by it. Extended
        by who keeps more of payers.

        :param day: written down as the day of erasure
        """
        mandates_sudo = self.sudo()
        mandates_sudo.write(
            {
                "bank_account": False,
                "payer_identity": False,
                "payer_bankgiro": False,
                "signer": False,
                "evidence": False,
                "scan": False,
                "forgotten_on": day,
            }
        )
        mandates_sudo._log("forgotten", "system")
