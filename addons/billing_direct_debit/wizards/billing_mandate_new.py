from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import payer, swedish_account


class BillingMandateNew(models.TransientModel):
    """A mandate that came on paper, or was told on the telephone to be on its way.

    What is personal stands here for a moment only: it is wiped when the mandate is
    made.
    """

    _name = "billing.mandate.new"
    _description = "New Mandate"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self._default_agreement_id(),
    )
    scheme = fields.Selection(related="agreement_id.scheme")
    has_bankgiro_signup = fields.Boolean(related="agreement_id.has_bankgiro_signup")
    partner_id = fields.Many2one("res.partner", string="Customer", required=True)
    signed_on = fields.Date(
        required=True, default=lambda self: self.env.company._billing_today()
    )
    signer = fields.Char(string="Signed By", help="Left out: the customer.")
    known_by = fields.Selection(
        [("account", "Account"), ("bankgiro", "Bankgiro")],
        string="Draw From",
        required=True,
        default="account",
    )
    clearing = fields.Char(string="Clearing Number")
    account = fields.Char(string="Account Number")
    identity = fields.Char(
        string="Personal or Organisation Number", help="Of who owns the account."
    )
    bankgiro = fields.Char(string="Bankgiro of the Customer")
    scan = fields.Binary(string="The Form", attachment=False)
    scan_name = fields.Char()
    found_id = fields.Many2one("billing.mandate", compute="_compute_found_id")
    replace = fields.Boolean(
        string="Another Account",
        help="The mandate that the customer has stays until this one is active, and "
        "ends then.",
    )

    # === COMPUTE METHODS === #

    def _default_agreement_id(self):
        return self.env["billing.debit.agreement"]._of_company(self.env.company)

    @api.depends("partner_id", "agreement_id")
    def _compute_found_id(self):
        for wizard in self:
            mandates = self.env["billing.mandate"]
            if wizard.partner_id and wizard.agreement_id:
                mandates = mandates._live_of(wizard.agreement_id, wizard.partner_id)
            wizard.found_id = mandates[:1]

    # === ACTIONS === #

    def action_create(self):
        """Make the mandate and open it (button).

        :raises UserError: what was written is no account or number, or the customer
            has a mandate already
        """
        self.ensure_one()
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about mandates."))
        self.partner_id.check_access("read")
        self.agreement_id.check_access("read")
        replaced = self.found_id if self.scheme == "autogiro" and self.replace else None
        if self.found_id and not replaced:
            raise UserError(
                self.env._(
                    "%(customer)s has a mandate already: %(mandate)s.",
                    customer=self.partner_id.display_name,
                    mandate=self.found_id.display_name,
                )
            )
        mandate, is_new = self.env["billing.mandate"]._sign(
            self.agreement_id,
            self.partner_id,
            replaces=replaced,
            origin="paper",
            signed_at=datetime.combine(self.signed_on, time(12)),
            signer=self.signer or self.partner_id.name,
            evidence={"kind": "paper", "kept_by": self.env.user.name},
            scan=self.scan,
            scan_name=self.scan_name,
            **self._payer_values(),
        )
        if is_new:
            self._finish(mandate, replaced)
        return mandate._get_records_action()

    # === HELPERS === #

    def _finish(self, mandate, replaced):
        if replaced:
            mandate.sudo().replaces_id = replaced
        if self.scheme == "avtalegiro":
            mandate._hand_over()
        self.write(
            {"clearing": False, "account": False, "identity": False, "scan": False}
        )

    def _payer_values(self):
        """Return by what the bank knows the payer.

        :raises UserError: it is none
        """
        if self.scheme == "avtalegiro":
            return {}
        if self.known_by == "bankgiro":
            if not self.has_bankgiro_signup:
                raise UserError(
                    self.env._(
                        "%(agreement)s does not include mandates by bankgiro.",
                        agreement=self.agreement_id.name,
                    )
                )
            try:
                return {"payer_bankgiro": payer.bankgiro(self.bankgiro)}
            except payer.PayerError as error:
                raise UserError(
                    self.env._(
                        "%(number)s is no bankgiro number.", number=self.bankgiro or ""
                    )
                ) from error
        try:
            account = swedish_account.parse(self.clearing or "", self.account or "")
        except swedish_account.AccountError as error:
            raise UserError(
                self.env._(
                    "This is no account of a Swedish bank. Check the clearing number "
                    "and the account number."
                )
            ) from error
        today = self.company_id._billing_today()
        try:
            identity = payer.identity(self.identity, today)
        except payer.PayerError as error:
            raise UserError(
                self.env._(
                    "This is no personal or organisation number. Check its digits."
                )
            ) from error
        return {"bank_account": account.field, "payer_identity": identity}
