import ast
import logging
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from functools import cache

from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools.gc import disabling_gc

from ..core import profit, replay

_logger = logging.getLogger(__name__)

#: Up to so many claims the answer comes while one waits for it.
AT_ONCE = 20_000
#: Days after which a fee that will be paid has mostly been paid.
SETTLED_DAYS = 60
#: What is compared: what there really was, and one or two policies.
SIDES = ("was", "a", "b")


class BillingFeeSimulation(models.Model):
    """What reminder policies would have done with the claims of the past.

    One policy, or two side by side, beside what really happened. Nothing is sent and
    nothing is booked.
    """

    _name = "billing.fee.simulation"
    _description = "Simulation of Reminder Policies"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True, readonly=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    policy_a_id = fields.Many2one(
        "billing.dunning.policy",
        required=True,
        ondelete="cascade",
        check_company=True,
    )
    policy_b_id = fields.Many2one(
        "billing.dunning.policy",
        ondelete="cascade",
        check_company=True,
        help="May be the same policy, for example without forgiving.",
    )
    forgive_a = fields.Boolean(
        string="A Forgives",
        default=True,
        help="With the waiver rules and budgets as they are now. Else every fee stays.",
    )
    forgive_b = fields.Boolean(
        string="B Forgives",
        default=True,
        help="With the waiver rules and budgets as they are now. Else every fee stays.",
    )
    domain = fields.Char(
        string="Customers",
        compute="_compute_domain",
        store=True,
        readonly=False,
        precompute=True,
        help="Whose claims are taken, for both policies.",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: (
            self.env.company._billing_today()
            - relativedelta(months=12)
            + timedelta(days=1)
        ),
        help="Claims that fell due from this day on.",
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="Claims that fell due, and letters sent, through this day.",
    )
    paid_share = fields.Float(
        string="Fees That Are Paid",
        compute="_compute_shares",
        store=True,
        readonly=False,
        precompute=True,
        help="Of a hundred fees that are charged, so many are paid.",
    )
    conversation_share = fields.Float(
        string="Conversations for a Hundred Fees",
        compute="_compute_shares",
        store=True,
        readonly=False,
        precompute=True,
        help="After a hundred letters with a fee so many customers write or call.",
    )
    state = fields.Selection(
        [("draft", "Not Run"), ("queued", "Waiting"), ("done", "Done")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    done_at = fields.Datetime(string="Made", readonly=True, copy=False)
    claim_count = fields.Integer(string="Claims", readonly=True, copy=False)
    line_ids = fields.One2many(
        "billing.fee.simulation.line", "simulation_id", readonly=True, copy=False
    )
    report = fields.Html(compute="_compute_report", sanitize=False)

    _period_valid = models.Constraint(
        "CHECK(date_from <= date_to)", "The period ends after it begins."
    )
    _shares_valid = models.Constraint(
        "CHECK(paid_share BETWEEN 0 AND 100 AND conversation_share BETWEEN 0 AND 100)",
        "Shares lie between 0 and 100 of a hundred.",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_a_id", "policy_b_id")
    def _compute_name(self):
        for simulation in self:
            one, other = simulation.policy_a_id.name, simulation.policy_b_id.name
            simulation.name = f"{one} / {other}" if one and other else one or ""

    @api.depends("policy_a_id")
    def _compute_domain(self):
        for simulation in self:
            simulation.domain = simulation.policy_a_id.domain or "[]"

    @api.depends("company_id")
    def _compute_shares(self):
        report = self.env["billing.fee.report"]
        for simulation in self:
            company = simulation.company_id or self.env.company
            before = company._billing_today() - timedelta(days=SETTLED_DAYS)
            seen = report._figures(company, until=before)
            charged = seen.due - seen.forgiven
            enough = seen.fees >= profit.LEAST
            simulation.paid_share = (
                float(100 * seen.paid / charged) if enough and charged else 100.0
            )
            simulation.conversation_share = (
                min(100.0 * seen.conversations / seen.letters, 100.0)
                if seen.letters >= profit.LEAST
                else company.billing_fee_conversation_share
            )

    @api.depends("line_ids", "state")
    @api.depends_context("lang")
    def _compute_report(self):
        for simulation in self:
            simulation.report = (
                simulation._render_report() if simulation.state == "done" else False
            )

    # === ACTIONS === #

    def action_run(self):
        """Simulate now; many claims are gone through by the job (button)."""
        self.check_access("write")
        history = self.env["billing.fee.history"].sudo()
        for simulation in self:
            simulation._check_ready()
            count = history._count(
                simulation.company_id,
                simulation._get_domain(),
                simulation.date_from,
                simulation.date_to,
            )
            if count <= AT_ONCE:
                simulation._run()
            else:
                simulation.state = "queued"
                self.env.ref(
                    "billing_fee_policy.ir_cron_fee_simulation"
                ).sudo()._trigger()

    def action_lines(self):
        """Open the sums by month and customer group (button)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_fee_simulation_line_action"
        )
        action["domain"] = [("simulation_id", "=", self.id)]
        return action

    # === JOB === #

    @api.model
    def _cron_simulate(self):
        """Make the simulations that wait."""
        cron = self.env["ir.cron"]
        waiting = self.sudo().search([("state", "=", "queued")], order="id")
        remaining = len(waiting)
        for simulation_id in waiting.ids:
            simulation = self.sudo().browse(simulation_id)
            company = simulation.company_id
            try:
                simulation.with_company(company)._run()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Simulation %s failed", simulation_id)
                simulation.state = "draft"
                company._billing_alert(self.env._("Simulation of fees"), error)
            remaining -= 1
            if not cron._commit_progress(1, remaining=remaining):
                return

    # === BUSINESS METHODS === #

    def _run(self):
        """Go through the claims with each policy and write down the sums."""
        self.ensure_one()
        # Looking through a million objects that are all needed, again and again for
        # what may be thrown away, would take most of the time.
        with disabling_gc():
            count, sums = self._simulate()
        self.write(
            {
                "state": "done",
                "done_at": self.company_id._billing_now(),
                "claim_count": count,
                "line_ids": [
                    Command.clear(),
                    *(
                        Command.create(self._prepare_line(side, *key, tally))
                        for side, found in sums.items()
                        for key, tally in sorted(found.items())
                    ),
                ],
            }
        )

    def _simulate(self):
        """Return how many claims there are, and the sums of each side.

        :rtype: tuple[int, dict[str, core.replay.Sums]]
        """
        company = self.company_id
        history = self.env["billing.fee.history"].sudo()
        scope = (company, self._get_domain(), self.date_from, self.date_to)
        settings = {"a": self._setting(self.policy_a_id, self.forgive_a)}
        if self.policy_b_id:
            settings["b"] = self._setting(self.policy_b_id, self.forgive_b)
        pack = settings["a"].pack(self.date_to)
        customers = history._load(
            *scope,
            rules=next((one.rules for one in settings.values() if one.forgives), None),
            agreed=bool(pack) and any(rule.agreed for rule in pack.rules.values()),
        )
        sums = {"was": history._load_actual(*scope)}
        for side, setting in settings.items():
            sums[side] = replay.replay(customers, setting, self.date_to)
        return sum(len(one.claims) for one in customers), sums

    def _setting(self, policy, forgives):
        """Return a policy with everything it is carried out with.

        :rtype: core.replay.Setting
        """
        company = self.company_id
        calendar = company._bank_calendar()
        packs = self.env["billing.law.pack"].sudo()
        code = policy.country_id.code
        rules = ()
        waivers = self.env["billing.waiver"].sudo()
        if forgives:
            records = self.env["billing.waiver.rule"]._for(company)
            rules = tuple(record._to_core() for record in records)
        return replay.Setting(
            policy=policy._to_policy(),
            pack=lambda day: packs._for(code, day),
            currency=company.currency_id.name,
            add_bank_days=cache(calendar.add_bank_days),
            next_bank_day=cache(calendar.next_bank_day),
            rules=rules,
            forgives=forgives,
            budget=waivers._budget(company, self.date_to),
            late_days=company.billing_waiver_late_days,
        )

    def _prepare_line(self, side, month, segment, tally):
        """Return the values of the sums of a month and a customer group."""
        company = self.company_id
        prices = company._billing_fee_prices()
        paid = Decimal(str(self.paid_share)) / 100
        conversations = Decimal(str(self.conversation_share)) / 100 * tally.fee_letters
        minutes = prices.minutes(tally.letters, conversations)
        paper = tally.paper * Decimal(str(company.billing_fee_letter_price))
        cost = prices.cost(minutes) + paper
        income = (tally.charged + tally.compensation) * paid
        return {
            "side": side,
            "month": f"{month}-01",
            "segment": segment,
            "soft": tally.soft,
            "reminder": tally.reminder,
            "notice": tally.notice,
            "demand": tally.demand,
            "letters": tally.letters,
            "handed": tally.handed,
            "fees": tally.fees,
            "due": float(tally.due),
            "forgiven_fees": tally.forgiven_fees,
            "forgiven": float(tally.forgiven),
            "charged": float(tally.charged),
            "compensation": float(tally.compensation),
            "conversations": float(conversations),
            "minutes": float(minutes),
            "income": float(income),
            "cost": float(cost),
            "result": float(income - cost),
            "customers": tally.customers,
            "hit": tally.hit,
        }

    def _get_domain(self):
        """Return whose claims are taken, as a domain on ``res.partner``."""
        self.ensure_one()
        return Domain(ast.literal_eval(self.domain or "[]"))

    def _check_ready(self):
        for policy in self.policy_a_id | self.policy_b_id:
            if not policy.step_ids:
                raise UserError(
                    self.env._("«%(policy)s» has no steps.", policy=policy.name)
                )

    def _totals(self):
        """Return the sums of each side over everything.

        :rtype: dict[str, dict]
        """
        self.ensure_one()
        totals = {}
        for side, lines in self.line_ids.grouped("side").items():
            totals[side] = lines._sum()
        empty = self.env["billing.fee.simulation.line"]._sum()
        return {side: totals.get(side, empty) for side in self._sides()}

    def _sides(self):
        """Return the sides that are shown, the first one first."""
        return SIDES if self.policy_b_id else SIDES[:2]

    def _grouped(self, name):
        """Return sums by side of each value of a field of the lines, in order.

        :param str name: ``month`` or ``segment``
        :return: label and sums by side
        :rtype: list[tuple[str, dict[str, dict]]]
        """
        lines = self.line_ids
        empty = lines.browse()._sum()
        found = defaultdict(dict)
        for (value, side), own in lines.grouped(
            lambda line: (line[name], line.side)
        ).items():
            found[value][side] = own._sum()
        return [
            (
                lines._label(name, value),
                {side: sums.get(side, empty) for side in self._sides()},
            )
            for value, sums in sorted(found.items())
        ]
