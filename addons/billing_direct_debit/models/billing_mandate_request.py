from odoo import fields, models


class BillingMandateRequest(models.Model):
    """One message to the bank about a mandate, and what the bank answered."""

    _name = "billing.mandate.request"
    _description = "Message About a Mandate"
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
        ondelete="cascade",
        check_company=True,
    )
    kind = fields.Selection(
        [
            ("new", "New mandate"),
            ("approve", "Approval of an e-mandate"),
            ("reject", "Refusal of an e-mandate"),
            ("end", "End of a mandate"),
            ("renumber", "New payer number"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "To Send"),
            ("sent", "Sent"),
            ("answered", "Done"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    payer_number = fields.Char(
        required=True, readonly=True, help="As known to the bank when it was asked for."
    )
    new_payer_number = fields.Char(readonly=True, help="Of a change of payer number.")
    batch_id = fields.Many2one(
        "billing.debit.batch",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    answer_code = fields.Char(readonly=True)
    answered_on = fields.Date(readonly=True)
    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        help="By which the same message is not sent twice.",
    )

    _key_unique = models.UniqueIndex("(key)", "This message is on its way already.")
