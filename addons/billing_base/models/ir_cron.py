import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class IrCron(models.Model):
    _inherit = "ir.cron"

    # === BUSINESS METHODS === #

    @api.model
    def _billing_run(self, day, write):
        """Run every active job of the billing addons once, one after the other.

        The work behind ``odoo billing_run``. A job that fails is reported and leaves
        nothing half done; the others run all the same.

        :param day: the :class:`datetime.date` to act on, None for today; jobs find it
            through ``res.company._billing_today``
        :param write: called with a line of text for each job
        :return: number of jobs that failed
        """
        context = {"billing_date": day} if day else {}
        failed = 0
        for job in self.sudo().search([("active", "=", True)], order="priority, id"):
            if not job._is_billing_job():
                continue
            name = job.name
            try:
                job.ir_actions_server_id.with_context(**context).run()
                self._commit_progress()
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Scheduled work failed: %s", name)
                write(f"{name}: failed: {error}")
                failed += 1
            else:
                write(f"{name}: done")
        return failed

    def _is_billing_job(self):
        """Whether the job belongs to one of the billing addons."""
        self.ensure_one()
        module = self.sudo().get_external_id().get(self.id, "").partition(".")[0]
        return module.startswith("billing_")

    # === HELPERS === #

    def _notify_admin(self, message):
        """Override of `base`: core only writes to the log when it gives up a job.

        A job that stopped for good means reminders or bank files standing still, so
        the billing managers hear of it. Only jobs of the billing addons count.
        """
        result = super()._notify_admin(message)
        for cron in self:
            if cron._is_billing_job():
                cron.env.company._billing_alert(cron.name, message)
        return result
