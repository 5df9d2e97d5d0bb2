from odoo import api, fields, models

from ..core import law


class BillingLawRule(models.Model):
    """What a law says about one kind of letter: when it may go, what it may cost."""

    _name = "billing.law.rule"
    _description = "Law on a Kind of Letter"
    _order = "pack_id, sequence, id"
    _rec_name = "kind"

    pack_id = fields.Many2one(
        "billing.law.pack", string="Law", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(compute="_compute_sequence", store=True)
    kind = fields.Selection(
        [
            ("reminder", "Reminder"),
            ("notice", "Collection notice"),
            ("demand", "Demand for payment"),
            ("handover", "Hand-over to collection"),
            ("instalment", "Instalment plan"),
        ],
        string="Letter",
        required=True,
    )
    paragraph = fields.Char(required=True)
    sendable = fields.Boolean(
        string="By the Creditor",
        default=True,
        help="The creditor may send it. Not set: only collection agencies may.",
    )
    days_after_due = fields.Integer(
        string="Earliest",
        default=1,
        help="Days after the due date of the first day on which it may go.",
    )
    deadline_days = fields.Integer(
        string="Deadline",
        help="Shortest deadline it has to give, in days from sending.",
    )
    needs = fields.Selection(
        [
            ("reminder", "Reminder"),
            ("notice", "Collection notice"),
            ("demand", "Demand for payment"),
        ],
        string="Only After",
        help="This letter must have been sent, and its deadline must have passed.",
    )
    enforcing = fields.Boolean(
        string="Step of Collection",
        help="It waits while the customer objects, while the invoice may not have "
        "arrived, and while a deadline given before runs.",
    )
    fee_code = fields.Selection(
        selection="_selection_rate", string="Fee", help="Empty: it is free."
    )
    fraction_code = fields.Selection(
        selection="_selection_rate",
        string="Share of It",
        help="The share goes by the due date of the claim, the amount by the day of "
        "sending.",
    )
    fee_days_after_due = fields.Integer(
        string="Fee From",
        default=1,
        help="Days after the due date of the first day on which it may cost a fee.",
    )
    fee_group = fields.Selection(
        [
            ("letter", "Reminders and notices"),
            ("demand", "Demands"),
            ("instalment", "Instalment plans"),
        ],
        string="Counts Among",
    )
    fee_limit = fields.Integer(
        string="Most Fees", default=1, help="Fees of this group for one claim."
    )
    closes = fields.Selection(
        [("group", "Further fees of its group"), ("letters", "Fees of any letter")],
        string="Ends",
        help="What cannot be charged any more once this letter cost a fee.",
    )
    after_deadline = fields.Boolean(
        string="After the Deadline",
        help="A further fee needs that the deadline of the letter with a fee before "
        "was long enough and has passed.",
    )
    agreed = fields.Boolean(
        string="If Agreed",
        help="The fee must have been agreed at the latest when the debt arose.",
    )
    fee_paragraph = fields.Char(string="Paragraph on the Fee")
    limit_paragraph = fields.Char(string="Paragraph on the Number")

    _kind_unique = models.UniqueIndex(
        "(pack_id, kind)", "The law has a rule for this kind of letter already."
    )
    _fee_has_group = models.Constraint(
        "CHECK(fee_code IS NULL OR fee_group IS NOT NULL)",
        "Say among what the fee counts.",
    )
    _numbers_positive = models.Constraint(
        "CHECK(days_after_due >= 0 AND deadline_days >= 0 "
        "AND fee_days_after_due >= 0 AND fee_limit >= 0)",
        "Days and numbers cannot be negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kind")
    def _compute_sequence(self):
        kinds = [code for code, __ in self._fields["kind"].selection]
        for rule in self:
            rule.sequence = kinds.index(rule.kind) if rule.kind else len(kinds)

    # === SELECTION METHODS === #

    def _selection_rate(self):
        return (
            self.env["billing.law.rate"]
            ._fields["code"]
            ._description_selection(self.env)
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === HELPERS === #

    def _to_core(self):
        """Return the rule as the evaluator takes it."""
        self.ensure_one()
        return law.Rule(
            kind=self.kind,
            paragraph=self.paragraph,
            sendable=self.sendable,
            days_after_due=self.days_after_due,
            deadline_days=self.deadline_days,
            needs=self.needs or "",
            enforcing=self.enforcing,
            fee_code=self.fee_code or "",
            fraction_code=self.fraction_code or "",
            fee_days_after_due=self.fee_days_after_due,
            fee_group=self.fee_group or "",
            fee_limit=self.fee_limit,
            closes=self.closes or "",
            after_deadline=self.after_deadline,
            agreed=self.agreed,
            fee_paragraph=self.fee_paragraph or "",
            limit_paragraph=self.limit_paragraph or "",
        )
