from odoo import models
from odoo.exceptions import UserError

from ..core import failure, retry

CONTENTS = "billing_direct_debit.content_debit_%s"
#: Failures after which not even staff draws again: the customer said no, or there is
#: nothing to draw from.
NEVER = frozenset({failure.STOPPED, failure.NO_MANDATE, failure.NO_ACCOUNT})


class BillingDebitClaim(models.Model):
    """Telling customers what happens after a failure, and staff doing it by hand."""

    _inherit = "billing.debit.claim"

    # === ACTIONS === #

    def action_debit_again(self):
        """Draw again what failed, on the day the rules choose (button).

        :raises UserError: one of them cannot be drawn, and why
        """
        self._check_staff()
        failed = self._failed_last()
        verdicts = failed._decide_retry()
        words = self._followup_words()
        refused = []
        for claim in failed.sudo():
            verdict = verdicts[claim.id]
            why = getattr(verdict, "why", "staff")
            again = claim.browse()
            if why not in NEVER:
                # Staff may try once more than the plan would.
                again = claim.move_id._billing_draw(
                    day=getattr(verdict, "day", None), previous=claim
                ).sudo()
            if again.previous_id == claim:
                why = why if isinstance(verdict, retry.Retry) else "staff"
                claim._note_followup("retry", why, again.date, actor="staff")
                again._tell_retry()
                continue
            obstacles = claim.move_id._billing_debit_obstacles()[claim.move_id.id]
            told = " ".join(str(obstacle.text) for obstacle in obstacles)
            refused.append(
                f"{claim.display_name}: "
                + (told or words["otherwise", why if why in NEVER else "obstacle"])
            )
        if refused:
            raise UserError("\n".join(refused))

    def action_ask_otherwise(self):
        """Ask the customers to pay in another way, with a link (button).

        :raises UserError: there is nobody to ask, or nothing to ask for
        """
        self._check_staff()
        failed = self._failed_last()
        untold = failed._queue_message("failed")
        for claim in failed.sudo() - untold:
            claim._note_followup("otherwise", "staff", actor="staff")
        if untold:
            raise UserError(
                self.env._(
                    "No address of the customer works: %(invoices)s",
                    invoices=", ".join(untold.mapped("display_name")),
                )
            )

    def action_not_drawn(self):
        """Note that no money came and that the bank says nothing about it (button).

        :raises UserError: it may still come
        """
        self._check_staff()
        if not all(self.mapped("is_silent")):
            raise UserError(
                self.env._(
                    "The money may still come, or it is known what became of it."
                )
            )
        self._settle(
            [
                {
                    "claim_id": claim.id,
                    "result": "failed",
                    "code": "staff",
                    "reason": failure.NOT_PAID,
                    "date": claim.company_id._billing_today(),
                    "key": "staff",
                }
                for claim in self
            ]
        )

    def _failed_last(self):
        """Return those that failed, and that nothing was drawn for since.

        :raises UserError: there is none
        """
        failed = self & self.move_id._billing_failed_claims()
        if not failed:
            raise UserError(self.env._("Nothing failed here that is still to be paid."))
        return failed

    # === BUSINESS METHODS === #

    def _note_followup(self, followup, why, day=False, actor="system"):
        """Note what is done about claims that failed, with an event.

        :param str followup: ``retry`` or ``otherwise``
        :param str why: code of ``core.retry``
        :param date day: of the next debit
        :param str actor: as in ``billing.event``
        :return: None
        """
        changed = self.sudo().filtered(
            lambda claim: (
                (claim.followup, claim.followup_why, claim.followup_day)
                != (followup, why, day)
            )
        )
        changed.write({"followup": followup, "followup_why": why, "followup_day": day})
        kind = "debit.retried" if followup == "retry" else "debit.otherwise"
        if changed:
            changed._log(
                kind, actor, key=f"{why}:{day or ''}", why=why, next=str(day or "")
            )

    def _tell_retry(self):
        """Tell the customers that it is drawn again, and how to pay otherwise.

        When, the message says by itself: it is about invoices that will be drawn.

        :return: those whose customers cannot be told
        :rtype: billing.debit.claim
        """
        return self._queue_message("retry")

    def _queue_message(self, content):
        """Queue a message about the invoices, each by the customer's best channel.

        :param str content: ``failed``, ``retry`` or ``limit``
        :return: those whose customers have no address that works
        :rtype: billing.debit.claim
        """
        claims_sudo = self.sudo()
        content_sudo = self.env.ref(
            "billing_dynamic_distribution.content_debit_failed"
            if content == "failed"
            else CONTENTS % content
        ).sudo()
        moves = claims_sudo.move_id
        channels = self.env["billing.distribution.sender"]._find_channels(moves)
        for code in {channels.get(move.id) for move in moves} - {None}:
            moves.filtered(
                lambda move, code=code: channels.get(move.id) == code
            )._billing_queue_attempts(code, content=content_sudo)
        return claims_sudo.filtered(
            lambda claim: not channels.get(claim.move_id.id)
        ).with_env(self.env)
