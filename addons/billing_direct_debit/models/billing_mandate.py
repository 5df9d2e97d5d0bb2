from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..core import payer
from ..core.mandate import LIVE

STATES = [
    ("draft", "Draft"),
    ("sent", "Waiting for the Bank"),
    ("active", "Active"),
    ("ended", "Ended"),
    ("rejected", "Rejected"),
]


class BillingMandate(models.Model):
    """A customer's permission to draw what is owed from an account.

    Norway knows it by the fixed part of the customer's KIDs, Sweden by a payer number.
    It becomes active by the bank's word only. What is over stays as it was; a customer
    who agrees again gets a new mandate.
    """

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
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    scheme = fields.Selection(related="agreement_id.scheme", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="draft",
        index=True,
        copy=False,
        group_expand=True,
    )
    is_live = fields.Boolean(compute="_compute_is_live", search="_search_is_live")
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
    number = fields.Char(compute="_compute_number", help="By which the bank knows it.")
    # AvtaleGiro
    kid = fields.Char(string="KID", readonly=True, help="As registered by the bank.")
    kid_part = fields.Char(
        string="Fixed Part of the KID",
        readonly=True,
        help="First digits of the KID, the same on all invoices of the customer.",
    )
    written_notice = fields.Boolean(
        string="Wants Notice",
        readonly=True,
        help="The customer asked the bank to be told before each debit.",
    )
    # Autogiro
    payer_number = fields.Char(
        readonly=True,
        copy=False,
        help="Up to 16 digits by which Bankgirot knows the customer.",
    )
    bank_account = fields.Char(
        readonly=True,
        groups="billing_base.group_billing_manager",
        copy=False,
        help="Clearing number and account number, 16 digits.",
    )
    account_shown = fields.Char(string="Account", compute="_compute_account_shown")
    payer_identity = fields.Char(
        string="Personal or Organisation Number",
        readonly=True,
        groups="billing_base.group_billing_manager",
        copy=False,
        help="12 digits as Bankgirot writes them.",
    )
    payer_bankgiro = fields.Char(
        string="Bankgiro of the Customer",
        readonly=True,
        copy=False,
        help="Companies may be known by their bankgiro instead of an account.",
    )
    # Life
    signed_at = fields.Datetime(string="Signed On", readonly=True, copy=False)
    signer = fields.Char(string="Signed By", readonly=True, copy=False)
    evidence = fields.Json(
        readonly=True,
        copy=False,
        groups="billing_base.group_billing_manager",
        help="What proves that the customer agreed.",
    )
    scan = fields.Binary(
        string="The Form",
        readonly=True,
        copy=False,
        groups="billing_base.group_billing_manager",
    )
    scan_name = fields.Char(readonly=True, copy=False)
    active_from = fields.Date(readonly=True, copy=False)
    at_bank = fields.Boolean(
        string="Known to the Bank",
        readonly=True,
        copy=False,
        help="The bank has the mandate, as far as it told.",
    )
    told_on = fields.Date(string="Latest Word of the Bank", readonly=True, copy=False)
    ended_on = fields.Date(readonly=True, copy=False)
    ended_by = fields.Selection(
        [("payer", "The customer"), ("bank", "The bank"), ("payee", "Us")],
        readonly=True,
        copy=False,
    )
    end_code = fields.Char(string="Code of the Bank", readonly=True, copy=False)
    end_words = fields.Char(string="Why It Ended", compute="_compute_end_words")
    forgotten_on = fields.Date(
        string="Personal Data Erased On", readonly=True, copy=False
    )
    limit_amount = fields.Monetary(
        string="Limit a Month",
        readonly=True,
        help="Asked for by the customer when signing up; 0 when not known.",
    )
    currency_id = fields.Many2one(related="agreement_id.currency_id")
    request_ids = fields.One2many(
        "billing.mandate.request",
        "mandate_id",
        string="Messages to the Bank",
        readonly=True,
    )
    claim_ids = fields.One2many("billing.debit.claim", "mandate_id", readonly=True)
    claim_count = fields.Integer(string="Debits", compute="_compute_claim_count")

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
    # Those that are over are looked up, too.
    _kid_part_idx = models.Index("(agreement_id, kid_part) WHERE kid_part IS NOT NULL")
    _payer_number_idx = models.Index(
        "(agreement_id, payer_number) WHERE payer_number IS NOT NULL"
    )

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_is_live(self):
        for mandate in self:
            mandate.is_live = mandate.state in LIVE

    def _search_is_live(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = [
            state
            for state, _label in STATES
            if (state in LIVE) in {bool(v) for v in value}
        ]
        return [("state", "in", states)]

    @api.depends("claim_ids")
    def _compute_claim_count(self):
        counts = dict(
            self.env["billing.debit.claim"]._read_group(
                [("mandate_id", "in", self.ids)], ["mandate_id"], ["__count"]
            )
        )
        for mandate in self:
            mandate.claim_count = counts.get(mandate, 0)

    @api.depends("kid_part", "payer_number")
    def _compute_number(self):
        for mandate in self:
            mandate.number = mandate.kid_part or mandate.payer_number

    @api.depends("bank_account", "payer_bankgiro")
    def _compute_account_shown(self):
        for mandate in self:
            mandate.account_shown = mandate._account_shown()

    @api.depends("end_code", "ended_by", "state")
    @api.depends_context("lang")
    def _compute_end_words(self):
        for mandate in self:
            mandate.end_words = mandate._end_words()

    @api.depends("partner_id.name", "kid_part", "payer_number")
    def _compute_display_name(self):
        for mandate in self:
            # Who may see the mandate may see whose it is.
            name = mandate.sudo().partner_id.name
            mandate.display_name = " · ".join(filter(None, (name, mandate.number)))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # Those that are over by now make room for new ones.
        self.flush_model(["state", "kid_part", "payer_number"])
        return super().create(vals_list)

    # === ACTIONS === #

    def action_end(self):
        """End the mandates for us (button): nothing is drawn any more."""
        self._check_staff()
        self._end(by="payee", actor="staff")

    def action_end_for_customer(self):
        """End the mandates because their customers said so (button)."""
        self._check_staff()
        self._end(by="payer", actor="staff")

    def action_open_claims(self):
        """Open what was drawn by the mandate, or will be."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_direct_debit.billing_debit_claim_action"
        )
        action["domain"] = [("mandate_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_open_history(self):
        """Open what happened to the mandate's customer."""
        self.ensure_one()
        return self.partner_id.action_billing_history()

    # === HELPERS === #

    def _account_shown(self):
        """Return the account so that its owner knows it again, and nobody can use it.

        :rtype: str
        """
        self.ensure_one()
        mandate_sudo = self.sudo()
        if mandate_sudo.bank_account:
            return payer.masked(mandate_sudo.bank_account)
        return mandate_sudo.payer_bankgiro or ""

    def _fits(self, move):
        """Return whether an invoice of the customer can be drawn by the mandate.

        :rtype: bool
        """
        self.ensure_one()
        if move.currency_id != self.currency_id:
            return False
        return self.scheme == "autogiro" or (move.payment_reference or "").startswith(
            self.kid_part
        )

    def _check_staff(self):
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about mandates."))
        self.check_access("read")
