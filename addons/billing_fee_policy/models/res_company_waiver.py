from datetime import timedelta
from decimal import Decimal

from odoo import fields, models

from ..core import law

#: A claim like any other, to say what a reminder about it may cost: amount and days.
ORDINARY_PRINCIPAL = Decimal(1000)
ORDINARY_DAYS_LATE = 60


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_waiver_objective = fields.Boolean(
        string="Objective Criteria Only",
        help="For grid companies and others whose customers have no choice. Only "
        "published rules decide that measure every customer alike; arrangements with "
        "single customers and the cap of a month do not.",
    )
    billing_waiver_customer_count = fields.Integer(
        string="Goodwill Times a Year",
        default=1,
        help="How often in a calendar year one customer has a fee forgiven as "
        "goodwill. 0: without limit.",
    )
    billing_waiver_customer_amount = fields.Monetary(
        string="Goodwill a Year",
        help="How much one customer has forgiven as goodwill in a calendar year. "
        "0: without limit.",
    )
    billing_waiver_month_amount = fields.Monetary(
        string="Goodwill a Month",
        help="How much all customers together have forgiven as goodwill in a month. "
        "0: without limit.",
    )
    billing_waiver_late_days = fields.Integer(
        string="Late After",
        default=3,
        help="Days after the due date from which an earlier payment counts as late. "
        "Money that was paid on the last day is here some days later.",
    )
    billing_fee_page = fields.Boolean(
        string="Page About Fees",
        default=True,
        help="Customers can read when a fee is charged and when it is dropped.",
    )

    _billing_waiver_budgets_positive = models.Constraint(
        "CHECK(billing_waiver_customer_count >= 0"
        " AND billing_waiver_customer_amount >= 0"
        " AND billing_waiver_month_amount >= 0"
        " AND billing_waiver_late_days >= 0)",
        "Budgets and days cannot be negative.",
    )

    # === BUSINESS METHODS === #

    def _billing_with_fee_page(self):
        """Return those of the companies that have a page about fees.

        A company that reminds nobody has none, whatever its setting: its name is
        nobody's business.

        :return: in superuser mode
        :rtype: res.company
        """
        companies_sudo = self.sudo().filtered("billing_fee_page")
        return (
            self.env["billing.dunning.policy"]
            .sudo()
            .search(
                [("company_id", "in", companies_sudo.ids), ("state", "=", "active")]
            )
            .company_id.sorted("id")
        )

    def _billing_fee_page_url(self):
        """Return the address of the company's page about fees, empty without one.

        :rtype: str
        """
        self.ensure_one()
        company_sudo = self._billing_with_fee_page()
        if not company_sudo:
            return ""
        return f"{company_sudo.get_base_url()}/billing/fees/{self.id}"

    def _billing_ordinary_fee(self, day):
        """Return what a reminder about an ordinary claim may cost at most on a day.

        :param datetime.date day: of the reminder
        :return: amount, formatted amount, and days after the due date from which it may
            be charged; None when the law, as it is known here, allows none
        :rtype: tuple[decimal.Decimal, str, int] | None
        """
        self.ensure_one()
        pack = self.env["billing.law.pack"].sudo()._for(self, day)
        if pack is None:
            return None
        arose = day - timedelta(days=2 * ORDINARY_DAYS_LATE)
        verdict = law.fee(
            pack,
            "reminder",
            law.Debt(
                due=day - timedelta(days=ORDINARY_DAYS_LATE),
                arose=arose,
                principal=ORDINARY_PRINCIPAL,
                # Of agreed terms, which the page that asks is about.
                agreement=law.Agreement(arose, "*"),
            ),
            day,
        )
        if not verdict.allowed:
            return None
        currency_sudo = (
            self.env["res.currency"].sudo().search([("name", "=", pack.currency)])
            or self.sudo().currency_id
        )
        return (
            verdict.amount,
            currency_sudo.format(float(verdict.amount)),
            pack.rules["reminder"].fee_days_after_due,
        )
