from odoo import fields, models


class BillingCollectionMessage(models.Model):
    """News for the agency about a case that it has; goes with the next file."""

    _name = "billing.collection.message"
    _description = "Message to a Collection Agency"
    _order = "id"

    case_id = fields.Many2one(
        "billing.collection.case",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    agency_id = fields.Many2one(related="case_id.agency_id", store=True)
    move_id = fields.Many2one(related="case_id.move_id")
    currency_id = fields.Many2one(related="case_id.currency_id")
    batch_id = fields.Many2one(
        "billing.collection.batch",
        string="Went With",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Empty: with the next file.",
    )
    kind = fields.Selection(
        [("withdraw", "Give the case back"), ("amount", "This is owed now")],
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        [
            ("paid", "Paid"),
            ("credited", "Credited"),
            ("disputed", "Customer objects"),
            ("held", "On hold"),
            ("cancelled", "Invoice cancelled"),
            ("mistake", "Called back by staff"),
            ("changed", "Paid or credited in part"),
        ],
        required=True,
        readonly=True,
    )
    day = fields.Date(required=True, readonly=True)
    principal = fields.Monetary(string="Owed of the Invoice", readonly=True)
    added = fields.Monetary(readonly=True)
    note = fields.Char(readonly=True)

    _withdrawn_unique = models.UniqueIndex(
        "(case_id) WHERE kind = 'withdraw'", "The case is called back already."
    )
    _waiting_idx = models.Index("(agency_id) WHERE batch_id IS NULL")
