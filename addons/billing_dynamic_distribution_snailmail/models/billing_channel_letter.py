import requests

from odoo import models
from odoo.exceptions import AccessError
from odoo.tools.pdf import merge_pdf

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import (
    NOT_RECEIVED,
    Outcome,
)

#: Error of the service → event, and whether the address is to blame. What is not here
#: is nobody's fault and passes.
ERRORS = {
    "MISSING_REQUIRED_FIELDS": (state.FAILED_HARD, True),
    "NO_PRICE_AVAILABLE": (state.FAILED_HARD, False),
    "FORMAT_ERROR": (state.FAILED_HARD, False),
}


class BillingChannelLetter(models.AbstractModel):
    """Odoo's letter service as a provider.

    Odoo would print the invoice anew, in English; given a file it sends that. So each
    letter is made with what is in the envelope. Its row, with our key, is committed
    before the call: after a crash it tells.
    """

    _inherit = "billing.channel.letter"

    def _letter_is_available_snailmail(self, company):
        """Whether the company has an account with the service."""
        return bool(
            self.env["iap.account"]
            .sudo()
            .search_count(
                [
                    ("service_name", "=", "snailmail"),
                    ("state", "=", "registered"),
                    "|",
                    ("company_ids", "in", company.ids),
                    ("company_ids", "=", False),
                ],
                limit=1,
            )
        )

    def _letter_call_snailmail(self, company, pairs):
        """Make the letters, keep them, and then call, one after the other."""
        letters_sudo = self.env["snailmail.letter"].sudo()
        made = []
        for attempt, prepared in pairs:
            attempt_sudo = attempt.sudo()
            made.append(
                letters_sudo.create(
                    {
                        "partner_id": attempt_sudo.recipient_id.id,
                        "model": "account.move",
                        "res_id": attempt_sudo.item_ids[0].move_id.id,
                        "company_id": company.id,
                        "attachment_id": self._letter_file(attempt_sudo, prepared).id,
                        # Odoo's own page in front would be another document.
                        "cover": False,
                        "billing_attempt_key": attempt_sudo.key,
                    }
                )
            )
        self.env["ir.cron"]._commit_progress(0)
        for (attempt, _prepared), letter_sudo in zip(pairs, made, strict=True):
            yield attempt, self._letter_print(letter_sudo)

    def _letter_file(self, attempt_sudo, prepared):
        """Return the one file of an envelope: the service takes no more.

        The stored PDF where it is alone, else all pages one after the other.

        :rtype: ir.attachment
        """
        documents = prepared.parts.documents
        if len(documents) == 1:
            return attempt_sudo.pdf_attachment_ids
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": f"{prepared.subject}.pdf",
                    "raw": merge_pdf([document.pdf for document in documents]),
                    "mimetype": "application/pdf",
                    "res_model": attempt_sudo._name,
                    "res_id": attempt_sudo.id,
                }
            )
        )

    def _letter_print(self, letter_sudo):
        """Hand one letter over.

        :rtype: core.channel.Outcome
        """
        letter_sudo = letter_sudo.with_context(billing_calling=True)
        try:
            letter_sudo._snailmail_print_valid_address()
        except AccessError as error:
            cause = error
            while cause and not isinstance(cause, requests.RequestException):
                cause = cause.__cause__ or cause.__context__
            if isinstance(cause, requests.Timeout) and not isinstance(
                cause, requests.ConnectTimeout
            ):
                return Outcome(state.UNCERTAIN, code="snailmail", reason=str(error))
            letter_sudo.cancel()
            return Outcome(
                state.FAILED_SOFT,
                code="snailmail",
                reason=str(error),
                address_fault=False,
            )
        if letter_sudo.state == "sent":
            return Outcome(state.SENT, reference=f"snailmail-{letter_sudo.id}")
        code = letter_sudo.error_code or "UNKNOWN_ERROR"
        reason = letter_sudo._get_error_message(code)
        event, address_fault = ERRORS.get(code, (state.FAILED_SOFT, False))
        # Odoo's own job would send it again by itself; here the plan decides.
        letter_sudo.cancel()
        return Outcome(event, code=code, reason=reason, address_fault=address_fault)

    def _letter_look_up_snailmail(self, attempt):
        """Look at the rows that were kept before the call."""
        letters_sudo = (
            self.env["snailmail.letter"]
            .sudo()
            .search([("billing_attempt_key", "=", attempt.key)])
        )
        states = set(letters_sudo.mapped("state"))
        if states == {"sent"}:
            return Outcome(state.SENT, reference=f"snailmail-{min(letters_sudo.ids)}")
        if not states:
            return Outcome(
                state.FAILED_SOFT,
                code=NOT_RECEIVED,
                reason=self.env._("The letter was never handed over."),
                address_fault=False,
            )
        return None
