from odoo import fields, models

STATES = [
    ("draft", "Draft"),
    ("sent", "Waiting for the Bank"),
    ("active", "Active"),
    ("ended", "Ended"),
    ("rejected", "Rejected"),
]
#: States in which a customer has a mandate, or will have.
LIVE = ("draft", "sent", "active")


class BillingMandate(models.Model):
    """A customer's permission to draw what is owed from an account."""

    _name = "billing.mandate"
    _description = "Direct Debit Mandate"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    scheme = fields.Selection(related="agreement_id.scheme", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    state = fields.Selection(
        STATES, required=True, readonly=True, default="draft", index=True, copy=False
    )
    origin = fields.Selection(
        [
            ("page", "Our page"),
            ("internet_bank", "Internet bank"),
            ("bank", "Told by the bank"),
            ("paper", "Form on paper"),
            ("import", "Taken over"),
        ],
        required=True,
        readonly=True,
        default="paper",
    )
    # AvtaleGiro
    kid = fields.Char(string="KID", readonly=True, help="As registered by the bank.")
    kid_part = fields.Char(
        string="Fixed Part of the KID",
        help="First digits of the KID, the same on all invoices of the customer.",
    )
    written_notice = fields.Boolean(
        string="Wants Notice",
        readonly=True,
        help="The customer asked the bank to be told before each debit.",
    )
    # Autogiro
    payer_number = fields.Char(
        copy=False, help="Up to 16 digits by which Bankgirot knows the customer."
    )
    bank_account = fields.Char(
        groups="billing_base.group_billing_manager",
        copy=False,
        help="Clearing and account number, digits only.",
    )
    payer_identity = fields.Char(
        string="Personal or Organisation Number",
        groups="billing_base.group_billing_manager",
        copy=False,
        help="12 digits as Bankgirot writes them.",
    )
    payer_bankgiro = fields.Char(
        string="Bankgiro of the Customer",
        copy=False,
        help="Companies may be known by their bankgiro instead of an account.",
    )
    # Life
    signed_at = fields.Datetime(string="Signed On", readonly=True, copy=False)
    signer = fields.Char(readonly=True, copy=False)
    evidence = fields.Json(readonly=True, copy=False)
    active_from = fields.Date(readonly=True, copy=False)
    ended_on = fields.Date(readonly=True, copy=False)
    ended_by = fields.Selection(
        [("payer", "The customer"), ("bank", "The bank"), ("payee", "Us")],
        readonly=True,
        copy=False,
    )
    end_code = fields.Char(string="Code of the Bank", readonly=True, copy=False)
    # What the account is good for
    limit_amount = fields.Monetary(
        string="Limit a Month",
        help="Asked for by the customer when signing up; 0 when not known.",
    )
    learnt_limit = fields.Monetary(readonly=True, copy=False)
    highest_paid = fields.Monetary(readonly=True, copy=False)
    currency_id = fields.Many2one(related="company_id.currency_id")
    request_ids = fields.One2many(
        "billing.mandate.request", "mandate_id", readonly=True
    )
    claim_ids = fields.One2many("billing.debit.claim", "mandate_id", readonly=True)

    _kid_part_unique = models.UniqueIndex(
        "(agreement_id, kid_part) WHERE kid_part IS NOT NULL"
        " AND state IN ('draft', 'sent', 'active')",
        "This KID has a mandate already.",
    )
    _payer_number_unique = models.UniqueIndex(
        "(agreement_id, payer_number) WHERE payer_number IS NOT NULL"
        " AND state IN ('draft', 'sent', 'active')",
        "This payer number has a mandate already.",
    )
