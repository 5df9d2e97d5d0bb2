from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..core import waiver as core


class BillingWaiverRule(models.Model):
    """When a fee that the law allows is left out. The first rule that fits decides.

    What a rule asks for is tested, and put into words, from one table:
    ``core.waiver.CONDITIONS``.
    """

    _name = "billing.waiver.rule"
    _description = "Waiver Rule"
    _order = "sequence, id"

    name = fields.Char(string="Title", required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", ondelete="cascade", help="Empty: for all companies."
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    effect = fields.Selection(
        [(core.FORGIVE, "Is Forgiven"), (core.KEEP, "Stays")],
        string="Then the Fee",
        required=True,
        default=core.FORGIVE,
    )

    # What it asks for
    audience = fields.Selection(
        [("person", "Private Customers"), ("business", "Companies")],
        string="Customers",
    )
    tag_ids = fields.Many2many(
        "res.partner.category",
        "billing_waiver_rule_tag_rel",
        string="Segments",
        help="Customers with one of these tags. Whoever sets the tag decides, so this "
        "is no objective criterion.",
    )
    relation_months = fields.Integer(
        string="Customer For",
        help="Months since the first invoice, or since the day on the customer record.",
    )
    has_late = fields.Boolean(string="Pays on Time")
    late_most = fields.Integer(string="Late Payments at Most")
    late_months = fields.Integer(string="Late Payments Within", default=12)
    has_waived = fields.Boolean(string="Earlier Waivers")
    waived_most = fields.Integer(string="Fees Forgiven at Most")
    waived_least = fields.Integer(string="Fees Forgiven at Least")
    waived_months = fields.Integer(
        string="Fees Forgiven Within", help="Months. 0: at any time."
    )
    is_bounced = fields.Boolean(
        string="Our message bounced",
        help="A message to the customer failed after the invoice was made, and none "
        "arrived.",
    )
    is_unopened = fields.Boolean(
        string="Our messages were never opened",
        help="Nobody followed a link to the invoice, or saw it signed in. The links "
        "tell it; no e-mail is tracked.",
    )
    is_conversation = fields.Boolean(string="A question waits for our answer")
    is_outage = fields.Boolean(string="There was an outage at the address")
    is_vulnerable = fields.Boolean(string="The customer is marked as vulnerable")
    is_debit_failed = fields.Boolean(
        string="A direct debit failed, not by the customer's fault"
    )
    fee_most = fields.Monetary(string="Fee at Most", help="0: any fee.")
    principal_most = fields.Monetary(string="Claim at Most", help="0: any claim.")

    # What follows
    is_goodwill = fields.Boolean(
        string="Counts on the Goodwill Budget",
        default=True,
        help="Take it away where the fault is not the customer's: such fees are "
        "forgiven however much goodwill there was already.",
    )
    is_published = fields.Boolean(
        string="Published",
        default=True,
        help="Customers read it on the page about fees.",
    )
    customer_text = fields.Char(
        string="Customers Read",
        translate=True,
        help="Empty: the conditions, in words for customers.",
    )
    message_text = fields.Char(
        string="Customers Are Told",
        translate=True,
        help="The reason in the message that the fee was dropped. Empty: from the "
        "conditions.",
    )

    # In words
    sentence = fields.Char(compute="_compute_sentence")
    criteria = fields.Char(string="On the Page", compute="_compute_sentence")
    is_objective = fields.Boolean(
        string="Objective",
        compute="_compute_is_objective",
        help="It measures every customer by the same yardstick.",
    )
    waiver_count = fields.Integer(string="Forgiven", compute="_compute_waiver_count")

    _late_positive = models.Constraint(
        "CHECK(late_most >= 0 AND late_months > 0)",
        "Late payments are counted from 0 on, over a month at least.",
    )
    _waived_positive = models.Constraint(
        "CHECK(waived_most >= 0 AND waived_least >= 0 AND waived_months >= 0)",
        "Earlier waivers are counted from 0 on.",
    )
    _others_positive = models.Constraint(
        "CHECK(relation_months >= 0 AND fee_most >= 0 AND principal_most >= 0)",
        "Months and amounts cannot be negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for rule in self:
            rule.currency_id = (rule.company_id or self.env.company).currency_id

    @api.depends(lambda self: self._billing_condition_fields())
    @api.depends_context("lang", "company")
    def _compute_sentence(self):
        for rule in self:
            rule.sentence = rule._staff_sentence()
            rule.criteria = rule._customer_criteria()

    @api.depends("tag_ids")
    def _compute_is_objective(self):
        for rule in self:
            rule.is_objective = core.is_objective(rule._to_core())

    def _compute_waiver_count(self):
        counts = dict(
            self.env["billing.waiver"]._read_group(
                [("rule_id", "in", self.ids), ("state", "=", "granted")],
                ["rule_id"],
                ["__count"],
            )
        )
        for rule in self:
            rule.waiver_count = counts.get(rule, 0)

    @api.model
    def _billing_condition_fields(self):
        """Return the fields that the words of a rule are made from."""
        return (
            "effect",
            "audience",
            "tag_ids.name",
            "relation_months",
            "has_late",
            "late_most",
            "late_months",
            "has_waived",
            "waived_most",
            "waived_least",
            "waived_months",
            "is_bounced",
            "is_unopened",
            "is_conversation",
            "is_outage",
            "is_vulnerable",
            "is_debit_failed",
            "fee_most",
            "principal_most",
            "customer_text",
            "currency_id",
        )

    # === CONSTRAINT METHODS === #

    @api.constrains("has_waived", "waived_most", "waived_least")
    def _check_waived(self):
        for rule in self:
            if rule.has_waived and 0 < rule.waived_most < rule.waived_least:
                raise ValidationError(
                    self.env._(
                        "No customer had at most %(most)s and at least %(least)s fees "
                        "forgiven.",
                        most=rule.waived_most,
                        least=rule.waived_least,
                    )
                )

    # === ACTIONS === #

    def action_waivers(self):
        """Open what the rule forgave."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_waiver_action"
        )
        action["domain"] = [("rule_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _for(self, company):
        """Return the rules of a company, in their order.

        :param company: the ``res.company``
        :return: in superuser mode
        :rtype: billing.waiver.rule
        """
        return self.sudo().search(Domain("company_id", "in", [company.id, False]))

    def _to_core(self):
        """Return the rule in the form that decides.

        :rtype: core.waiver.Rule
        """
        self.ensure_one()
        delivery = {
            core.BOUNCED: self.is_bounced,
            core.UNOPENED: self.is_unopened,
        }
        # «At least» alone has no upper bound; both at 0 mean the first fee.
        has_most = self.has_waived and (self.waived_most or not self.waived_least)
        return core.Rule(
            id=self._origin.id or self.id,
            effect=self.effect or core.FORGIVE,
            relation_months=self.relation_months,
            late_most=self.late_most if self.has_late else None,
            late_months=self.late_months,
            waived_most=self.waived_most if has_most else None,
            waived_least=self.waived_least if self.has_waived else 0,
            waived_months=self.waived_months,
            fee_most=_amount(self.fee_most),
            principal_most=_amount(self.principal_most),
            audience=self.audience or "",
            tags=frozenset(self.tag_ids.ids),
            delivery=frozenset(code for code, asked in delivery.items() if asked),
            conversation=self.is_conversation,
            outage=self.is_outage,
            vulnerable=self.is_vulnerable,
            debit_failed=self.is_debit_failed,
            goodwill=self.is_goodwill,
            published=self.is_published,
        )


def _amount(value):
    return Decimal(str(value)) if value else None
