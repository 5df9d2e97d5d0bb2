from odoo import fields, models


class ResCompany(models.Model):
    """What a company lets matching do without a person."""

    _inherit = "res.company"

    # References
    billing_match_repair = fields.Boolean(
        string="Reconcile Repaired References",
        help="Payments whose reference has one or two wrong digits are reconciled when "
        "the invoice is certain. Without this they are proposed to staff: start so, "
        "compare, then switch on.",
        default=True,
    )
    billing_match_threshold = fields.Float(
        string="Least Certainty",
        help="A payment with a repaired reference is reconciled by itself from this "
        "probability on.",
        digits=(6, 5),
        default=0.9995,
    )
    # Everything but the reference
    billing_match_evidence = fields.Boolean(
        string="Reconcile by Other Evidence",
        help="Payments whose reference says too little are reconciled by payer, "
        "account, amount, date and message together when the invoice is certain. "
        "Without this they are proposed to staff.",
        default=True,
    )
    billing_match_evidence_threshold = fields.Float(
        string="Least Certainty by Evidence",
        help="A payment is reconciled by other evidence than its reference from this "
        "probability on.",
        digits=(6, 5),
        default=0.998,
    )
    billing_match_margin = fields.Float(
        string="Margin",
        help="How many times as likely as the next one the invoice must be.",
        default=100.0,
    )
    billing_match_assign = fields.Boolean(
        string="Credit Certain Customers",
        help="When the customer is certain but the invoice is not, the money goes to "
        "the customer's account instead of waiting on the suspense account.",
        default=True,
    )
    billing_match_assign_threshold = fields.Float(
        string="Least Certainty of the Customer", digits=(6, 5), default=0.9999
    )
    billing_match_shield_threshold = fields.Float(
        string="Fee Shield from",
        help="An invoice gets no fee, reminder or collection while a payment in review "
        "may be its own with at least this probability.",
        digits=(6, 5),
        default=0.2,
    )
    # What happens to money that fits no open amount
    billing_match_paid_policy = fields.Selection(
        selection=[
            ("review", "Leave It to Staff"),
            ("next", "Set It against the Next Invoice"),
            ("refund", "Propose a Refund"),
        ],
        string="Invoice Paid Twice",
        help="What becomes of a payment for an invoice that is paid already.",
        default="review",
        required=True,
    )
    billing_match_tolerance = fields.Monetary(
        string="Small Difference",
        help="A difference of at most this amount is written off when everything else "
        "is certain. Zero: nothing is written off.",
    )
    billing_match_tolerance_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Account of Small Differences",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'income', 'income_other'))]",
    )
    # Telling the customer
    billing_match_tell_repaired = fields.Boolean(
        string="Tell Customers of Repairs",
        help="Customers whose wrong reference was repaired get a friendly message.",
    )
    billing_match_tell_needed = fields.Boolean(
        string="Ask Customers",
        help="Customers whose payment cannot be placed are asked what it is for.",
    )
    billing_match_tell_days = fields.Integer(
        string="Ask after",
        help="Bank days a payment waits before its customer is asked. Most are placed "
        "by staff before.",
        default=3,
    )
    # Learning and privacy
    billing_match_learn = fields.Boolean(
        string="Learn from Decisions",
        help="What the evidence is worth is estimated anew from confirmed, rejected "
        "and undone matches, in small steps that can be taken back.",
        default=True,
    )
    billing_match_memory_months = fields.Integer(
        string="Remember Payers",
        help="Months after which an account or name that paid for a customer is "
        "forgotten when it has not paid again. Zero: nothing is remembered.",
        default=24,
    )
    billing_match_minutes = fields.Float(
        string="Minutes per Case",
        help="What it takes a person to place one payment by hand; for the meter of "
        "hours saved.",
        default=6.0,
    )

    _billing_match_threshold_range = models.Constraint(
        "CHECK (billing_match_threshold BETWEEN 0.99 AND 1)",
        "The least certainty lies between 99 and 100 percent.",
    )
    _billing_match_evidence_range = models.Constraint(
        "CHECK (billing_match_evidence_threshold BETWEEN 0.9 AND 1"
        " AND billing_match_assign_threshold BETWEEN 0.9 AND 1)",
        "The least certainty by evidence lies between 90 and 100 percent.",
    )
    _billing_match_shield_range = models.Constraint(
        "CHECK (billing_match_shield_threshold BETWEEN 0 AND 1)",
        "The threshold of the fee shield lies between 0 and 100 percent.",
    )
    _billing_match_amounts_range = models.Constraint(
        "CHECK (billing_match_margin >= 1 AND billing_match_tolerance >= 0"
        " AND billing_match_memory_months >= 0 AND billing_match_minutes >= 0"
        " AND billing_match_tell_days >= 0)",
        "Margin, small difference, months, days and minutes cannot be negative.",
    )
