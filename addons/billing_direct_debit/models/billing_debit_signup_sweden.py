import re
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core import identification, payer, swedish_account

_SPACE = re.compile(r"\s+")
#: A provider is asked about one attempt no more often than this.
_PAUSE = timedelta(seconds=2)


class BillingDebitSignup(models.Model):
    """Sweden: account and consent on the page, and who signs them."""

    _inherit = "billing.debit.signup"

    # === BUSINESS METHODS - ACCOUNT === #

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

    def _is_filled(self):
        """Return whether account and consent are there, without which nothing is."""
        self.ensure_one()
        return bool(self.consent and (self.bank_account or self.payer_bankgiro))

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

    # === BUSINESS METHODS - SIGNATURE === #

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
        if provider is None or self._is_over() or not self._is_filled():
            return self._fail(identification.FAILED)
        now = fields.Datetime.now()
        if self.collected_at and now < self.collected_at + _PAUSE:
            return identification.PENDING
        self.collected_at = now
        outcome = provider._collect(self)
        if outcome.state == identification.PENDING:
            return outcome.state
        if outcome.state != identification.DONE:
            return self._fail(outcome.state)
        before_sudo = self.move_id._billing_debit_mandate(self.agreement_id)
        if self.kind == "change" and before_sudo.state != "active":
            # Stopped meanwhile: another account does not begin it anew.
            return self._fail(identification.FAILED)
        try:
            self._sign(outcome, before_sudo)
        except UserError:
            # Nothing was made: the bankgiro has a mandate, perhaps somebody else's.
            return self._fail(identification.FAILED)
        return outcome.state

    def _sign(self, outcome, before_sudo):
        """Have the mandate made that was signed.

        :param core.identification.Outcome outcome: who signed
        :param before_sudo: the customer's ``billing.mandate`` until now; may be none
        :return: None
        """
        mandates_sudo = self.env["billing.mandate"].sudo()
        agreement = self.agreement_id
        is_change = self.kind == "change"
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
