from odoo import api, models

from odoo.addons.queue_job.exception import RetryableJobError

from .queue_job import JOB_TRIES

#: Jobs that hand over messages of one channel at the same time, at most.
MAX_LANES = 64


class BillingDistributionSender(models.AbstractModel):
    """The sender's batches as jobs.

    A job names no message: it takes the next batch that nobody else has, as the crons
    do. So a job that is run twice, or comes late, or never, changes nothing but the
    pace, and what keeps a message from going out twice is what it always was: its row.

    One job decides what is due next on a group of channels, and wakes a lane of each.
    A lane hands over one batch, is put back in the queue while it finds one, and ends.
    While batches are full each lane wakes two more, so that a long queue has many after
    the time of a few renderings, and a short one has no job that finds nothing.
    """

    _inherit = "billing.distribution.sender"

    # === SCHEDULED === #

    @api.model
    def _cron_send(self, group):
        """Override: only note that there may be work."""
        if not self.env["queue.job"]._billing_takes_over():
            return super()._cron_send(group)
        return self._delay_decide(group)

    @api.model
    def _cron_settle(self):
        """Override: only note that there may be work."""
        jobs = self.env["queue.job"]
        jobs._billing_tell_failures()
        if not jobs._billing_takes_over():
            jobs._billing_plan_in_their_place()
            return super()._cron_settle()
        return self._delay_settle()

    @api.model
    def _delay_settle(self):
        """Let a job ask about messages nobody settled, unless one waits already."""
        self.with_delay(
            identity_key="billing:settle",
            description=self.env._("Settle messages"),
            priority=5,
            max_retries=JOB_TRIES,
        )._job_settle()

    @api.model
    def _delay_decide(self, group):
        """Let a job decide what a group sends next, unless one waits already."""
        labels = {"email": self.env._("e-mail"), "sms": self.env._("SMS")}
        other = self.env._("letters and electronic invoices")
        self.with_delay(
            identity_key=f"billing:decide:{group}",
            description=self.env._(
                "Decide what is sent: %(group)s", group=labels.get(group, other)
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

    # === BATCHES === #

    @api.model
    def _lock_planned(self, code, limit):
        """Override: a job has to be done before Odoo's limit for a request."""
        if self.env.context.get("job_uuid"):
            limit = self._job_batch_size(limit)
        return super()._lock_planned(code, limit)

    @api.model
    def _prepare_batch(self, channel, code, worker):
        """Override: where a lane finds a full batch there may be more for others.

        They are woken with the commit that comes before the first call.
        """
        prepared, dealt_with = super()._prepare_batch(channel, code, worker)
        lane = self.env.context.get("billing_lane")
        if lane is not None and dealt_with >= self._job_batch_size(channel._batch_size):
            for other in (2 * lane + 1, 2 * lane + 2):
                if other < MAX_LANES:
                    self._delay_call(code, other)
        return prepared, dealt_with

    @api.model
    def _job_batch_size(self, size):
        """Return how many messages one job hands over.

        :param int size: how many the channel takes at once
        """
        return min(size, self.env["queue.job"]._billing_parameter("batch_size", size))

    # === JOBS === #

    @api.model
    def _job_settle(self):
        """Do what the cron does where there are no jobs."""
        self._cron_settle()

    @api.model
    def _job_decide(self, group):
        """Decide on the runs of a group that are due first, and wake lanes.

        :param str group: one of ``billing_channel.GROUPS``
        :raises RetryableJobError: somebody else changed the same runs
        """
        commit = self.env["ir.cron"]._commit_progress
        self._settle_lost(group)
        self._resolve_virtual_runs()
        commit()
        decided = []
        for code in self._codes_of(group):
            decided.append(self._plan_batch(code))
            commit()
            # There is nobody to hand over to for a channel that is not installed.
            is_known = self.env["billing.channel"]._get(code) is not None
            if is_known and self._lock_planned(code, 1):
                self._delay_call(code, 0)
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
        :raises RetryableJobError: somebody else changed the same messages
        """
        if self.with_context(billing_lane=lane)._call_batch(code):
            self._delay_call(code, lane)
        elif self._lock_planned(code, 1):
            # There is something, and nobody has it: it was a conflict.
            raise RetryableJobError("Somebody else changed the same messages.")
