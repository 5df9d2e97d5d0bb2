from odoo import fields, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.tools import SQL

from ..core import decision, resolution
from ..core.money import decimals
from ..core.sums import BankSum, Details, pair


class BillingPayment(models.Model):
    """Sums on a statement whose payments came, or come later, in another file.

    The money shall be in the books once. A sum that came first stands on a statement
    line of its own; when its details arrive, a line against it takes it off the bank
    account again, and the details are booked like any others.
    """

    _inherit = "billing.payment"

    details_entries = fields.Json(
        help="The bank's entries that hold the payments of this sum.", readonly=True
    )

    _sum_idx = models.Index(
        "(journal_id, booking_date)"
        " WHERE raw->'transaction' = '{}'::jsonb AND NOT bank_collective"
    )

    # === ACTIONS === #

    def action_open_details(self):
        """Open the payments a sum is made of."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "billing.payment",
            "view_mode": "list,kanban,form",
            "domain": [("bank_entry", "in", self.details_entries or [])],
            "name": self.env._("Details"),
        }

    # === BUSINESS METHODS === #

    def _replace_by_details(self, entries):
        """Take sums off the bank account, because their payments are there.

        A sum that was settled with an invoice is taken off it first. Where Odoo
        refuses, the payments are held back, so that nothing is booked twice.

        :param entries: dict of payment id to the bank entries with its details
        :raises ConcurrencyError: somebody is at work on one of the sums
        """
        payments_sudo = self.sudo()
        try:
            payments_sudo.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise ConcurrencyError("a sum is being decided at this moment") from error
        for payment in payments_sudo:
            payment = payment.with_company(payment.company_id)
            try:
                with self.env.cr.savepoint():
                    payment._replace(list(entries[payment.id]))
            except UserError as error:
                payment._hold_details_back(list(entries[payment.id]), error)

    def _replace(self, entries):
        """
        :param entries: the bank entries with the details
        :raises UserError: the sum was used in Odoo's own screens, or paid back
        """
        if self.is_booked:
            self._undo()
        if self.statement_line_id:
            booking = self.env["billing.booking"].with_context(billing_booking=True)
            booking._cancel_out(self.with_context(billing_booking=True))
        self.write(
            {
                "state": decision.RECONCILED,
                "resolution": resolution.REPLACED,
                "reasons": [],
                "error": False,
                "details_entries": entries,
            }
        )
        files = self.search([("bank_entry", "in", entries)]).file_id
        self._log_step(
            "payment.replaced", actor="system", file=", ".join(files.mapped("name"))
        )

    def _hold_details_back(self, entries, error):
        """Keep payments from being booked beside their sum, and tell the managers."""
        message = self.env._(
            "The bank reported this money before, as %(sum)s, and that cannot be "
            "replaced: %(reason)s",
            sum=self.display_name,
            reason=error,
        )
        self.search([("bank_entry", "in", entries), ("state", "=", "new")]).write(
            {"error": message}
        )
        self.company_id._billing_alert(self.env._("Booking of bank payments"), message)

    def _set_undone(self):
        """Extend: a sum that counts again no longer has its details elsewhere."""
        restored = self.filtered(
            lambda payment: payment.resolution == resolution.REPLACED
        )
        res = super()._set_undone()
        restored.sudo().write({"details_entries": False})
        for payment in restored.sudo():
            payment._log_step("payment.restored")
        return res


class BillingBankFile(models.Model):
    """Finds the sums that a file's payments are the details of, or the other way."""

    _inherit = "billing.bank.file"

    def _replace_sums(self):
        """Replace each sum that is there beside its details, whichever came first."""
        sums = self._find_sums()
        if not sums:
            return
        journals = self.env["account.journal"].browse({item.journal for item in sums})
        pairs = pair(
            sums,
            self._find_details(sums),
            set(journals._billing_told_by_day().ids),
            set(journals._billing_told_by_day(withdrawals=True).ids),
        )
        if pairs:
            self.env["billing.payment"].browse(pairs)._replace_by_details(pairs)

    def _find_sums(self):
        """Sums without details of the days and accounts of this file.

        :return: list of :class:`~..core.sums.BankSum`, the oldest first
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id, payment.journal_id, payment.booking_date,
                       payment.raw->'entry'->>'AcctSvcrRef', payment.amount,
                       currency.name, payment.file_id = %(file)s
                  FROM billing_payment AS payment
                  JOIN res_currency AS currency ON currency.id = payment.currency_id
                 WHERE payment.raw->'transaction' = '{}'::jsonb
                   AND NOT payment.bank_collective
                   AND payment.resolution IS DISTINCT FROM %(replaced)s
                   AND (payment.journal_id, payment.booking_date) IN (
                       SELECT DISTINCT journal_id, booking_date
                         FROM billing_payment WHERE file_id = %(file)s)
                 ORDER BY payment.id
                """,
                file=self.id,
                replaced=resolution.REPLACED,
            )
        )
        return [
            BankSum(row[0], row[1], row[2], row[3] or "", _minor(*row[4:6]), row[6])
            for row in rows
        ]

    def _find_details(self, sums):
        """Entries with details on the days and accounts of sums, but those that are
        the details of a sum already.

        :return: list of :class:`~..core.sums.Details`
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT min(payment.bank_entry), payment.journal_id,
                       payment.booking_date, payment.raw->'entry'->>'AcctSvcrRef',
                       sum(payment.amount), currency.name,
                       bool_or(payment.file_id = %(file)s)
                  FROM billing_payment AS payment
                  JOIN res_currency AS currency ON currency.id = payment.currency_id
                 WHERE (payment.journal_id, payment.booking_date) IN %(days)s
                   AND payment.file_id IS NOT NULL
                   AND payment.raw->'transaction' IS DISTINCT FROM '{}'::jsonb
                   AND NOT EXISTS (
                       SELECT FROM billing_payment AS other
                        WHERE other.journal_id = payment.journal_id
                          AND other.booking_date = payment.booking_date
                          AND other.resolution = %(replaced)s
                          AND other.details_entries ? payment.bank_entry)
                 GROUP BY payment.bank_entry, payment.journal_id, payment.booking_date,
                          4, currency.name
                 ORDER BY min(payment.id)
                """,
                file=self.id,
                days=tuple({(item.journal, item.day) for item in sums}),
                replaced=resolution.REPLACED,
            )
        )
        return [
            Details(row[0], row[1], row[2], row[3] or "", _minor(*row[4:6]), row[6])
            for row in rows
        ]


def _minor(amount, currency):
    return round(amount * 10 ** decimals(currency))
