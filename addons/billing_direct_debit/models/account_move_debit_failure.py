from datetime import timedelta

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import format_date

from odoo.addons.billing_base.core.card import Card
from odoo.addons.billing_base.core.hold import Hold

from ..core import failure
from ..core.obstacle import Obstacle
from .account_move_debit import DEBIT_HOLD, NOT_DUNNED
from .billing_debit_claim import OPEN

#: Days after a failure by which the plan for it is through, whatever keeps it.
LONGEST = 14


class AccountMove(models.Model):
    """Invoices whose debit failed: what waits, and what their customers read."""

    _inherit = "account.move"

    billing_debit_failed = fields.Boolean(
        compute="_compute_billing_debit_failed",
        groups="billing_base.group_billing_user",
        help="The last debit of the invoice failed, and it is still to be paid.",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_debit_failed(self):
        failed = self._billing_failed_claims().move_id
        for move in self:
            move.billing_debit_failed = move in failed.with_env(self.env)

    # === ACTIONS === #

    def action_billing_debit_again(self):
        """Draw again what failed (button)."""
        self.check_access("read")
        self._billing_failed_claims().with_env(self.env).action_debit_again()

    def action_billing_debit_otherwise(self):
        """Ask the customers to pay in another way, with a link (button)."""
        self.check_access("read")
        self._billing_failed_claims().with_env(self.env).action_ask_otherwise()

    def _billing_failed_claims(self):
        """Return the last claims of invoices to be paid, where these failed.

        :return: in superuser mode
        :rtype: billing.debit.claim
        """
        claims = self._billing_last_claims().values()
        return (
            self.env["billing.debit.claim"]
            .sudo()
            .union(*claims)
            .filtered(
                lambda claim: (
                    claim.state in ("failed", "rejected")
                    and claim.move_id.state == "posted"
                    and claim.move_id.amount_residual > 0
                )
            )
        )

    # === BUSINESS METHODS - HOLDS === #

    def _billing_holds(self):
        """Override: while a failed debit is dealt with nobody is charged for it.

        From the failure until it is drawn again, or until the customer was asked to
        pay in another way.
        """
        holds = super()._billing_holds()
        runs_sudo = (
            self.env["billing.distribution.run"]
            .sudo()
            .search(
                [
                    ("move_id", "in", self.ids),
                    ("state", "in", ("waiting", "sending")),
                    ("plan_id.trigger", "=", "debit_failed"),
                ]
            )
        )
        if not runs_sudo:
            return holds
        claims = self._billing_last_claims()
        for move in runs_sudo.move_id:
            claim_sudo = claims.get(move.id)
            if not claim_sudo or claim_sudo.state not in ("failed", "rejected"):
                continue
            today = claim_sudo.company_id._billing_today()
            # What is rejected is so before its day.
            since = min(claim_sudo.result_date or claim_sudo.date, today)
            hold = Hold(
                code=DEBIT_HOLD,
                label=self.env._("A failed direct debit is dealt with"),
                since=since,
                until=since + timedelta(days=LONGEST),
                source_record=claim_sudo,
                blocks=NOT_DUNNED,
            )
            if hold.is_active(today):
                holds[move.id].append(hold)
        return holds

    # === BUSINESS METHODS - CUSTOMER === #

    def _billing_customer_cards(self):
        """Override: how it stands with the debit, where that is not as ever."""
        cards = super()._billing_customer_cards()
        news = self._billing_debit_news()
        claims = self.browse(news)._billing_last_claims()
        for move_id, lines in news.items():
            claim = claims[move_id]
            cards[move_id].append(
                Card(
                    "billing_direct_debit.failure_card",
                    {
                        "lines": lines,
                        "scheme": claim.agreement_id._scheme_name(),
                        "is_to_pay": claim.state not in OPEN,
                    },
                    sequence=15,
                    code="debit_state",
                )
            )
        return cards

    def _billing_debit_news(self):
        """Return what customers read about debits that are not as ever, in batch.

        Nothing about one that is just going to be drawn, and nothing once the invoice
        is paid.

        :return: sentences by id of the invoice, what happened first, without those
            there is nothing to say about
        :rtype: dict[int, list[str]]
        """
        found = {}
        open_moves = self.filtered(
            lambda move: (
                move.state == "posted"
                and move.payment_state in ("not_paid", "partial")
                and move.move_type == "out_invoice"
            )
        )
        for move_id, claim_sudo in open_moves._billing_last_claims().items():
            lines = claim_sudo._customer_words()
            if lines:
                found[move_id] = lines
        return found

    # === BUSINESS METHODS - WHY NOT === #

    def _billing_debit_words(self):
        """Override: what failed, and what was done about it, comes first."""
        found = super()._billing_debit_words()
        failed = self._billing_failed_claims()
        # What keeps it from being drawn unasked is the failure, told here.
        obstacles = failed.move_id._billing_debit_obstacles()
        for claim in failed:
            lines = [
                self.env._(
                    "%(scheme)s failed on %(day)s: %(reason)s.",
                    scheme=claim.agreement_id._scheme_name(),
                    day=format_date(self.env, claim.date),
                    reason=claim.reason_text,
                ),
                claim.followup_text and f"{claim.followup_text}.",
                *(
                    self.env._("Not drawn: %(why)s", why=obstacle.text)
                    for obstacle in obstacles[claim.move_id.id]
                ),
            ]
            found[claim.move_id.id] = [Markup("%s") % line for line in lines if line]
        return found

    def _billing_debit_obstacles(self, automatic=False):
        """Override: from who was paused nothing is drawn."""
        found = super()._billing_debit_obstacles(automatic)
        mandates = self.filtered(lambda move: not found[move.id])._billing_mandates()
        for move_id, mandate in mandates.items():
            paused_on = mandate.sudo().paused_on
            if paused_on:
                text = self.env._(
                    "Debits are paused since %(day)s: too many in a row failed.",
                    day=format_date(self.env, paused_on),
                )
                found[move_id].append(Obstacle("paused", text))
        return found


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
