from odoo import api, models
from odoo.tools import format_date

from ..core import answers, autogiro_codes, mandates


class BillingDebitAnswer(models.Model):
    """What the bank says, and why somebody has to look, in words."""

    _inherit = "billing.debit.answer"

    # === HELPERS === #

    def _told_in_words(self):
        """What the bank says in the record.

        :return: a sentence in the reader's language
        """
        self.ensure_one()
        if self.kind == answers.NO_MANDATE:
            return self._registration_words().get(self.code, "")
        if self.kind in (answers.NO_LIST, answers.SE_LIST):
            return self.env._("The bank sent the list of all mandates it has.")
        if self.kind == answers.SE_MANDATE:
            return self.env["billing.mandate"]._code_words(self.code)
        if self.kind == answers.SE_EMANDATE:
            return self.env._(
                "A customer asks in the internet bank to pay by direct debit. The bank "
                "waits for an answer."
            )
        if self.kind == answers.SE_REGISTER:
            return self.env._("The bank has this mandate.")
        if self.kind == answers.SE_WAITING:
            return self.env._("The bank has this debit, and waits for its day.")
        words = self._code_words()
        return " ".join(
            words.get(meaning.code, words["unknown"]) for meaning in self._meanings()
        )

    def _meanings(self):
        """What the codes of a record about a claim mean.

        :return: list of :class:`~..core.autogiro_codes.Meaning`
        """
        codes = autogiro_codes
        tables = {
            answers.SE_RESULT: (codes.STATUS,),
            answers.SE_REFUND: (codes.REFUND,),
            answers.SE_REJECTED: (codes.REJECTED,),
            answers.SE_CHANGE: (codes.CHANGE_KIND, codes.CHANGE),
        }[self.kind]
        return [
            codes.meaning(table, code)
            for table, code in zip(tables, (self.code or "").split("/"), strict=False)
        ]

    @api.model
    def _registration_words(self):
        """What the types of registration of AvtaleGiro mandates mean, by code."""
        return {
            str(mandates.LISTED): self.env._("The bank has this mandate."),
            str(mandates.ACTIVE): self.env._(
                "The customer made or changed a mandate in the bank."
            ),
            str(mandates.ENDED): self.env._("The mandate was ended in the bank."),
        }

    def _reason_in_words(self):
        """Why the answer waits, or changed nothing.

        :return: a sentence in the reader's language; empty when it says itself all
        """
        self.ensure_one()
        if not self.reason_code:
            return ""
        values = self.reason_values or {}
        return self._reason_words(values).get(self.reason_code) or self.env[
            "billing.mandate"
        ]._reason_words(self.reason_code, values)

    def _reason_words(self, values):
        """By reason code the sentence with its values."""
        _ = self.env._
        states = dict(
            self.env["billing.debit.claim"]
            ._fields["state"]
            ._description_selection(self.env)
        )
        return {
            "no_agreement": _(
                "No agreement on direct debit has this account. Add it under "
                "Configuration, and try again."
            ),
            "no_claim": _(
                "No debit of ours has reference %(reference)s, payer number "
                "%(number)s and this amount.",
                reference=self.reference or "–",
                number=self.subject or "–",
            ),
            "claim_state": _(
                "The debit is «%(state)s» here, which does not go with what the bank "
                "says. Ask the bank what holds.",
                state=states.get(values.get("state"), values.get("state") or ""),
            ),
            "payout": _("It is about money paid out, which is not made here."),
            "moved": _(
                "The bank moved the debit to %(day)s. Nobody asked for it here: tell "
                "the customer, or cancel it.",
                day=format_date(self.env, values["day"]) if values.get("day") else "–",
            ),
            "code": _("The bank's code %(code)s is not known.", code=self.code or ""),
            "sent_again": _(
                "The bank had not got our answer. It goes with the next file again."
            ),
            "pending": _("The customer's bank has not answered yet."),
            "not_listed": _(
                "Active here and not in the list: %(count)s. Look at them; they end "
                "when you say so.",
                count=values.get("count") or 0,
            ),
        }

    @api.model
    def _code_words(self):
        """What Bankgirot's codes about debits say, by their meaning."""
        _ = self.env._
        return {
            "unknown": _("The bank's code is not known."),
            "executed": _("Drawn."),
            "no_funds": _("Not enough money on the account."),
            "account_closed": _("The account is closed or cannot be used."),
            "will_be_retried": _("Not enough money; the bank tries again."),
            "no_mandate_given": _("The customer says there was no mandate."),
            "mandate_withdrawn": _("The customer had withdrawn the mandate."),
            "amount_unreasonable": _(
                "The customer did not know the amount and finds it unreasonable."
            ),
            "mandate_missing": _("The bank knows no mandate."),
            "mandate_stopped": _("The customer has stopped the mandate."),
            "payer_number_wrong": _("The payer number is wrong."),
            "payee_bankgiro_wrong": _("Our bankgiro number is wrong."),
            "period_wrong": _("The period is wrong."),
            "repetitions_wrong": _("The number of repetitions is wrong."),
            "amount_wrong": _("The amount is wrong."),
            "payouts_forbidden": _("Payouts are not agreed on."),
            "bankgiro_missing": _("Our bankgiro is not known."),
            "day_wrong": _("The day is wrong."),
            "day_passed": _("The day has passed."),
            "payee_bankgiro_differs": _("Our bankgiro differs within the file."),
            "above_limit": _("The amount is above the customer's limit."),
            "cancelled_mandate_removed": _("The mandate was removed."),
            "cancelled_by_payer_or_bank": _("Stopped by the customer or their bank."),
            "cancelled_agreement_ended": _("Our agreement has ended."),
            "cancelled_all_of_day": _("All debits of the day were cancelled."),
            "cancel_all_of_payer": _("Cancel all debits of a customer:"),
            "cancel_payer_and_day": _("Cancel the debits of a customer and day:"),
            "cancel_one": _("Cancel a debit:"),
            "move_all": _("Move all debits:"),
            "move_day": _("Move the debits of a day:"),
            "move_payer_and_day": _("Move the debits of a customer and day:"),
            "move_one": _("Move a debit:"),
            "direction_wrong": _("Debit or payout is wrong."),
            "new_day_wrong": _("The new day is wrong."),
            "payee_bankgiro_missing": _("Our bankgiro is missing."),
            "cancelled": _("It is cancelled."),
            "order_not_found": _("The bank has no such debit."),
            "moved": _("It has another day."),
            "self_renewing_not_moved": _("A repeated debit is not moved."),
        }
