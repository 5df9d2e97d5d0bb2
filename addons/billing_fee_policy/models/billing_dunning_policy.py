import ast

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..core import turn
from .billing_dunning_step import to_decimal


class BillingDunningPolicy(models.Model):
    """Who is reminded, when, and what a reminder may cost.

    Of the active policies of a company, the first one that is for a customer is that
    customer's. Where a claim stands follows from the letters it got, so a policy may
    change while claims are on their way.
    """

    _name = "billing.dunning.policy"
    _description = "Reminder Policy"
    _inherit = ["mail.thread"]
    _order = "company_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(
        string="Priority",
        default=10,
        help="Of the active policies, the first that fits a customer is theirs.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    active = fields.Boolean(default=True)
    domain = fields.Char(
        string="Customers",
        default="[]",
        help="Which customers the policy is for.",
        tracking=True,
    )
    country_id = fields.Many2one(
        "res.country",
        string="Law Of",
        required=True,
        default=lambda self: self._default_country_id(),
        tracking=True,
        help="Whose law says what may be sent and charged.",
    )
    step_ids = fields.One2many(
        "billing.dunning.step", "policy_id", string="Steps", copy=True
    )
    grace_bank_days = fields.Integer(
        string="Grace",
        default=2,
        tracking=True,
        help="Bank days that a payment made on the last day takes until it is in the "
        "books. Nothing is sent before.",
    )
    gap_days = fields.Integer(
        string="Between Letters",
        default=7,
        tracking=True,
        help="Days at least between two letters about an invoice, also where the first "
        "one went out late.",
    )
    minimum_amount = fields.Monetary(
        tracking=True, help="Nobody is reminded of less than this."
    )
    minimum_fee_amount = fields.Monetary(
        string="No Fee Below", tracking=True, help="Smaller claims carry no fee."
    )
    is_bundled = fields.Boolean(
        string="One Letter for Several Invoices",
        default=True,
        tracking=True,
        help="What a customer is reminded of on the same day goes in one letter.",
    )
    along_days = fields.Integer(
        string="Take Along",
        default=3,
        tracking=True,
        help="An invoice whose turn comes within so many days goes into a letter that "
        "the customer gets anyway.",
    )
    fee_per = fields.Selection(
        [("letter", "A letter"), ("claim", "An invoice")],
        string="One Fee For",
        required=True,
        default="letter",
        tracking=True,
    )
    reference_mode = fields.Selection(
        [
            ("claim", "The KID or OCR number of the invoice"),
            ("own", "A KID or OCR number of their own"),
        ],
        string="Fees Are Paid With",
        required=True,
        default="claim",
        tracking=True,
    )
    shipped_code = fields.Char(readonly=True, copy=False)
    reminder_count = fields.Integer(compute="_compute_reminder_count")

    _shipped_unique = models.UniqueIndex(
        "(company_id, shipped_code) WHERE shipped_code IS NOT NULL",
        "The company has this policy already.",
    )
    _days_in_range = models.Constraint(
        "CHECK(grace_bank_days BETWEEN 0 AND 20 AND along_days BETWEEN 0 AND 30"
        " AND gap_days BETWEEN 0 AND 60)",
        "The grace lasts up to 20 bank days; invoices are taken along up to 30 days "
        "early; letters are up to 60 days apart.",
    )
    _amounts_positive = models.Constraint(
        "CHECK(minimum_amount >= 0 AND minimum_fee_amount >= 0)",
        "Amounts cannot be negative.",
    )

    # === DEFAULT METHODS === #

    @api.model
    def _default_country_id(self):
        company = self.env.company
        return company.account_fiscal_country_id or company.country_id

    # === COMPUTE METHODS === #

    def _compute_reminder_count(self):
        counts = dict(
            self.env["billing.reminder"]._read_group(
                [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
            )
        )
        for policy in self:
            policy.reminder_count = counts.get(policy, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("domain")
    def _check_domain(self):
        for policy in self:
            try:
                policy._get_domain().validate(self.env["res.partner"])
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "«%(policy)s» chooses customers by something they do not have: "
                        "%(error)s",
                        policy=policy.name,
                        error=error,
                    )
                ) from error

    @api.constrains("state", "step_ids")
    def _check_steps(self):
        for policy in self:
            if policy.state == "active" and not policy.step_ids:
                raise ValidationError(
                    self.env._("A policy without steps reminds nobody.")
                )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        reminders_sudo = self.env["billing.reminder"].sudo()
        if reminders_sudo.search_count([("policy_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "Reminders went out by this policy, so it is kept. Retire it "
                    "instead."
                )
            )

    # === ACTIONS === #

    def action_activate(self):
        """Let the policies decide from now on (button)."""
        self.write({"state": "active"})

    def action_retire(self):
        """Let the policies decide nothing any more (button)."""
        self.write({"state": "retired"})

    def action_draft(self):
        """Take the policies out of use, to work on them (button)."""
        self.write({"state": "draft"})

    def action_reminders(self):
        """Open the reminders that went out by the policy."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_reminder_action"
        )
        action["domain"] = [("policy_id", "=", self.id)]
        action["context"] = {}
        return action

    @api.model
    def action_add_shipped(self):
        """Add the policies that come with the addon to the present company (button)."""
        self.check_access("create")
        self._create_shipped_policies(self.env.company)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === BUSINESS METHODS === #

    def _get_domain(self):
        """Return which customers the policy is for, as a domain on ``res.partner``."""
        self.ensure_one()
        return Domain(ast.literal_eval(self.domain or "[]"))

    def _to_steps(self):
        """Return the ladder in the form that ``core.ladder`` works with.

        :rtype: tuple[core.ladder.Step]
        """
        self.ensure_one()
        return tuple(step._to_step() for step in self.step_ids.sorted("sequence"))

    def _to_policy(self):
        """Return the policy in the form that ``core.turn`` decides by.

        :rtype: core.turn.Policy
        """
        self.ensure_one()
        return turn.Policy(
            id=self.id,
            country=self.country_id.code,
            steps=self._to_steps(),
            grace_bank_days=self.grace_bank_days,
            gap_days=self.gap_days,
            minimum=to_decimal(self.minimum_amount, self.currency_id),
            fee_minimum=to_decimal(self.minimum_fee_amount, self.currency_id),
            along_days=self.along_days,
            together=self.is_bundled,
            one_fee=self.fee_per == "letter",
        )
