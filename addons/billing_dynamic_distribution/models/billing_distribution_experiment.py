from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from random import Random

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core import experiment, optimiser
from ..core.pooling import Beta

#: Days whose invoices say how many to expect on the next one.
PACE_DAYS = 14


class BillingDistributionExperiment(models.Model):
    """Trying a new version of a plan on some of the customers.

    Which customers is decided by a number made from the customer and the try (see
    ``core.experiment``). Part of them, the holdout, never gets the new version. While
    it runs, the share of the new version follows what is known by then, within what
    the company lets a try cost; it ends by itself when the new version is worse.
    """

    _name = "billing.distribution.experiment"
    _description = "Try of a Plan's Version"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True)
    plan_id = fields.Many2one(
        "billing.distribution.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    version_a_id = fields.Many2one(
        "billing.distribution.version",
        string="As It Is",
        readonly=True,
        ondelete="restrict",
    )
    version_b_id = fields.Many2one(
        "billing.distribution.version",
        string="What Is Tried",
        required=True,
        ondelete="restrict",
        domain="[('plan_id', '=', plan_id), ('state', '=', 'draft')]",
    )
    proposal_id = fields.Many2one(
        "billing.distribution.proposal", readonly=True, ondelete="set null"
    )
    state = fields.Selection(
        [
            ("draft", "Not Begun"),
            ("running", "Running"),
            ("stopped", "Ended"),
            ("adopted", "Adopted"),
            ("rolled_back", "Rolled Back"),
        ],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
        copy=False,
    )
    started_at = fields.Datetime(string="Begun", readonly=True, copy=False)
    ended_at = fields.Datetime(string="Ended On", readonly=True, copy=False)
    end_code = fields.Char(readonly=True, copy=False)
    end_reason = fields.Char(string="Why It Ended", compute="_compute_end_reason")

    # Who gets it
    holdout = fields.Float(
        string="Never Get It",
        required=True,
        default=lambda self: self.env.company.billing_optimise_holdout,
        help="Share of customers that never get what is tried, so that its effect can "
        "be told at any time.",
    )
    is_adaptive = fields.Boolean(
        string="Share Follows What Is Known",
        default=True,
        help="The share begins small and grows as the new version proves itself, so "
        "that trying costs no more than the company allows. Otherwise it stays.",
    )
    share = fields.Float(
        string="Get It Now",
        default=0.0,
        tracking=True,
        help="Share of all customers that get the new version.",
    )

    # What is known
    figures_at = fields.Datetime(string="As Of", readonly=True, copy=False)
    count_a = fields.Integer(string="Invoices as It Is", readonly=True, copy=False)
    count_b = fields.Integer(string="Invoices Tried", readonly=True, copy=False)
    waiting_b = fields.Integer(
        string="Not Due Yet",
        readonly=True,
        copy=False,
        help="Invoices with the new version whose time to pay is not over.",
    )
    customers_a = fields.Integer(readonly=True, copy=False)
    customers_b = fields.Integer(readonly=True, copy=False)
    paid_a = fields.Float(string="Paid in Time as It Is", readonly=True, copy=False)
    paid_b = fields.Float(string="Paid in Time, Tried", readonly=True, copy=False)
    opened_a = fields.Float(string="Opened as It Is", readonly=True, copy=False)
    opened_b = fields.Float(string="Opened, Tried", readonly=True, copy=False)
    cost_a = fields.Monetary(string="Cost as It Is", readonly=True, copy=False)
    cost_b = fields.Monetary(string="Cost, Tried", readonly=True, copy=False)
    has_difference = fields.Boolean(readonly=True, copy=False)
    difference = fields.Float(readonly=True, copy=False)
    difference_low = fields.Float(readonly=True, copy=False)
    difference_high = fields.Float(readonly=True, copy=False)
    verdict = fields.Selection(
        [
            (experiment.OPEN, "No telling yet"),
            (experiment.BETTER, "Better"),
            (experiment.WORSE, "Worse"),
        ],
        readonly=True,
        copy=False,
        default=experiment.OPEN,
    )
    summary = fields.Char(compute="_compute_summary")

    _shares_possible = models.Constraint(
        "CHECK(holdout >= 0 AND share >= 0 AND holdout + share <= 1.000001)",
        "The shares of customers are 0 or more, and together no more than all.",
    )
    _one_running = models.UniqueIndex(
        "(plan_id) WHERE state = 'running'",
        "Something is being tried in this plan already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("end_code")
    @api.depends_context("lang")
    def _compute_end_reason(self):
        labels = self._end_labels()
        for trial in self:
            trial.end_reason = labels.get(trial.end_code, trial.end_code or "")

    @api.model
    def _end_labels(self):
        return {
            "staff": self.env._("Ended by hand"),
            "changed": self.env._("Another version of the plan went live"),
            "worse": self.env._("What was tried is worse"),
            "dear": self.env._("What was tried costs more than the company allows"),
            "adopted": self.env._("What was tried is the plan now"),
        }

    @api.depends(
        "verdict", "has_difference", "difference", "difference_low", "difference_high"
    )
    @api.depends_context("lang")
    def _compute_summary(self):
        for trial in self:
            if not trial.has_difference:
                trial.summary = self.env._(
                    "There are not enough invoices on both sides yet whose time to pay "
                    "is over."
                )
                continue
            values = {
                "low": trial._points(trial.difference_low),
                "high": trial._points(trial.difference_high),
            }
            if trial.verdict == experiment.BETTER:
                text = self.env._(
                    "Better: of 100 invoices, %(low)s to %(high)s more are paid in "
                    "time.",
                    **values,
                )
            elif trial.verdict == experiment.WORSE:
                text = self.env._(
                    "Worse: of 100 invoices, %(low)s to %(high)s more are paid in "
                    "time (below zero: fewer).",
                    **values,
                )
            else:
                text = self.env._(
                    "No telling yet: of 100 invoices, %(low)s to %(high)s more may be "
                    "paid in time (below zero: fewer).",
                    **values,
                )
            trial.summary = text

    # === CONSTRAINT METHODS === #

    @api.constrains("plan_id", "version_b_id")
    def _check_plan(self):
        for trial in self:
            if trial.version_b_id.plan_id != trial.plan_id:
                raise UserError(
                    self.env._("What is tried has to be a version of the same plan.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if any(trial.state != "draft" for trial in self):
            raise UserError(
                self.env._("What was tried stays on record; end it instead.")
            )

    # === ACTIONS === #

    def action_start(self):
        """Let some of the customers get the new version from now on (button)."""
        self.check_access("write")
        for trial in self:
            trial._start()

    def action_stop(self):
        """Let no invoice begin with the new version any more (button)."""
        self.check_access("write")
        self.filtered(lambda trial: trial.state == "running")._stop("staff")

    def action_adopt(self):
        """Make what was tried the plan of every invoice (button).

        :raises UserError: it is worse, or costs more than the company allows
        """
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("running", "stopped"):
            raise UserError(self.env._("This was not tried."))
        if self.verdict == experiment.WORSE:
            raise UserError(
                self.env._("What was tried is worse than the plan as it is.")
            )
        if self._is_too_dear():
            raise UserError(
                self.env._(
                    "Messages would cost %(cost)s for an invoice; the company allows "
                    "%(most)s.",
                    cost=self._money(self.cost_b),
                    most=self._money(self.company_id.billing_optimise_cost_invoice),
                )
            )
        if self.plan_id.live_version_id != self.version_a_id:
            raise UserError(
                self.env._(
                    "The plan has changed since. Try against the plan as it is now."
                )
            )
        if self.state == "running":
            self._stop("adopted")
        self.version_b_id._adopt()
        self.state = "adopted"
        self.proposal_id.filtered(lambda p: p.state == "trying")._set_approved(
            self.version_b_id
        )

    def action_rollback(self):
        """Go back to the version before (button)."""
        self.ensure_one()
        self.check_access("write")
        if self.state != "adopted" or self.plan_id.live_version_id != self.version_b_id:
            raise UserError(
                self.env._("What was tried is not the plan any more; nothing to undo.")
            )
        self.version_a_id._adopt()
        self.state = "rolled_back"
        self.proposal_id.filtered(lambda p: p.state == "approved").state = "rolled_back"

    def action_refresh(self):
        """Bring the figures up to date (button)."""
        self.check_access("read")
        self.sudo()._update_figures()

    # === BUSINESS METHODS === #

    def _start(self):
        self.ensure_one()
        plan = self.plan_id
        if self.state != "draft":
            raise UserError(self.env._("This was begun already."))
        if not plan.live_version_id:
            raise UserError(self.env._("«%(plan)s» is not live.", plan=plan.name))
        if any(other.state == "running" for other in plan.experiment_ids):
            raise UserError(
                self.env._(
                    "Something is being tried in «%(plan)s» already.", plan=plan.name
                )
            )
        self.version_b_id._begin_trial()
        self.write(
            {
                "state": "running",
                "version_a_id": plan.live_version_id.id,
                "started_at": self.env.company._billing_now(),
            }
        )
        if self.is_adaptive:
            self._adapt()

    def _stop(self, code):
        """End tries; what began with the new version finishes it.

        :param str code: why, see :meth:`_end_labels`
        """
        for trial in self:
            trial.write(
                {
                    "state": "stopped",
                    "ended_at": self.env.company._billing_now(),
                    "end_code": code,
                }
            )
            if code != "adopted":
                trial.version_b_id._end_trial()
                trial.proposal_id.filtered(
                    lambda p: p.state == "trying"
                ).state = "proposed"

    @api.model
    def _follow(self, company):
        """Bring the running tries of a company up to date, and end what is worse.

        :param company: the ``res.company``
        """
        trials = self.search(
            [("company_id", "=", company.id), ("state", "=", "running")]
        )
        trials._update_figures()
        for trial in trials:
            if trial.verdict == experiment.WORSE:
                trial._stop("worse")
            elif trial._is_too_dear():
                trial._stop("dear")
            elif trial.is_adaptive:
                trial._adapt()
            if trial.state == "stopped":
                trial.message_post(body=trial.end_reason)
                self.env["billing.event"]._log(
                    [
                        {
                            "kind": "trial.ended",
                            "company_id": company.id,
                            "payload": {
                                "experiment_id": trial.id,
                                "name": trial.name,
                                "plan_id": trial.plan_id.id,
                                "code": trial.end_code,
                            },
                        }
                    ]
                )

    def _update_figures(self):
        """Read what became of the invoices on both sides."""
        for trial in self.filtered("started_at"):
            paid, opened, costs, waiting = trial._read_sides()
            found = experiment.compare(paid)
            seen = experiment.compare(opened)
            trial.write(
                {
                    "figures_at": self.env.company._billing_now(),
                    "count_a": found.count_a,
                    "count_b": found.count_b,
                    "waiting_b": waiting,
                    "customers_a": found.customers_a,
                    "customers_b": found.customers_b,
                    "paid_a": found.rate_a or 0.0,
                    "paid_b": found.rate_b or 0.0,
                    "opened_a": seen.rate_a or 0.0,
                    "opened_b": seen.rate_b or 0.0,
                    "cost_a": costs[False],
                    "cost_b": costs[True],
                    "has_difference": found.difference is not None,
                    "difference": found.difference or 0.0,
                    "difference_low": found.low,
                    "difference_high": found.high,
                    "verdict": found.verdict,
                }
            )

    def _read_sides(self):
        """Return invoices in time by customer and week, on both sides.

        :return: rows of paid and of opened invoices for ``core.experiment``, mean cost
            of an invoice by side, and how many with the new version are not due yet
        """
        self.ensure_one()
        learner = self.env["billing.distribution.learner"]
        versions = (self.version_a_id | self.version_b_id).ids
        facts = learner._facts(
            self.company_id,
            self.started_at,
            condition=SQL(
                "run.version_id = ANY(%s) AND run.started_at < %s",
                versions,
                self.ended_at or self.env.company._billing_now() + timedelta(days=1),
            ),
        )
        paid, opened = [], []
        costs, counts, waiting = defaultdict(float), defaultdict(int), 0
        for version_id, week, partner_id, is_ripe, *sums in self.env.execute_query(
            SQL(
                """SELECT version_id, DATE_TRUNC('week', started_at)::date, partner_id,
                          is_ripe, COUNT(*), COUNT(*) FILTER (WHERE paid),
                          COUNT(*) FILTER (WHERE opened), SUM(cost)
                     FROM (%s) AS fact
                    GROUP BY 1, 2, 3, 4""",
                facts,
            )
        ):
            count, paid_count, opened_count, cost = sums
            is_trial = version_id == self.version_b_id.id
            if not is_ripe:
                waiting += count if is_trial else 0
                continue
            costs[is_trial] += float(cost or 0)
            counts[is_trial] += count
            for rows, hits in ((paid, paid_count), (opened, opened_count)):
                rows.append(
                    experiment.Row(is_trial, str(week), partner_id, count, hits)
                )
        means = {
            side: costs[side] / counts[side] if counts[side] else 0.0
            for side in (False, True)
        }
        return paid, opened, means, waiting

    def _adapt(self):
        """Let the share follow what is known, within what a try may cost."""
        self.ensure_one()
        rails = self.company_id._billing_rails()
        pace = self._count_runs(PACE_DAYS) / PACE_DAYS
        beliefs = {
            side: Beta(1, 1).after(rate * customers, customers)
            for side, rate, customers in (
                ("a", self.paid_a, self.customers_a),
                ("b", self.paid_b, self.customers_b),
            )
        }
        served = self.count_b + self.waiting_b
        shares = optimiser.allocate(
            beliefs["a"],
            {"b": beliefs["b"]},
            {"b": served},
            self._count_runs(),
            max(pace, 1.0),
            replace(rails, holdout=self.holdout),
            Random(f"share {self.id} {self.figures_at} {served}"),
        )
        self.share = min(round(shares["b"], 4), 1 - self.holdout)

    def _count_runs(self, days=None):
        """Return how many invoices began the plan, since the try began or lately."""
        self.ensure_one()
        since = self.started_at
        if days:
            since = self.env.company._billing_now() - timedelta(days=days)
        return self.env["billing.distribution.run"].search_count(
            [("plan_id", "=", self.plan_id.id), ("started_at", ">=", since)]
        )

    def _is_too_dear(self):
        self.ensure_one()
        most = self.company_id.billing_optimise_cost_invoice
        return bool(
            most
            and self.count_b
            and self.currency_id.compare_amounts(self.cost_b, most) > 0
        )

    # === HELPERS === #

    def _limits(self):
        """Return the buckets of customers; see ``core.experiment.limits``."""
        self.ensure_one()
        return experiment.limits(self.holdout, self.share)

    def _group_of(self, partner):
        """Return which part a customer is in: holdout, as it is, or tried."""
        self.ensure_one()
        return experiment.group(
            self.id, partner.commercial_partner_id.id, self.holdout, self.share
        )

    @api.model
    def _points(self, share):
        """A share of 100 invoices, with one decimal in the reader's way."""
        return self.env["billing.distribution.proposal"]._number(share * 100)

    def _money(self, amount):
        return self.currency_id.format(amount)
