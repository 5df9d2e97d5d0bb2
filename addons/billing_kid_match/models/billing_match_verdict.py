from odoo import fields, models

#: Days after which what was booked without a person counts as right when nobody took
#: it back.
SETTLED_DAYS = 30

#: Whether the likeliest invoice was the right one; null while nobody knows. The table
#: is called ``v``.
IS_RIGHT_SQL = f"""
    CASE WHEN v.result = 'accepted' THEN v.rank = 1
         WHEN v.result = 'undone' THEN FALSE
         WHEN v.result = 'open' AND v.outcome IN ('reconciled', 'partial')
              AND v.decided_on <= CURRENT_DATE - {SETTLED_DAYS} THEN TRUE
    END"""


class BillingMatchVerdict(models.Model):
    """What the engine said of a payment where it had to weigh evidence, and what
    became of it.

    Payments that name their invoice exactly are not here: their reference decided.
    """

    _name = "billing.match.verdict"
    _description = "Verdict on a Payment"
    _order = "decided_on desc, id desc"
    _rec_name = "payment_id"
    _log_access = False

    payment_id = fields.Many2one(
        "billing.payment", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    decided_on = fields.Date(string="Decided", required=True, readonly=True)
    outcome = fields.Selection(
        [
            ("reconciled", "Reconciled"),
            ("partial", "Part Payment"),
            ("assigned", "On Account"),
            ("proposed", "Proposed"),
            ("unmatched", "Unmatched"),
        ],
        string="Done by Itself",
        required=True,
        readonly=True,
    )
    probability = fields.Float(
        help="What was said of the likeliest invoice.",
        digits=(6, 5),
        readonly=True,
        aggregator="avg",
    )
    candidates = fields.Json(
        help="Invoices in the order they were proposed.", readonly=True
    )
    version = fields.Integer(
        string="Weights", help="Version of the weights.", readonly=True, aggregator=None
    )
    result = fields.Selection(
        [
            ("open", "Nobody Objected Yet"),
            ("accepted", "Decided by Staff"),
            ("assigned", "Credited by Staff"),
            ("undone", "Taken Back"),
        ],
        string="What People Did",
        required=True,
        readonly=True,
    )
    rank = fields.Integer(
        string="Place",
        help="Place of the chosen invoice among the proposed ones. Zero: it was not "
        "among them.",
        readonly=True,
        aggregator=None,
    )
    resolved_on = fields.Date(string="Settled", readonly=True)

    _payment_unique = models.UniqueIndex(
        "(payment_id)", "There is a verdict on the payment already."
    )
    _company_idx = models.Index("(company_id, decided_on)")

    # === ACTIONS === #

    def action_open_payment(self):
        """Open the payment the verdict is on."""
        self.ensure_one()
        return self.payment_id._get_records_action()
