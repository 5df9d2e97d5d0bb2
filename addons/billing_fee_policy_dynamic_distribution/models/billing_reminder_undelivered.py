import logging

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.billing_dynamic_distribution.core import state

_logger = logging.getLogger(__name__)

#: Messages of one reminder after which nobody tries any more.
TRIES = 4
#: Reminders that one run of the job looks after.
BATCH = 200


class BillingReminder(models.Model):
    """Reminders that did not arrive."""

    _inherit = "billing.reminder"

    @api.model
    def _cron_undelivered(self):
        """Send again what did not arrive, or take back what it charged; one by one."""
        commit = self.env["ir.cron"]._commit_progress
        ids = self._find_undelivered(BATCH)
        left = len(ids)
        for reminder_id in ids:
            reminder_sudo = self.sudo().browse(reminder_id)
            try:
                reminder_sudo._look_after()
            except psycopg2.OperationalError:
                # Somebody else is at work on it: next time.
                self.env.cr.rollback()
            left -= 1
            if not commit(1, remaining=left):
                break

    @api.model
    def _find_undelivered(self, limit):
        """Return ids of reminders whose last message came to nothing."""
        self.env["billing.distribution.attempt"].flush_model()
        self.flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT reminder.id
                     FROM billing_reminder AS reminder
                     JOIN LATERAL (
                          SELECT state FROM billing_distribution_attempt AS attempt
                           WHERE attempt.reminder_id = reminder.id
                           ORDER BY attempt.id DESC LIMIT 1) AS last ON TRUE
                    WHERE reminder.state = 'sent' AND last.state = ANY(%s)
                      AND reminder.id IN (
                          SELECT reminder_id FROM billing_distribution_attempt
                           WHERE reminder_id IS NOT NULL AND state = ANY(%s))
                    ORDER BY reminder.id LIMIT %s""",
                [*sorted(state.FAILED), state.CANCELLED],
                [*sorted(state.FAILED), state.CANCELLED],
                limit,
            )
        )
        return [reminder_id for (reminder_id,) in rows]

    def _look_after(self):
        """Decide what becomes of one reminder whose last message came to nothing.

        It goes by the next address of the customer that works; the one that failed for
        good is blocked by now. Given up, paid or held in between, it is withdrawn.

        :return: None
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return
        attempts_sudo = self.attempt_ids.sorted("id")
        last_sudo = attempts_sudo[-1:]
        if last_sudo.state == state.CANCELLED:
            self._billing_withdraw(
                self.env._("Paid, put on hold or given up before it went out.")
            )
            return
        reason = last_sudo.failure_reason or self.env._("The message did not arrive.")
        if len(attempts_sudo) < TRIES:
            reminder = self.with_company(self.company_id)
            try:
                with self.env.cr.savepoint():
                    reminder._billing_redate(self.company_id._billing_today())
                    point = reminder._tell_customer()
            except UserError as error:
                reason = str(error)
            else:
                self.write(
                    {"sent_channel": point.channel, "contact_point_id": point.id}
                )
                return
        self._note_undelivered(reason)

    def _note_undelivered(self, reason):
        """Take back what a reminder charged that reached nobody; staff go on from here.

        :param str reason: for staff
        :return: None
        """
        self.ensure_one()
        self._take_back_charges(
            self.env._(
                "The letter did not reach the customer: %(reason)s", reason=reason
            )
        )
        self._note_failed(reason)
