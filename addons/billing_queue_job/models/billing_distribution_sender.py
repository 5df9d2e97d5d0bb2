from odoo import api, models
from odoo.tools import SQL

from odoo.addons.billing_dynamic_distribution.models.billing_channel import GROUPS
from odoo.addons.queue_job.exception import RetryableJobError

from .queue_job import JOB_TRIES

#: Jobs that hand over messages of one channel at the same time, at most.
MAX_LANES = 64


class BillingDistributionSender(models.AbstractModel):
    """The sender's batches as jobs.

    A job names no message: it takes the next batch that nobody else has, as the crons
    do. So a job that is run twice, or comes late, or never, changes nothing but the
    pace, and what keeps a message from going out twice is what it always was: its row.

    One job decides what is due next on a group of channels, and wakes lanes. A lane
    hands over one batch, is put back in the queue while it finds one, and ends.
    """

    _inherit = "billing.distribution.sender"

    # === SCHEDULED === #

    @api.model
    def _cron_send(self, group):
        """Override: only note that there may be work."""
        if not self.env["queue.job"]._billing_takes_over():
            return super()._cron_send(group)
        self._delay_settle(group)
        self._delay_decide(group)
        return None

    @api.model
    def _cron_settle(self):
        """Override: only note that there may be work."""
        jobs = self.env["queue.job"]
        jobs._billing_tell_failures()
        if not jobs._billing_takes_over():
            jobs._billing_plan_in_their_place()
            return super()._cron_settle()
        for group in GROUPS:
            self._delay_settle(group)
        return None

    @api.model
    def _delay_settle(self, group):
        """Let a job ask about messages of a group, unless one waits already."""
        self.with_delay(
            identity_key=f"billing:settle:{group}",
            description=self.env._(
                "Settle messages: %(group)s", group=self._group_label(group)
            ),
            priority=5,
            max_retries=JOB_TRIES,
        )._job_settle(group)

    @api.model
    def _delay_decide(self, group):
        """Let a job decide what a group sends next, unless one waits already."""
        self.with_delay(
            identity_key=f"billing:decide:{group}",
            description=self.env._(
                "Decide what is sent: %(group)s", group=self._group_label(group)
            ),
            priority=8,
            max_retries=JOB_TRIES,
        )._job_decide(group)

    @api.model
    def _delay_call(self, code, lane):
        """Let a lane hand over a batch of a channel, unless it waits already."""
        channel = self.env["billing.channel"]._get(code)
        self.with_delay(
            identity_key=f"billing:call:{code}:{lane}",
            channel=f"root.billing.send.{channel._group}",
            description=self.env._("Send: %(channel)s", channel=channel._label()),
            max_retries=JOB_TRIES,
        )._job_call(code, lane)

    @api.model
    def _group_label(self, group):
        """Return how staff call a group of channels."""
        return {
            "email": self.env._("e-mail"),
            "sms": self.env._("SMS"),
        }.get(group, self.env._("letters and electronic invoices"))

    @api.model
    def _wake_lanes(self, code):
        """Wake as many lanes as there are batches of planned messages on a channel."""
        channel = self.env["billing.channel"]._get(code)
        if channel is None:
            # Its runs were left out; there is nobody to hand over to.
            return
        size = self._job_batch_size(channel._batch_size)
        planned = self._count_planned(code, size * MAX_LANES)
        for lane in range(-(-planned // size)):
            self._delay_call(code, lane)

    @api.model
    def _count_planned(self, code, limit):
        """Return how many messages of a channel are planned and due, ``limit`` at most.

        Those that another worker holds at this moment count too.
        """
        self.env["billing.distribution.attempt"].flush_model()
        limits = self._limits()
        [(count,)] = self.env.execute_query(
            SQL(
                """SELECT count(*)
                     FROM (SELECT
                             FROM billing_distribution_attempt AS attempt
                             JOIN unnest(%(companies)s, %(limits)s::timestamp[])
                                  AS due(company_id, upto)
                               ON due.company_id = attempt.company_id
                            WHERE attempt.state = 'planned'
                              AND attempt.channel = %(code)s
                              AND attempt.planned_at <= due.upto
                            LIMIT %(limit)s) AS planned""",
                companies=list(limits),
                limits=list(limits.values()),
                code=code,
                limit=limit,
            )
        )
        return count

    @api.model
    def _job_batch_size(self, size):
        """Return how many messages one job hands over.

        :param int size: how many the channel takes at once
        """
        return min(size, self.env["queue.job"]._billing_parameter("batch_size", size))

    @api.model
    def _lock_planned(self, code, limit):
        """Override: a job has to be done before Odoo's limit for a request."""
        if self.env.context.get("job_uuid"):
            limit = self._job_batch_size(limit)
        return super()._lock_planned(code, limit)

    # === JOBS === #

    @api.model
    def _job_settle(self, group):
        """Find out about messages of a group that nobody settled.

        :param str group: one of ``billing_channel.GROUPS``
        """
        self._settle_lost(group)
        self._ask_uncertain(group)

    @api.model
    def _job_decide(self, group):
        """Decide on the runs of a group that are due first, and wake the lanes.

        :param str group: one of ``billing_channel.GROUPS``
        :raises RetryableJobError: somebody else changed the same runs
        """
        commit = self.env["ir.cron"]._commit_progress
        self._resolve_virtual_runs()
        decided = []
        for code in self._codes_of(group):
            decided.append(self._plan_batch(code))
            commit()
            self._wake_lanes(code)
            commit()
        if None in decided:
            raise RetryableJobError("Somebody else changed the same invoices.")
        if any(decided):
            self._delay_decide(group)

    @api.model
    def _job_call(self, code, lane):
        """Hand over one batch of a channel, and wait in the queue for the next.

        :param str code: of the channel
        :param int lane: which of the lanes of the channel, from 0
        :raises RetryableJobError: other workers hold what is planned
        """
        if self._call_batch(code):
            self._delay_call(code, lane)
        elif self._count_planned(code, 1):
            raise RetryableJobError("Other workers hold the messages.")
