from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .billing_distribution_measure import MESSAGE_MEASURES, RUN_MEASURES

#: Days that can be looked back.
PERIODS = (7, 30, 90, 365)
DEFAULT_PERIOD = 90
#: What an invoice is counted as because of one of its messages.
REACHED = ("sent", "delivered", "opened")
#: Longest period that is shown day by day, and week by week.
LONGEST_BY_DAY = 31
LONGEST_BY_WEEK = 190


@dataclass(frozen=True)
class Scope:
    """What is counted: invoices that began a plan since a day.

    :param companies: ``res.company`` records
    :param since: local midnight at which the period begins, naive UTC
    :param days: length of the period
    :param plan_id: one plan, None = all
    :param channel: code of one channel, None = all
    """

    companies: object
    since: datetime
    days: int
    plan_id: int | None
    channel: str | None

    def runs(self):
        """Return the condition on ``run``."""
        parts = [
            SQL("run.company_id = ANY(%s)", self.companies.ids),
            SQL("run.started_at >= %s", self.since),
        ]
        if self.plan_id:
            parts.append(SQL("run.plan_id = %s", self.plan_id))
        return SQL(" AND ").join(parts)

    def messages(self):
        """Return the condition on ``message``."""
        if self.channel:
            return SQL("message.channel = %s", self.channel)
        return SQL("TRUE")


