import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.billing_base.core.answer_file import AnswerError

from .billing_debit_batch import ORDER

_logger = logging.getLogger(__name__)

#: Invoices that are looked at together.
PLAN_SIZE = 5_000


class BillingDebitPlanner(models.AbstractModel):
    """The day's work with the bank: what is drawn, who is told, which files go."""

    _name = "billing.debit.planner"
    _description = "Planning of Direct Debits"

    # === JOB === #

    @api.model
    def _cron_run(self):
        """Do the rounds of all companies that have an agreement."""
        companies = self.env["billing.debit.agreement"].sudo().search([]).company_id
        companies._billing_each(self.env._("Direct debit: claims and files"), self._run)

    @api.model
    def _trigger(self):
        """Let the job run soon."""
        cron_sudo = self.env.ref("billing_direct_debit.ir_cron_debit").sudo()
        cron_sudo._trigger()

    @api.model
    def _run(self, company):
        """Do the rounds for one company, with a commit after each step.

        An agreement whose directory does not answer keeps the others from nothing.

        :param company: in superuser mode
        """
        planner = self.sudo().with_company(company)
        cron = self.env["ir.cron"]
        claims = planner.env["billing.debit.claim"]
        for done in claims._watch(company):
            cron._commit_progress(done)
        for done in planner._plan(company):
            cron._commit_progress(done)
        claims._close_cancelled(company)
        claims._note_told(company)
        cron._commit_progress(0)
        agreements = planner.env["billing.debit.agreement"].search(
            [("company_id", "=", company.id)]
        )
        for agreement in agreements:
            try:
                planner._run_agreement(agreement)
            except (OSError, UserError, AnswerError) as error:
                self.env.cr.rollback()
                _logger.warning("%s: %s", agreement.display_name, error)
                company._billing_alert(
                    self.env._(
                        "Direct debit: files of %(agreement)s", agreement=agreement.name
                    ),
                    error,
                )
                cron._commit_progress(0)

    @api.model
    def _run_agreement(self, agreement):
        """Tell customers, write files, put them into the directory, read receipts.

        :param agreement: in superuser mode
        """
        cron = self.env["ir.cron"]
        claims = self.env["billing.debit.claim"]
        claims._move_late(agreement)
        claims._tell(agreement)
        cron._commit_progress(0)
        claims._fill_batches(agreement)
        cron._commit_progress(0)
        batches = self.env["billing.debit.batch"].search(
            [
                ("agreement_id", "=", agreement.id),
                ("state", "in", ("approved", "delivering")),
            ]
        )
        for batch in batches.sorted(lambda one: (ORDER.index(one.kind), one.id)):
            batch._deliver()
        agreement._read_receipts()
        agreement._alert_late_batches()
        cron._commit_progress(0)

    # === PLANNING === #

    @api.model
    def _plan(self, company, day=None):
        """Draw what customers with a mandate owe and nothing speaks against.

        :param company: ``res.company``
        :param date day: as on which; today when left out
        :return: iterator of numbers of claims made; the caller commits after each
        """
        planner = self.with_context(billing_date=day) if day else self
        moves = planner.env["account.move"].sudo().with_company(company)
        for ids in planner._find_candidates(company):
            yield len(moves.browse(ids)._billing_claim_automatically())

    @api.model
    def _find_candidates(self, company):
        """Return invoices that may be drawn, in batches.

        Those of customers with an active mandate, issued since it began, that no claim
        was made for, or one that is to be made anew.

        :rtype: list[list[int]]
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.id
                  FROM account_move AS move
                 WHERE move.company_id = %(company)s
                   AND move.move_type = 'out_invoice' AND move.state = 'posted'
                   AND move.payment_state IN ('not_paid', 'partial')
                   AND move.amount_residual > 0
                   AND EXISTS (
                       SELECT FROM billing_mandate AS mandate
                        WHERE mandate.partner_id = move.commercial_partner_id
                          AND mandate.company_id = move.company_id
                          AND mandate.state = 'active'
                          AND (mandate.include_open
                               OR mandate.include_move_id = move.id
                               OR mandate.active_from IS NULL
                               OR move.invoice_date >= mandate.active_from))
                   AND NOT EXISTS (
                       SELECT FROM billing_debit_claim AS claim
                        WHERE claim.move_id = move.id
                          AND (claim.state <> 'cancelled'
                               OR claim.cancel_reason NOT IN ('changed', 'held')))
                 ORDER BY move.id
                """,
                company=company.id,
            )
        )
        ids = [move_id for (move_id,) in rows]
        return [ids[at : at + PLAN_SIZE] for at in range(0, len(ids), PLAN_SIZE)]
