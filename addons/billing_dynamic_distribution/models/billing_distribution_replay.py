import logging

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import split_every

from ..core import replay
from .billing_distribution_stories import CHUNK

_logger = logging.getLogger(__name__)

#: Up to so many invoices the answer comes while one waits for it.
AT_ONCE = 3000
#: Departures from the rules that are listed by name.
LISTED = 50
#: Fee for a reminder at most, by currency: inkassoforskriften § 1-2 (from 2026), lag
#: (1981:739) § 3.
FEES = {"NOK": 38.0, "SEK": 60.0}


class BillingDistributionReplay(models.Model):
    """What a version of a plan would have done with the invoices of the past.

    Beside what really happened, by month and customer group. Nothing is sent.
    """

    _name = "billing.distribution.replay"
    _description = "Replay of a Plan"
    _order = "id desc"
    _check_company_auto = True

    plan_id = fields.Many2one(
        "billing.distribution.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    version_id = fields.Many2one(
        "billing.distribution.version",
        required=True,
        ondelete="cascade",
        domain="[('plan_id', '=', plan_id)]",
    )
    source_plan_id = fields.Many2one(
        "billing.distribution.plan",
        string="On the Invoices Of",
        help="Whose history is replayed; another plan's when this one is new.",
        domain="[('company_id', '=', company_id)]",
        compute="_compute_source_plan_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="cascade",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: (
            self.env.company._billing_today() - relativedelta(months=12)
        ),
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: self.env.company._billing_today(),
    )
    limit = fields.Integer(
        string="Invoices at Most",
        default=20000,
        help="Of more invoices an even part is drawn. 0: all.",
    )
    fee = fields.Monetary(
        string="Reminder Fee",
        compute="_compute_fee",
        store=True,
        readonly=False,
        precompute=True,
        help="What a customer is charged when an invoice is open two weeks after its "
        "due date.",
    )
    state = fields.Selection(
        [("draft", "Not Run"), ("queued", "Waiting"), ("done", "Done")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    done_at = fields.Datetime(string="Made", readonly=True, copy=False)
    found_count = fields.Integer(string="Invoices Found", readonly=True, copy=False)
    line_ids = fields.One2many(
        "billing.distribution.replay.line", "replay_id", readonly=True, copy=False
    )
    departures = fields.Json(readonly=True, copy=False)
    is_actual = fields.Boolean(
        compute="_compute_is_actual",
        help="Every invoice of the period ran through just these steps.",
    )
    report = fields.Html(compute="_compute_report", sanitize=False)
    departure_html = fields.Html(
        string="Departures from the Rules", compute="_compute_report", sanitize=False
    )

    _limit_positive = models.Constraint(
        'CHECK("limit" >= 0 AND fee >= 0 AND date_from <= date_to)',
        "Numbers are 0 or more, and the period ends after it begins.",
    )

    # === COMPUTE METHODS === #

    @api.depends("plan_id.name", "version_id.number")
    def _compute_display_name(self):
        for run in self:
            run.display_name = self.env._(
                "%(version)s on history", version=run.version_id.display_name or ""
            )

    @api.depends("plan_id")
    def _compute_source_plan_id(self):
        for run in self:
            run.source_plan_id = run.source_plan_id or run.plan_id

    @api.depends("plan_id")
    def _compute_fee(self):
        for run in self:
            run.fee = FEES.get(run.company_id.currency_id.name, 0.0)

    @api.depends("line_ids")
    def _compute_is_actual(self):
        for run in self:
            total = run.line_ids.filtered(lambda line: line.dimension == "total")
            run.is_actual = bool(total) and total.exact == total.invoices

    @api.depends("line_ids", "state", "departures")
    @api.depends_context("lang")
    def _compute_report(self):
        for run in self:
            done = run.state == "done" and run.line_ids
            run.report = run._render_report() if done else False
            run.departure_html = run._render_departures() if done else False

    # === ACTIONS === #

    def action_run(self):
        """Replay now; a long history is replayed by the job (button)."""
        self.check_access("write")
        for run in self:
            run._check_periods()
            ids, count = run._find_runs()
            if len(ids) <= AT_ONCE:
                run._run(ids, count)
            else:
                run.write({"state": "queued"})
                self.env.ref(
                    "billing_dynamic_distribution.ir_cron_replay"
                ).sudo()._trigger()

    # === JOB === #

    @api.model
    def _cron_replay(self):
        """Make the replays that wait."""
        cron = self.env["ir.cron"]
        waiting = self.sudo().search([("state", "=", "queued")], order="id")
        remaining = len(waiting)
        for replay_id in waiting.ids:
            run = self.sudo().browse(replay_id)
            company = run.company_id
            try:
                run.with_company(company)._run(*run._find_runs())
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Replay %s failed", replay_id)
                run.state = "draft"
                company._billing_alert(self.env._("Replay of a plan"), error)
            remaining -= 1
            if not cron._commit_progress(1, remaining=remaining):
                return

    # === BUSINESS METHODS === #

    def _find_runs(self):
        """Return ids of the runs to replay, and how many there are in all."""
        self.ensure_one()
        calendar = self.company_id._billing_calendar_maker()(None, None)
        since = calendar.day_start(self.date_from)
        months = self.company_id.sudo().billing_event_retention_months
        if months:
            # Of what was before, the history has been deleted.
            kept = self.company_id._billing_now() - relativedelta(months=months)
            since = max(since, kept)
        domain = None
        if self.source_plan_id != self.plan_id:
            domain = self.plan_id._get_domain()
        return self.env["billing.distribution.stories"]._find_runs(
            self.source_plan_id,
            since,
            calendar.day_start(self.date_to + relativedelta(days=1)),
            domain,
            self.limit or None,
        )

    def _run(self, ids, count):
        """Replay runs and write down the sums.

        Stories are told twice, once to learn and once to replay, so that memory does
        not grow with the history.

        :param ids: of the runs
        :param count: how many there are in all
        """
        self.ensure_one()
        stories = self.env["billing.distribution.stories"]
        company = self.company_id
        until = company._billing_now()

        def told():
            for chunk in split_every(CHUNK, ids, list):
                yield from stories._tell(company, chunk)
                self.env.invalidate_all()

        steps = self.version_id._to_steps()
        model = replay.observe(told(), until)
        levels = [model.at(level) for level in (replay.LOW, replay.HIGH)]
        sums, departures = {}, []
        for story in told():
            found = replay.replay(story, steps, model, until)
            others = [found, found]
            if not found.is_exact:
                others = [replay.replay(story, steps, other, until) for other in levels]
            parts = (
                replay.recorded(story, until),
                found,
                *sorted(others, key=lambda estimate: estimate.opened),
            )
            for key in (
                ("total", ""),
                ("month", story.period),
                ("segment", story.segment),
            ):
                totals = sums.setdefault(key, [replay.Total() for _part in parts])
                for total, part in zip(totals, parts, strict=True):
                    total.add(part)
            if found.departures and len(departures) < LISTED:
                departures.append([story.key, list(found.departures)])
        self.write(
            {
                "state": "done",
                "done_at": until,
                "found_count": count,
                "departures": departures,
                "line_ids": [
                    Command.clear(),
                    *(
                        Command.create(self._prepare_line(*key, totals))
                        for key, totals in sorted(sums.items())
                    ),
                ],
            }
        )

    @api.model
    def _prepare_line(self, dimension, key, totals):
        was, would, low, high = totals
        return {
            "dimension": dimension,
            "key": key,
            "invoices": was.invoices,
            "exact": would.exact,
            "departures": would.departures,
            "messages_was": was.message_count,
            "messages_would": would.message_count,
            "channels": {
                channel: [
                    was.messages.get(channel, 0.0),
                    would.messages.get(channel, 0.0),
                ]
                for channel in sorted({*was.messages, *would.messages})
            },
            "cost_was": was.cost,
            "cost_would": would.cost,
            "opened_was": was.opened,
            "opened_would": would.opened,
            "opened_low": low.opened,
            "opened_high": high.opened,
            "paid_was": was.paid,
            "paid_low": min(would.paid_low, low.paid),
            "paid_high": max(would.paid, high.paid),
            "fees_was": was.fees,
            "fees_low": min(would.fees, high.fees),
            "fees_high": max(would.fees_high, low.fees_high),
        }

    def _check_periods(self):
        for run in self:
            if run.version_id.plan_id != run.plan_id:
                raise UserError(
                    self.env._("Choose a version of «%(plan)s».", plan=run.plan_id.name)
                )
            if not run.version_id.step_ids:
                raise UserError(
                    self.env._("%(v)s has no steps.", v=run.version_id.display_name)
                )

    # === HELPERS - WORDS === #

    def _render_report(self):
        """The whole report as tables and bars that need no colour."""
        self.ensure_one()
        lines = self.line_ids
        total = lines.filtered(lambda line: line.dimension == "total")
        if not total:
            return Markup("<p>%s</p>") % self.env._(
                "No invoice of the period ran through the plan."
            )
        values = {
            "replay": self,
            "total": total,
            "rows": total._rows(),
            "channels": total._channel_rows(),
            "months": lines.filtered(lambda line: line.dimension == "month").sorted(
                "key"
            ),
            "segments": lines.filtered(lambda line: line.dimension == "segment").sorted(
                "label"
            ),
        }
        return self.env["ir.qweb"]._render(
            "billing_dynamic_distribution.replay_report", values
        )

    def _render_departures(self):
        self.ensure_one()
        if not self.departures:
            return False
        words = {
            replay.EARLY: self.env._("sent before its time"),
            replay.MISSING: self.env._("not sent, and no reason written down"),
            replay.UNASKED: self.env._("sent though its condition did not hold"),
            replay.FOREIGN: self.env._("belongs to another version"),
        }
        runs = (
            self.env["billing.distribution.run"]
            .browse([run_id for run_id, _found in self.departures])
            .exists()
        )
        names = {run.id: run.move_id.display_name for run in runs}
        rows = Markup("").join(
            Markup("<li>%s: %s</li>")
            % (
                names.get(run_id, run_id),
                ", ".join(words[code] for _step, code in found),
            )
            for run_id, found in self.departures
        )
        return Markup("<ul>%s</ul>") % rows
