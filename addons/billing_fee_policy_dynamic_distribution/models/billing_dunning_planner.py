from odoo import api, models
from odoo.tools import SQL

from odoo.addons.billing_fee_policy.core import law

from .account_move import ON_ITS_WAY
from .billing_distribution_plan import LATE_TRIGGERS


class BillingDunningPlanner(models.AbstractModel):
    _inherit = "billing.dunning.planner"

    @api.model
    def _load_notices(self, move_ids):
        """Extended: a friendly reminder of a plan is the ladder's friendly reminder.

        One that a plan is about to send counts, too, so that nobody gets two.
        """
        notices = super()._load_notices(move_ids)
        self.env["billing.distribution.run"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT run.move_id,
                          (min(COALESCE(attempt.sent_at, run.started_at))
                           AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date
                     FROM billing_distribution_run AS run
                     JOIN billing_distribution_plan AS plan ON plan.id = run.plan_id
                LEFT JOIN billing_distribution_item AS item ON item.run_id = run.id
                LEFT JOIN billing_distribution_attempt AS attempt
                       ON attempt.id = item.attempt_id
                    WHERE run.move_id = ANY(%(moves)s)
                      AND plan.is_reminder AND plan.trigger = ANY(%(triggers)s)
                      AND (attempt.state = ANY(%(sent)s)
                           OR run.state IN ('waiting', 'sending'))
                 GROUP BY run.move_id""",
                moves=list(move_ids),
                triggers=list(LATE_TRIGGERS),
                sent=list(ON_ITS_WAY),
                zone=self.env.company._billing_zone().zone,
            )
        )
        for move_id, day in rows:
            notices[move_id].append(law.Notice("soft", day))
            notices[move_id].sort(key=lambda notice: notice.sent)
        return notices
