from odoo import fields, models


class BillingDebitClaim(models.Model):
    """What is drawn for one invoice, once."""

    _name = "billing.debit.claim"
    _description = "Direct Debit Claim"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    mandate_id = fields.Many2one(
        "billing.mandate",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(related="mandate_id.partner_id", store=True)
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("batched", "In a Batch"),
            ("delivered", "Sent"),
            ("accepted", "Accepted"),
            ("bank_retry", "The Bank Tries Again"),
            ("paid", "Paid"),
            ("failed", "Failed"),
            ("rejected", "Rejected"),
            ("cancelled", "Cancelled"),
            ("refunded", "Refunded"),
        ],
        required=True,
        readonly=True,
        default="planned",
        index=True,
    )
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    date_asked = fields.Date(string="Day Asked For", readonly=True)
    date = fields.Date(string="Day of the Debit", required=True, readonly=True)
    reference = fields.Char(required=True, readonly=True)
    attempt = fields.Integer(required=True, readonly=True, default=1)
    previous_id = fields.Many2one(
        "billing.debit.claim", readonly=True, index="btree_not_null"
    )
    batch_id = fields.Many2one(
        "billing.debit.batch",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    transaction_number = fields.Integer(readonly=True)
    cancel_batch_id = fields.Many2one(
        "billing.debit.batch",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    result_code = fields.Char(readonly=True)
    result_reason = fields.Char(readonly=True)
    result_date = fields.Date(readonly=True)
    payment_id = fields.Many2one(
        "billing.payment", readonly=True, index="btree_not_null", ondelete="set null"
    )
