from datetime import timedelta
from decimal import Decimal

from odoo import api, models
from odoo.tools import split_every

from ..core import charge as core_charge
from .billing_charge import LIVE

#: Days after which an invoice that was paid late is no longer looked at.
LOOK_BACK = 14
#: Invoices between two commits.
BATCH = 200


class BillingCharge(models.Model):
    """Interest of invoices that were paid late, once it is known when."""

    _inherit = "billing.charge"

    @api.model
    def _cron_closing_interest(self):
        """Settle the interest of invoices that were paid of late.

        What was charged for days after the money had come is taken back; companies
        that charge interest then are owed the days that no charge covers. A claim on
        hold is left alone, and so is one whose interest is below the least that the
        company charges.
        """
        self.env["res.company"].sudo().search([])._billing_each(
            self.env._("Interest of invoices that were paid late"),
            lambda company: self._close_interest(company),
        )

    @api.model
    def _close_interest(self, company):
        """Do it for one company, in batches that are committed."""
        is_charged = company.billing_interest_when in ("payment", "both")
        for part in split_every(BATCH, self._find_paid_late(company).ids):
            moves_sudo = self.env["account.move"].sudo().browse(part)
            self._correct_interest(moves_sudo)
            if is_charged:
                self._charge_closing(moves_sudo)
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

    @api.model
    def _correct_interest(self, moves):
        """Take back interest for days on which the money had come already.

        The bank tells of some payments later than they were made, and a reminder may
        have gone out in between.

        :param moves: ``account.move`` records
        :return: the charges that take the place of those that were too high
        :rtype: billing.charge
        """
        charges_sudo = self.sudo().search(
            [
                ("move_id", "in", moves.ids),
                ("kind", "=", core_charge.INTEREST),
                ("state", "in", LIVE),
            ],
            order="date_from, id",
        )
        if not charges_sudo:
            return charges_sudo
        terms = charges_sudo.move_id._billing_overdue_terms()
        laws = self.env["billing.law.pack"].sudo()
        vals_list = []
        for charge_sudo in charges_sudo:
            pack = laws._for(charge_sudo.company_id, charge_sudo.day)
            if not pack:
                continue
            interest = core_charge.interest(
                pack,
                terms[charge_sudo.move_id.id],
                charge_sudo.date_from - timedelta(days=1),
                charge_sudo.date_to,
                Decimal(str(charge_sudo.currency_id.rounding)),
            )
            if (
                charge_sudo.currency_id.compare_amounts(
                    float(interest.amount), charge_sudo.amount
                )
                >= 0
            ):
                continue
            charge_sudo._reverse(self.env._("The invoice was paid earlier."))
            basis = charge_sudo._to_basis()
            vals_list.append(
                {
                    "key": f"interest:{charge_sudo.move_id.id}:for:{charge_sudo.id}",
                    "kind": core_charge.INTEREST,
                    "move_id": charge_sudo.move_id.id,
                    "amount": interest.amount,
                    "currency_id": charge_sudo.currency_id.id,
                    "due": charge_sudo.due,
                    "verdict": basis.verdict,
                    "periods": interest.periods,
                    "reminder_line_id": charge_sudo.reminder_line_id.id,
                }
            )
        return self._book(vals_list)
