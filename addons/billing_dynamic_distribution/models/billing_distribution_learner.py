from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from random import Random

from odoo import api, models
from odoo.tools import SQL

from ..core import hours, optimiser
from ..core.optimiser import Arm, Tally

#: Days that are learned from.
DAYS = 365
#: Days after the due date until a payment of that day is in the books: a weekend and
#: the bank's own day.
GRACE_DAYS = 3
#: Days in which an earlier invoice tells what kind of payer a customer is; later ones
#: were not yet known to be paid.
HISTORY = "730 days"
HISTORY_KNOWN = "21 days"
#: Share of earlier invoices paid in time from which a customer counts as prompt.
PROMPT = 0.8
#: Days that the volume of a plan is counted over.
VOLUME_DAYS = 90
DAYS_A_MONTH = 30.4
#: Hours that a unit of waiting stands for, where only days are told apart.
UNIT_HOURS = {"hours": 1, "days": 24, "bank_days": 24}


class BillingDistributionLearner(models.AbstractModel):
    """Reads what became of messages, for everybody who learns or compares.

    One row of :meth:`_facts` is one invoice in one run: how it set out, and whether it
    was opened and paid in time. Everything is read set by set.
    """

    _name = "billing.distribution.learner"
    _description = "Learning from Messages"

    # === JOB === #

    @api.model
    def _cron_learn(self):
        """Compare, propose, and adjust what is being tried, company by company."""
        self.env["res.company"].sudo().search(
            [("billing_optimise", "=", True)]
        )._billing_each(
            self.env._("Learning from messages"),
            lambda company: self.with_env(company.env)._learn(company),
        )

    @api.model
    def _learn(self, company):
        """Do the nightly work of one company."""
        self.env["billing.distribution.experiment"]._follow(company)
        self.env["billing.distribution.preference"]._learn(company)
        plans = self.env["billing.distribution.plan"].search(
            [("company_id", "=", company.id), ("live_version_id", "!=", False)]
        )
        for trigger, own in plans.grouped("trigger").items():
            tables = self._tally(company, trigger)
            # What was seen in one plan is lent to the others with the same trigger.
            table = optimiser.learn(self._together(tables))
            for plan in own:
                self._propose(plan, table, dict(tables.get(plan.id, ())))

    @api.model
    def _propose(self, plan, table, own):
        """Examine every change of a plan and bring its proposals up to date.

        :param plan: ``billing.distribution.plan``
        :param table: ``core.optimiser.Table`` of all plans with its trigger
        :param own: tallies of the plan itself, by (segment, arm)
        """
        proposals = self.env["billing.distribution.proposal"]
        current = self._current_arm(plan, own)
        volumes = self._volumes(plan)
        if not current or not volumes:
            return proposals._refresh(plan, [])
        steps = plan.live_version_id.step_ids.sorted(lambda s: (s.sequence, s.id))
        required = set()
        if steps[0].is_required:
            required |= {"channel", "band"}
        if steps[1:2].is_required:
            required |= {"channel", "wait"}
        findings = optimiser.propose(
            table,
            current,
            self._choices(plan, table, current),
            volumes,
            plan.company_id._billing_rails(),
            Random(f"propose {plan.id} {plan.live_version_id.id}"),
            required=required,
        )
        return proposals._refresh(plan, findings)

    # === BUSINESS METHODS - FACTS === #

    @api.model
    def _facts(self, company, since, partners=None, condition=None):
        """Return a query of what became of invoices in runs.

        Columns: ``run_id, move_id, partner_id, plan_id, version_id, started_at,
        segment, channel, band, opened, paid, cost`` (currency of the company) and
        ``is_ripe``: the time to pay is over.

        :param company: the ``res.company``
        :param datetime since: UTC, when runs began
        :param partners: a query of ids of commercial partners, None = all
        :param condition: further condition on ``run``
        :rtype: SQL
        """
        for model, names in (
            ("billing.distribution.run", None),
            ("billing.distribution.attempt", None),
            ("billing.distribution.item", None),
            ("account.move", ["commercial_partner_id", "invoice_date_due", "state"]),
            ("res.partner", ["is_company", "tz", "country_id"]),
        ):
            self.env[model].flush_model(names)
        make = company._billing_calendar_maker()
        home = make(None, None).zone
        zones = [
            (tz, country_id, make(tz, code).zone)
            for tz, country_id, code in self.env.execute_query(
                SQL(
                    """SELECT DISTINCT partner.tz, partner.country_id, country.code
                         FROM billing_distribution_run AS run
                         JOIN res_partner AS partner ON partner.id = run.partner_id
                    LEFT JOIN res_country AS country
                           ON country.id = partner.country_id
                        WHERE run.company_id = %s""",
                    company.id,
                )
            )
        ]
        return SQL(
            """
            WITH invoice AS MATERIALIZED (%(invoices)s),
            message AS MATERIALIZED (
                SELECT item.run_id, attempt.channel, attempt.sent_at,
                       attempt.opened_at,
                       attempt.cost / COUNT(*) OVER (PARTITION BY attempt.id) AS cost,
                       ROW_NUMBER() OVER (
                           PARTITION BY item.run_id ORDER BY attempt.sent_at, attempt.id
                       ) AS place
                  FROM billing_distribution_item AS item
                  JOIN billing_distribution_attempt AS attempt
                    ON attempt.id = item.attempt_id
                 WHERE attempt.company_id = %(company)s AND attempt.sent_at >= %(since)s
            )
            SELECT run.id AS run_id, run.move_id, run.partner_id, run.plan_id,
                   run.version_id, run.started_at, invoice.segment,
                   MIN(message.channel) FILTER (WHERE message.place = 1) AS channel,
                   MIN(%(band)s) FILTER (WHERE message.place = 1) AS band,
                   COALESCE(BOOL_OR(message.opened_at < invoice.due_at), FALSE)
                       AS opened,
                   COALESCE(invoice.paid_at < invoice.paid_by, FALSE) AS paid,
                   SUM(message.cost) AS cost,
                   invoice.paid_by <= %(now)s AS is_ripe
              FROM billing_distribution_run AS run
              JOIN invoice ON invoice.move_id = run.move_id
              JOIN message ON message.run_id = run.id
              JOIN res_partner AS partner ON partner.id = run.partner_id
         LEFT JOIN UNNEST(%(tz)s::varchar[], %(countries)s::integer[],
                          %(names)s::varchar[]) AS zone(tz, country_id, name)
                ON zone.tz IS NOT DISTINCT FROM partner.tz
               AND zone.country_id IS NOT DISTINCT FROM partner.country_id
             WHERE run.company_id = %(company)s AND run.started_at >= %(since)s
               AND %(condition)s
             GROUP BY run.id, invoice.segment, invoice.due_at, invoice.paid_at,
                      invoice.paid_by
            """,
            invoices=self._invoices(company, since, home, partners),
            company=company.id,
            since=since,
            now=company._billing_now(),
            band=self._band_sql(
                SQL(
                    """(message.sent_at AT TIME ZONE 'UTC')
                       AT TIME ZONE COALESCE(zone.name, %s)""",
                    home,
                )
            ),
            tz=[row[0] for row in zones],
            countries=[row[1] for row in zones],
            names=[row[2] for row in zones],
            condition=condition or SQL("TRUE"),
        )

    @api.model
    def _invoices(self, company, since, zone, partners=None):
        """Return a query of invoices with their segment and their deadlines.

        Columns: ``move_id, segment, due_at, paid_by, fee_at, paid_at`` (UTC). The
        segment is what was known of the customer when the invoice was issued: private
        person or business, new, prompt or late. Addons with better groups override it.

        :param datetime since: UTC, the invoices of runs that began from then on
        :param str zone: time zone that the due date ends in
        :rtype: SQL
        """
        return SQL(
            """
            WITH issued AS MATERIALIZED (
                SELECT move.id, move.commercial_partner_id AS partner_id,
                       move.invoice_date_due AS due,
                       COALESCE(partner.is_company, FALSE) AS is_company,
                       (move.invoice_date_due + 1)::timestamp
                           AT TIME ZONE %(zone)s AT TIME ZONE 'UTC' AS due_at,
                       (move.invoice_date_due + 1 + %(grace)s)::timestamp
                           AT TIME ZONE %(zone)s AT TIME ZONE 'UTC' AS paid_by,
                       (move.invoice_date_due + 15)::timestamp
                           AT TIME ZONE %(zone)s AT TIME ZONE 'UTC' AS fee_at,
                       (SELECT MIN(event.occurred_at) FROM billing_event AS event
                         WHERE event.move_id = move.id
                           AND event.kind = 'invoice.paid') AS paid_at
                  FROM account_move AS move
                  JOIN res_partner AS partner ON partner.id = move.commercial_partner_id
                 WHERE move.company_id = %(company)s AND move.move_type = 'out_invoice'
                   AND move.state = 'posted' AND %(partners)s
                   AND move.invoice_date_due
                       >= (%(since)s)::date - INTERVAL %(history)s
            ),
            known AS (
                SELECT issued.*, COUNT(*) OVER earlier AS past,
                       COUNT(*) FILTER (WHERE paid_at < paid_by) OVER earlier AS prompt
                  FROM issued
                WINDOW earlier AS (
                    PARTITION BY partner_id ORDER BY due
                    RANGE BETWEEN INTERVAL %(history)s PRECEDING
                              AND INTERVAL %(known)s PRECEDING)
            )
            SELECT id AS move_id, due_at, paid_by, fee_at, paid_at,
                   CASE WHEN is_company THEN 'business_' ELSE 'private_' END
                   || CASE WHEN past = 0 THEN 'new'
                           WHEN prompt >= %(share)s * past THEN 'prompt'
                           ELSE 'late' END AS segment
              FROM known
            """,
            zone=zone,
            grace=GRACE_DAYS,
            company=company.id,
            partners=(
                SQL("move.commercial_partner_id IN (%s)", partners)
                if partners
                else SQL("TRUE")
            ),
            since=since,
            history=HISTORY,
            known=HISTORY_KNOWN,
            share=PROMPT,
        )

    @api.model
    def _segment_labels(self):
        """Return what segments are called, in the reader's language."""
        return {
            "private_new": self.env._("Private, new"),
            "private_prompt": self.env._("Private, usually in time"),
            "private_late": self.env._("Private, often late"),
            "business_new": self.env._("Business, new"),
            "business_prompt": self.env._("Business, usually in time"),
            "business_late": self.env._("Business, often late"),
        }

    @api.model
    def _tally(self, company, trigger):
        """Count what became of invoices, by the way they set out.

        :param str trigger: of the plans
        :return: by plan id a list of ((segment, arm), tally)
        """
        since = company._billing_now() - timedelta(days=DAYS)
        facts = self._facts(
            company,
            since,
            condition=SQL(
                """run.plan_id IN (SELECT id FROM billing_distribution_plan
                                    WHERE company_id = %s AND trigger = %s)""",
                company.id,
                trigger,
            ),
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT plan_id, version_id, segment, channel, band, COUNT(*),
                          COUNT(*) FILTER (WHERE opened), COUNT(*) FILTER (WHERE paid),
                          SUM(cost)
                     FROM (%s) AS fact
                    WHERE is_ripe
                    GROUP BY plan_id, version_id, segment, channel, band""",
                facts,
            )
        )
        waits = self._waits({row[1] for row in rows})
        found = defaultdict(lambda: defaultdict(Tally))
        for plan_id, version_id, segment, channel, band, *counts, cost in rows:
            arm = Arm(channel, band, waits[version_id])
            found[plan_id][segment, arm] += Tally(*counts, float(cost or 0))
        return {plan_id: list(tallies.items()) for plan_id, tallies in found.items()}

    @api.model
    def _together(self, tables):
        """Add up the tallies of plans."""
        total = defaultdict(Tally)
        for rows in tables.values():
            for key, tally in rows:
                total[key] += tally
        return dict(total)

    @api.model
    def _waits(self, version_ids):
        """Return the wait before the second step, as the optimiser names it.

        :rtype: dict[int, str]
        """
        versions = self.env["billing.distribution.version"].browse(version_ids)
        waits = {}
        for version in versions:
            second = version.step_ids.sorted(lambda s: (s.sequence, s.id))[1:2]
            waits[version.id] = optimiser.wait_of(
                second.wait * UNIT_HOURS[second.wait_unit] if second else None
            )
        return waits

    @api.model
    def _current_arm(self, plan, own):
        """Return how invoices of a plan set out now, None when there is no telling.

        :param own: tallies of the plan, by (segment, arm)
        """
        version = plan.live_version_id
        first = version.step_ids.sorted(lambda step: (step.sequence, step.id))[:1]
        channels, bands = defaultdict(int), defaultdict(int)
        for (_segment, arm), tally in own.items():
            channels[arm.channel] += tally.count
            bands[arm.channel, arm.band] += tally.count
        channel = first.channel
        if channel not in self.env["billing.channel"]._registry():
            channel = max(sorted(channels), key=channels.get, default=None)
        band = first.send_window
        if band not in hours.BANDS:
            known = {b: n for (c, b), n in bands.items() if c == channel}
            band = max(sorted(known), key=known.get, default=None)
        if not channel or not band:
            return None
        return Arm(channel, band, self._waits(version.ids)[version.id])

    @api.model
    def _choices(self, plan, table, current):
        """Return the arms that a plan could have instead, one factor apart.

        Only what was seen somewhere can be proposed, and only channels that the
        company can send by.
        """
        channels = self.env["billing.channel"]
        seen = {key[1:] for key in table.tallies}
        choices = set()
        for channel, band, wait in seen:
            if channels._get(channel) is not None and channels._get(
                channel
            )._is_available(plan.company_id):
                choices.add(replace(current, channel=channel))
            if band in hours.BANDS:
                choices.add(replace(current, band=band))
            if optimiser.NO_WAIT not in (wait, current.wait):
                choices.add(replace(current, wait=wait))
        return choices - {current}

    @api.model
    def _volumes(self, plan):
        """Return how many invoices a month begin the plan, by segment."""
        since = plan.company_id._billing_now() - timedelta(days=VOLUME_DAYS)
        facts = self._facts(
            plan.company_id, since, condition=SQL("run.plan_id = %s", plan.id)
        )
        return {
            segment: count * DAYS_A_MONTH / VOLUME_DAYS
            for segment, count in self.env.execute_query(
                SQL(
                    "SELECT segment, COUNT(*) FROM (%s) AS fact GROUP BY segment", facts
                )
            )
        }

    @api.model
    def _band_sql(self, local):
        """Return the part of the day of a local timestamp, as ``core.hours`` has it."""
        hour = SQL("EXTRACT(hour FROM %s)", local)
        cases = SQL(" ").join(
            SQL("WHEN %s >= %s AND %s < %s THEN %s", hour, first, hour, end, code)
            for code, (first, end) in hours.BANDS.items()
        )
        return SQL("CASE %s ELSE %s END", cases, hours.OTHER)
