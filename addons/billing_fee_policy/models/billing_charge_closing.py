from datetime import timedelta

from odoo import api, models
from odoo.tools import split_every

#: Days after which an invoice that was paid late is no longer looked at.
LOOK_BACK = 14
#: Invoices between two commits.
BATCH = 200


class BillingCharge(models.Model):
    """Interest for the last days, once an invoice was paid late."""

    _inherit = "billing.charge"

    @api.model
    def _cron_closing_interest(self):
        """Charge the interest of invoices that were paid late and are closed.

        For companies that charge it then. A claim on hold is left alone, and so is one
        whose interest is below the least the company charges.
        """
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("billing_interest_when", "in", ("payment", "both"))])
        )
        companies._billing_each(
            self.env._("Interest of invoices that were paid late"),
            lambda company: self._charge_closing_interest(company),
        )

    @api.model
    def _charge_closing_interest(self, company):
        """Do it for one company, in batches that are committed."""
        day = company._billing_today()
        events_sudo = (
            self.env["billing.event"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("kind", "=", "invoice.paid"),
                    ("occurred_at", ">=", day - timedelta(days=LOOK_BACK)),
                ]
            )
        )
        moves_sudo = events_sudo.move_id.filtered(
            lambda move: (
                move.payment_state in ("paid", "in_payment")
                and not move.billing_claim_id
            )
        )
        for ids in split_every(BATCH, moves_sudo.ids):
            batch_sudo = moves_sudo.browse(ids)
            batch_sudo -= batch_sudo._billing_blocked("fee")
            self._book(batch_sudo._billing_interest_vals(day))
            self.env["ir.cron"]._commit_progress(len(ids))
