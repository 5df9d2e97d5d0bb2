import logging
import secrets

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.billing_base.core.hold import blocking

from ..core import state
from ..core.channel import ChannelError
from .account_move import OPEN_STATES

_logger = logging.getLogger(__name__)

#: Outcomes that are written down together while a batch is being handed over.
SETTLE_SIZE = 25
#: First number of our locks of workers in the database.
WORKER_LOCK = 0x6B76_7701


class BillingDistributionSender(models.AbstractModel):
    """From planned messages to calls."""

    _inherit = "billing.distribution.sender"

    @api.model
    def _call_all(self, code):
        """Hand over everything that is planned on a channel and due.

        :return: number of messages, None when the time of the job is up
        """
        done = 0
        while True:
            called = self._call_batch(code)
            done += called
            if not self.env["ir.cron"]._commit_progress(called, remaining=1):
                return None
            if not called:
                return done

    @api.model
    def _call_batch(self, code):
        """Hand over the next planned messages of a channel.

        :return: number of messages that were dealt with
        """
        channel = self.env["billing.channel"]._get(code)
        if channel is None:
            return 0
        worker = secrets.randbelow(2**31 - 1) + 1
        self._lock_worker(worker)
        try:
            try:
                prepared, dealt_with = self._prepare_batch(channel, code, worker)
                self.env["ir.cron"]._commit_progress(0)
            except psycopg2.OperationalError:
                self.env.cr.rollback()
                return 0
            self._hand_over(channel, prepared)
        finally:
            self._unlock_worker(worker)
        return dealt_with

    @api.model
    def _lock_worker(self, worker):
        """Hold a lock for as long as this process works on a batch.

        It belongs to the connection, not to the transaction, so that it goes with the
        process and with nothing else. A failed transaction must not keep it, so that
        it is let go on the way out whatever happened.
        """
        self.env.execute_query(
            SQL("SELECT pg_advisory_lock(%s, %s)", WORKER_LOCK, worker)
        )

    @api.model
    def _unlock_worker(self, worker):
        try:
            self.env.execute_query(
                SQL("SELECT pg_advisory_unlock(%s, %s)", WORKER_LOCK, worker)
            )
        except psycopg2.errors.InFailedSqlTransaction:
            self.env.cr.rollback()
            self.env.execute_query(
                SQL("SELECT pg_advisory_unlock(%s, %s)", WORKER_LOCK, worker)
            )

    @api.model
    def _prepare_batch(self, channel, code, worker):
        """Lock, check and render the next planned messages, mark them as being sent.

        :return: pairs of attempt and ``core.channel.Prepared``, and the number of
            messages that were dealt with
        """
        attempts_sudo = self._lock_planned(code, channel._batch_size)
        if not attempts_sudo:
            return [], 0
        troubles = self.env["billing.distribution.trouble"]
        attempts_sudo = troubles._take_probes(attempts_sudo)
        kept = self._recheck(attempts_sudo, channel)
        prepared, failed = [], []
        for company, own in kept.grouped("company_id").items():
            good, bad = [], []
            for attempt, message in self._render(
                channel.with_company(company), own.with_company(company)
            ):
                (bad if isinstance(message, ChannelError) else good).append(
                    (attempt, message)
                )
            prepared += good
            failed += troubles._hold_back(
                company, code, bad, [attempt for attempt, _message in good]
            )
        attempts = self.env["billing.distribution.attempt"].sudo()
        if failed:
            attempts._apply_outcomes(
                [(attempt, error.outcome) for attempt, error in failed]
            )
        for attempt, message in prepared:
            attempt.write(
                {
                    "worker": worker,
                    "subject": message.subject,
                    "preview": message.text,
                    "segments": message.segments,
                    "cost": channel._cost(attempt.company_id, message),
                }
            )
        called = attempts.concat(*(attempt for attempt, _message in prepared))
        called._apply(state.CALLED)
        troubles._got_through(called)
        return prepared, len(attempts_sudo)

    @api.model
    def _render(self, channel, attempts):
        """Render messages of one company together, else each alone.

        :return: pairs of attempt and ``core.channel.Prepared`` or ``ChannelError``
        """
        try:
            with self.env.cr.savepoint():
                return list(channel._prepare_batch(attempts))
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.exception("Messages are rendered one by one")
            return list(channel._prepare_each(attempts))

    @api.model
    def _lock_planned(self, code, limit):
        """Return planned messages of a channel that are due, locked."""
        attempts_sudo = self.env["billing.distribution.attempt"].sudo()
        attempts_sudo.flush_model()
        self.env["billing.distribution.trouble"].flush_model()
        limits = self._limits()
        rows = self.env.execute_query(
            SQL(
                """SELECT attempt.id
                     FROM billing_distribution_attempt AS attempt
                     JOIN unnest(%(companies)s, %(limits)s::timestamp[])
                          AS due(company_id, upto)
                       ON due.company_id = attempt.company_id
                    WHERE attempt.state = 'planned' AND attempt.channel = %(code)s
                      AND attempt.planned_at <= due.upto
                      AND NOT EXISTS (
                          SELECT FROM billing_distribution_trouble AS trouble
                           WHERE trouble.ended_at IS NULL
                             AND trouble.probe_at > due.upto
                             AND trouble.company_id = attempt.company_id
                             AND trouble.channel = attempt.channel
                             AND (trouble.content_id IS NULL
                                  OR trouble.id = attempt.trouble_id))
                    ORDER BY attempt.planned_at, attempt.id
                    LIMIT %(limit)s
                      FOR NO KEY UPDATE OF attempt SKIP LOCKED""",
                companies=list(limits),
                limits=list(limits.values()),
                code=code,
                limit=limit,
            )
        )
        return attempts_sudo.browse(attempt_id for (attempt_id,) in rows)

    @api.model
    def _recheck(self, attempts_sudo, channel):
        """Return the messages that may still go out.

        A payment or a hold may have come since a message was planned, above all when a
        worker died in between: that message is given up. The hour may have come at
        which people are left alone: that message waits.
        """
        moves_sudo = attempts_sudo.item_ids.move_id
        holds = moves_sudo._billing_holds()
        given_up = attempts_sudo.browse()
        for attempt in attempts_sudo:
            for item in attempt.item_ids:
                move = item.move_id
                is_reminder = item.run_id.plan_id.is_reminder
                held = blocking(holds[move.id], "distribution") or (
                    is_reminder and blocking(holds[move.id], "reminder")
                )
                is_open = move.payment_state in OPEN_STATES
                if move.state != "posted" or (item.run_id and (held or not is_open)):
                    given_up |= attempt
        if given_up:
            given_up._give_up()
        return self._recheck_hours(attempts_sudo - given_up, channel)

    @api.model
    def _recheck_hours(self, attempts_sudo, channel):
        """Return the messages that may go out at this hour; let the others wait."""
        if not channel._is_intrusive:
            return attempts_sudo
        late = attempts_sudo.browse()
        for company, own_sudo in attempts_sudo.grouped("company_id").items():
            now = company._billing_now()
            calendars = company._billing_calendars(own_sudo.recipient_id)
            for attempt in own_sudo:
                at = max(now, attempt.planned_at)
                allowed = calendars[attempt.recipient_id.id].next_allowed(at)
                if allowed > at:
                    attempt.planned_at = allowed
                    late |= attempt
        return attempts_sudo - late

    @api.model
    def _hand_over(self, channel, prepared):
        """Make the calls, and write down their outcomes little by little."""
        outcomes = []
        try:
            for attempt, outcome in channel._call_batch(prepared):
                outcomes.append((attempt.id, outcome))
                if len(outcomes) >= SETTLE_SIZE:
                    self._settle(outcomes)
                    outcomes = []
        except Exception as error:
            # Who had his turn is not known: what has no outcome is asked for by key.
            self.env.cr.rollback()
            _logger.exception("Channel %s broke off", channel._channel)
            self.env.company._billing_alert(self.env._("Distribution: send"), error)
        if outcomes:
            self._settle(outcomes)
