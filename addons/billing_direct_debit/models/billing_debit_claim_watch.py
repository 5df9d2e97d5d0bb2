from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.billing_base.core import hold as core_hold

from ..core import claim_life
from .account_move_debit import DEBIT_HOLD, NO_DEBIT_HOLD

#: Claims that are looked at together.
WATCH_SIZE = 5_000


class BillingDebitClaim(models.Model):
    """Claims whose invoice, mandate or day is no longer what it was."""

    _inherit = "billing.debit.claim"

    # === BUSINESS METHODS - INVOICES === #

    @api.model
    def _watch(self, company):
        """Look at all open claims of a company that can still be changed.

        :return: iterator of numbers of claims looked at; the caller commits after each
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM billing_debit_claim
                    WHERE company_id = %s AND cancel_state IS NULL
                      AND (state IN ('planned', 'batched')
                           OR state IN ('delivered', 'accepted') AND date > %s)
                    ORDER BY id""",
                company.id,
                company._billing_today(),
            )
        )
        ids = [claim_id for (claim_id,) in rows]
        for start in range(0, len(ids), WATCH_SIZE):
            claims = self.sudo().browse(ids[start : start + WATCH_SIZE])
            claims._watch_moves()
            yield len(claims)

    def _watch_moves(self):
        """Take back claims that must not be drawn, and follow what has changed."""
        reasons = self._find_reasons()
        by_reason = defaultdict(self.browse)
        for claim_id, reason in reasons.items():
            by_reason[reason] |= self.browse(claim_id)
        changed = by_reason.pop("changed", self.browse())
        for reason, claims in by_reason.items():
            claims._cancel(reason)
        inside = changed.filtered(lambda claim: claim._is_inside())
        inside._unbatch()
        inside._follow()
        (changed - inside)._cancel("changed")

    def _find_reasons(self):
        """Return why claims must not be drawn as they are.

        :return: one of ``cancel_reason`` by id, without those that are fine
        :rtype: dict[int, str]
        """
        if not self:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT claim.id, claim.move_id,
                       CASE WHEN move.state <> 'posted'
                              OR move.payment_state = 'reversed' THEN 'credited'
                            WHEN move.amount_residual <= 0 THEN 'paid'
                            WHEN mandate.state <> 'active' THEN 'mandate'
                            WHEN move.amount_residual <> claim.amount
                              OR claim.attempt = 1
                             AND move.invoice_date_due <> claim.date_due
                            THEN 'changed' END
                  FROM billing_debit_claim AS claim
                  JOIN account_move AS move ON move.id = claim.move_id
                  JOIN billing_mandate AS mandate ON mandate.id = claim.mandate_id
                 WHERE claim.id = ANY(%s) AND claim.cancel_state IS NULL
                   AND claim.state = ANY(%s)
                """,
                self.ids,
                list(claim_life.OPEN),
            )
        )
        moves = self.env["account.move"].browse([row[1] for row in rows])
        holds = moves.with_context(**{NO_DEBIT_HOLD: True})._billing_holds()
        collections = moves._billing_collections()
        reasons = {}
        for claim_id, move_id, reason in rows:
            if not reason and (move_id in collections or _is_held(holds[move_id])):
                reason = "held"
            if reason:
                reasons[claim_id] = reason
        return reasons

    def _follow(self):
        """Let planned claims follow amount and due date of their invoices."""
        self.move_id.fetch(["amount_residual", "invoice_date_due"])
        clocks = {one: one._clock() for one in self.agreement_id}
        for claim in self:
            move = claim.move_id
            due = move.invoice_date_due
            vals = {"amount": move.amount_residual, "date_due": due}
            if claim.attempt == 1 and due != claim.date_due:
                vals |= claim._new_day(clocks[claim.agreement_id], due)
            if move.amount_residual > claim.amount:
                # More than the customer was told.
                vals |= {"told_on": False, "told_by": False}
            claim.write({**vals, "fixed_at": claim.company_id._billing_now()})
        self._log("debit.changed")

    def _new_day(self, clock, wish):
        """Return values that give a planned claim another day.

        :param date wish: not before
        """
        self.ensure_one()
        notice = self.agreement_id._notice_of(
            self.mandate_id, max(wish or clock.today, clock.today), clock
        )
        day = clock.earliest(
            bank_notice=notice == "bank",
            told_on=clock.today if notice == "us" else None,
            not_before=wish,
        )
        return {
            "date": day,
            "date_asked": wish or day,
            "grace_until": self.agreement_id._grace(clock, day),
            "notice": notice,
            "told_on": False,
            "told_by": False,
            "fixed_at": self.company_id._billing_now(),
        }

    # === BUSINESS METHODS - DAYS === #

    @api.model
    def _move_late(self, agreement):
        """Give planned claims another day that can no longer be drawn on theirs.

        The file went too late, or the customer was not told in time.

        :param agreement: in superuser mode
        :return: the claims
        :rtype: billing.debit.claim
        """
        clock = agreement._clock()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT id, date, notice, told_on FROM billing_debit_claim
                    WHERE agreement_id = %s AND state = 'planned'
                      AND is_unreachable IS NOT TRUE AND date < %s""",
                agreement.id,
                # Deadlines lie at most weeks before the debit.
                clock.today + timedelta(days=75),
            )
        )
        late = []
        for claim_id, day, notice, told_on in rows:
            deadline = clock.notice_deadline(day)
            told_late = notice == "us" and (told_on or clock.today) > deadline
            if told_late or not clock.in_time(day, notice == "bank"):
                late.append(claim_id)
        claims = self.sudo().browse(late)
        for claim in claims:
            claim.write(claim._new_day(clock, claim.date_asked))
        claims._log("debit.moved")
        return claims

    # === BUSINESS METHODS - NOTHING MORE TO COME === #

    @api.model
    def _close_cancelled(self, company):
        """Close claims whose cancellation nobody answered, and nothing was drawn."""
        claims_sudo = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("state", "in", claim_life.OUT),
                ("cancel_state", "=", "sent"),
                ("grace_until", "<", company._billing_today()),
            ]
        )
        claims_sudo.write({"state": "cancelled", "cancel_state": "done"})
        claims_sudo._log("debit.cancelled", key="closed")


def _is_held(holds):
    """Whether a hold of another kind says that nobody should ask for the money."""
    return any(
        hold.code != DEBIT_HOLD
        for what in ("reminder", "handover")
        for hold in core_hold.blocking(holds, what)
    )
