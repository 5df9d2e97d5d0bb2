from odoo import fields, models


class AccountMoveLine(models.Model):
    """What a line is for: the days, and what was metered in them."""

    _inherit = "account.move.line"

    billing_period_start = fields.Date(
        string="Period From",
        help="First day that the line is for. With the last day and a unit that counts "
        "as consumption, the customer's page compares and explains it.",
    )
    billing_period_end = fields.Date(
        string="Period To", help="Last day that the line is for, included."
    )
    billing_installation_id = fields.Many2one(
        "billing.installation",
        string="Installation",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        help="What was metered. Its consumption is compared with its own only.",
    )

    _billing_period_order = models.Constraint(
        "CHECK(billing_period_end >= billing_period_start)",
        "A period ends after it began.",
    )
    # Consumption of a customer over the years, among all that was ever booked.
    _billing_period_idx = models.Index(
        "(partner_id, billing_period_start) WHERE billing_period_start IS NOT NULL"
    )
