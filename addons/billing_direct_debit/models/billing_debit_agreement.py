from pathlib import Path

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.billing_base.adapters.drop_box import DropBox
from odoo.addons.billing_base.core.reference import check_passes

from ..core import e_agreement, payer
from ..core.seal import Seal, SealError

CURRENCIES = {"avtalegiro": "NOK", "autogiro": "SEK"}
#: Field → how many digits it has, by scheme.
DIGITS = {
    "avtalegiro": {"account_number": 11, "sender_number": 8, "recipient_number": 8},
    "autogiro": {"customer_number": 6},
}
#: Characters that may stand between the digits.
_SEPARATORS = str.maketrans("", "", " .-\u00a0")


class BillingDebitAgreement(models.Model):
    """What a company and its bank agreed on: AvtaleGiro or Autogiro, and how."""

    _name = "billing.debit.agreement"
    _description = "Direct Debit Agreement"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    scheme = fields.Selection(
        [("avtalegiro", "AvtaleGiro"), ("autogiro", "Autogiro")], required=True
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Bank",
        required=True,
        domain="[('type', '=', 'bank')]",
        check_company=True,
        ondelete="restrict",
        help="Where the money comes in.",
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", help="What is drawn is in it."
    )
    payee_name = fields.Char(
        string="Name Shown",
        compute="_compute_payee_name",
        store=True,
        precompute=True,
        readonly=False,
        help="As customers and their banks see the company.",
    )
    is_test = fields.Boolean(
        string="Test",
        default=True,
        help="Customers are sent to the bank's test pages, and files are put into a "
        "directory of their own that the bank does not fetch from.",
    )
    # AvtaleGiro
    account_number = fields.Char(
        string="Account",
        compute="_compute_numbers",
        store=True,
        precompute=True,
        readonly=False,
        help="11 digits. The account has agreements on AvtaleGiro and on OCR giro.",
    )
    sender_number = fields.Char(
        string="Data Sender", help="8 digits: our number as sender of files."
    )
    recipient_number = fields.Char(
        string="Data Recipient", default="00008080", help="8 digits, of the bank side."
    )
    kid_part_length = fields.Integer(
        string="Fixed Digits of the KID",
        compute="_compute_kid_part_length",
        store=True,
        precompute=True,
        readonly=False,
        help="First digits of the KID that are the same on all invoices of a "
        "customer. The bank knows a mandate by them.",
    )
    bank_notice = fields.Selection(
        [
            ("never", "Never: we tell the customer"),
            ("asked", "When the customer asked the bank for it"),
            ("always", "Always"),
        ],
        string="Notice From the Bank",
        required=True,
        default="never",
    )
    has_specification = fields.Boolean(
        string="Specification Lines",
        help="Tell the bank what the invoice is about, for its notice.",
    )
    signup_address = fields.Char(
        string="E-Agreement Page",
        compute="_compute_signup_address",
        store=True,
        precompute=True,
        readonly=False,
        help="Page of the scheme on which customers agree with BankID.",
    )
    # Autogiro
    bankgiro_number = fields.Char(
        string="Bankgiro",
        compute="_compute_numbers",
        store=True,
        precompute=True,
        readonly=False,
    )
    customer_number = fields.Char(help="6 digits: our number at Bankgirot.")
    seal_key = fields.Char(
        groups=fields.NO_ACCESS,
        copy=False,
        help="32 characters 0-9 and A-F, with which files are sealed.",
    )
    seal_key_new = fields.Char(
        string="New Seal Key",
        compute="_compute_seal_key_new",
        inverse="_inverse_seal_key_new",
        groups="billing_base.group_billing_manager",
        help="32 characters 0-9 and A-F, from the bank. It is never shown again; what "
        "is shown is its check value, which the bank knows too.",
    )
    seal_check = fields.Char(
        string="Check Value of the Key",
        compute="_compute_seal_check",
        groups="billing_base.group_billing_manager",
        help="KVV: the same at the bank, when the keys are the same.",
    )
    has_page_signup = fields.Boolean(
        string="On Our Page",
        help="«Medgivande via hemsida»: customers give their account on our page, and "
        "we identify them.",
    )
    has_bank_signup = fields.Boolean(
        string="In the Internet Bank",
        help="«Medgivande via internetbank»: the bank tells us, and we approve by "
        "ourselves who is a customer.",
    )
    has_bankgiro_signup = fields.Boolean(
        string="By Bankgiro, for Companies",
        help="Companies may be known by their bankgiro instead of an account.",
    )
    has_bank_retries = fields.Boolean(
        string="The Bank Tries Again",
        help="Without money on the account, the bank tries again on the next days.",
    )
    # Files
    delivery = fields.Selection(
        [
            ("approve", "After somebody has approved them"),
            ("automatic", "By themselves"),
        ],
        string="Files Go Out",
        required=True,
        default="approve",
    )
    directory = fields.Char(
        groups="base.group_system",
        copy=False,
        help="Where files are put for the bank to fetch, by SFTP or otherwise. Empty: "
        "in Odoo's data directory.",
    )
    transmission_number = fields.Integer(
        string="Last Transmission",
        copy=False,
        help="Number of the latest file. Raise it when another system sent files "
        "under this agreement before.",
    )
    assignment_number = fields.Integer(
        string="Last Assignment",
        copy=False,
        help="Number of the latest assignment in a file. Raise it when another system "
        "sent files under this agreement before.",
    )
    mandate_ids = fields.One2many("billing.mandate", "agreement_id", readonly=True)
    mandate_count = fields.Integer(
        string="Active Mandates", compute="_compute_mandate_count"
    )

    # === COMPUTE METHODS === #

    @api.depends("journal_id.currency_id", "company_id.currency_id")
    def _compute_currency_id(self):
        for agreement in self:
            agreement.currency_id = (
                agreement.journal_id.currency_id or agreement.company_id.currency_id
            )

    @api.depends("company_id")
    def _compute_payee_name(self):
        for agreement in self:
            agreement.payee_name = agreement.payee_name or agreement.company_id.name

    @api.depends("journal_id", "scheme")
    def _compute_numbers(self):
        """Propose the numbers that the journal has."""
        for agreement in self:
            journal = agreement.journal_id
            if not agreement.account_number and agreement.scheme == "avtalegiro":
                digits = _digits(journal.bank_acc_number)
                # The end of an IBAN is the account.
                agreement.account_number = digits[-11:] if len(digits) > 10 else False
            else:
                agreement.account_number = agreement.account_number
            giro = (journal.billing_giro_numbers or "").split(",")[0]
            agreement.bankgiro_number = agreement.bankgiro_number or (
                agreement.scheme == "autogiro" and _digits(giro)
            )

    @api.depends("company_id", "scheme")
    def _compute_kid_part_length(self):
        """Propose the customer digits of the KIDs that the company gives out."""
        schemes_sudo = (
            self.env["billing.reference.scheme"]
            .sudo()
            .search([("company_id", "in", self.company_id.ids)])
        )
        lengths = {}
        for scheme_sudo in schemes_sudo.filtered("customer_length"):
            lengths.setdefault(scheme_sudo.company_id, scheme_sudo.customer_length)
        for agreement in self:
            agreement.kid_part_length = agreement.kid_part_length or lengths.get(
                agreement.company_id, 0
            )

    @api.depends("scheme", "is_test")
    def _compute_signup_address(self):
        for agreement in self:
            if agreement.scheme != "avtalegiro":
                agreement.signup_address = False
            elif agreement.is_test:
                agreement.signup_address = e_agreement.TEST_ADDRESS
            else:
                agreement.signup_address = e_agreement.PRODUCTION_ADDRESS

    def _compute_seal_key_new(self):
        self.seal_key_new = False

    def _inverse_seal_key_new(self):
        for agreement in self:
            if not agreement.seal_key_new:
                continue
            key = agreement.seal_key_new.replace(" ", "").upper()
            try:
                Seal(key)
            except SealError as error:
                raise ValidationError(
                    self.env._(
                        "A seal key has 32 characters, each of them 0 to 9 or A to F."
                    )
                ) from error
            agreement.sudo().seal_key = key

    @api.depends("seal_key")
    def _compute_seal_check(self):
        for agreement in self:
            key = agreement.sudo().seal_key
            agreement.seal_check = key and Seal(key).check_value()

    @api.depends("mandate_ids.state")
    def _compute_mandate_count(self):
        counts = dict(
            self.env["billing.mandate"]._read_group(
                [("agreement_id", "in", self.ids), ("state", "=", "active")],
                ["agreement_id"],
                ["__count"],
            )
        )
        for agreement in self:
            agreement.mandate_count = counts.get(agreement, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("scheme", *DIGITS["avtalegiro"], *DIGITS["autogiro"])
    def _check_numbers(self):
        for agreement in self:
            for name, length in DIGITS[agreement.scheme].items():
                number = agreement[name] or ""
                if len(number) != length or not (number.isascii() and number.isdigit()):
                    raise ValidationError(
                        self.env._(
                            "%(field)s of %(agreement)s has %(length)s digits.",
                            field=agreement._fields[name]._description_string(self.env),
                            agreement=agreement.name,
                            length=length,
                        )
                    )
            number = agreement.account_number
            if agreement.scheme == "avtalegiro" and not check_passes(number, "mod11"):
                raise ValidationError(
                    self.env._(
                        "%(number)s is no account number: its last digit does not "
                        "agree with the others.",
                        number=number,
                    )
                )

    @api.constrains("scheme", "bankgiro_number")
    def _check_bankgiro_number(self):
        for agreement in self.filtered(lambda one: one.scheme == "autogiro"):
            try:
                payer.bankgiro(agreement.bankgiro_number)
            except payer.PayerError as error:
                raise ValidationError(
                    self.env._(
                        "%(number)s is no bankgiro number.",
                        number=agreement.bankgiro_number or "",
                    )
                ) from error

    @api.constrains("scheme", "kid_part_length")
    def _check_kid_part_length(self):
        for agreement in self:
            if agreement.scheme == "avtalegiro" and not (
                0 < agreement.kid_part_length < 25
            ):
                raise ValidationError(
                    self.env._(
                        "%(agreement)s needs the number of digits that are the same in "
                        "all KIDs of a customer. Give the KIDs a customer number first "
                        "under Configuration → KID and OCR Schemes.",
                        agreement=agreement.name,
                    )
                )

    @api.constrains("scheme", "journal_id")
    def _check_currency(self):
        for agreement in self:
            currency = CURRENCIES[agreement.scheme]
            if agreement.currency_id.name != currency:
                raise ValidationError(
                    self.env._(
                        "%(agreement)s needs a bank account in %(currency)s.",
                        agreement=agreement.name,
                        currency=currency,
                    )
                )

    @api.constrains("payee_name")
    def _check_payee_name(self):
        if any(len((one.payee_name or "").strip()) < 3 for one in self):
            raise ValidationError(
                self.env._("The name shown has at least three characters.")
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create([_plain(vals) for vals in vals_list])
        agreements._forget_new_key()
        return agreements

    def write(self, vals):
        vals = _plain(vals)
        for name in {"transmission_number", "assignment_number"} & vals.keys():
            if any(vals[name] < agreement[name] for agreement in self):
                raise UserError(
                    self.env._(
                        "A number that a file had cannot come again; it can only be "
                        "raised."
                    )
                )
        self._check_scheme_kept(vals)
        result = super().write(vals)
        self._forget_new_key()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if used := self.filtered("mandate_ids"):
            raise UserError(
                self.env._(
                    "%(agreement)s has mandates, so it is kept. Archive it instead.",
                    agreement=used[0].name,
                )
            )

    # === ACTIONS === #

    def action_open_mandates(self):
        """Open the mandates of the agreement."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_direct_debit.billing_mandate_action"
        )
        action["domain"] = [("agreement_id", "=", self.id)]
        action["context"] = {"default_agreement_id": self.id}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _of_company(self, company):
        """Return the agreement under which a company signs customers up.

        :rtype: billing.debit.agreement, empty when it has none
        """
        return self.search([("company_id", "=", company.id)], limit=1)

    def _box(self):
        """Return the directory that the company shares with the bank.

        :rtype: billing_base.adapters.drop_box.DropBox
        """
        self.ensure_one()
        path = self.sudo().directory
        if not path:
            path = Path(tools.config["data_dir"], "billing_direct_debit")
            path = path / self.env.cr.dbname / str(self.id)
        return DropBox(path)

    def _seal_key(self):
        """Return the key that files are sealed with, empty when there is none.

        :rtype: str
        """
        self.ensure_one()
        return self.sudo().seal_key or ""

    def _next_transmission_number(self):
        """Return the number of the next file.

        The bank knows files by their sender, so agreements with the same sender count
        together. Whoever asks at the same time waits until the transaction is over;
        when it is rolled back, the number is given again. So there are no gaps.

        :rtype: int
        """
        self.ensure_one()
        sender = "sender_number" if self.scheme == "avtalegiro" else "customer_number"
        together_sudo = (
            self.sudo()
            .with_context(active_test=False)
            .search([("scheme", "=", self.scheme), (sender, "=", self[sender])])
        )
        return together_sudo._next_number("transmission_number")

    def _next_assignment_number(self):
        """Return the number of the next assignment in a file; see above.

        :rtype: int
        """
        self.ensure_one()
        return self._next_number("assignment_number")

    def _kid_part_for(self, partner):
        """Return the fixed part of a customer's KIDs.

        :rtype: str
        """
        self.ensure_one()
        number = partner._billing_get_customer_number()
        return number.zfill(self.kid_part_length)

    # === HELPERS === #

    def _forget_new_key(self):
        """Keep a key that was typed in from being read back."""
        self.invalidate_recordset(["seal_key_new"], flush=False)

    def _next_number(self, name):
        """Raise a counter of the agreements together, and return where it stands."""
        self.flush_recordset([name])
        column = SQL.identifier(name)
        self.env.execute_query(
            SQL(
                """SELECT id FROM billing_debit_agreement WHERE id IN %s
                    ORDER BY id FOR UPDATE""",
                tuple(self.ids),
            )
        )
        rows = self.env.execute_query(
            SQL(
                """UPDATE billing_debit_agreement
                      SET %(column)s = (SELECT COALESCE(max(%(column)s), 0) + 1
                                          FROM billing_debit_agreement
                                         WHERE id IN %(ids)s)
                    WHERE id IN %(ids)s
                RETURNING %(column)s""",
                column=column,
                ids=tuple(self.ids),
            )
        )
        self.invalidate_recordset([name], flush=False)
        return rows[0][0]

    def _is_used(self):
        """Whether there are mandates, or messages and files for the bank."""
        self.ensure_one()
        return any(
            self.env[model]
            .sudo()
            .search_count([("agreement_id", "=", self.id)], limit=1)
            for model in (
                "billing.mandate",
                "billing.mandate.request",
                "billing.debit.batch",
            )
        )

    def _check_scheme_kept(self, vals):
        """Refuse to make something else of an agreement that mandates are under.

        What was signed for a test, perhaps by anybody, is never drawn in earnest.
        """
        kept = {"scheme", "company_id", "kid_part_length", "is_test"} & vals.keys()
        for agreement in self.filtered(lambda one: one._is_used()) if kept else ():
            for name in kept:
                now = agreement._fields[name].convert_to_write(
                    agreement[name], agreement
                )
                if now != vals[name]:
                    raise UserError(
                        self.env._(
                            "%(agreement)s has mandates, so this cannot change. Make a "
                            "new agreement.",
                            agreement=agreement.name,
                        )
                    )


def _digits(text):
    return "".join(char for char in text or "" if char.isascii() and char.isdigit())


def _plain(vals):
    """Return values with the numbers as files have them, whatever stood between."""
    names = {*DIGITS["avtalegiro"], *DIGITS["autogiro"], "bankgiro_number"}
    return vals | {
        name: vals[name].strip().translate(_SEPARATORS)
        for name in names & vals.keys()
        if vals[name]
    }
