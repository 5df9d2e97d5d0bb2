import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, consteq

from odoo.addons.billing_base.core import token as core_token

#: For how long a customer may take, on the page of the bank or of BankID.
LASTS = timedelta(minutes=60)
#: For how long a bank's record may still belong to a customer we sent there, and for
#: how long the page says that it is waited for.
AWAITED = timedelta(days=30)
#: For how long attempts that came to nothing are kept.
KEPT = timedelta(days=90)
#: Attempts on one invoice within :data:`LASTS`: nobody needs more, and a program would.
MOST = 20
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")


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
    is_known = fields.Boolean(
        string="Signed In",
        readonly=True,
        help="By a login or a code it was certain to be the customer. Who came by a "
        "link alone decides about the invoice of that link and no other.",
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
    collected_at = fields.Datetime(string="Last Asked", readonly=True, copy=False)

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
    def _begin(
        self, move, nonce, kind, include_open=False, is_known=False, begun_ids=()
    ):
        """Note that a customer begins; the same form sent twice is one beginning.

        :param move: the invoice on whose page
        :param str nonce: of the form
        :param str kind: ``new`` or ``change``
        :param bool include_open: whether open invoices are to be drawn, too
        :param bool is_known: whether it is certain to be the customer
        :param begun_ids: ids of attempts of the same browser
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
        mine_sudo = self.sudo().search(
            [
                ("id", "in", list(begun_ids)),
                ("move_id", "=", move.id),
                ("kind", "=", kind),
                ("is_known", "=", is_known),
            ]
        )
        signup_sudo = is_norwegian and mine_sudo._find_begun()
        if signup_sudo:
            # Who goes once more is not asked once more.
            signup_sudo.include_open = signup_sudo.include_open or include_open
            return signup_sudo, False
        signup_sudo, is_new = self._insert(move, nonce, kind, agreement_sudo)
        if is_new:
            signup_sudo.write(
                {
                    "include_open": include_open,
                    "is_known": is_known,
                    "kid": is_norwegian and move.payment_reference,
                }
            )
            self._check_most(move, is_known)
            signup_sudo._log("signup.started", actor="customer")
        return signup_sudo, is_new

    def _find_begun(self):
        """Return which was begun lately, the latest, for who goes to the bank again."""
        since = fields.Datetime.now() - LASTS / 2
        return self.filtered(
            lambda one: (
                one.state in ("started", "returned") and one.create_date >= since
            )
        )[:1]

    @api.model
    def _check_most(self, move, is_known):
        """Let no program begin all day; who is known does not suffer by who is not."""
        lately = self.sudo().search_count(
            [
                ("move_id", "=", move.id),
                ("is_known", "=", is_known),
                ("create_date", ">=", fields.Datetime.now() - LASTS),
            ],
            limit=MOST + 1,
        )
        if lately > MOST:
            raise UserError(
                self.env._("Direct debit cannot be set up on this page just now.")
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

    # === HELPERS === #

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
