from decimal import Decimal

from odoo import api, fields, models

from ..core import ladder

#: Kind of letter → what it is called.
KINDS = [
    ("soft", "Friendly reminder"),
    ("reminder", "Reminder"),
    ("notice", "Collection notice"),
    ("demand", "Own payment demand"),
    ("handover", "Hand-over to collection"),
]


def to_decimal(amount, currency):
    """Return an amount of money as the rules calculate with it.

    :param float amount: as Odoo stores it
    :param currency: ``res.currency`` it is in
    :rtype: decimal.Decimal
    """
    return Decimal(f"{amount or 0.0:.{currency.decimal_places}f}")


class BillingDunningStep(models.Model):
    """One step of a policy: what is sent, when, and what it asks for."""

    _name = "billing.dunning.step"
    _description = "Step of a Reminder Policy"
    _order = "policy_id, sequence, id"
    _check_company_auto = True

    policy_id = fields.Many2one(
        "billing.dunning.policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, required=True, default="reminder")
    wait_days = fields.Integer(string="Wait", default=14)
    wait_from = fields.Selection(
        [("due", "after the due date"), ("deadline", "after the deadline before")],
        string="From",
        required=True,
        default="due",
    )
    has_fee = fields.Boolean(
        string="Fee", help="Where the law allows one on the day it is sent."
    )
    has_interest = fields.Boolean(string="Interest")
    has_compensation = fields.Boolean(
        string="Compensation",
        help="The standard compensation for late payment between businesses, where the "
        "law allows it.",
    )
    deadline_days = fields.Integer(
        string="Days to Pay",
        default=14,
        help="From sending. Where the law asks for more, the customer gets more.",
    )
    channel = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("letter", "Letter")],
        help="Empty: where the customer prefers to be reached.",
    )

    _days_positive = models.Constraint(
        "CHECK(wait_days >= 0 AND deadline_days >= 0)", "Days cannot be negative."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "wait_days", "wait_from")
    def _compute_display_name(self):
        for step in self:
            step.display_name = step._sentence()

    # === BUSINESS METHODS === #

    def _to_step(self):
        """Return the step in the form that ``core.ladder`` works with.

        :rtype: core.ladder.Step
        """
        self.ensure_one()
        return ladder.Step(
            id=self.id,
            kind=self.kind,
            wait_days=self.wait_days,
            wait_from=self.wait_from,
            fee=self.has_fee,
            interest=self.has_interest,
            compensation=self.has_compensation,
            deadline_days=self.deadline_days,
            channel=self.channel or "",
        )

    def _sentence(self):
        """Return what the step says, in the reader's language."""
        self.ensure_one()
        kind = dict(self._fields["kind"]._description_selection(self.env)).get(
            self.kind, ""
        )
        if self.wait_from == "due":
            return self.env._(
                "%(kind)s, %(days)s days after the due date",
                kind=kind,
                days=self.wait_days,
            )
        return self.env._(
            "%(kind)s, %(days)s days after the deadline before",
            kind=kind,
            days=self.wait_days,
        )
