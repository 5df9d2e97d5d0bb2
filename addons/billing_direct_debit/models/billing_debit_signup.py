import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, consteq

from odoo.addons.billing_base.core import token as core_token

from ..core import e_agreement, identification, payer, swedish_account

#: For how long a customer may take, on the page of the bank or of BankID.
LASTS = timedelta(minutes=60)
#: For how long a bank's record may still belong to a customer we sent there, and for
#: how long the page says that it is waited for.
AWAITED = timedelta(days=30)
#: For how long attempts that came to nothing are kept.
KEPT = timedelta(days=90)
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SPACE = re.compile(r"\s+")


class BillingDebitSignup(models.Model):
    """One attempt of a customer to set up direct debit on the page of an invoice.

    In Norway it ends where the bank's page begins: what the customer does there, the
    bank's record tells, and :meth:`_claim_mandates` puts the two together. In Sweden it
    ends with a mandate that was signed.
    """

    _name = "billing.debit.signup"
    _description = "Sign-Up for Direct Debit"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    kind = fields.Selection(
        [("new", "New"), ("change", "Other account")], required=True, readonly=True
    )
    state = fields.Selection(
        [
            ("started", "With the bank"),
            ("returned", "Back from the bank"),
            ("done", "Done"),
            ("failed", "Not finished"),
        ],
        required=True,
        readonly=True,
        default="started",
    )
    include_open = fields.Boolean(
        string="Open Invoices Too",
        readonly=True,
        help="The customer wants to have drawn what was received before, too.",
    )
    nonce = fields.Char(required=True, readonly=True)
    kid = fields.Char(string="KID", readonly=True)
    mandate_id = fields.Many2one(
        "billing.mandate",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )
    hint = fields.Char(
        string="Said on Return",
        readonly=True,
        help="What the bank's page added to the address when it sent the customer "
        "back. It proves nothing.",
    )
    consent = fields.Text(string="Agreed To", readonly=True)
    # Until it is signed; then the mandate has it.
    bank_account = fields.Char(groups=fields.NO_ACCESS, copy=False)
    payer_bankgiro = fields.Char(groups=fields.NO_ACCESS, copy=False)
    identification = fields.Char(readonly=True)
    provider_data = fields.Json(groups=fields.NO_ACCESS, copy=False)

    _nonce_unique = models.Constraint(
        "UNIQUE(move_id, nonce)", "This form has been sent already."
    )
    _waiting_index = models.Index(
        "(agreement_id, kid) WHERE state IN ('started', 'returned')"
    )

    @api.depends("partner_id", "agreement_id")
    def _compute_display_name(self):
        for signup in self:
            signup.display_name = (
                f"{signup.partner_id.name or ''}, {signup.agreement_id.name}"
            )

    # === BUSINESS METHODS - BEGIN === #

    @api.model
    def _begin(self, move, nonce, kind, include_open=False):
        """Note that a customer begins; the same form sent twice is one beginning.

        :param move: the invoice on whose page
        :param str nonce: of the form
        :param str kind: ``new`` or ``change``
        :param bool include_open: whether open invoices are to be drawn, too
        :return: in superuser mode, and whether it is new
        :rtype: tuple[billing.debit.signup, bool]
        :raises UserError: not for this invoice, or the customer has it already
        """
        agreement_sudo = move._billing_debit_agreements().get(move.id)
        if not agreement_sudo or not agreement_sudo._has_signup():
            raise UserError(
                self.env._("Direct debit cannot be set up for this invoice.")
            )
        mandate_sudo = move._billing_debit_mandate(agreement_sudo)
        if kind == "new" and mandate_sudo.state in ("draft", "sent", "active"):
            raise UserError(
                self.env._(
                    "You have %(scheme)s already.", scheme=agreement_sudo._scheme_name()
                )
            )
        if kind == "change" and mandate_sudo.state != "active":
            raise UserError(self.env._("There is nothing to change yet."))
        if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
            raise UserError(
                self.env._("Please load the page again, and try once more.")
            )
        is_norwegian = agreement_sudo.scheme == "avtalegiro"
        signup_sudo = is_norwegian and self._find_begun(move, kind)
        if signup_sudo:
            signup_sudo.include_open = include_open
            return signup_sudo, False
        signup_sudo, is_new = self._insert(move, nonce, kind, agreement_sudo)
        if is_new:
            signup_sudo.write(
                {
                    "include_open": include_open,
                    "kid": is_norwegian and move.payment_reference,
                }
            )
            signup_sudo._log("signup.started", actor="customer")
        return signup_sudo, is_new

    @api.model
    def _find_begun(self, move, kind):
        """Return what was begun on the page lately, for who goes to the bank again."""
        return self.sudo().search(
            [
                ("move_id", "=", move.id),
                ("kind", "=", kind),
                ("state", "in", ("started", "returned")),
                ("create_date", ">=", fields.Datetime.now() - LASTS / 2),
            ],
            limit=1,
        )

    @api.model
    def _insert(self, move, nonce, kind, agreement_sudo):
        # Of two that come at the same moment the second fails to be serialised, is
        # tried again by Odoo and then finds the first.
        self.env.cr.execute(
            SQL(
                """INSERT INTO billing_debit_signup
                        (company_id, move_id, partner_id, agreement_id, kind, state,
                         nonce, create_uid, create_date, write_uid, write_date)
                   VALUES (%(company)s, %(move)s, %(partner)s, %(agreement)s, %(kind)s,
                           'started', %(nonce)s, %(uid)s, %(now)s, %(uid)s, %(now)s)
              ON CONFLICT (move_id, nonce) DO NOTHING
                RETURNING id""",
                company=move.company_id.id,
                move=move.id,
                partner=move.commercial_partner_id.id,
                agreement=agreement_sudo.id,
                kind=kind,
                nonce=nonce,
                uid=self.env.uid,
                now=self.env.cr.now(),
            ),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        if row:
            return self.sudo().browse(row[0]), True
        found_sudo = self.sudo().search(
            [("move_id", "=", move.id), ("nonce", "=", nonce)], limit=1
        )
        return found_sudo, False

    def _set_account(self, clearing, number, bankgiro):
        """Take the account that was typed, after a look that it can be one.

        :param str clearing: clearing number
        :param str number: account number
        :param str bankgiro: of a company, in place of both
        :return: None
        :raises UserError: it can be none; says what is wrong
        """
        self.ensure_one()
        if (
            bankgiro
            and self.partner_id.is_company
            and self.agreement_id.has_bankgiro_signup
        ):
            try:
                self.payer_bankgiro = payer.bankgiro(bankgiro)
            except payer.PayerError:
                raise UserError(
                    self.env._("That is no bankgiro number. Please look it up again.")
                ) from None
            return
        if self.partner_id.is_company and not self._organisation_number():
            raise UserError(
                self.env._(
                    "We do not have the organisation number of your company, which "
                    "your bank asks for. Please write to us, and start again."
                )
            )
        try:
            self.bank_account = swedish_account.parse(clearing, number).field
        except swedish_account.AccountError as error:
            raise UserError(self._account_words(error.code)) from None

    def _account_words(self, code):
        _ = self.env._
        return {
            "empty": _("Please type the clearing number and the account number."),
            "letters": _("An account has digits only, perhaps with spaces and dashes."),
            "clearing": _(
                "That is no clearing number. It has four digits, or five that begin "
                "with 8."
            ),
            "length": _(
                "The account number is too short or too long for this bank. Leave out "
                "the clearing number."
            ),
            "check": _(
                "Clearing number and account number do not fit together. Is a digit "
                "wrong?"
            ),
        }[code]

    # === BUSINESS METHODS - ADDRESSES === #

    def _key(self):
        """Return what addresses name the attempt by; nobody can make it up.

        :rtype: str
        """
        self.ensure_one()
        return f"{self.id}-{self._signature(self.id)}"

    @api.model
    def _find(self, key):
        """Return the attempt that an address names.

        :param str key: from :meth:`_key`
        :return: in superuser mode; none when the key is wrong
        :rtype: billing.debit.signup
        """
        number, _dash, signature = (key if isinstance(key, str) else "").partition("-")
        none_sudo = self.sudo().browse()
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            return none_sudo
        if not core_token.looks_like(signature):
            return none_sudo
        if not consteq(self._signature(int(number)), signature):
            return none_sudo
        return self.sudo().browse(int(number)).exists()

    @api.model
    def _signature(self, number):
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return core_token.derive(secret, self._name, str(number))

    def _return_url(self, base):
        """Return where the browser comes back to.

        It tells the bank and the provider nothing that opens the invoice.

        :param str base: address of this Odoo
        :rtype: str
        """
        self.ensure_one()
        path = "debit_back" if self.kid else "debit_signed"
        return (
            f"{base.rstrip('/')}/my/invoices/{self.move_id.id}/{path}?key={self._key()}"
        )

    def _is_over(self):
        """Return whether it took so long that it has to be begun anew."""
        self.ensure_one()
        return self.create_date < fields.Datetime.now() - LASTS

    # === BUSINESS METHODS - NORWAY === #

    def _form_fields(self, base):
        """Return what the form to the E-Agreement page holds.

        :param str base: address of this Odoo
        :rtype: tuple[tuple[str, str], ...]
        """
        self.ensure_one()
        agreement = self.agreement_id
        return e_agreement.form_fields(
            account=agreement.account_number,
            kid=self.kid,
            return_url=self._return_url(base),
            company_name=agreement._payee_shown(),
            limit=e_agreement.proposed_limit(self.move_id._billing_highest_amount()),
            # We tell customers before each debit, unless the bank does.
            no_notice=agreement.bank_notice == "never",
        )

    def _came_back(self, said):
        """Note that the customer is back, and what the bank's page said: no proof.

        :param str said: what it added to the address
        :return: None
        """
        self.ensure_one()
        if self.state == "started":
            self.write({"state": "returned", "hint": said or False})
            self._log("signup.returned", actor="customer")

    @api.model
    def _find_waiting(self, mandate):
        """Return the attempts of a customer since a mandate of theirs was over.

        :param mandate: ``billing.mandate`` that is over
        :rtype: billing.debit.signup
        """
        since = fields.Datetime.now() - AWAITED
        return self.sudo().search(
            [
                ("agreement_id", "=", mandate.agreement_id.id),
                ("partner_id", "=", mandate.partner_id.commercial_partner_id.id),
                ("state", "in", ("started", "returned")),
                ("kind", "=", "new"),
                ("create_date", ">=", max(since, mandate.write_date)),
            ]
        )

    @api.model
    def _claim_mandates(self, mandates):
        """Give mandates that a bank told of to the customers who began here.

        :param mandates: ``billing.mandate`` that are active now
        :return: None
        """
        norwegian = mandates.filtered(
            lambda one: one.scheme == "avtalegiro" and one.kid_part
        )
        if not norwegian:
            return
        since = fields.Datetime.now() - AWAITED
        waiting_sudo = self.sudo().search(
            [
                ("agreement_id", "in", norwegian.agreement_id.ids),
                ("partner_id", "in", norwegian.partner_id.commercial_partner_id.ids),
                ("state", "in", ("started", "returned")),
                ("create_date", ">=", since),
            ]
        )
        by_customer = {}
        for signup_sudo in waiting_sudo:
            key = signup_sudo.agreement_id, signup_sudo.partner_id
            by_customer[key] = by_customer.get(key, self.sudo()) | signup_sudo
        for mandate_sudo in norwegian.sudo():
            key = (
                mandate_sudo.agreement_id,
                mandate_sudo.partner_id.commercial_partner_id,
            )
            found_sudo = by_customer.pop(key, None)
            if not found_sudo:
                continue
            # The latest one first: what was wanted last holds.
            latest_sudo = found_sudo[0]
            found_sudo.write({"state": "done", "mandate_id": mandate_sudo.id})
            if latest_sudo.kind == "new":
                mandate_sudo.write(
                    {
                        "origin": "page",
                        "include_open": latest_sudo.include_open,
                        "signed_at": mandate_sudo.signed_at or latest_sudo.create_date,
                    }
                )

    # === BUSINESS METHODS - SWEDEN === #

    def _identify(self, base):
        """Return where the browser goes to have it found out who signs.

        :param str base: address of this Odoo
        :rtype: str
        :raises UserError: it cannot be done now
        """
        self.ensure_one()
        provider = self.agreement_id._identification()
        if provider is None:
            raise UserError(
                self.env._("Direct debit cannot be set up on this page just now.")
            )
        self.identification = self.agreement_id.identification
        return provider._start(self, self._return_url(base))

    def _collect(self):
        """Ask the provider who it is, and have the mandate signed when that is known.

        May be called any number of times: what is done is done once.

        :return: of :data:`core.identification.STATES`
        :rtype: str
        """
        self.ensure_one()
        # Who comes second waits for the first, and starts again with what that did.
        self.env.execute_query(
            SQL(
                "SELECT state FROM billing_debit_signup WHERE id = %s FOR UPDATE",
                self.id,
            )
        )
        if self.state == "done":
            return identification.DONE
        if self.state == "failed":
            return identification.FAILED
        provider = self.agreement_id._identification()
        if provider is None or self._is_over():
            return self._fail(identification.FAILED)
        outcome = provider._collect(self)
        if outcome.state == identification.DONE:
            self._sign(outcome)
        elif outcome.state != identification.PENDING:
            return self._fail(outcome.state)
        return outcome.state

    def _fail(self, state):
        self._log("signup.failed", actor="customer")
        self.write(
            {
                "state": "failed",
                "bank_account": False,
                "payer_bankgiro": False,
                "provider_data": False,
            }
        )
        return state

    def _sign(self, outcome):
        """Have the mandate made that was signed.

        :param core.identification.Outcome outcome: who signed
        :return: None
        """
        mandates_sudo = self.env["billing.mandate"].sudo()
        agreement = self.agreement_id
        before_sudo = self.move_id._billing_debit_mandate(agreement)
        is_change = self.kind == "change" and before_sudo.state == "active"
        identity = outcome.identity
        if self.partner_id.is_company:
            # The account is the company's, whoever signs for it.
            identity = self._organisation_number()
        mandate_sudo, is_new = mandates_sudo._sign(
            agreement,
            self.partner_id,
            origin="page",
            bank_account=self.bank_account,
            # A bankgiro number says by itself whose it is.
            payer_identity=False if self.payer_bankgiro else identity,
            payer_bankgiro=self.payer_bankgiro,
            signer=outcome.name,
            evidence={
                **outcome.evidence,
                "consent": self.consent,
                "signup": self.id,
                "identification": self.identification,
                "signed_at": fields.Datetime.to_string(fields.Datetime.now()),
            },
            **({"replaces": before_sudo} if is_change else {}),
        )
        if is_new:
            mandate_sudo.include_open = (
                before_sudo.include_open if is_change else self.include_open
            )
            if is_change:
                mandate_sudo.replaces_id = before_sudo
        self.write(
            {
                "state": "done",
                "mandate_id": mandate_sudo.id,
                "bank_account": False,
                "payer_bankgiro": False,
                "provider_data": False,
            }
        )
        self._log("signup.done", actor="customer")

    def _organisation_number(self):
        """Return the customer's organisation number, 12 digits, or nothing."""
        number = self.partner_id.company_registry or self.partner_id.vat or ""
        digits = _SPACE.sub("", number).upper().removeprefix("SE")
        if len(digits) == 12 and digits.endswith("01"):
            # As in a VAT number: the ten digits, and 01.
            digits = digits[:10]
        try:
            return payer.identity(digits, self.company_id._billing_today())
        except payer.PayerError:
            return False

    # === HELPERS === #

    def _log(self, kind, **values):
        self.env["billing.event"].sudo()._log(
            [
                {
                    "kind": kind,
                    "move_id": signup.move_id.id,
                    "payload": {
                        "scheme": signup.agreement_id._scheme_name(),
                        "signup_id": signup.id,
                    },
                    "dedup_key": f"{kind}:{signup._name}:{signup.id}",
                    **values,
                }
                for signup in self
            ]
        )

    @api.autovacuum
    def _gc_signups(self):
        """Forget what was typed and never signed, and attempts that came to nothing."""
        self.flush_model()
        now = fields.Datetime.now()
        self.env.execute_query(
            SQL(
                """UPDATE billing_debit_signup
                      SET bank_account = NULL, payer_bankgiro = NULL,
                          provider_data = NULL,
                          state = CASE WHEN kid IS NULL THEN 'failed' ELSE state END
                    WHERE state IN ('started', 'returned') AND create_date < %s
                RETURNING id""",
                now - LASTS * 2,
            )
        )
        self.env.execute_query(
            SQL(
                """DELETE FROM billing_debit_signup
                    WHERE state != 'done' AND create_date < %s RETURNING id""",
                now - KEPT,
            )
        )
