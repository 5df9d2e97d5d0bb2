from datetime import date
from decimal import Decimal

from odoo import api, models
from odoo.tools import format_amount, format_date


class BillingLawPack(models.Model):
    _inherit = "billing.law.pack"

    # === BUSINESS METHODS - WORDS === #

    @api.model
    def _words(self, reasons, currency=None):
        """Return reasons of the evaluator as sentences, in the reader's language.

        Each ends with its paragraph, and with the day from which it is gone.

        :param reasons: of ``core.law.Reason``
        :param res.currency currency: of the amounts; None = the company's
        :rtype: list[str]
        """
        texts = self._reason_texts()
        return [self._reason_words(reason, texts, currency) for reason in reasons]

    # === HELPERS === #

    def _reason_words(self, reason, texts, currency):
        values = self._reason_values(reason, currency)
        # Waiving a limit by time is a sentence of its own.
        code = reason.code
        if code == "not_in_force" and reason.values:
            code = "not_in_force_from" if "from" in reason.values else "past"
        if code == "letter" and reason.values.get("days"):
            code = "letter_deadline"
        text = texts.get(code, reason.code) % values
        if reason.from_day:
            text = self.env._(
                "%(reason)s Possible from %(day)s.",
                reason=text,
                day=format_date(self.env, reason.from_day),
            )
        return f"{text} ({reason.paragraph})" if reason.paragraph else text

    def _reason_values(self, reason, currency):
        """Return the values of a reason as text; those it lacks are empty."""
        currency = currency or self.env.company.currency_id
        kinds = dict(
            self.env["billing.law.rule"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        codes = dict(
            self.env["billing.law.rate"]
            ._fields["code"]
            ._description_selection(self.env)
        )
        values = {}
        for name, value in reason.values.items():
            if isinstance(value, date):
                value = format_date(self.env, value)
            elif isinstance(value, Decimal):
                value = format_amount(self.env, float(value), currency)
            elif name == "kind":
                value = kinds.get(value, value)
            elif name == "code":
                value = codes.get(value, value)
            values[name] = value
        return values

    def _reason_texts(self):
        """Return the sentence of each reason by its code."""
        _ = self.env._
        return {
            # Allowed
            "soft": _("A friendly reminder may go at any time; it is free."),
            "letter": _("It may be sent."),
            "letter_deadline": _(
                "It may be sent, and has to give at least %(days)s days to pay."
            ),
            "fee": _("A fee of %(amount)s may be charged."),
            "compensation": _("Compensation of %(amount)s may be charged."),
            # The law itself
            "no_pack": _("No law is on record for this country and day."),
            "no_rule": _("The law on record says nothing about: %(kind)s."),
            "not_in_force": _("This law is prepared, but not in force."),
            "not_in_force_from": _("This law is not in force yet."),
            "past": _("This law was in force until %(until)s."),
            "stale": _(
                "The law was reviewed through %(reviewed)s. Until a manager has "
                "reviewed it again, nothing is charged on it."
            ),
            "no_rate": _(
                "No rate is on record for %(day)s: %(code)s. It is never carried "
                "forward from before."
            ),
            # The letter
            "agency_only": _("Only collection agencies may send this: %(kind)s."),
            "nothing_owed": _("Nothing is owed any more."),
            "too_early": _("The claim is due on %(due)s."),
            "objected": _("The customer has objected, and that is not settled."),
            "not_delivered": _(
                "The invoice may not have reached the customer; until it has, the "
                "claim does not count as due."
            ),
            "deadline_running": _(
                "The customer has time to pay until %(deadline)s, and that day still "
                "counts."
            ),
            "needs_letter": _(
                "This has to be sent first, with at least %(days)s days to pay: "
                "%(kind)s."
            ),
            "short_deadline": _(
                "This was sent, but gave less than %(days)s days to pay: %(kind)s."
            ),
            # The fee
            "no_fee": _("The law knows no fee for this."),
            "fee_too_early": _(
                "A fee may be charged %(days)s days after the due date, %(due)s, at "
                "the earliest."
            ),
            "compensation_instead": _(
                "Compensation for late payment was charged; a fee cannot be added."
            ),
            "no_agreement": _(
                "No agreement about the fee is on record. It must have been agreed "
                "when the debt arose at the latest."
            ),
            "no_clause": _("The agreement on record names no clause about the fee."),
            "agreed_too_late": _(
                "The fee was agreed on %(agreed)s, but the debt arose on %(arose)s."
            ),
            "fees_used": _(
                "Fees charged so far: %(count)s. The law allows no further one."
            ),
            "short_deadline_fee": _(
                "The letter with a fee of %(sent)s gave less than %(days)s days to "
                "pay, so there is no second fee."
            ),
            # What keeps a charge back though the law allows it
            "hold": _("The invoice is on hold, so nothing is charged."),
            "currency": _(
                "The invoice is in another currency than the company's; nothing is "
                "charged on it."
            ),
            "small": _(
                "Less than %(minimum)s is owed; the policy charges nothing then."
            ),
            # Compensation
            "no_compensation": _("The law knows no compensation for late payment."),
            "consumer": _("Compensation is between businesses only."),
            "compensation_claimed": _("Compensation was charged already."),
            "fees_charged": _(
                "Fees of %(fees)s were charged; compensation is not added to them."
            ),
        }
