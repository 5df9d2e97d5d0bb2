from odoo import models
from odoo.tools import format_date

from ..core import failure
from .billing_debit_claim import OPEN


class BillingDebitClaim(models.Model):
    """What customers read about a debit."""

    _inherit = "billing.debit.claim"

    def _customer_words(self):
        """Return what the customer reads about the debit, empty when it is as ever.

        :rtype: list[str]
        """
        self.ensure_one()
        _ = self.env._
        values = {
            "day": format_date(self.env, self.date, date_format="long"),
            "until": format_date(self.env, self.grace_until, date_format="long")
            if self.grace_until
            else "",
            "amount": self.currency_id.format(self.amount),
            "scheme": self.agreement_id._scheme_name(),
        }
        return [line % values for line in self._customer_lines(_) if line]

    def _customer_lines(self, _):
        """Return the sentences of :meth:`_customer_words`, values not filled in."""
        self.ensure_one()
        pay_too = _("You can also pay it yourself now. Then it is not drawn.")
        if self.state == "bank_retry":
            return [
                _("Your bank could not draw %(amount)s on %(day)s."),
                _(
                    "The bank tries again on the next bank days. There is nothing you "
                    "have to do but see that there is enough on the account."
                ),
            ]
        if self.state in OPEN:
            if self.cancel_state in ("waiting", "sent"):
                return [_("We have asked the bank not to draw %(amount)s.")]
            lines = []
            if self.previous_id:
                lines = [
                    _("Your bank could not draw this invoice the last time."),
                    _("%(amount)s is drawn again on %(day)s."),
                    pay_too,
                ]
            if self.warned_on:
                lines.append(
                    _(
                        "%(amount)s may be more than the limit you have set for "
                        "%(scheme)s in your bank. Please see that it is high enough."
                    )
                )
            return lines
        if self.state in ("failed", "rejected"):
            return self._customer_lines_failed(_)
        if self.state == "refunded":
            return [
                _(
                    "You got %(amount)s back from your bank, so the invoice is to be "
                    "paid again."
                )
            ]
        if self.cancel_reason == "limit":
            return [
                _(
                    "%(amount)s is more than your bank let us draw in a month so far, "
                    "so we do not draw it. You can raise the limit in your bank."
                )
            ]
        if self.cancel_reason in ("asked", "mandate", "bank"):
            return [_("This invoice is not drawn from your account.")]
        return []

    def _customer_lines_failed(self, _):
        """Return what the customer reads about a debit that failed."""
        first = {
            failure.FUNDS: _(
                "Your bank could not draw %(amount)s on %(day)s: there was not enough "
                "on the account."
            ),
            failure.LIMIT: _(
                "Your bank did not draw %(amount)s: it is above the limit you have set "
                "there."
            ),
            failure.STOPPED: _("You stopped the debit of %(amount)s on %(day)s."),
            failure.NO_MANDATE: _(
                "%(amount)s could not be drawn: your bank has no agreement for it any "
                "more."
            ),
            failure.NO_ACCOUNT: _(
                "%(amount)s could not be drawn: your bank says that the account cannot "
                "be used."
            ),
            failure.OURS: _(
                "%(amount)s could not be drawn on %(day)s. That was our mistake. It "
                "costs you nothing."
            ),
            failure.BANK: _(
                "%(amount)s could not be drawn on %(day)s. That was not your fault. It "
                "costs you nothing."
            ),
        }.get(
            self.reason_code,
            _("%(amount)s was to be drawn on %(day)s, but your bank sent no money."),
        )
        if self.followup:
            return [first]
        return [
            first,
            _(
                "We tell you if it is drawn again, and when. You can also pay it "
                "yourself now."
            ),
        ]
