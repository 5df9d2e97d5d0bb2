import logging

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..core import decision

_logger = logging.getLogger(__name__)

# Payments taken, decided and booked in one transaction. Large enough to share the
# fixed costs of a batch, small enough that a crash repeats little.
BATCH_SIZE = 1000


class BillingPayment(models.Model):
    """Payments on their way from new to decided and booked, batch by batch."""

    _inherit = "billing.payment"

    _queue_idx = models.Index("(id) WHERE state = 'new' AND error IS NULL")

    # === BUSINESS METHODS === #

    def _cron_process(self):
        """Decide and book what is new, batch by batch, until the time is up."""
        remaining = 1
        while remaining:
            try:
                done, remaining = self._process_next()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Another worker was faster with something this batch touched.
                self.env.cr.rollback()
                self.env.ref("billing_bank_file.ir_cron_process")._trigger()
                break
            if not self.env["ir.cron"]._commit_progress(done, remaining=remaining):
                break
            if not done:
                break

    @api.model
    def _process_next(self, file=None, limit=BATCH_SIZE):
        """Decide and book the next batch of new payments in the present transaction.

        Payments another worker holds are passed over, so that any number of workers
        share the work. One that Odoo refuses to book never stops the others.

        :param file: only payments of these ``billing.bank.file`` records
        :param limit: the most payments to take
        :return: (payments done, payments still new)
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM billing_payment
                 WHERE state = 'new' AND error IS NULL %s
                 ORDER BY id LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                SQL("AND file_id IN %s", tuple(file.ids)) if file else SQL(),
                limit,
            )
        )
        payments = self.browse([row[0] for row in self.env.cr.fetchall()])
        if payments:
            booking = self.env["billing.booking"]
            try:
                # What is left to write is written in the transaction's first one.
                context = self.env.transaction.default_env.context
                with booking._environments_kept(context), self.env.cr.savepoint():
                    payments._process()
            except psycopg2.OperationalError:
                # Two workers in each other's way, or no database: nobody's payment.
                raise
            except Exception as error:  # noqa: BLE001
                _logger.info("Booking payments one by one: %s", error)
                payments._process_one_by_one()
        domain = [("state", "=", "new"), ("error", "=", False)]
        if file:
            domain.append(("file_id", "in", file.ids))
        return len(payments), self.sudo().search_count(domain)

    def _process_one_by_one(self):
        """Process payments apart, and set aside those that Odoo refuses to book."""
        for payment in self:
            try:
                with self.env.cr.savepoint():
                    payment._process()
            except UserError as error:
                payment._set_aside(error)
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                _logger.exception("Payment %s cannot be booked", payment.id)
                payment._set_aside(error)

    def _set_aside(self, error):
        """Keep why the payment could not be booked, and tell the managers."""
        self.ensure_one()
        payment_sudo = self.sudo()
        reason = str(error) or type(error).__name__
        if payment_sudo.journal_id.restrict_mode_hash_table:
            # Odoo's words speak of an entry that nobody here has seen.
            reason = self.env._(
                "Entries of journal %(journal)s are sealed with a hash, so a payment "
                "somebody has to decide on cannot wait in it. %(reason)s",
                journal=payment_sudo.journal_id.code,
                reason=reason,
            )
        payment_sudo.error = reason
        payment_sudo.company_id._billing_alert(
            self.env._("Booking of bank payments"), payment_sudo.error
        )

    def _process(self):
        """Decide on the payments and book them."""
        for company, payments in self.sudo().grouped("company_id").items():
            payments = payments.with_company(company)
            payments._book_decisions(payments._decide())

    def _decide(self):
        """Find the invoices of the payments. Reads, changes nothing.

        The base knows no invoice: addons that match override this.

        :return: list of :class:`~..core.decision.Decision`, in the order of ``self``
        """
        return [
            decision.Decision(payment_id, decision.UNMATCHED) for payment_id in self.ids
        ]

    def _book_decisions(self, decisions):
        """Book decided payments and keep what was decided on them.

        :param decisions: list of :class:`~..core.decision.Decision`, one for each
        """
        booked = self.env["billing.booking"]._book(self, decisions)
        self._record_decisions(booked)
