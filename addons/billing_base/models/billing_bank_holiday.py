from odoo import fields, models


class BillingBankHoliday(models.Model):
    """A day on which a company's bank differs from the calendar of its country."""

    _name = "billing.bank.holiday"
    _description = "Bank Calendar Exception"
    _order = "date desc"

    name = fields.Char(string="Reason", required=True)
    date = fields.Date(required=True)
    is_open = fields.Boolean(
        string="Open",
        help="The bank settles payments on this day although the calendar says no. "
        "Without it the bank is closed.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )

    _company_date_unique = models.Constraint(
        "UNIQUE(company_id, date)", "There is an entry for this day already."
    )
