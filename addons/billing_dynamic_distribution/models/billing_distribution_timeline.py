"""A plan as staff reads it: its steps in words, with what came of each."""

from datetime import datetime, time, timedelta

import pytz

from odoo import api, models
from odoo.tools import SQL, format_date

from .billing_channel import VIRTUAL_CHANNELS
from .billing_distribution_measure import MESSAGE_MEASURES

#: Days that the figures of steps can be looked at for; 0 = since the version is live.
PERIODS = (0, 30, 90, 365)
#: Which versions are drawn, in this order.
DRAWN = ("live", "trial", "draft")


class BillingDistributionPlan(models.Model):
    _inherit = "billing.distribution.plan"

    # === PUBLIC METHODS === #

    @api.readonly
    def get_timeline(self, period=90):
        """Return the plan in words, and the figures of its steps.

        A figure counts messages, each once for every invoice in it, of invoices that
        began the version in the period.

        :param int period: days, one of :data:`PERIODS`
        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        versions = self.version_ids.filtered(lambda version: version.state in DRAWN)
        versions = versions.sorted(lambda version: DRAWN.index(version.state))
        since = self._timeline_since(period)
        counts, waiting = self._count_steps(versions, since)
        shown = self.live_version_id or versions[:1]
        return {
            "trigger": self._trigger_words(),
            "sentence": self._sentence(shown) if shown.step_ids else "",
            "can_edit": self.has_access("write"),
            "period": period if period in PERIODS else 90,
            "periods": list(PERIODS),
            "versions": [
                {
                    "id": version.id,
                    "number": version.number,
                    "state": version.state,
                    "note": version.note or "",
                    "published": (
                        format_date(self.env, version.published_at)
                        if version.published_at
                        else ""
                    ),
                    "steps": [
                        step._timeline_step(
                            number, counts.get(step.id), waiting.get(step.id, 0)
                        )
                        for number, step in enumerate(version._ordered_steps())
                    ],
                }
                for version in versions
            ],
        }

    def make_draft(self):
        """Begin to change the plan, unless somebody has begun already.

        :return: id of the draft
        :rtype: int
        """
        self.check_access("write")
        return self._get_draft().id

    @api.readonly
    def get_step_action(self, step_id, measure, period):
        """Return the action that opens what a figure of a step counts.

        :param int step_id: of the plan
        :param str measure: one of ``MESSAGE_MEASURES``, or ``waiting``
        :param int period: as of :meth:`get_timeline`
        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        step = self.version_ids.step_ids.filtered(lambda step: step.id == step_id)
        funnel = self.env["billing.distribution.funnel"]
        if measure == "waiting":
            domain = [("step_id", "=", step.id), ("state", "in", ("waiting", "stuck"))]
            return funnel._action("billing_distribution_run_action", domain)
        if measure not in MESSAGE_MEASURES:
            raise ValueError(f"{measure!r} is not counted")
        domain = [("step_id", "=", step.id), ("funnel_measure", "=", measure)]
        since = self._timeline_since(period)
        if since:
            domain.append(("run_id.started_at", ">=", since))
        return funnel._action("billing_distribution_item_action", domain)

    # === HELPERS - FIGURES === #

    def _timeline_since(self, period):
        """Return local midnight at which the period begins, as UTC; None = no limit."""
        if period not in PERIODS:
            period = 90
        if not period:
            return None
        company = self.company_id
        first = company._billing_today() - timedelta(days=period - 1)
        midnight = company._billing_zone().localize(datetime.combine(first, time()))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)

    def _count_steps(self, versions, since):
        """Return what came of the steps of versions, two queries in all.

        :param datetime since: when runs began (UTC), None = any time
        :return: measures by step id, and the invoices before each step by step id
        :rtype: tuple[dict[int, dict], dict[int, int]]
        """
        fixed = versions.filtered(lambda version: version.state != "draft")
        if not fixed:
            return {}, {}
        self.env["billing.distribution.funnel"]._prepare_counting()
        measures = self.env["billing.distribution.item"]._message_measures()
        began = SQL("run.started_at >= %s", since) if since else SQL("TRUE")
        rows = self.env.execute_query(
            SQL(
                """
                WITH message AS (
                    SELECT item.step_id, %(measures)s, run.move_id, attempt.sent_at,
                           LEAD(attempt.sent_at) OVER (
                               PARTITION BY run.id ORDER BY attempt.sent_at, item.id
                           ) AS next_at
                      FROM billing_distribution_run AS run
                      JOIN billing_distribution_item AS item ON item.run_id = run.id
                      JOIN billing_distribution_attempt AS attempt
                        ON attempt.id = item.attempt_id
                     WHERE run.plan_id = %(plan)s AND run.version_id = ANY(%(versions)s)
                       AND attempt.state <> 'cancelled' AND %(began)s
                ),
                payment AS (
                    SELECT event.move_id, MIN(event.occurred_at) AS at
                      FROM billing_event AS event
                     WHERE event.company_id = %(company)s
                       AND event.kind = 'invoice.paid'
                       AND event.occurred_at >= %(since)s
                     GROUP BY event.move_id
                )
                SELECT message.step_id, COUNT(*), COUNT(*) FILTER (WHERE sent),
                       COUNT(*) FILTER (WHERE delivered),
                       COUNT(*) FILTER (WHERE opened),
                       COUNT(*) FILTER (
                           WHERE payment.at >= message.sent_at
                             AND (message.next_at IS NULL
                                  OR payment.at < message.next_at)),
                       COUNT(*) FILTER (WHERE failed),
                       COUNT(*) FILTER (WHERE uncertain)
                  FROM message
             LEFT JOIN payment ON payment.move_id = message.move_id
                 WHERE message.step_id IS NOT NULL
                 GROUP BY message.step_id
                """,
                measures=SQL(", ").join(
                    SQL("%s AS %s", measures[name], SQL.identifier(name))
                    for name in ("sent", "delivered", "opened", "failed", "uncertain")
                ),
                plan=self.id,
                versions=fixed.ids,
                began=began,
                company=self.company_id.id,
                since=since or min(fixed.mapped("published_at")),
            )
        )
        waiting = self.env["billing.distribution.run"]._read_group(
            [
                ("plan_id", "=", self.id),
                ("version_id", "in", fixed.ids),
                ("state", "in", ("waiting", "stuck")),
            ],
            ["step_id"],
            ["__count"],
        )
        return (
            {
                step_id: dict(zip(MESSAGE_MEASURES, numbers, strict=True))
                for step_id, *numbers in rows
            },
            {step.id: count for step, count in waiting},
        )

    # === HELPERS - WORDS === #

    def _trigger_words(self):
        """Return when the plan begins, as the beginning of a sentence."""
        self.ensure_one()
        days = self.trigger_days
        return {
            "posted": self.env._("When the invoice is issued"),
            "before_due": (
                self.env._("One day before the due date")
                if days == 1
                else self.env._("%s days before the due date", days)
            ),
            "on_due": self.env._("On the due date"),
            "after_due": (
                self.env._("One day after the due date")
                if days == 1
                else self.env._("%s days after the due date", days)
            ),
            "debit_failed": self.env._("When a direct debit failed"),
            "changed": self.env._("When amount or due date changed"),
            "asked": self.env._("When the customer asks for it"),
        }[self.trigger]

    def _sentence(self, version):
        """Return what a version does, read aloud."""
        self.ensure_one()
        sentences = [f"{self._trigger_words()}:"]
        for number, step in enumerate(version._ordered_steps()):
            words = step._timeline_step(number)
            sentences.append(
                self.env._(
                    "%(channel)s %(wait)s.", channel=words["label"], wait=words["wait"]
                )
                if step.condition == "not_paid"
                else self.env._(
                    "%(channel)s %(wait)s, %(condition)s.",
                    channel=words["label"],
                    wait=words["wait"],
                    condition=words["condition"],
                )
            )
        sentences.append(self.env._("Nothing more is sent once the invoice is paid."))
        return " ".join(sentences)


