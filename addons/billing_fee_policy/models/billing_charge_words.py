from odoo import api, models
from odoo.tools import format_date, formatLang


class BillingCharge(models.Model):
    """What charges are called, and why they may be made, in the reader's language."""

    _inherit = "billing.charge"

    # === BUSINESS METHODS - WORDS === #

    @api.model
    def _label_of(self, kind, letter, periods):
        """Return what a charge is, in the language of the environment.

        :param str letter: kind of the reminder it came with, if any
        :param periods: of interest
        :rtype: str
        """
        if kind == "interest" and periods:
            return self.env._(
                "Late interest from %(start)s to %(end)s",
                start=format_date(self.env, periods[0].start),
                end=format_date(self.env, periods[-1].end),
            )
        if kind == "interest":
            return self.env._("Late interest")
        if kind == "compensation":
            return self.env._("Compensation for late payment")
        if letter == "notice":
            return self.env._("Fee for the notice of collection")
        if letter == "demand":
            return self.env._("Fee for the demand for payment")
        return self.env._("Reminder fee")

    @api.model
    def _ground_of(self, kind, basis):
        """Return why a charge may be made, in the language of the environment.

        :param core.charge.Basis basis: what it rests on
        :rtype: str
        """
        paragraph = basis.reason.paragraph if basis.reason else ""
        sentences = {
            "fee": self.env._("The invoice was not paid in time, so we reminded you."),
            "interest": self.env._(
                "The invoice was not paid in time. Interest runs for each day from "
                "the due date until it is paid."
            ),
            "compensation": self.env._(
                "The invoice was not paid in time, and you are a business. The law "
                "gives us a fixed amount for our costs, in place of reminder fees."
            ),
        }
        if not paragraph:
            return sentences[kind]
        return self.env._(
            "%(sentence)s That is allowed by %(paragraph)s.",
            sentence=sentences[kind],
            paragraph=paragraph,
        )

    @api.model
    def _line_text(self, vals):
        """Return the text of the line of a document, with how interest was reckoned."""
        letter = False
        if vals.get("reminder_line_id"):
            lines_sudo = self.env["billing.reminder.line"].sudo()
            letter = lines_sudo.browse(vals["reminder_line_id"]).kind
        periods = vals["basis"].periods
        texts = [
            self.env._(
                "%(what)s, invoice %(invoice)s",
                what=self._label_of(vals["kind"], letter, periods),
                invoice=vals["move"].name,
            ),
            *(self._period_text(period, vals["currency"]) for period in periods),
        ]
        return "\n".join(texts)

    @api.model
    def _period_text(self, period, currency):
        """Return how the interest of one period was reckoned.

        :param core.interest.Period period: of interest
        :param currency: of its amounts
        :rtype: str
        """
        return self.env._(
            "%(start)s to %(end)s: %(rate)s %% a year of %(base)s for %(days)s days: "
            "%(amount)s",
            start=format_date(self.env, period.start),
            end=format_date(self.env, period.end),
            rate=formatLang(self.env, float(period.rate), digits=2),
            base=formatLang(self.env, float(period.base), currency_obj=currency),
            days=period.days,
            amount=formatLang(self.env, float(period.amount), currency_obj=currency),
        )
