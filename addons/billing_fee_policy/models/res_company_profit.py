from decimal import Decimal

from odoo import fields, models

from ..core.profit import Prices


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_fee_hour_cost = fields.Monetary(
        string="An Hour of Staff",
        default=500,
        help="What an hour of customer service or accounting costs the company.",
    )
    billing_fee_letter_minutes = fields.Float(
        string="Minutes for a Reminder",
        default=0.5,
        help="Spent on one letter or message on average: preparing, approving, "
        "returned mail.",
    )
    billing_fee_conversation_minutes = fields.Float(
        string="Minutes for a Conversation",
        default=8,
        help="Spent on one call, chat or e-mail about a reminder on average.",
    )
    billing_fee_conversation_days = fields.Integer(
        string="Days for a Conversation",
        default=14,
        help="A conversation that a customer begins within so many days after a letter "
        "with a fee counts as caused by it.",
    )
    billing_fee_conversation_share = fields.Float(
        string="Conversations for a Hundred Fees",
        default=5,
        help="Used in simulations as long as fewer than thirty letters with a fee tell "
        "how many there really are.",
    )
    billing_fee_letter_price = fields.Monetary(
        string="A Paper Letter", default=20, help="Paper, print and postage."
    )
    billing_fee_customer_value = fields.Monetary(
        string="Worth of a Customer",
        help="What is lost with a customer who leaves, for example the margin of a "
        "year. 0: lost customers are counted, not priced.",
    )
    billing_fee_churn_days = fields.Integer(
        string="Days to See Who Stayed",
        default=180,
        help="So long after the first fee it is looked whether the customer is still "
        "there.",
    )
    billing_fee_quiet_days = fields.Integer(
        string="Days without an Invoice",
        default=65,
        help="A customer who got no invoice for so long counts as gone. Longer than "
        "your longest billing period.",
    )
    billing_fee_guide_share = fields.Float(
        string="Customers Said to Look Elsewhere",
        default=33.3,
        help="Percent. Guides of the trade (Billogram, for Norwegian power and telecom "
        "companies) say that more than one power customer in three looked for another "
        "supplier after a fee they found unjust; of telephone customers one in three, "
        "of broadband customers four in ten. They do not say how many left.",
    )

    _billing_fee_costs_positive = models.Constraint(
        """CHECK(billing_fee_hour_cost >= 0 AND billing_fee_letter_minutes >= 0
             AND billing_fee_conversation_minutes >= 0
             AND billing_fee_letter_price >= 0 AND billing_fee_customer_value >= 0)""",
        "Costs and minutes cannot be negative.",
    )
    _billing_fee_days_positive = models.Constraint(
        """CHECK(billing_fee_conversation_days > 0 AND billing_fee_quiet_days > 0
             AND billing_fee_churn_days >= billing_fee_quiet_days)""",
        "Days are counted from one, and it takes longer to see who stayed than a "
        "customer may go without an invoice.",
    )
    _billing_fee_shares_valid = models.Constraint(
        """CHECK(billing_fee_conversation_share BETWEEN 0 AND 100
             AND billing_fee_guide_share BETWEEN 0 AND 100)""",
        "Shares lie between 0 and 100 percent.",
    )

    # === BUSINESS METHODS === #

    def _billing_fee_prices(self):
        """Return what time and customers are worth to the company.

        :rtype: core.profit.Prices
        """
        self.ensure_one()
        return Prices(
            hour=Decimal(str(self.billing_fee_hour_cost)),
            letter_minutes=Decimal(str(self.billing_fee_letter_minutes)),
            conversation_minutes=Decimal(str(self.billing_fee_conversation_minutes)),
            customer=Decimal(str(self.billing_fee_customer_value)),
        )
