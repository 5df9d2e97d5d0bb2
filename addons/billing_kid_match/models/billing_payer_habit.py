from odoo import fields, models


class BillingPayerHabit(models.Model):
    """When a customer usually pays: days from the due date, as a running mean."""

    _name = "billing.payer.habit"
    _description = "Payment Habit"
    _order = "last_date desc, id desc"
    _rec_name = "partner_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    count = fields.Integer(string="Payments", required=True, readonly=True)
    mean_delay = fields.Float(
        string="Days after Due Date",
        help="Mean of the last payments; below zero: before the due date.",
        required=True,
        readonly=True,
        aggregator="avg",
    )
    last_date = fields.Date(string="Last Paid", required=True, readonly=True)

    _partner_unique = models.UniqueIndex(
        "(company_id, partner_id)", "The customer has a habit already."
    )
