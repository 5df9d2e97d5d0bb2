import logging
from datetime import timedelta

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.billing_bank_file.core import decision, resolution

_logger = logging.getLogger(__name__)

#: Days between what a customer says and the bank's booking date: banks date some
#: bookings back, and a payment made in the evening before a holiday takes its time.
DAYS_BEFORE = 3
DAYS_AFTER = 10
#: Payments of the same amount that are looked at. Where there are more, the amount says
#: nothing.
MOST_LOOKED_AT = 20


class BillingRequest(models.Model):
    """«I have paid» looks among the payments that found no invoice.

    A customer's word books nothing: who has a link could claim a stranger's money. The
    payments that fit go through matching once more, which may know more by now than
    when they came; what it is still not sure of is shown to a person.
    """

    _inherit = "billing.request"

    payment_ids = fields.Many2many(
        "billing.payment",
        string="Payments That Fit",
        readonly=True,
        help="Payments without an invoice that have the amount and the days the "
        "customer told.",
    )

    # === ACTIONS === #

    def action_open_payments(self):
        """Open the payments that fit what the customer told."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "billing.payment",
            "view_mode": "list,form",
            "domain": [("id", "in", self.payment_ids.ids)],
            "name": self.env._("Payments That Fit"),
        }

    # === BUSINESS METHODS === #

    def _find_payment(self):
        """Extend: match what fits once more, propose what is left."""
        found = super()._find_payment()
        payments_sudo = self._fitting_payments()
        if not payments_sudo:
            return found
        for payment_sudo in payments_sudo:
            if self._match_again(payment_sudo):
                return found
        waiting = payments_sudo.filtered("is_undecided")
        waiting._propose_claimed(self)
        if waiting - self.sudo().payment_ids:
            self.sudo().payment_ids |= waiting
            self._log("claim_paid.proposed")
        return found or bool(waiting)

    def _fitting_payments(self):
        """Return the payments without an invoice that may be the one told of.

        Nothing when so many fit that amount and days tell nothing.

        :return: in superuser mode, in the company of the request
        :rtype: billing.payment
        """
        self.ensure_one()
        payments_sudo = self.env["billing.payment"].sudo().with_company(self.company_id)
        found = payments_sudo.search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "in", (decision.PROPOSED, decision.UNMATCHED)),
                ("currency_id", "=", self.currency_id.id),
                ("amount", "=", self.amount),
                ("booking_date", ">=", self.day - timedelta(days=DAYS_BEFORE)),
                ("booking_date", "<=", self.day + timedelta(days=DAYS_AFTER)),
            ],
            limit=MOST_LOOKED_AT + 1,
        )
        return found if len(found) <= MOST_LOOKED_AT else found.browse()

    def _match_again(self, payment_sudo):
        """Match one payment once more, and book it if that is sure of this invoice.

        Where a person was at work on it, it stays with people.

        :return: whether it was booked on the invoice
        :rtype: bool
        """
        self.ensure_one()
        if payment_sudo.undone_by_id or payment_sudo.resolution in (
            resolution.PARKED,
            resolution.REFUND,
        ):
            return False
        if not payment_sudo.try_lock_for_update(allow_referencing=True):
            return False
        try:
            with self.env.cr.savepoint():
                [item] = payment_sudo._decide()
                if item.outcome not in decision.BOOKED or {
                    share.move_id for share in item.shares
                } != set(self.move_id.ids):
                    return False
                [booked] = (
                    self.env["billing.booking"].sudo()._settle(payment_sudo, [item])
                )
                if booked.outcome not in decision.BOOKED:
                    return False
                payment_sudo._record_decisions([booked])
        except psycopg2.OperationalError:
            raise
        except UserError as error:
            _logger.info("Payment %s stays in review: %s", payment_sudo.id, error)
            return False
        return True