class BillingDistributionVersion(models.Model):
    _inherit = "billing.distribution.version"

    def _ordered_steps(self):
        """Return the steps in the order in which they are taken."""
        return self.step_ids.sorted(lambda step: (step.sequence, step.id))


class BillingDistributionStep(models.Model):
    _inherit = "billing.distribution.step"

    # === BUSINESS METHODS === #

    def _timeline_step(self, number, counts=None, waiting=0):
        """Return a step as it is drawn.

        :param int number: its place in the version, from 0
        :param dict counts: its measures, None = nothing yet
        :param int waiting: invoices that wait for it
        :rtype: dict
        """
        self.ensure_one()
        labels = dict(self._fields["channel"]._description_selection(self.env))
        windows = dict(self._fields["send_window"]._description_selection(self.env))
        is_first = not number
        return {
            "id": self.id,
            "number": number + 1,
            "channel": self.channel,
            "label": labels[self.channel],
            "content": self.template_id.display_name,
            "content_id": self.template_id.id,
            "wait": self._wait_words(is_first),
            "condition": {
                "not_paid": self.env._("if not paid"),
                "not_opened": self.env._("if not opened"),
                "not_delivered": self.env._("if not delivered"),
            }[self.condition],
            "at_once": bool(self.at_once_on_failure and not is_first),
            "window": windows[self.send_window] if self.send_window != "any" else "",
            "is_required": self.is_required,
            "problem": self._channel_problem(),
            "counts": {
                **(counts or dict.fromkeys(MESSAGE_MEASURES, 0)),
                "waiting": waiting,
            },
        }

    def _wait_words(self, is_first):
        """Return when the step comes: after the trigger, or after the step before."""
        self.ensure_one()
        if not self.wait:
            return (
                self.env._("at once")
                if is_first
                else self.env._("right after the step before")
            )
        if self.wait == 1:
            return {
                "hours": self.env._("1 hour later"),
                "days": self.env._("1 day later"),
                "bank_days": self.env._("1 bank day later"),
            }[self.wait_unit]
        return {
            "hours": self.env._("%s hours later", self.wait),
            "days": self.env._("%s days later", self.wait),
            "bank_days": self.env._("%s bank days later", self.wait),
        }[self.wait_unit]

    def _channel_problem(self):
        """Return why nothing would be sent by the step's channel, empty if it would."""
        self.ensure_one()
        if self.channel in dict(VIRTUAL_CHANNELS):
            return ""
        model = self.env["billing.channel"]._get(self.channel)
        if model is None:
            return self.env._("This channel is not installed: the step is left out.")
        if not model._is_available(self.company_id):
            return self.env._("This channel is not set up: the step is left out.")
        return ""
