import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, consteq
from odoo.tools.misc import hmac

from ..core import sms_gateway

_logger = logging.getLogger(__name__)

SCOPE = "billing.sms.report"
#: Status of Odoo's own service → status and words as a gateway would report them.
#: What is not here is a failure, named by the status itself.
ODOO_STATUSES = {
    "processing": ("8", ""),
    "success": ("8", ""),
    "sent": ("8", ""),
    "delivered": ("1", ""),
    "not_allowed": ("16", "not allowed"),
    "rejected": ("16", "rejected"),
}
#: A report that met somebody at work is tried again after this.
RETRY_AFTER = timedelta(minutes=1)


class BillingSmsReport(models.Model):
    """A delivery report of an SMS that could not be applied at once.

    Reports are applied as they come. One that meets a transaction which works on the
    same attempt (its own sending, mostly) is kept here and applied a moment later, so
    that the gateway gets its answer at once and nothing it said is lost.
    """

    _name = "billing.sms.report"
    _description = "Waiting SMS Delivery Report"
    _order = "id"
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True)
    status = fields.Char(required=True, readonly=True)
    reply = fields.Char(readonly=True)
    reference = fields.Char(readonly=True)
    received_at = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now
    )

    # The same report twice is one report.
    _report_unique = models.UniqueIndex("(key, status)")

    # === BUSINESS METHODS - SECRET === #

    @api.model
    def _secret(self, key):
        """Return what the gateway has to know to report on one message.

        :param str key: of the attempt, or of Odoo's own SMS
        :rtype: str
        """
        return hmac(self.env(su=True), SCOPE, key)[:32]

    @api.model
    def _is_authentic(self, key, secret):
        """Whether the secret is that of the key; takes the same time either way."""
        return secret.isascii() and consteq(self._secret(key), secret)

    # === BUSINESS METHODS - RECEIVE === #

    @api.model
    def _receive(self, key, status, reply="", reference=""):
        """Take in a report: apply it, or keep it for a moment.

        Applying is idempotent, and the order of reports does not matter.

        :param str key: of the attempt, or of Odoo's own SMS
        :param str status: see ``core.sms_gateway.STATUS_EVENTS``
        :param str reply: words of the SMS centre
        :param str reference: the centre's number of the message
        :return: None
        """
        report = sms_gateway.read_report(status, reply, reference)
        if report is None:
            _logger.info("SMS %s: unknown delivery status %r", key, status[:20])
            return
        received_at = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                applied = self._apply(key, report, received_at)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            applied = False
        if not applied:
            self._keep(key, status, reply, reference, received_at)

    @api.model
    def _receive_odoo(self, keys, status):
        """Take in a report of Odoo's own service on attempts that went through it.

        Its only secret is the key itself, which nobody but the service is told.

        :param list[str] keys: of attempts, and of Odoo's own SMS, which are passed over
        :param str status: in the service's words
        :return: None
        """
        attempts_sudo = (
            self.env["billing.distribution.attempt"]
            .sudo()
            .search([("key", "in", keys), ("channel", "=", "sms")])
        )
        kannel_status, words = ODOO_STATUSES.get(status, ("2", status))
        for attempt_sudo in attempts_sudo:
            if attempt_sudo.company_id.billing_sms_provider != "http":
                self._receive(attempt_sudo.key, kannel_status, words)

    @api.model
    def _keep(self, key, status, reply, reference, received_at):
        """Keep a report for the job, unless the very same one is kept already."""
        self.env.execute_query(
            SQL(
                """INSERT INTO billing_sms_report
                          (key, status, reply, reference, received_at)
                   VALUES (%s, %s, %s, %s, %s)
              ON CONFLICT (key, status) DO NOTHING
                RETURNING id""",
                key,
                status,
                reply[:500],
                reference[:200],
                received_at,
            )
        )
        self._get_cron()._trigger()

    @api.model
    def _apply(self, key, report, received_at):
        """Apply a report to what it is about.

        :param core.sms_gateway.Report report: what was reported
        :return: False when the message is being worked on by somebody else just now
        :rtype: bool
        """
        attempt_sudo = (
            self.env["billing.distribution.attempt"]
            .sudo()
            .search([("key", "=", key), ("channel", "=", "sms")])
        )
        if attempt_sudo:
            if not attempt_sudo.try_lock_for_update(allow_referencing=True):
                return False
            attempt_sudo._apply(
                report.event,
                at=received_at,
                reference=report.reference or None,
                code=report.code or None,
                reason=report.reason or None,
                address_fault=report.address_fault,
            )
            return True
        tracker_sudo = self.env["sms.tracker"].sudo().search([("sms_uuid", "=", key)])
        if not tracker_sudo:
            _logger.info("SMS %s: a delivery report nobody waits for", key)
            return True
        self._apply_to_odoo(tracker_sudo, report)
        return True

    @api.model
    def _apply_to_odoo(self, tracker_sudo, report):
        """Apply a report to one of Odoo's own SMS, as core does its provider's."""
        if report.event == "delivered":
            tracker_sudo._action_update_from_sms_state("sent")
        elif report.event == "sent":
            tracker_sudo._action_update_from_sms_state("pending")
        else:
            error = "invalid_destination" if report.code == "number" else "rejected"
            if report.event == "failed_soft" and report.code != "rejected":
                error = "expired" if report.code == "expired" else "not_delivered"
            tracker_sudo.with_context(
                sms_known_failure_reason=report.reason
            )._action_update_from_provider_error(error)
        messages_sudo = (
            self.env["sms.sms"]
            .sudo()
            .search(
                [
                    ("uuid", "in", tracker_sudo.mapped("sms_uuid")),
                    ("to_delete", "=", False),
                ]
            )
        )
        if report.event != "sent":
            messages_sudo.to_delete = True

    # === SCHEDULED === #

    @api.model
    def _cron_apply(self):
        """Apply the reports that had to wait, oldest first."""
        cron = self.env["ir.cron"]
        waiting_ids = self.search([], order="id").ids
        stuck = False
        for number, report_id in enumerate(waiting_ids, start=1):
            applied = self.browse(report_id)._apply_waiting()
            stuck = stuck or not applied
            left = len(waiting_ids) - number
            if not cron._commit_progress(int(applied), remaining=left):
                break
        if stuck:
            # Not at once: whoever works on them needs a moment.
            self._get_cron()._trigger(fields.Datetime.now() + RETRY_AFTER)

    def _apply_waiting(self):
        """Apply one kept report and forget it; return whether that was possible."""
        try:
            with self.env.cr.savepoint():
                report = self.try_lock_for_update()
                if not report or not report._apply(
                    report.key,
                    sms_gateway.read_report(
                        report.status, report.reply or "", report.reference or ""
                    ),
                    report.received_at,
                ):
                    return False
                report.unlink()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            return False
        return True

    # === HELPERS === #

    @api.model
    def _get_cron(self):
        return self.env.ref("billing_dynamic_distribution.ir_cron_sms_reports").sudo()
