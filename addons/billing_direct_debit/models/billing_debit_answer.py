from odoo import fields, models


class BillingDebitAnswer(models.Model):
    """One record of the bank about a mandate, a claim or a message."""

    _name = "billing.debit.answer"
    _description = "Answer of the Bank"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    file_id = fields.Many2one(
        "billing.bank.file", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    line = fields.Integer(readonly=True)
    kind = fields.Char(required=True, readonly=True)
    raw = fields.Json(readonly=True)
    key = fields.Char(required=True, readonly=True, copy=False)
    state = fields.Selection(
        [
            ("applied", "Done"),
            ("worklist", "To Look At"),
            ("ignored", "Ignored"),
            ("repeated", "Repeated"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    mandate_id = fields.Many2one(
        "billing.mandate", readonly=True, index="btree_not_null", check_company=True
    )
    claim_id = fields.Many2one(
        "billing.debit.claim", readonly=True, index="btree_not_null", check_company=True
    )
    request_id = fields.Many2one(
        "billing.mandate.request",
        readonly=True,
        index="btree_not_null",
        check_company=True,
    )

    _key_unique = models.UniqueIndex("(company_id, key)", "This answer is here.")
