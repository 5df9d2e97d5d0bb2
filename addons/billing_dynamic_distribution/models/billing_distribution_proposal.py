from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..core import optimiser

#: Guard rails that a try may clear away; all others rule a change out.
TRYABLE = frozenset({optimiser.FEW, optimiser.UNSURE})


class BillingDistributionProposal(models.Model):
    """A change of a plan that would do good, as far as is known.

    Written by the nightly learning, decided on by a manager. Its figures follow what is
    known while it is open, and are fixed from the day it is decided on.
    """

    _name = "billing.distribution.proposal"
    _description = "Proposed Change of a Plan"
    _inherit = ["mail.thread"]
    _order = "state, net desc, id desc"
    _check_company_auto = True

    plan_id = fields.Many2one(
        "billing.distribution.plan",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    version_id = fields.Many2one(
        "billing.distribution.version",
        string="Instead Of",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    factor = fields.Selection(
        [
            ("channel", "First channel"),
            ("band", "Time of day"),
            ("wait", "Wait before the second step"),
        ],
        string="What Changes",
        required=True,
        readonly=True,
    )
    current = fields.Char(required=True, readonly=True)
    proposed = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("trying", "Being Tried"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("rolled_back", "Rolled Back"),
            ("outdated", "Outdated"),
        ],
        required=True,
        readonly=True,
        default="proposed",
        tracking=True,
    )

    # What is expected; shares of invoices
    paid = fields.Float(string="More Paid in Time", readonly=True)
    paid_low = fields.Float(readonly=True)
    paid_high = fields.Float(readonly=True)
    opened = fields.Float(string="More Opened", readonly=True)
    opened_low = fields.Float(readonly=True)
    opened_high = fields.Float(readonly=True)
    certainty = fields.Float(
        readonly=True, help="How likely more invoices are paid in time."
    )
    sample_current = fields.Integer(string="Invoices as It Is", readonly=True)
    sample_proposed = fields.Integer(string="Invoices as Proposed", readonly=True)
    cost = fields.Monetary(string="Cost of an Invoice", readonly=True)
    cost_month = fields.Monetary(string="Cost a Month", readonly=True)
    net = fields.Monetary(
        string="Gain of an Invoice",
        readonly=True,
        help="What payment in time is worth, less what messages cost more.",
    )
    segments = fields.Json(readonly=True)
    obstacles = fields.Json(readonly=True)
    figures_at = fields.Datetime(string="As Of", readonly=True)

    # In words
    title = fields.Char(compute="_compute_words")
    reason = fields.Html(compute="_compute_words", sanitize=False)
    obstacle_text = fields.Html(
        string="What Stands against It", compute="_compute_words", sanitize=False
    )
    segment_html = fields.Html(
        string="Customer Groups", compute="_compute_words", sanitize=False
    )
    can_approve = fields.Boolean(compute="_compute_can")
    can_roll_back = fields.Boolean(compute="_compute_can")

    # What became of it
    experiment_id = fields.Many2one(
        "billing.distribution.experiment", string="Try", readonly=True
    )
    new_version_id = fields.Many2one(
        "billing.distribution.version", readonly=True, ondelete="set null"
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    decided_at = fields.Datetime(string="Decided", readonly=True)

    _one_open = models.UniqueIndex(
        "(plan_id, factor, proposed) WHERE state IN ('proposed', 'trying')",
        "This change is proposed already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("factor", "current", "proposed", "plan_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for proposal in self:
            proposal.display_name = f"{proposal.plan_id.name}: {proposal._title()}"

    @api.depends("obstacles", "state", "new_version_id", "plan_id.live_version_id")
    def _compute_can(self):
        for proposal in self:
            proposal.can_approve = proposal.state == "proposed" and not (
                proposal.obstacles
            )
            proposal.can_roll_back = (
                proposal.state == "approved"
                and bool(proposal.new_version_id)
                and proposal.plan_id.live_version_id == proposal.new_version_id
            )

    @api.depends(
        "factor",
        "current",
        "proposed",
        "paid",
        "opened",
        "certainty",
        "cost",
        "obstacles",
        "segments",
    )
    @api.depends_context("lang")
    def _compute_words(self):
        for proposal in self:
            proposal.title = proposal._title()
            proposal.reason = Markup("").join(
                Markup("<p>%s</p>") % sentence for sentence in proposal._sentences()
            )
            labels = proposal._obstacle_labels()
            proposal.obstacle_text = (
                Markup("<ul>%s</ul>")
                % Markup("").join(
                    Markup("<li>%s</li>") % labels[code]
                    for code in proposal.obstacles or ()
                )
                if proposal.obstacles
                else False
            )
            proposal.segment_html = proposal._segment_table()

    # === ACTIONS === #

    def action_approve(self):
        """Make the change: a new version of the plan goes live (button).

        :raises UserError: a guard rail stands against it, or the plan has changed
        """
        self.check_access("write")
        for proposal in self:
            proposal._check_current()
            if proposal.obstacles:
                labels = proposal._obstacle_labels()
                raise UserError(
                    self.env._(
                        "This cannot be approved yet: %(reasons)s",
                        reasons=" ".join(labels[code] for code in proposal.obstacles),
                    )
                )
            version = proposal._make_version()
            version._check_keeps_required(proposal.version_id)
            version._publish()
            proposal._set_approved(version)

    def action_try(self):
        """Try the change on some of the customers (button)."""
        self.ensure_one()
        self.check_access("write")
        self._check_current()
        version = self._make_version()
        trial = self.env["billing.distribution.experiment"].create(
            {
                "name": self._title(),
                "plan_id": self.plan_id.id,
                "version_b_id": version.id,
                "proposal_id": self.id,
                "holdout": self.company_id.billing_optimise_holdout,
            }
        )
        trial._start()
        self.write({"state": "trying", "experiment_id": trial.id})
        return trial._get_records_action()

    def action_reject(self):
        """Put the proposal away; it is not made again for this version (button)."""
        self.check_access("write")
        self.filtered(lambda p: p.state == "proposed").write(
            {"state": "rejected", **self._decided()}
        )

    def action_rollback(self):
        """Go back to the version before (button)."""
        self.check_access("write")
        for proposal in self:
            if not proposal.can_roll_back:
                raise UserError(
                    self.env._(
                        "The plan has changed since; go back in the plan's versions."
                    )
                )
            proposal.version_id._adopt()
            proposal.state = "rolled_back"
            proposal.experiment_id.filtered(
                lambda trial: trial.state == "adopted"
            ).state = "rolled_back"

    def action_open_plan(self):
        """Open the plan."""
        self.ensure_one()
        return self.plan_id._get_records_action()

    # === BUSINESS METHODS === #

    @api.model
    def _refresh(self, plan, findings):
        """Bring the open proposals of a plan up to what is known now.

        :param plan: ``billing.distribution.plan``
        :param findings: list of ``core.optimiser.Finding``
        :return: the open proposals
        """
        now = self.env.company._billing_now()
        known = self.search([("plan_id", "=", plan.id)])
        is_open = known.filtered(lambda p: p.state == "proposed")
        rejected = {
            (p.factor, p.proposed)
            for p in known
            if p.state in ("rejected", "rolled_back", "trying")
            and (p.version_id == plan.live_version_id or p.state != "rejected")
        }
        by_key = {(p.version_id, p.factor, p.proposed): p for p in is_open}
        kept = self.browse()
        for finding in findings:
            if not self._is_worth_telling(finding, plan):
                continue
            value = getattr(finding.proposed, finding.factor)
            if (finding.factor, value) in rejected:
                continue
            vals = self._prepare_figures(finding, now)
            proposal = by_key.get((plan.live_version_id, finding.factor, value))
            if proposal:
                proposal.write(vals)
            else:
                # The same change of a former version has its say no more.
                (is_open - kept).filtered(
                    lambda p, f=finding, v=value: (
                        (p.factor, p.proposed) == (f.factor, v)
                    )
                ).state = "outdated"
                self.flush_model(["state"])
                proposal = self.create(
                    {
                        "plan_id": plan.id,
                        "version_id": plan.live_version_id.id,
                        "factor": finding.factor,
                        "current": getattr(finding.current, finding.factor),
                        "proposed": value,
                        **vals,
                    }
                )
            kept |= proposal
        (is_open - kept).state = "outdated"
        return kept

    @api.model
    def _is_worth_telling(self, finding, plan):
        """Whether staff should hear of a finding: it may be approved, or tried."""
        rails = plan.company_id._billing_rails()
        return (
            set(finding.obstacles) <= TRYABLE
            and finding.paid.mean >= rails.least_gain
            and finding.net > 0
        )

    @api.model
    def _prepare_figures(self, finding, now):
        return {
            "paid": finding.paid.mean,
            "paid_low": finding.paid.low,
            "paid_high": finding.paid.high,
            "opened": finding.opened.mean,
            "opened_low": finding.opened.low,
            "opened_high": finding.opened.high,
            "certainty": finding.certainty,
            "sample_current": finding.sample[0],
            "sample_proposed": finding.sample[1],
            "cost": finding.cost,
            "cost_month": finding.cost_month,
            "net": finding.net,
            "segments": {
                segment: [span.mean, span.low, span.high]
                for segment, span in finding.segments.items()
            },
            "obstacles": list(finding.obstacles),
            "figures_at": now,
        }

    def _make_version(self):
        """Return a draft of the plan with the change in it."""
        self.ensure_one()
        version = self.version_id._copy_with(self.factor, self.proposed)
        version.note = self._title()
        return version

    def _set_approved(self, version):
        self.write(
            {"state": "approved", "new_version_id": version.id, **self._decided()}
        )

    def _decided(self):
        return {
            "decided_by_id": self.env.uid,
            "decided_at": self.env.company._billing_now(),
        }

    def _check_current(self):
        self.ensure_one()
        if self.state != "proposed":
            raise UserError(self.env._("This was decided already."))
        if self.plan_id.live_version_id != self.version_id:
            raise UserError(
                self.env._(
                    "The plan has changed since this was proposed. The next night "
                    "compares anew."
                )
            )
        if any(trial.state == "running" for trial in self.plan_id.experiment_ids):
            raise UserError(
                self.env._(
                    "Something is being tried in «%(plan)s». End that first.",
                    plan=self.plan_id.name,
                )
            )

    # === HELPERS - WORDS === #

    def _title(self):
        """The change in one line, in the reader's language."""
        self.ensure_one()
        texts = {
            "channel": self.env._("Begin with %(new)s instead of %(old)s"),
            "band": self.env._("Send %(new)s instead of %(old)s"),
            "wait": self.env._(
                "Wait %(new)s days before the second step instead of %(old)s"
            ),
        }
        return texts.get(self.factor, "") % {
            "new": self._value_label(self.proposed),
            "old": self._value_label(self.current),
        }

    def _value_label(self, value):
        self.ensure_one()
        if self.factor == "channel":
            field = self.env["billing.distribution.step"]._fields["channel"]
            return dict(field._description_selection(self.env)).get(value, value)
        if self.factor == "band":
            return {
                "morning": self.env._("in the morning"),
                "midday": self.env._("at midday"),
                "afternoon": self.env._("in the afternoon"),
                "evening": self.env._("in the evening"),
            }.get(value, self.env._("at any hour"))
        return value

    def _sentences(self):
        """Why it is proposed, sentence by sentence."""
        self.ensure_one()
        number, env = self._number, self.env
        sentences = [
            env._(
                "Of 100 invoices, about %(paid)s more would be paid in time (between "
                "%(low)s and %(high)s, nine times out of ten), and %(opened)s more "
                "would be opened before they are due.",
                paid=number(self.paid * 100),
                low=number(self.paid_low * 100),
                high=number(self.paid_high * 100),
                opened=number(self.opened * 100),
            ),
            env._(
                "That it does good is %(certainty)s %% certain. It is known from "
                "%(proposed)s invoices sent as proposed and %(current)s sent as it is, "
                "of the last twelve months. Customer groups were compared each with "
                "itself, and small groups lean on the others.",
                certainty=number(self.certainty * 100),
                proposed=number(self.sample_proposed, 0),
                current=number(self.sample_current, 0),
            ),
        ]
        if self.currency_id.is_zero(self.cost):
            sentences.append(env._("Messages cost as much as now."))
        elif self.cost > 0:
            sentences.append(
                env._(
                    "Messages would cost %(cost)s more for an invoice, %(month)s more "
                    "a month.",
                    cost=self.currency_id.format(self.cost),
                    month=self.currency_id.format(self.cost_month),
                )
            )
        else:
            sentences.append(
                env._(
                    "Messages would cost %(cost)s less for an invoice, %(month)s less "
                    "a month.",
                    cost=self.currency_id.format(-self.cost),
                    month=self.currency_id.format(-self.cost_month),
                )
            )
        sentences.append(
            env._(
                "This was seen, not tried: customers who got it so may have been "
                "others. A try on some of your customers tells for certain."
            )
        )
        return sentences

    @api.model
    def _obstacle_labels(self):
        """Return what the guard rails say, in the reader's language."""
        return {
            optimiser.REQUIRED: self.env._("The law asks for this step as it is."),
            optimiser.FEW: self.env._(
                "Too few invoices were sent so. A try brings more."
            ),
            optimiser.UNSURE: self.env._(
                "It is not certain enough that it does good. A try tells."
            ),
            optimiser.SMALL: self.env._("It gains too little for what it costs."),
            optimiser.HURTS: self.env._("One group of customers would fare worse."),
            optimiser.DEAR: self.env._(
                "Messages would cost more for an invoice than the company allows."
            ),
            optimiser.MONTH: self.env._(
                "Messages would cost more in a month than the company allows."
            ),
        }

    def _segment_table(self):
        """What it does to each group of customers, as a table."""
        self.ensure_one()
        if not self.segments:
            return False
        labels = self.env["billing.distribution.learner"]._segment_labels()
        rows = Markup("").join(
            Markup(
                '<tr><th scope="row">%s</th><td class="text-end">%s</td>'
                '<td class="text-end">%s</td></tr>'
            )
            % (
                labels.get(segment, segment),
                self._number(mean * 100, is_signed=True),
                self.env._(
                    "%(low)s to %(high)s",
                    low=self._number(low * 100, is_signed=True),
                    high=self._number(high * 100, is_signed=True),
                ),
            )
            for segment, (mean, low, high) in sorted(self.segments.items())
        )
        return Markup(
            '<table class="table table-sm w-auto"><thead><tr><th scope="col">%s</th>'
            '<th scope="col" class="text-end">%s</th>'
            '<th scope="col" class="text-end">%s</th></tr></thead>'
            "<tbody>%s</tbody></table>"
        ) % (
            self.env._("Customers"),
            self.env._("More paid in time, of 100"),
            self.env._("Nine times out of ten"),
            rows,
        )

    @api.model
    def _number(self, value, digits=1, is_signed=False):
        """A number in the reader's way of writing."""
        text = formatLang(self.env, value, digits=digits)
        return f"+{text}" if is_signed and value > 0 else text
