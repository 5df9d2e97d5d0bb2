from odoo import fields, models


class BillingDebitBatch(models.Model):
    """One file to the bank."""

    _name = "billing.debit.batch"
    _description = "Direct Debit Batch"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True, copy=False)
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
    state = fields.Selection(
        [
            ("draft", "To Approve"),
            ("approved", "Approved"),
            ("delivered", "Delivered"),
            ("received", "Received"),
            ("refused", "Refused"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )
    number = fields.Integer(string="Transmission", readonly=True, copy=False)
    claim_ids = fields.One2many("billing.debit.claim", "batch_id", readonly=True)
    request_ids = fields.One2many("billing.mandate.request", "batch_id", readonly=True)
