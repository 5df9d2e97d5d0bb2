from odoo import fields, models


class BillingPayerTrace(models.Model):
    """What one payment taught about who pays for a customer, so that it can be taken
    back to the last count.

    Traces are only ever added by those who book, so that no two wait for each other;
    ``billing.payer.memory`` takes them up.
    """

    _name = "billing.payer.trace"
    _description = "Trace of a Payment in the Payer Memory"
    _order = "id"
    _log_access = False

    payment_id = fields.Many2one(
        "billing.payment", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Paid for",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    account_key = fields.Char(string="Account", readonly=True)
    name_key = fields.Char(string="Name", readonly=True)
    delay = fields.Integer(
        string="Days after Due Date", readonly=True, aggregator="avg"
    )
    day = fields.Date(string="Paid", required=True, readonly=True)
    state = fields.Selection(
        [
            ("new", "To Be Remembered"),
            ("counted", "Remembered"),
            ("gone", "To Be Taken Back"),
        ],
        required=True,
        readonly=True,
    )

    _payment_unique = models.UniqueIndex(
        "(payment_id, partner_id) WHERE state != 'gone'",
        "The payment has taught this already.",
    )
    _waiting_idx = models.Index("(id) WHERE state != 'counted'")
    _day_idx = models.Index("(company_id, day)")
