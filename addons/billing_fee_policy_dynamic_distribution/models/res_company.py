from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_reminder_print_days = fields.Integer(
        string="Bank Days until Letters Are Posted",
        default=1,
        help="From handing a letter to the print house until it is posted. The letter "
        "is dated on that day, and the days to pay count from it.",
    )

    _billing_reminder_print_days_positive = models.Constraint(
        "CHECK(billing_reminder_print_days >= 0)",
        "Letters cannot be posted before they are printed.",
    )
