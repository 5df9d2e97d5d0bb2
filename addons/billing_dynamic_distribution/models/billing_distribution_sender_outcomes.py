import logging
from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.tools import SQL, split_every

from ..core import state
from ..core.channel import Outcome
from .billing_distribution_sender_calls import SETTLE_SIZE, WORKER_LOCK

_logger = logging.getLogger(__name__)

#: Times the writing down of outcomes is tried while others change the same rows.
SETTLE_TRIES = 5
#: A provider may need so long until it knows of what it was handed just now.
GRACE = timedelta(seconds=60)
#: How long the provider is asked about a message that nobody knows anything of.
ASK_FOR = timedelta(days=3)
ASK_EVERY = timedelta(hours=1)


class BillingDistributionSender(models.AbstractModel):
    """Outcomes of calls, also of those whose worker died."""

    _inherit = "billing.distribution.sender"

    @api.model
    def _settle(self, outcomes):
        """Write down outcomes, whatever else is being written at the same time.

        :param outcomes: pairs of attempt id and ``core.channel.Outcome``
        :return: whether they are written; else the provider is asked later
        """
        commit = self.env["ir.cron"]._commit_progress
        attempts = self.env["billing.distribution.attempt"].sudo()
        for _attempt_number in range(SETTLE_TRIES):
            try:
                # What channels wrote while calling, and a transaction of today.
                commit(0)
                attempts._apply_outcomes(
                    [(attempts.browse(id_), outcome) for id_, outcome in outcomes]
                )
                commit(0)
                return True
            except psycopg2.OperationalError:
                self.env.cr.rollback()
        _logger.error("Outcomes of %s messages were not written", len(outcomes))
        return False

    @api.model
    def _settle_lost(self, group):
        """Find out about messages whose worker died while it handed them over.

        :param str group: one of ``billing_channel.GROUPS``
        :return: number of messages that were settled
        """
        done = 0
        for worker, company_id, ids in self._lost_workers(group):
            company = self.env["res.company"].browse(company_id)
            now = company._billing_now()
            late = now - timedelta(minutes=company.sudo().billing_settle_minutes)
            [(is_gone,)] = self.env.execute_query(
                SQL("SELECT pg_try_advisory_lock(%s, %s)", WORKER_LOCK, worker)
            )
            try:
                lost_sudo = (
                    self.env["billing.distribution.attempt"]
                    .sudo()
                    .browse(ids)
                    .filtered(
                        lambda attempt, limit=now - GRACE if is_gone else late: (
                            attempt.state == state.CALLING
                            and attempt.called_at <= limit
                        )
                    )
                )
                outcomes = [
                    (attempt.id, self._ask(attempt) or Outcome(state.UNCERTAIN))
                    for attempt in lost_sudo
                ]
                for some in split_every(SETTLE_SIZE, outcomes):
                    self._settle(list(some))
                done += len(outcomes)
            finally:
                if is_gone:
                    self._unlock_worker(worker)
        return done

    @api.model
    def _lost_workers(self, group):
        """Return messages that are being handed over, by worker and company."""
        self.env["billing.distribution.attempt"].flush_model()
        return self.env.execute_query(
            SQL(
                """SELECT worker, company_id, array_agg(id ORDER BY id)
                     FROM billing_distribution_attempt
                    WHERE state = 'calling' AND channel = ANY(%s)
                    GROUP BY worker, company_id""",
                self.env["billing.channel"]._get_group_codes(group),
            )
        )

    @api.model
    def _ask_uncertain(self, group):
        """Ask the providers about messages nobody knows anything of, for some days."""
        codes = [
            code
            for code in self.env["billing.channel"]._get_group_codes(group)
            if self.env["billing.channel"]._get(code)._can_look_up
        ]
        while True:
            try:
                ids = self._claim_uncertain(codes)
                if not self.env["ir.cron"]._commit_progress(len(ids)) or not ids:
                    return
            except psycopg2.OperationalError:
                # Somebody else claimed the same ones.
                self.env.cr.rollback()
                return
            outcomes = []
            for attempt in self.env["billing.distribution.attempt"].sudo().browse(ids):
                outcome = self._ask(attempt)
                if outcome is not None:
                    outcomes.append((attempt.id, outcome))
            if outcomes:
                self._settle(outcomes)

    @api.model
    def _claim_uncertain(self, codes):
        """Return ids of messages to ask about, and note that they are asked about."""
        now = self.env.company._billing_now()
        rows = self.env.execute_query(
            SQL(
                """UPDATE billing_distribution_attempt SET checked_at = %(now)s
                    WHERE id IN (
                          SELECT id FROM billing_distribution_attempt
                           WHERE state = 'uncertain' AND channel = ANY(%(codes)s)
                             AND called_at BETWEEN %(since)s AND %(until)s
                             AND (checked_at IS NULL OR checked_at <= %(before)s)
                           ORDER BY id LIMIT %(limit)s
                             FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING id""",
                now=now,
                codes=codes,
                since=now - ASK_FOR,
                until=now - GRACE,
                before=now - ASK_EVERY,
                limit=SETTLE_SIZE,
            )
        )
        return [attempt_id for (attempt_id,) in rows]

    @api.model
    def _ask(self, attempt):
        """Ask the provider what became of a message, None if it cannot tell."""
        channel = self.env["billing.channel"]._get(attempt.channel)
        if channel is None:
            return None
        try:
            return channel.with_company(attempt.company_id)._look_up(attempt)
        except psycopg2.Error:
            raise
        except Exception:
            _logger.exception("Asking about message %s failed", attempt.id)
            return None
