from odoo import fields, models

from ..core.self_service import Rules


class ResCompany(models.Model):
    """What customers may arrange by themselves on the page of an invoice."""

    _inherit = "res.company"

    # Pay later
    billing_page_defer = fields.Boolean(string="Pay Later", default=True)
    billing_page_defer_days = fields.Integer(
        string="Longest Delay",
        default=14,
        help="Days after the first due date up to which a customer may move it.",
    )
    billing_page_defer_amount = fields.Monetary(
        string="Largest Amount to Pay Later",
        help="Open amount up to which a customer may move the due date. 0: any.",
    )
    billing_page_defer_times = fields.Integer(
        string="Pay Later per Year",
        default=2,
        help="How often a customer may move a due date within a year.",
    )
    # Pay in parts
    billing_page_split = fields.Boolean(string="Pay in Parts", default=True)
    billing_page_split_parts = fields.Integer(
        string="Most Parts", default=4, help="A month lies between two parts."
    )
    billing_page_split_least = fields.Monetary(
        string="Smallest Part",
        default=200,
        help="No part of a plan is smaller than this.",
    )
    billing_page_split_amount = fields.Monetary(
        string="Largest Amount in Parts",
        help="Open amount up to which a customer may pay in parts. 0: any.",
    )
    billing_page_split_times = fields.Integer(
        string="In Parts per Year",
        default=2,
        help="How many invoices a customer may pay in parts within a year.",
    )
    billing_page_remind_days = fields.Integer(
        string="Tell before a Part",
        default=3,
        help="Days before a part is due on which the customer is told. 0: not told.",
    )
    # Promise to pay
    billing_page_promise = fields.Boolean(string="Promise to Pay", default=True)
    billing_page_promise_days = fields.Integer(
        string="Furthest Promise",
        default=14,
        help="Days after the due date, or after today when that is later, up to which "
        "a customer may promise to pay.",
    )
    billing_page_promise_times = fields.Integer(
        string="Promises per Invoice",
        default=2,
        help="How often a customer may promise to pay the same invoice. After a "
        "promise that was not kept, there is none.",
    )
    # For all of these
    billing_page_no_overdue = fields.Boolean(
        string="Only without Overdue Debt",
        default=True,
        help="Who has overdue invoices cannot pay later or in parts by themselves.",
    )
    billing_page_ask = fields.Boolean(
        string="Beyond the Limits, Staff Decide",
        default=True,
        help="Where the limits say no, customers may ask, and somebody answers.",
    )
    billing_page_grace_days = fields.Integer(
        string="Days of Grace",
        default=2,
        help="Bank days after a promised day, or the day of a part, for the payment to "
        "arrive.",
    )
    # I have paid, something is wrong
    billing_page_claim = fields.Boolean(string="I Have Paid", default=True)
    billing_page_claim_days = fields.Integer(
        string="Look for a Payment",
        default=2,
        help="Bank days for which a payment that a customer tells of is waited for, "
        "before somebody has to look.",
    )
    billing_page_dispute = fields.Boolean(string="Something Is Wrong", default=True)
    billing_page_answer_days = fields.Integer(
        string="Time to Pay after an Answer",
        default=14,
        help="Days without reminders and fees after a request or an objection was "
        "answered.",
    )
    billing_page_case_user_id = fields.Many2one(
        "res.users",
        string="Who Decides on Requests",
        domain="[('share', '=', False)]",
        help="Gets the customers' requests. Empty: the salesperson of the invoice.",
    )

    _billing_page_limits_positive = models.Constraint(
        "CHECK (billing_page_defer_days >= 0 AND billing_page_defer_amount >= 0"
        " AND billing_page_defer_times >= 0 AND billing_page_split_least >= 0"
        " AND billing_page_split_amount >= 0 AND billing_page_split_times >= 0"
        " AND billing_page_remind_days >= 0 AND billing_page_promise_days >= 0"
        " AND billing_page_promise_times >= 0 AND billing_page_claim_days >= 0"
        " AND billing_page_grace_days >= 0 AND billing_page_answer_days >= 0)",
        "Limits of what customers may arrange cannot be negative.",
    )
    _billing_page_split_parts_range = models.Constraint(
        "CHECK (billing_page_split_parts BETWEEN 2 AND 12)",
        "An invoice is paid in two to twelve parts.",
    )

    # === BUSINESS METHODS === #

    def _billing_self_service_rules(self):
        """Return what customers of the company may arrange by themselves.

        :rtype: core.self_service.Rules
        """
        self.ensure_one()
        company_sudo = self.sudo()
        unit = 10**company_sudo.currency_id.decimal_places
        return Rules(
            defer=company_sudo.billing_page_defer,
            defer_days=company_sudo.billing_page_defer_days,
            defer_amount=round(company_sudo.billing_page_defer_amount * unit),
            defer_times=company_sudo.billing_page_defer_times,
            split=company_sudo.billing_page_split,
            split_parts=company_sudo.billing_page_split_parts,
            split_least=round(company_sudo.billing_page_split_least * unit),
            split_amount=round(company_sudo.billing_page_split_amount * unit),
            split_times=company_sudo.billing_page_split_times,
            promise=company_sudo.billing_page_promise,
            promise_days=company_sudo.billing_page_promise_days,
            promise_times=company_sudo.billing_page_promise_times,
            no_overdue=company_sudo.billing_page_no_overdue,
            ask=company_sudo.billing_page_ask,
        )
