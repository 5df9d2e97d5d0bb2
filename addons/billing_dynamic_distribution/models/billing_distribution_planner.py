import json
import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..core import plan
from .account_move import OPEN_STATES
from .billing_distribution_plan import DATED_TRIGGERS

_logger = logging.getLogger(__name__)

#: Invoices that begin a plan between two commits.
BATCH_SIZE = 100_000
#: Runs that end between two commits; each leaves an event.
ENDED_SIZE = 5_000
#: Days after the day itself on which a dated trigger still begins, for a server that
#: stood still.
CATCH_UP_DAYS = 3


class BillingDistributionPlanner(models.AbstractModel):
    """Begins runs and ends those whose invoice is settled, set by set.

    Nothing here loads an invoice: plans choose theirs by a query, the moments at which
    the first messages are due are worked out once for each time zone, and the rows are
    written by the database.
    """

    _name = "billing.distribution.planner"
    _description = "Planning of Distribution"

    # === JOB === #

    @api.model
    def _cron_plan(self, shard=0, shards=1):
        """Plan the day: end what is settled, begin what is triggered by its date.

        :param int shard: which part of the invoices, from 0
        :param int shards: in how many parts the work is cut
        """
        commit = self.env["ir.cron"]._commit_progress
        for company in self.env["res.company"].search([]):
            try:
                for done in self._plan_company(company, shard, shards):
                    if not commit(done, remaining=1):
                        return
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Planning of company %s failed", company.id)
                company._billing_alert(self.env._("Distribution: plan the day"), error)
            commit(0, remaining=0)
        self.env["billing.distribution.sender"]._trigger_all()

    @api.model
    def _plan_company(self, company, shard=0, shards=1):
        """Plan the day of one company, batch by batch.

        :return: iterator of numbers of rows changed; the caller commits after each
        """
        planner = self.with_company(company)
        yield from planner._end_settled(company, shard, shards)
        plans_sudo = (
            self.env["billing.distribution.plan"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("trigger", "in", DATED_TRIGGERS),
                    ("live_version_id", "!=", False),
                ],
                order="trigger, sequence, id",
            )
        )
        for plan_id in plans_sudo.ids:
            yield from planner._start_dated(plans_sudo.browse(plan_id), shard, shards)

    # === BEGIN === #

    @api.model
    def _start(self, moves, trigger, key=None):
        """Begin runs of given invoices; see ``account.move._billing_distribute``."""
        runs = self.env["billing.distribution.run"]
        rest = moves.filtered(lambda move: move.move_type == "out_invoice")
        trigger_key = f"{trigger}:{key}" if key else trigger
        for company, company_moves in rest.grouped("company_id").items():
            now = company._billing_now()
            plans_sudo = (
                self.env["billing.distribution.plan"]
                .sudo()
                .search(
                    [
                        ("company_id", "=", company.id),
                        ("trigger", "=", trigger),
                        ("live_version_id", "!=", False),
                    ],
                    order="sequence, id",
                )
            )
            left = company_moves
            for plan_sudo in plans_sudo:
                if not left:
                    break
                fitting = self._fitting(plan_sudo, left)
                if not fitting:
                    continue
                runs |= self._insert(
                    plan_sudo,
                    SQL("id = ANY(%s)", list(fitting.ids)),
                    trigger_key,
                    now,
                )
                left -= fitting
        if runs:
            self.env["billing.distribution.sender"]._trigger(
                set(runs.sudo().mapped("channel"))
            )
        return runs

    @api.model
    def _fitting(self, plan_sudo, moves):
        """Return those of the invoices that a plan is for."""
        return (
            moves.sudo()
            .with_company(plan_sudo.company_id)
            .search([("id", "in", moves.ids), *plan_sudo._get_domain()])
            .with_env(moves.env)
        )

    @api.model
    def _start_dated(self, plan_sudo, shard, shards):
        """Begin the runs of a plan with a dated trigger, batch by batch.

        :return: iterator of numbers of runs begun; the caller commits after each
        """
        company = plan_sudo.company_id
        today = company._billing_today()
        days = plan_sudo.trigger_days if plan_sudo.trigger != "on_due" else 0
        offset = timedelta(days=days if plan_sudo.trigger == "before_due" else -days)
        since = max(
            today - timedelta(days=CATCH_UP_DAYS),
            plan_sudo.live_version_id.published_at.date(),
        )
        calendar = company._billing_calendar_maker()(None, None)
        day_by_due = {}
        for late in range(max((today - since).days, 0), -1, -1):
            day = today - timedelta(days=late)
            due = day + offset
            if plan_sudo.trigger == "before_due" and late and due <= today:
                # Too late to say that it is due soon; it is due now.
                continue
            day_by_due[due] = day
        if not day_by_due:
            return
        suffix = f":{days}" if days else ""
        for due, ids in self._find_dated(plan_sudo, day_by_due, suffix, shard, shards):
            runs = self._insert(
                plan_sudo,
                # The range lets the database read the neighbours together.
                SQL("id BETWEEN %s AND %s AND move.id = ANY(%s)", ids[0], ids[-1], ids),
                f"{plan_sudo.trigger}:{due.isoformat()}{suffix}",
                max(
                    calendar.day_start(day_by_due[due]),
                    plan_sudo.live_version_id.published_at,
                ),
            )
            yield len(runs)

    @api.model
    def _find_dated(self, plan_sudo, due_dates, suffix, shard, shards):
        """Return the invoices that begin a plan with a dated trigger, in batches.

        All in one query: what the plan chooses may be costly to find.

        :param due_dates: on which they are due
        :param str suffix: of the occasion, behind trigger and due date
        :return: pairs of due date and list of ids, the earliest due date first
        """
        moves_sudo = self.env["account.move"].sudo()
        query = moves_sudo._search(
            [
                ("company_id", "=", plan_sudo.company_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", OPEN_STATES),
                ("invoice_date_due", "in", list(due_dates)),
                *plan_sudo._get_domain(),
            ]
        )
        return self.env.execute_query(
            SQL(
                """SELECT due, array_agg(id ORDER BY id)
                     FROM (SELECT move.id, move.invoice_date_due AS due,
                                  (row_number() OVER (PARTITION BY move.invoice_date_due
                                                      ORDER BY move.id) - 1)
                                  / %(size)s AS part
                             FROM account_move AS move
                            WHERE move.id %% %(shards)s = %(shard)s
                              AND move.id IN (%(fitting)s)
                              AND NOT EXISTS (
                                  SELECT FROM billing_distribution_run AS run
                                   WHERE run.move_id = move.id
                                     AND run.trigger_key = %(trigger)s || ':'
                                         || to_char(move.invoice_date_due, 'YYYY-MM-DD')
                                         || %(suffix)s)) AS todo
                    GROUP BY due, part
                    ORDER BY due, part""",
                size=BATCH_SIZE,
                shard=shard,
                shards=shards,
                fitting=query.select(),
                trigger=plan_sudo.trigger,
                suffix=suffix,
            )
        )

    @api.model
    def _insert(self, plan_sudo, moves_sql, trigger_key, at):
        """Begin runs of a plan, in one statement for each version, and return them.

        :param plan_sudo: ``billing.distribution.plan`` that is live
        :param moves_sql: condition on ``account_move``
        :param str trigger_key: the occasion
        :param datetime at: when it was (UTC)
        """
        runs = self.env["billing.distribution.run"]
        for version_sudo, chosen_sql in plan_sudo._split_by_version(moves_sql):
            runs |= self._insert_version(version_sudo, chosen_sql, trigger_key, at)
        return runs

    @api.model
    def _insert_version(self, version_sudo, moves_sql, trigger_key, at):
        """Begin runs of one version in one statement, and return them.

        :param version_sudo: ``billing.distribution.version``
        """
        runs = self.env["billing.distribution.run"]
        plan_sudo = version_sudo.plan_id
        steps = version_sudo._to_steps()
        company = plan_sudo.company_id
        make = company._billing_calendar_maker()
        self.env["account.move"].flush_model(
            ["partner_id", "commercial_partner_id", "amount_total", "invoice_date_due"]
        )
        self.env["res.partner"].flush_model(["tz", "country_id"])
        zones = self.env.execute_query(
            SQL(
                """SELECT DISTINCT partner.tz, partner.country_id, country.code
                     FROM account_move AS move
                     JOIN res_partner AS partner ON partner.id = move.partner_id
                LEFT JOIN res_country AS country ON country.id = partner.country_id
                    WHERE move.%s""",
                moves_sql,
            )
        )
        if not zones:
            return runs
        starts = [plan.start(steps, at, make(zone, code)) for zone, _id, code in zones]
        if starts[0].kind != plan.WAIT:
            return runs
        step = starts[0].step
        # Looked up rather than joined: how many rows a join with a handful of kinds
        # leaves is what the database guesses worst.
        nexts = json.dumps(
            {
                f"{country_id or 0} {zone or ''}": start.at.isoformat()
                for (zone, country_id, _code), start in zip(zones, starts, strict=True)
            }
        )
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO billing_distribution_run
                       (move_id, partner_id, company_id, plan_id, version_id,
                        trigger_key, started_at, state, step_id, channel, next_at,
                        retry, try_count, planned_amount, planned_due)
                SELECT move.id, COALESCE(move.commercial_partner_id, move.partner_id),
                       move.company_id, %(plan)s, %(version)s, %(key)s, %(now)s,
                       'waiting', %(step)s, %(channel)s, %(next_at)s, 0, 0,
                       move.amount_total, move.invoice_date_due
                  FROM account_move AS move
                  JOIN res_partner AS partner ON partner.id = move.partner_id
                 WHERE move.%(moves)s
           ON CONFLICT (move_id, plan_id, trigger_key) DO NOTHING
             RETURNING id
                """,
                plan=plan_sudo.id,
                version=version_sudo.id,
                key=trigger_key,
                now=company._billing_now(),
                step=step.id,
                channel=step.channel,
                next_at=SQL(
                    """(%s::jsonb ->> (COALESCE(partner.country_id, 0) || ' '
                                       || COALESCE(partner.tz, '')))::timestamp""",
                    nexts,
                ),
                moves=moves_sql,
            )
        )
        self.env["account.move"].invalidate_model(["billing_run_ids"], flush=False)
        return runs.browse(run_id for (run_id,) in rows)

    # === END === #

    @api.model
    def _end_settled(self, company, shard, shards):
        """End the runs whose invoice is paid or not issued any more, batch by batch.

        :return: iterator of numbers of runs ended
        """
        runs_sudo = self.env["billing.distribution.run"].sudo()
        self.env.flush_all()
        found = self.env.execute_query(
            SQL(
                """SELECT array_agg(id ORDER BY id)
                     FROM (SELECT run.id,
                                  (row_number() OVER (ORDER BY run.id) - 1)
                                  / %(size)s AS part
                             FROM billing_distribution_run AS run
                             JOIN account_move AS move ON move.id = run.move_id
                            WHERE run.company_id = %(company)s
                              AND run.state = 'waiting'
                              AND move.id %% %(shards)s = %(shard)s
                              AND (move.state <> 'posted'
                                   OR move.payment_state <> ALL(%(open)s))) AS settled
                    GROUP BY part ORDER BY part""",
                company=company.id,
                shard=shard,
                shards=shards,
                open=list(OPEN_STATES),
                size=ENDED_SIZE,
            )
        )
        for (ids,) in found:
            rows = self.env.execute_query(
                SQL(
                    """SELECT run.id, move.state = 'posted'
                         FROM billing_distribution_run AS run
                         JOIN account_move AS move ON move.id = run.move_id
                        WHERE run.id = ANY(%(ids)s) AND run.state = 'waiting'
                          AND (move.state <> 'posted'
                               OR move.payment_state <> ALL(%(open)s))
                          FOR NO KEY UPDATE OF run SKIP LOCKED""",
                    ids=ids,
                    open=list(OPEN_STATES),
                )
            )
            ended = defaultdict(list)
            for run_id, is_posted in rows:
                ended[is_posted].append(run_id)
            runs_sudo.browse(ended[True])._end("done", "paid")
            runs_sudo.browse(ended[False])._end("stopped", "reset")
            yield len(rows)
            self.env.flush_all()
