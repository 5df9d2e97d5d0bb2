from odoo import fields, models

from ..core import retry


class BillingDebitAgreement(models.Model):
    """What is done about debits that fail."""

    _inherit = "billing.debit.agreement"

    retry_limit = fields.Integer(
        string="Debit Again",
        default=1,
        help="Times that an invoice is debited again after the customer's account did "
        "not give the money. 0: never.",
    )
    retry_days = fields.Integer(
        string="Within",
        default=35,
        help="Days after the first failure. What cannot be debited by then is left to "
        "the customer.",
    )
    retry_on_pay_day = fields.Boolean(
        string="Wait for the Pay-day",
        default=True,
        help="Debit again on the day of the month on which there is money, learnt from "
        "what the customer, and all customers, paid before.",
    )
    pause_after = fields.Integer(
        default=3,
        help="Invoices in a row that could not be debited. Nothing more is debited "
        "from the customer until somebody resumes it. 0: never paused.",
    )
    limit_action = fields.Selection(
        [
            ("warn", "Tell the customer, and debit all the same"),
            ("hold", "Tell the customer, and do not debit"),
            ("none", "Nothing"),
        ],
        string="Above the Customer's Limit",
        required=True,
        default="warn",
        help="What is done before a debit that is above what the customer's bank let "
        "through in a month so far.",
    )
    has_failure_plan = fields.Boolean(compute="_compute_has_failure_plan")

    _retry_positive = models.Constraint(
        "CHECK(retry_limit >= 0 AND retry_days >= 0 AND pause_after >= 0)",
        "Numbers of tries and days cannot be negative.",
    )

    # === COMPUTE METHODS === #

    def _compute_has_failure_plan(self):
        plans_sudo = (
            self.env["billing.distribution.plan"]
            .sudo()
            .search(
                [
                    ("company_id", "in", self.company_id.ids),
                    ("trigger", "=", "debit_failed"),
                    ("live_version_id", "!=", False),
                ]
            )
        )
        for agreement in self:
            agreement.has_failure_plan = agreement.company_id in plans_sudo.company_id

    # === HELPERS === #

    def _retry_rules(self):
        """Return what the company decided about drawing again.

        :rtype: core.retry.Rules
        """
        self.ensure_one()
        deadlines = self.env["billing.debit.rule"]._find(
            self.company_id, self.scheme, self.company_id._billing_today()
        )
        return retry.Rules(
            tries=self.retry_limit,
            days=self.retry_days,
            on_pay_day=self.retry_on_pay_day,
            bank_tries=deadlines.bank_retry_bank_days,
        )
