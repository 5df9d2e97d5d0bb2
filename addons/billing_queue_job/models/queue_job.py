from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Times a job is tried before it counts as failed.
JOB_TRIES = 10
#: A job that nobody took for so long, while no other was taken either, means that no
#: runner is at work.
PATIENCE = timedelta(minutes=15)


class QueueJob(models.Model):
    _inherit = "queue.job"

    billing_is_told = fields.Boolean(
        string="Managers Told",
        readonly=True,
        help="The billing managers heard that this job failed.",
    )

    # === WHO DOES THE WORK === #

    @api.model
    def _billing_takes_over(self):
        """Whether a scheduled action leaves its work to jobs.

        It does not when somebody wants the work done now: as on another day, from the
        command line, or a job itself. Nor does it when nobody takes the jobs: an addon
        that is installed before its runner is configured, or a runner that died, must
        not keep invoices from going out. The managers are told then.

        :rtype: bool
        """
        context = self.env.context
        if not context.get("cron_id") or context.get("job_uuid"):
            return False
        if context.get("billing_date"):
            return False
        if not self._billing_stand_still():
            return True
        self.env.company._billing_alert(
            self.env._("Job runner"),
            self.env._(
                "Nobody takes the jobs of the queue. Is the job runner at work? "
                "Scheduled actions do the work meanwhile, more slowly."
            ),
        )
        return False

    @api.model
    def _billing_stand_still(self):
        """Whether jobs of the distribution wait, and none was begun for some time.

        :rtype: bool
        """
        self.flush_model()
        since = fields.Datetime.now() - PATIENCE
        [(stand_still,)] = self.env.execute_query(
            SQL(
                """SELECT EXISTS (
                          SELECT FROM queue_job
                           WHERE channel LIKE 'root.billing.%%'
                             AND state IN ('pending', 'enqueued')
                             AND GREATEST(eta, date_created) < %(since)s)
                      AND NOT EXISTS (
                          SELECT FROM queue_job
                           WHERE channel LIKE 'root.billing.%%'
                             AND date_started >= %(since)s)""",
                since=since,
            )
        )
        return stand_still

    @api.model
    def _billing_plan_in_their_place(self):
        """Plan the day if jobs were to do that, and nobody takes them.

        :return: None
        """
        waiting_sudo = self.sudo().search(
            [("channel", "=", "root.billing.plan"), ("state", "=", "pending")]
        )
        if waiting_sudo and self._billing_stand_still():
            self.env["billing.distribution.planner"]._cron_plan()
            waiting_sudo.unlink()

    # === FAILURES === #

    @api.model
    def _billing_tell_failures(self):
        """Tell the managers of jobs that failed for good, each once.

        Not when a job fails but when the scheduler comes by: the runner writes down
        itself, past the ORM, that a job's worker died too often.

        :return: None
        """
        failed_sudo = self.sudo().search(
            [
                ("channel", "=like", "root.billing.%"),
                ("state", "=", "failed"),
                ("billing_is_told", "=", False),
            ],
            order="id desc",
        )
        for company, jobs in failed_sudo.grouped("company_id").items():
            company._billing_alert(
                self.env._("Background jobs"),
                f"{jobs[0].name}: {jobs[0].exc_message or jobs[0].exc_name}",
            )
        failed_sudo.billing_is_told = True
        # Who puts a job back in the queue wants to hear of it once more.
        self.sudo().search(
            [("billing_is_told", "=", True), ("state", "!=", "failed")]
        ).billing_is_told = False

    # === SETTINGS === #

    @api.model
    def _billing_parameter(self, name, default):
        """Return the number that a system parameter of the addon holds.

        :param str name: of the parameter, without the addon
        :param int default: what counts where it holds no whole number above zero
        """
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        found = parameters_sudo.get_param(f"billing_queue_job.{name}", "")
        return int(found) if found.isdecimal() and int(found) else default
