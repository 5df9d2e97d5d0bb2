"""What is counted in messages and plans, said once: to count and to find it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .billing_distribution_learner import DAYS, GRACE_DAYS

#: What a message is counted as, in the order of its life.
MESSAGE_MEASURES = (
    "planned",
    "sent",
    "delivered",
    "opened",
    "paid",
    "failed",
    "uncertain",
)
#: What an invoice in a plan is counted as.
RUN_MEASURES = ("planned", "sent", "delivered", "opened", "paid")


class BillingDistributionItem(models.Model):
    _inherit = "billing.distribution.item"

    # What a list of them shows
    plan_id = fields.Many2one(related="run_id.plan_id")
    customer_id = fields.Many2one(related="attempt_id.partner_id", string="Customer")
    address = fields.Char(related="attempt_id.address")
    planned_at = fields.Datetime(related="attempt_id.planned_at")
    sent_at = fields.Datetime(related="attempt_id.sent_at")
    opened_at = fields.Datetime(related="attempt_id.opened_at")
    failure_reason = fields.Char(related="attempt_id.failure_reason")
    payment_state = fields.Selection(related="move_id.payment_state")

    funnel_measure = fields.Char(
        string="Counted As",
        store=False,
        search="_search_funnel_measure",
        exportable=False,
    )

    # === SEARCH METHODS === #

    def _search_funnel_measure(self, operator, value):
        if operator != "in":
            return NotImplemented
        for model in ("billing.distribution.attempt", "billing.event"):
            self.env[model].flush_model()
        measures = self._message_measures()
        measures["paid"] = self._paid_after_message()
        return Domain.OR(
            Domain.custom(
                to_sql=lambda model, alias, query, measure=measure: SQL(
                    """EXISTS (
                        SELECT 1 FROM billing_distribution_item AS item
                          JOIN billing_distribution_attempt AS attempt
                            ON attempt.id = item.attempt_id
                         WHERE item.id = %s AND attempt.state <> 'cancelled'
                           AND %s)""",
                    SQL.identifier(alias, "id"),
                    measures[measure],
                )
            )
            for measure in value
            if measure in measures
        )

    # === BUSINESS METHODS === #

    @api.model
    def _message_measures(self):
        """Return what a message is counted as, as conditions on ``attempt``.

        A channel that never tells what arrived has delivered what it took and what did
        not come back, as ``core.plan.Seen`` has it. ``paid`` is not among them: it
        needs the other messages of the run.

        :rtype: dict[str, SQL]
        """
        channels = self.env["billing.channel"]
        silent = [
            code
            for code, name in channels._registry().items()
            if not self.env[name]._reports_delivery
        ]
        return {
            "planned": SQL("TRUE"),
            "sent": SQL("attempt.sent_at IS NOT NULL"),
            "delivered": SQL(
                """(attempt.state IN ('delivered', 'opened')
                    OR attempt.state = 'sent' AND attempt.channel = ANY(%s))""",
                silent,
            ),
            "opened": SQL("attempt.state = 'opened'"),
            "failed": SQL("attempt.state IN ('failed_soft', 'failed_hard')"),
            "uncertain": SQL("attempt.state = 'uncertain'"),
        }

    @api.model
    def _paid_after_message(self):
        """Return the condition that an invoice was paid after this message of its run.

        And before the next one: each payment counts for one message.
        """
        return SQL(
            """EXISTS (
                SELECT 1 FROM billing_event AS payment
                 WHERE payment.move_id = item.move_id
                   AND payment.kind = 'invoice.paid'
                   AND payment.occurred_at >= attempt.sent_at
                   AND NOT EXISTS (
                       SELECT 1 FROM billing_distribution_item AS later
                         JOIN billing_distribution_attempt AS following
                           ON following.id = later.attempt_id
                        WHERE later.run_id = item.run_id
                          AND (following.sent_at, later.id)
                              > (attempt.sent_at, item.id)
                          AND following.sent_at <= payment.occurred_at))"""
        )


class BillingDistributionRun(models.Model):
    _inherit = "billing.distribution.run"

    funnel_measure = fields.Char(
        string="Counted As",
        store=False,
        search="_search_funnel_measure",
        exportable=False,
    )
    funnel_segment = fields.Char(
        string="Customer Group",
        store=False,
        search="_search_funnel_segment",
        exportable=False,
    )

    # The funnel counts what began within a time
    _company_started_idx = models.Index("(company_id, started_at)")

    # === SEARCH METHODS === #

    def _search_funnel_measure(self, operator, value):
        if operator != "in":
            return NotImplemented
        domains = []
        for measure in value:
            if measure == "planned":
                domains.append(Domain.TRUE)
            elif measure == "paid":
                domains.append(self._domain_paid_in_time())
            elif measure in RUN_MEASURES:
                domains.append(
                    Domain("item_ids", "any", [("funnel_measure", "=", measure)])
                )
        return Domain.OR(domains)

    def _search_funnel_segment(self, operator, value):
        if operator != "in":
            return NotImplemented
        segments = [code for code in value if code]
        invoices = self._segments_sql(self.env.companies)
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                """%s IN (SELECT invoice.move_id FROM (%s) AS invoice
                           WHERE invoice.segment = ANY(%s))""",
                SQL.identifier(alias, "move_id"),
                invoices,
                segments,
            )
        )

    # === BUSINESS METHODS === #

    @api.model
    def _domain_paid_in_time(self):
        """Return which invoices were paid by the due date and the days banks take."""
        for model in ("account.move", "billing.event"):
            self.env[model].flush_model()
        zones = self._zones_sql(self.env.companies)
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                """EXISTS (
                    SELECT 1 FROM account_move AS move
                      JOIN billing_event AS payment
                        ON payment.move_id = move.id AND payment.kind = 'invoice.paid'
                      JOIN %(zones)s ON zone.company_id = move.company_id
                     WHERE move.id = %(move)s AND payment.occurred_at < %(paid_by)s)""",
                zones=zones,
                move=SQL.identifier(alias, "move_id"),
                paid_by=self._paid_by_sql(),
            )
        )

    @api.model
    def _segments_sql(self, companies, partners=None):
        """Return a query of invoices with the customer group that the optimiser sees.

        Columns as of ``billing.distribution.learner._invoices``.

        :param SQL partners: a query of ids of commercial partners, None = all
        """
        self.env["account.move"].flush_model()
        self.env["billing.event"].flush_model()
        learner = self.env["billing.distribution.learner"]
        return SQL(" UNION ALL ").join(
            SQL(
                "(%s)",
                learner._invoices(
                    company,
                    company._billing_now() - timedelta(days=DAYS),
                    company._billing_zone().zone,
                    partners,
                ),
            )
            for company in companies
        )

    @api.model
    def _zones_sql(self, companies):
        """Return a row for each company, ``zone (company_id, name)``."""
        return SQL(
            "UNNEST(%s::integer[], %s::varchar[]) AS zone(company_id, name)",
            companies.ids,
            [company._billing_zone().zone for company in companies],
        )

    @api.model
    def _paid_by_sql(self):
        """Return until when ``move`` is paid in time (UTC), as the optimiser has it."""
        return SQL(
            """((move.invoice_date_due + %s)::timestamp
                AT TIME ZONE zone.name AT TIME ZONE 'UTC')""",
            1 + GRACE_DAYS,
        )


class BillingDistributionAttempt(models.Model):
    _inherit = "billing.distribution.attempt"

    # What was sent within a time, and what it cost
    _company_sent_idx = models.Index("(company_id, sent_at)")
