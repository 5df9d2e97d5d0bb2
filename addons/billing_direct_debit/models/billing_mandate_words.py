from odoo import api, models

from ..core import autogiro_codes


class BillingMandate(models.Model):
    _inherit = "billing.mandate"

    # === HELPERS - WORDS === #

    def _end_words(self):
        """Return why the mandate ended or was rejected, for whoever reads.

        :return: a sentence, empty when it did neither
        :rtype: str
        """
        self.ensure_one()
        if self.is_live:
            return ""
        return self._why_words(self.end_code, self.ended_by)

    @api.model
    def _why_words(self, code, by):
        """Return why a mandate ended: what the bank's code says, else who ended it."""
        if words := self._code_words(code):
            return words
        return {
            "payer": self.env._("Ended by the customer."),
            "bank": self.env._("Ended by the bank."),
            "payee": self.env._("Ended by us."),
        }.get(by, self.env._("Rejected by the bank."))

    @api.model
    def _reason_words(self, reason, values):
        """Return why somebody has to look at a record about a mandate.

        :param str reason: key of ``core.mandate.REASONS``
        :param dict values: ``number`` and ``code``, as ``_apply`` returned them
        :rtype: str
        """
        number = values.get("number") or ""
        code = values.get("code") or ""
        _ = self.env._
        words = {
            "unknown": _("No customer of ours has number %(number)s.", number=number),
            "stopped_here": _(
                "The mandate with number %(number)s was ended here, and the bank "
                "still has it. Ask the customer: to go on, let them sign up again; "
                "otherwise they end it in their bank.",
                number=number,
            ),
            "already": _(
                "The customer with number %(number)s has a mandate already, with "
                "another account. End the one that does not count.",
                number=number,
            ),
            "exists": _(
                "The bank has a mandate with number %(number)s already, or is asking "
                "the customer's bank about it. Read the bank's list of mandates.",
                number=number,
            ),
            "active": _(
                "The bank rejects the mandate with number %(number)s, which it had "
                "accepted before: %(why)s",
                number=number,
                why=self._code_words(code),
            ),
            "over": _("The mandate with number %(number)s is over.", number=number),
            "kept": _(
                "The bank did not do what it was asked to with number %(number)s: "
                "%(why)s",
                number=number,
                why=self._code_words(code),
            ),
            "outdated": _(
                "This is older than what the bank said about number %(number)s before.",
                number=number,
            ),
            "payer_stop": self._code_words(code),
            "code": _("The bank's code %(code)s is not known.", code=code),
            "off": _(
                "Number %(number)s signed up in the internet bank, and the agreement "
                "does not say that we take such mandates.",
                number=number,
            ),
        }
        return words.get(reason, "")

    @api.model
    def _code_words(self, code):
        """Return what a code of the bank, or of our page, means.

        :param code: information and comment of mandate advice with ``/`` between
            them; other codes have no words
        :return: a sentence; empty when there is no code
        :rtype: str
        """
        if not code or "/" not in code:
            return ""
        told = autogiro_codes.advice(*code.split("/", 1))
        return self._advice_words().get(
            told.code, self.env._("The bank's code %(code)s is not known.", code=code)
        )

    @api.model
    def _advice_words(self):
        """Return what mandate advice says, by the meaning of its codes.

        :rtype: dict[str, str]
        """
        _ = self.env._
        return {
            "registered": _("The bank has the mandate."),
            "end_asked_by_payee": _("Ended as we asked."),
            "new_asked_by_payee": _("Answer to a new mandate of ours."),
            "renumbered_by_payee": _("It has another payer number, as we asked."),
            "payee_bankgiro_closed": _("Our bankgiro is closed."),
            "account_query_answered": _("The customer's bank has answered."),
            "account_query_unanswered": _("The customer's bank did not answer."),
            "payer_bankgiro_closed": _("The customer's bankgiro is closed."),
            "payer_bankgiro_missing": _("The customer's bankgiro is not known."),
            "ended_by_payer_or_bank": _("Ended by the customer or the bank."),
            "ended_by_payer": _("Ended by the customer."),
            "ended_by_bank": _("Ended by the bank."),
            "ended_by_bankgirot": _("Ended by Bankgirot."),
            "ended_on_request_of_payer_or_bank": _(
                "Ended because the customer or the bank asked for it."
            ),
            "ended": _("Ended."),
            "account_type_not_allowed": _(
                "Nothing can be drawn from this kind of account."
            ),
            "mandate_missing": _("The bank has no such mandate."),
            "account_or_identity_wrong": _(
                "The account does not belong to the personal number."
            ),
            "mandate_exists_or_waits": _(
                "The bank has such a mandate already, or is asking about it."
            ),
            "stopped_by_payer": _("The customer stopped debits in the bank."),
            "stop_lifted": _("The customer allows debits again."),
            "identity_wrong_or_no_bankgiro_agreement": _(
                "The personal or organisation number is wrong, or we have no "
                "agreement on mandates by bankgiro."
            ),
            "payer_number_wrong": _("The payer number is wrong."),
            "account_wrong": _("The account number is wrong."),
            "limit_not_allowed": _("The limit is not allowed."),
            "payee_bankgiro_wrong": _("Our bankgiro number is wrong."),
        }
