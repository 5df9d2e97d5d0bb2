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
        ids = self._find_paid_late(company).ids
        for part in split_every(BATCH, ids):
            self._charge_closing(self.env["account.move"].sudo().browse(part))
            self.env["ir.cron"]._commit_progress()

    @api.model
    def _find_paid_late(self, company):
        """Return the invoices of a company that were paid of late, in superuser mode.

        :rtype: account.move
        """
        first = company._billing_today() - timedelta(days=LOOK_BACK)
        events_sudo = (
            self.env["billing.event"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("kind", "=", "invoice.paid"),
                    ("occurred_at", ">=", first),
                ]
            )
        )
        return events_sudo.move_id.filtered(
            lambda move: move.payment_state in ("paid", "in_payment")
        )

    @api.model
    def _charge_closing(self, moves):
        """Charge what interest is left of invoices of one company that are paid.

        :param moves: ``account.move`` records
        :return: the charges
        :rtype: billing.charge
        """
        moves -= moves._billing_blocked("fee")
        day = self.env.company._billing_today()
        return self._book(moves._billing_interest_vals(day))