class BillingDistributionFunnel(models.AbstractModel):
    """Counts how far invoices and messages came, for the dashboard.

    An invoice belongs to the period in which it began its plan, whenever its messages
    followed: so every figure is a part of the one before it. Everything is counted by
    the database, in a number of queries that does not depend on how much there is.
    """

    _name = "billing.distribution.funnel"
    _description = "Funnel of Invoices"

    # === PUBLIC METHODS === #

    @api.model
    @api.readonly
    def get_dashboard(self, filters):
        """Return all that the dashboard shows but customer groups.

        :param dict filters: ``period`` (days, one of :data:`PERIODS`), ``company_id``,
            ``plan_id``, ``channel``; what is left out or false is not filtered
        :rtype: dict
        :raises AccessError: no member of the billing team, or a company of others
        """
        scope = self._scope(filters)
        return {
            **self._count(scope),
            "costs": self._costs(scope),
            "tiles": self._tiles(scope),
            "options": self._options(),
            "since": fields.Date.to_string(self._local_date(scope, scope.since)),
            "period": scope.days,
        }

    @api.model
    @api.readonly
    def get_segments(self, filters):
        """Return the funnel of each group of customers, as the optimiser has them.

        Apart from the rest: to tell the groups, the history of all customers is read.

        :param dict filters: as of :meth:`get_dashboard`
        :return: dicts with ``segment``, ``label`` and the measures
        :rtype: list[dict]
        """
        scope = self._scope(filters)
        run_model = self.env["billing.distribution.run"]
        rows = self.env.execute_query(
            SQL(
                """WITH %s, invoice AS MATERIALIZED (%s)
                   SELECT invoice.segment, %s
                     FROM outcome
                     JOIN invoice ON invoice.move_id = outcome.move_id
                    GROUP BY invoice.segment""",
                self._facts_sql(scope),
                run_model._segments_sql(
                    scope.companies,
                    SQL(
                        """SELECT run.partner_id FROM billing_distribution_run AS run
                            WHERE %s""",
                        scope.runs(),
                    ),
                ),
                self._run_sums(),
            )
        )
        labels = self.env["billing.distribution.learner"]._segment_labels()
        order = list(labels)
        return sorted(
            (
                {
                    "key": segment,
                    "label": labels.get(segment, segment),
                    **self._run_numbers(numbers),
                }
                for segment, *numbers in rows
            ),
            key=lambda row: order.index(row["key"]) if row["key"] in order else 99,
        )

    @api.model
    @api.readonly
    def get_action(self, filters, level, key, measure):
        """Return the action that opens what a number counts.

        :param dict filters: as of :meth:`get_dashboard`
        :param str level: ``total``, ``plan``, ``step``, ``channel``, ``segment``,
            ``bucket`` or ``cost``
        :param key: which of them, as :meth:`get_dashboard` returned it
        :param str measure: what was counted
        :rtype: dict
        :raises ValueError: unknown level or measure
        """
        scope = self._scope(filters)
        if measure not in MESSAGE_MEASURES:
            raise ValueError(f"{measure!r} is not counted")
        if level == "cost":
            return self._attempts_action(scope, key)
        runs = self._run_domain(scope)
        if level in ("step", "channel"):
            domain = [(f"run_id.{name}", *rest) for name, *rest in runs]
            if level == "step":
                domain.append(("step_id", "in", key))
                if scope.channel:
                    domain.append(("attempt_id.channel", "=", scope.channel))
            else:
                domain.append(("attempt_id.channel", "=", key))
            domain.append(("funnel_measure", "=", measure))
            return self._action("billing_distribution_item_action", domain)
        if level == "plan":
            runs.append(("plan_id", "=", key))
        elif level == "segment":
            runs.append(("funnel_segment", "=", key))
        elif level == "bucket":
            runs += self._bucket_domain(scope, key)
        elif level != "total":
            raise ValueError(f"{level!r} is no level of the funnel")
        if scope.channel:
            # What another channel did does not count.
            counted = measure if measure in REACHED else "planned"
            runs.append(
                (
                    "item_ids",
                    "any",
                    [
                        ("attempt_id.channel", "=", scope.channel),
                        ("funnel_measure", "=", counted),
                    ],
                )
            )
        if not scope.channel or measure not in REACHED:
            runs.append(("funnel_measure", "=", measure))
        return self._action("billing_distribution_run_action", runs)

    # === HELPERS - SCOPE === #

    @api.model
    def _scope(self, filters):
        """Check what is asked for, and return it.

        :rtype: Scope
        """
        self.env["billing.distribution.run"].check_access("read")
        companies = self.env.companies
        company_id = filters.get("company_id")
        if company_id:
            companies = companies.filtered(lambda company: company.id == company_id)
            if not companies:
                raise AccessError(self.env._("This company is not one of yours."))
        days = filters.get("period")
        days = days if days in PERIODS else DEFAULT_PERIOD
        company = companies[:1]
        zone = company._billing_zone()
        first = company._billing_today() - timedelta(days=days - 1)
        since = zone.localize(datetime.combine(first, time()))
        return Scope(
            companies,
            since.astimezone(pytz.utc).replace(tzinfo=None),
            days,
            filters.get("plan_id") or None,
            filters.get("channel") or None,
        )

    @api.model
    def _local_date(self, scope, moment):
        zone = scope.companies[:1]._billing_zone()
        return pytz.utc.localize(moment).astimezone(zone).date()

    @api.model
    def _prepare_counting(self):
        """Bring to the database what is to be counted there, and let it count at once.

        PostgreSQL takes these queries for dearer than they are: it would compile them
        for seconds to save a fraction of one.
        """
        for name in (
            "billing.distribution.run",
            "billing.distribution.item",
            "billing.distribution.attempt",
            "billing.event",
            "account.move",
        ):
            self.env[name].flush_model()
        self.env.cr.execute("SET LOCAL jit = off")

    # === HELPERS - COUNTING === #

    @api.model
    def _facts_sql(self, scope, unit="day"):
        """Return the common table expressions that everything is counted from.

        ``message``: each message of each invoice, with its measures; ``outcome``: each
        invoice in its plan, with the measures, ``bucket`` (day, week or month in which
        it began) and ``ripe``: the time to pay is over.

        :param Scope scope: what is counted
        :param str unit: of the buckets
        :rtype: SQL
        """
        self._prepare_counting()
        items = self.env["billing.distribution.item"]
        runs = self.env["billing.distribution.run"]
        company = scope.companies[:1]
        measures = items._message_measures()
        return SQL(
            """
            begun AS MATERIALIZED (
                SELECT run.id, run.move_id, run.plan_id,
                       DATE_TRUNC(%(unit)s, run.started_at AT TIME ZONE 'UTC'
                                  AT TIME ZONE %(zone)s)::date AS bucket,
                       %(paid_by)s AS paid_by
                  FROM billing_distribution_run AS run
                  JOIN account_move AS move ON move.id = run.move_id
                  JOIN %(zones)s ON zone.company_id = run.company_id
                 WHERE %(runs)s
            ),
            payment AS MATERIALIZED (
                SELECT event.move_id, MIN(event.occurred_at) AS at
                  FROM billing_event AS event
                 WHERE event.company_id = ANY(%(companies)s)
                   AND event.kind = 'invoice.paid' AND event.occurred_at >= %(since)s
                 GROUP BY event.move_id
            ),
            every_message AS (
                SELECT begun.id AS run_id, begun.plan_id, item.step_id, attempt.channel,
                       %(sent)s AS sent, %(delivered)s AS delivered,
                       %(opened)s AS opened, %(failed)s AS failed,
                       %(uncertain)s AS uncertain,
                       COALESCE(
                           payment.at >= attempt.sent_at
                           AND (LEAD(attempt.sent_at) OVER following IS NULL
                                OR payment.at < LEAD(attempt.sent_at) OVER following),
                           FALSE) AS paid
                  FROM begun
                  JOIN billing_distribution_item AS item ON item.run_id = begun.id
                  JOIN billing_distribution_attempt AS attempt
                    ON attempt.id = item.attempt_id
             LEFT JOIN payment ON payment.move_id = begun.move_id
                 WHERE attempt.state <> 'cancelled'
                WINDOW following AS (
                    PARTITION BY begun.id ORDER BY attempt.sent_at, item.id)
            ),
            message AS MATERIALIZED (
                SELECT * FROM every_message AS message WHERE %(messages)s
            ),
            outcome AS (
                SELECT begun.id, begun.move_id, begun.plan_id, begun.bucket,
                       COALESCE(reached.sent, FALSE) AS sent,
                       COALESCE(reached.delivered, FALSE) AS delivered,
                       COALESCE(reached.opened, FALSE) AS opened,
                       COALESCE(payment.at < begun.paid_by, FALSE) AS paid,
                       begun.paid_by <= %(now)s AS ripe
                  FROM begun
             %(kind)s JOIN (
                        SELECT run_id, BOOL_OR(sent) AS sent,
                               BOOL_OR(delivered) AS delivered,
                               BOOL_OR(opened) AS opened
                          FROM message GROUP BY run_id
                      ) AS reached ON reached.run_id = begun.id
             LEFT JOIN payment ON payment.move_id = begun.move_id
            )
            """,
            unit=unit,
            zone=company._billing_zone().zone,
            zones=runs._zones_sql(scope.companies),
            paid_by=runs._paid_by_sql(),
            runs=scope.runs(),
            companies=scope.companies.ids,
            since=scope.since,
            sent=measures["sent"],
            delivered=measures["delivered"],
            opened=measures["opened"],
            failed=measures["failed"],
            uncertain=measures["uncertain"],
            messages=scope.messages(),
            kind=SQL("") if scope.channel else SQL("LEFT"),
            now=company._billing_now(),
        )

    @api.model
    def _run_sums(self):
        return SQL(
            """COUNT(*), COUNT(*) FILTER (WHERE sent),
               COUNT(*) FILTER (WHERE delivered), COUNT(*) FILTER (WHERE opened),
               COUNT(*) FILTER (WHERE paid), COUNT(*) FILTER (WHERE ripe),
               COUNT(*) FILTER (WHERE ripe AND paid)"""
        )

    @api.model
    def _message_sums(self):
        return SQL(
            """COUNT(*), COUNT(*) FILTER (WHERE sent),
               COUNT(*) FILTER (WHERE delivered), COUNT(*) FILTER (WHERE opened),
               COUNT(*) FILTER (WHERE paid), COUNT(*) FILTER (WHERE failed),
               COUNT(*) FILTER (WHERE uncertain)"""
        )

    @api.model
    def _run_numbers(self, numbers):
        return dict(zip((*RUN_MEASURES, "ripe", "ripe_paid"), numbers, strict=True))

    @api.model
    def _message_numbers(self, numbers):
        return dict(zip(MESSAGE_MEASURES, numbers, strict=True))

    @api.model
    def _count(self, scope):
        """Return the funnel in total and per plan, step, channel and time.

        One query.
        """
        unit = self._unit(scope)
        rows = self.env.execute_query(
            SQL(
                """WITH %s
                   SELECT 'message', plan_id, step_id, channel, NULL::date, %s
                     FROM message
                    GROUP BY GROUPING SETS ((plan_id, step_id), (channel))
                UNION ALL
                   SELECT 'run', plan_id, NULL, NULL, bucket, %s
                     FROM outcome
                    GROUP BY GROUPING SETS ((), (plan_id), (bucket))""",
                self._facts_sql(scope, unit),
                self._message_sums(),
                self._run_sums(),
            )
        )
        total = self._run_numbers([0] * 7)
        plans, steps, channels, buckets = [], [], [], {}
        for what, plan_id, step_id, channel, bucket, *numbers in rows:
            if what == "run":
                counted = self._run_numbers(numbers)
                if plan_id:
                    plans.append({"key": plan_id, **counted})
                elif bucket:
                    buckets[bucket] = counted
                else:
                    total = counted
            elif channel:
                channels.append({"key": channel, **self._message_numbers(numbers)})
            else:
                steps.append((plan_id, step_id, self._message_numbers(numbers)))
        names = self._plan_names({row["key"] for row in plans})
        labels = self._channel_labels()
        for row in plans:
            row["label"] = names[row["key"]]
        for row in channels:
            row["label"] = labels[row["key"]]
        order = list(labels)
        return {
            "total": total,
            "plans": sorted(plans, key=lambda row: (-row["planned"], row["label"])),
            "steps": self._name_steps(steps, names, labels),
            "channels": sorted(channels, key=lambda row: order.index(row["key"])),
            "trend": self._trend(scope, unit, buckets),
            "unit": unit,
        }

    @api.model
    def _plan_names(self, plan_ids):
        plans = self.env["billing.distribution.plan"].browse(plan_ids)
        return {plan.id: plan.name for plan in plans}

    @api.model
    def _channel_labels(self):
        """Return what channels are called, in the order they are shown."""
        field = self.env["billing.distribution.step"]._fields["channel"]
        return dict(field._description_selection(self.env))

    @api.model
    def _name_steps(self, counted, names, labels):
        """Return the figures of steps, those of all versions of a plan together.

        Steps with the same place and channel are the same to who reads it.

        :param counted: tuples of plan id, step id and measures
        """
        steps = self.env["billing.distribution.step"].browse(
            [step_id for _plan_id, step_id, _numbers in counted if step_id]
        )
        places = {}
        for version in steps.version_id:
            ordered = version.step_ids.sorted(lambda step: (step.sequence, step.id))
            places.update((step.id, nth) for nth, step in enumerate(ordered, start=1))
        found = {}
        for plan_id, step_id, numbers in counted:
            if not step_id:
                continue
            channel = steps.browse(step_id).channel
            row = found.setdefault(
                (plan_id, places[step_id], channel),
                {
                    "key": [],
                    "plan": names.get(plan_id, ""),
                    "place": places[step_id],
                    "label": self.env._(
                        "%(plan)s: %(number)s. %(channel)s",
                        plan=names.get(plan_id, ""),
                        number=places[step_id],
                        channel=labels[channel],
                    ),
                    **self._message_numbers([0] * len(MESSAGE_MEASURES)),
                },
            )
            row["key"].append(step_id)
            for measure, number in numbers.items():
                row[measure] += number
        return sorted(
            found.values(), key=lambda row: (row["plan"], row["place"], row["label"])
        )

    # === HELPERS - TIME === #

    @api.model
    def _unit(self, scope):
        if scope.days <= LONGEST_BY_DAY:
            return "day"
        return "week" if scope.days <= LONGEST_BY_WEEK else "month"

    @api.model
    def _trend(self, scope, unit, buckets):
        """Return the figures of each day, week or month of the period, oldest first."""
        today = scope.companies[:1]._billing_today()
        day = self._bucket_of(self._local_date(scope, scope.since), unit)
        trend = []
        while day <= today:
            counted = buckets.get(day) or self._run_numbers([0] * 7)
            trend.append({"key": fields.Date.to_string(day), **counted})
            day = self._next_bucket(day, unit)
        return trend

    @api.model
    def _bucket_of(self, day, unit):
        if unit == "week":
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if unit == "month" else day

    @api.model
    def _next_bucket(self, day, unit):
        if unit == "month":
            return (day + timedelta(days=31)).replace(day=1)
        return day + timedelta(days=7 if unit == "week" else 1)

    @api.model
    def _bucket_domain(self, scope, key):
        """Return which runs began in a bucket."""
        zone = scope.companies[:1]._billing_zone()
        day = fields.Date.to_date(key)
        limits = [day, self._next_bucket(day, self._unit(scope))]
        first, end = (
            zone.localize(datetime.combine(limit, time()))
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
            for limit in limits
        )
        return [("started_at", ">=", first), ("started_at", "<", end)]
