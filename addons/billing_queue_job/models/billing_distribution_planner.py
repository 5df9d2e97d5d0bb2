from odoo import api, models

from odoo.addons.billing_dynamic_distribution.models.billing_channel import GROUPS

from .queue_job import JOB_TRIES

#: Jobs that each half of the day's planning is cut into, unless the system parameter
#: ``billing_queue_job.plan_parts`` says otherwise.
PLAN_PARTS = 2


class BillingDistributionPlanner(models.AbstractModel):
    _inherit = "billing.distribution.planner"

    # === SCHEDULED === #

    @api.model
    def _cron_plan(self, shard=0, shards=1):
        """Override: cut the work of this shard into jobs, for each company its own.

        The invoices of the shard are those whose id leaves ``shard`` when divided by
        ``shards``; each part takes those that leave a number of its own when divided by
        ``shards * parts``, so that together they take the same.
        """
        jobs = self.env["queue.job"]
        if not jobs._billing_takes_over():
            return super()._cron_plan(shard, shards)
        parts = jobs._billing_parameter("plan_parts", PLAN_PARTS)
        for company in self.env["res.company"].search([]):
            for part in range(parts):
                self._delay_plan(company, shard + shards * part, shards * parts)
        return None

    @api.model
    def _delay_plan(self, company, shard, shards):
        """Note a part of a company's planning as a job, unless it waits already."""
        self.with_company(company).with_delay(
            identity_key=f"billing:plan:{company.id}:{shard}:{shards}",
            description=self.env._(
                "Plan the day of %(company)s, part %(part)s of %(parts)s",
                company=company.name,
                part=shard + 1,
                parts=shards,
            ),
            max_retries=JOB_TRIES,
        )._job_plan(company.id, shard, shards)

    # === JOBS === #

    @api.model
    def _job_plan(self, company_id, shard, shards):
        """Plan the day of a company, a part of its invoices, and let it be sent.

        :param int company_id: one that is gone meanwhile has nothing to plan
        :param int shard: which part of the invoices, from 0
        :param int shards: in how many parts the work is cut
        """
        company = self.env["res.company"].browse(company_id).exists()
        if not company:
            return
        changed = 0
        for done in self._plan_company(company, shard, shards):
            changed += done
            self.env["ir.cron"]._commit_progress(done)
        if changed:
            for group in GROUPS:
                self.env["billing.distribution.sender"]._delay_decide(group)
