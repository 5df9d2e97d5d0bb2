from odoo import fields, models


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

    def _billing_fee_page_url(self):
        """Return the address of the company's page about fees, empty without one.

        :rtype: str
        """
        self.ensure_one()
        company_sudo = self.sudo()
        if not company_sudo.billing_fee_page:
            return ""
        return f"{company_sudo.get_base_url()}/billing/fees/{self.id}"
