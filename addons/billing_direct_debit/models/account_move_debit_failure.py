from datetime import timedelta

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import format_date

from odoo.addons.billing_base.core.card import Card
from odoo.addons.billing_base.core.hold import Hold

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
