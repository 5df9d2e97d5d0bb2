import ast

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

#: Trigger → whether its days count.
TRIGGERS_WITH_DAYS = ("before_due", "after_due")
#: Triggers that come with a day and are looked for by the daily planning.
DATED_TRIGGERS = ("before_due", "on_due", "after_due")


class BillingDistributionPlan(models.Model):
    """What is done so that an invoice reaches its customer, from one trigger on.

    Of the plans with the same trigger the first one whose domain an invoice fits is
    the invoice's. What is done stands in the versions: invoices that began with one
    finish it, whatever is published later.
    """

    _name = "billing.distribution.plan"
    _description = "Distribution Plan"
    _order = "company_id, trigger, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        string="Priority",
        default=10,
        help="Of the plans with the same trigger, the first that fits an invoice is "
        "its plan.",
    )
    trigger = fields.Selection(
        [
            ("posted", "Invoice is issued"),
            ("before_due", "Days before the due date"),
            ("on_due", "Due date"),
            ("after_due", "Days after the due date"),
            ("debit_failed", "Direct debit failed"),
            ("changed", "Amount or due date changed"),
            ("asked", "Customer asked for it"),
        ],
        required=True,
        default="posted",
    )
    trigger_days = fields.Integer(string="Days")
    domain = fields.Char(
        string="Invoices", default="[]", help="Which invoices the plan is for."
    )
    is_reminder = fields.Boolean(
        string="Asks for Payment Again",
        help="Waits while reminders of the invoice are on hold, not only while sending "
        "is.",
    )
    version_ids = fields.One2many(
        "billing.distribution.version", "plan_id", string="Versions"
    )
    live_version_id = fields.Many2one(
        "billing.distribution.version",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    shipped_code = fields.Char(readonly=True, copy=False)
    run_count = fields.Integer(compute="_compute_run_count")

    _trigger_days_positive = models.Constraint(
        "CHECK(trigger_days >= 0)",
        "A plan cannot begin a negative number of days away.",
    )
    _shipped_unique = models.UniqueIndex(
        "(company_id, shipped_code) WHERE shipped_code IS NOT NULL",
        "The company has this plan already.",
    )

    # === COMPUTE METHODS === #

    def _compute_run_count(self):
        counts = dict(
            self.env["billing.distribution.run"]._read_group(
                [("plan_id", "in", self.ids), ("state", "in", ("waiting", "sending"))],
                ["plan_id"],
                ["__count"],
            )
        )
        for plan in self:
            plan.run_count = counts.get(plan, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("domain")
    def _check_domain(self):
        for plan in self:
            try:
                plan._get_domain().validate(self.env["account.move"])
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "«%(plan)s» chooses invoices by something they do not have: "
                        "%(error)s",
                        plan=plan.name,
                        error=error,
                    )
                ) from error

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # In place of a foreign key, see GuardedMany2one.
        runs_sudo = self.env["billing.distribution.run"].sudo()
        if runs_sudo.search_count([("plan_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "Invoices went through this plan, so it is kept. Archive it "
                    "instead."
                )
            )

    # === ACTIONS === #

    def action_edit(self):
        """Open the draft of the plan, made from the live version if there is none."""
        self.ensure_one()
        return self._get_draft()._get_records_action()

    def action_runs(self):
        """Open the invoices that go through the plan."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_dynamic_distribution.billing_distribution_run_action"
        )
        action["domain"] = [("plan_id", "=", self.id)]
        action["context"] = {}
        return action

    @api.model
    def action_add_shipped(self):
        """Add the plans that come with the addon to the present company (button)."""
        self.check_access("create")
        self._create_shipped_plans(self.env.company)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === BUSINESS METHODS === #

    @api.model
    def _drop_foreign_keys(self):
        """Drop the foreign keys of this addon's tables (when it is uninstalled).

        The tables go anyway, after the contents and templates that their rows hold on
        to.
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT conrelid::regclass::text, conname FROM pg_constraint
                    WHERE contype = 'f'
                      AND conrelid::regclass::text LIKE 'billing\\_distribution\\_%%'"""
            )
        )
        for table, name in rows:
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE %s DROP CONSTRAINT %s",
                    SQL.identifier(table),
                    SQL.identifier(name),
                )
            )

    def _get_domain(self):
        """Return which invoices the plan is for, as a domain on ``account.move``."""
        self.ensure_one()
        return Domain(ast.literal_eval(self.domain or "[]"))

    def _get_draft(self):
        """Return the draft version, a copy of the newest version if there is none.

        :rtype: billing.distribution.version
        """
        self.ensure_one()
        draft = self.version_ids.filtered(lambda version: version.state == "draft")[:1]
        if draft:
            return draft
        source = self.live_version_id or self.version_ids.sorted("number")[-1:]
        if source:
            return source._copy_as_draft()
        return self.env["billing.distribution.version"].create({"plan_id": self.id})
