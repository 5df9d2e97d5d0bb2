from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import claim_life
from .billing_debit_batch import GONE

OPEN, OUT = claim_life.OPEN, claim_life.OUT
#: Why a claim is taken back, after which the planner makes a new one when it can.
MADE_ANEW = ("changed", "held")


class BillingDebitClaim(models.Model):
    """What is drawn for one invoice, once.

    Made by :meth:`account.move._billing_draw`, moved by :meth:`_settle` and
    :meth:`_cancel` only. An invoice has one open claim at most; a further one is a new
    attempt with the one before it in ``previous_id``.
    """

    _name = "billing.debit.claim"
    _description = "Direct Debit Claim"
    _order = "date desc, id desc"
    _check_company_auto = True
    _rec_name = "move_id"

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
    scheme = fields.Selection(related="agreement_id.scheme")
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
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        related="mandate_id.partner_id",
        store=True,
        index=True,
    )
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
            ("refunded", "Paid Back"),
        ],
        required=True,
        readonly=True,
        default="planned",
        index=True,
    )
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    date_asked = fields.Date(
        string="Day Asked For",
        readonly=True,
        help="On which it was to be drawn: the due date, or the day of the new try.",
    )
    date_due = fields.Date(
        string="Due Date", readonly=True, help="Of the invoice, when the day was set."
    )
    date = fields.Date(string="Day of the Debit", required=True, readonly=True)
    fixed_at = fields.Datetime(
        readonly=True, help="Since when amount and day are what they are."
    )
    grace_until = fields.Date(
        string="Money Until",
        readonly=True,
        help="Last day on which the money of the debit may come.",
    )
    reference = fields.Char(required=True, readonly=True)
    attempt = fields.Integer(
        required=True,
        readonly=True,
        default=1,
        help="Which time the invoice is drawn; what was cancelled does not count.",
    )
    previous_id = fields.Many2one(
        "billing.debit.claim", readonly=True, index="btree_not_null"
    )
    # Telling the customer
    notice = fields.Selection(
        [
            ("bank", "The bank tells the customer"),
            ("us", "We tell the customer"),
            ("none", "The customer wants none"),
        ],
        required=True,
        readonly=True,
        default="us",
    )
    told_on = fields.Date(string="Customer Told On", readonly=True)
    told_by = fields.Selection(
        [
            ("message", "A message of ours"),
            ("page", "Our page, when signing up"),
            ("elsewhere", "Another system"),
            ("staff", "Staff"),
        ],
        readonly=True,
    )
    is_unreachable = fields.Boolean(
        string="Cannot Be Told",
        readonly=True,
        help="No address of the customer works, so nobody told about the debit.",
    )
    # On the way to the bank
    batch_id = fields.Many2one(
        "billing.debit.batch",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    transaction_number = fields.Integer(readonly=True)
    cancel_state = fields.Selection(
        [
            ("waiting", "To Be Sent"),
            ("sent", "Sent"),
            ("done", "Done"),
            ("too_late", "Too Late"),
            ("refused", "Refused"),
        ],
        string="Cancellation",
        readonly=True,
    )
    cancel_reason = fields.Selection(
        [
            ("paid", "Paid meanwhile"),
            ("credited", "Credited or cancelled"),
            ("changed", "Amount or due date changed"),
            ("held", "On hold"),
            ("mandate", "The mandate ended"),
            ("asked", "Asked for by the customer or staff"),
            ("limit", "Above the customer's limit"),
            ("bank", "By the bank"),
            ("unwritable", "No file can hold it"),
        ],
        string="Why Cancelled",
        readonly=True,
    )
    cancel_batch_id = fields.Many2one(
        "billing.debit.batch",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    cancel_number = fields.Integer(readonly=True)
    # What became of it
    result_code = fields.Char(
        string="Code of the Bank", readonly=True, help="As it stood in the answer."
    )
    reason_code = fields.Char(
        readonly=True, help="Why it failed, in the terms of the addon."
    )
    result_date = fields.Date(string="Answered On", readonly=True)
    payment_id = fields.Many2one(
        "billing.payment", readonly=True, index="btree_not_null", ondelete="set null"
    )

    _open_unique = models.UniqueIndex(
        "(move_id) WHERE state IN"
        " ('planned', 'batched', 'delivered', 'accepted', 'bank_retry')",
        "The invoice is being drawn already.",
    )
    # A customer pays, and a bank stops, what has a reference: of two with the same
    # nobody could say which.
    _reference_unique = models.UniqueIndex(
        "(agreement_id, reference) WHERE state IN"
        " ('planned', 'batched', 'delivered', 'accepted', 'bank_retry')",
        "Something with this reference is being drawn already.",
    )
    _reference_idx = models.Index("(company_id, reference)")
    # Bankgirot fills references up with zeros.
    _plain_reference_idx = models.Index("(company_id, ltrim(reference, '0'))")
    _open_idx = models.Index(
        "(company_id, date, id) WHERE state IN"
        " ('planned', 'batched', 'delivered', 'accepted', 'bank_retry')"
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id.name", "attempt")
    def _compute_display_name(self):
        for claim in self:
            name = claim.sudo().move_id.name or ""
            if claim.attempt > 1:
                name = self.env._(
                    "%(invoice)s, attempt %(number)s",
                    invoice=name,
                    number=claim.attempt,
                )
            claim.display_name = name

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_planned(self):
        if any(claim.state != "planned" for claim in self):
            raise UserError(self.env._("What a bank was asked for is kept."))

    # === ACTIONS === #

    def action_cancel(self):
        """Draw nothing for the claims (button); says which are past their cut-off."""
        self._check_staff()
        stopped = self._cancel("asked", actor="staff")
        late = self.filtered(lambda claim: claim.state in OPEN) - stopped
        if late:
            raise UserError(
                self.env._(
                    "It is too late to stop %(invoices)s: the bank has it already. The "
                    "customer can stop it in the bank, or gets the money back from us.",
                    invoices=", ".join(late.mapped("display_name")),
                )
            )

    def action_mark_told(self):
        """Note that staff told the customers of the debits (button)."""
        self._check_staff()
        for company, claims in self.grouped("company_id").items():
            claims.filtered(
                lambda claim: claim.state == "planned" and claim.notice == "us"
            )._set_told(company._billing_today(), "staff")

    def action_open_invoice(self):
        """Open the invoices of the claims."""
        return self.move_id._get_records_action()

    # === HELPERS === #

    def _is_inside(self):
        """Whether the claim has not left us, nor is written into a file."""
        self.ensure_one()
        return self.state == "planned" or (
            self.state == "batched" and self.batch_id.state not in GONE
        )

    def _check_staff(self):
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about debits."))
        self.check_access("read")

    def _set_told(self, day, by):
        """Note that the customers know amount and day.

        :param date day: on which they were told
        :param str by: one of ``told_by``
        :return: None
        """
        self.sudo().write({"told_on": day, "told_by": by, "is_unreachable": False})
