from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_debit_saving = fields.Monetary(
        string="Saved With Each Registration",
        default=450,
        help="What a customer who signs up without help saves the company. Guides of "
        "the trade say 400 to 500 Swedish kronor for each registration that nobody "
        "types in (Billogram, for power and telecom companies); there is no Norwegian "
        "figure, so the same number of kroner is used until you put in your own.",
    )

    _billing_debit_saving_positive = models.Constraint(
        "CHECK(billing_debit_saving >= 0)", "A saving cannot be negative."
    )
