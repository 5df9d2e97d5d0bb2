import logging

import psycopg2

from odoo import api, models
from odoo.tools import format_date

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import (
    NOT_RECEIVED,
    ChannelError,
    Outcome,
    Prepared,
)

from ..core import retry

_logger = logging.getLogger(__name__)

#: Why an invoice could not be debited again, when it should have been.
OBSTACLE = "obstacle"


class BillingChannel(models.AbstractModel):
    _inherit = "billing.channel"

    @api.model
    def _registry(self):
        """Extended with direct debits."""
        return {**super()._registry(), "debit": "billing.channel.debit"}


class BillingChannelDebit(models.AbstractModel):
    """A debit that failed, drawn again as a step of a plan.

    What the step «sends» is a new claim; the customer is told of its day by a message
    of its own. A step that cannot draw again (stopped by the customer, tried often
    enough, no day in time) fails, so that the plan goes on with its next step at once:
    asking the customer to pay in another way. The same happens when the new claim fails
    in its turn; «delivered» is what was paid.
    """

    _name = "billing.channel.debit"
    _inherit = "billing.channel"
    _description = "Direct Debit"

    _channel = "debit"
    _group = "other"
    # It is the message about it that rings, and that keeps the hours.
    _is_intrusive = False
    # The mandate is the address.
    _needs_address = False
    # Each invoice is a claim of its own.
    _can_bundle = False
    # Our own database knows.
    _can_look_up = True
    _batch_size = 200

    # === CONTRACT: ABOUT THE CHANNEL === #

    def _is_available(self, company):
        """Whether the company has an agreement with a bank."""
        return bool(
            self.env["billing.debit.agreement"]
            .sudo()
            .search_count([("company_id", "=", company.id)], limit=1)
        )

    # === CONTRACT: SENDING === #

    def _prepare(self, attempt):
        """Decide on one invoice."""
        [(_attempt, prepared)] = self._prepare_batch(attempt)
        if isinstance(prepared, ChannelError):
            raise prepared
        return prepared

    def _prepare_batch(self, attempts):
        """Decide which invoices are drawn again, and when, all in a few queries."""
        failed = self._failed_claims(attempts)
        claims = self.env["billing.debit.claim"].sudo().union(*failed.values())
        verdicts = claims._decide_retry()
        words = claims._followup_words()
        given_up = {}
        for claim in claims:
            if not isinstance(verdicts[claim.id], retry.Retry):
                why = getattr(verdicts[claim.id], "why", OBSTACLE)
                given_up.setdefault(why, []).append(claim.id)
        for why, ids in given_up.items():
            claims.browse(ids)._note_followup("otherwise", why)
        for attempt in attempts:
            claim = failed.get(attempt.id)
            verdict = verdicts[claim.id] if claim else None
            if isinstance(verdict, retry.Retry):
                prepared = Prepared(
                    subject=claim.move_id.name,
                    text=words["retry", verdict.why]
                    % {"day": format_date(self.env, verdict.day)},
                    parts=(claim, verdict),
                )
            else:
                why = getattr(verdict, "why", OBSTACLE)
                # Not ours to repair: with that the channel would count as broken.
                prepared = ChannelError(
                    "hard", why, words["otherwise", why], address_fault=True
                )
            yield attempt, prepared

    def _call(self, attempt, prepared):
        """Draw one invoice again."""
        [(_attempt, outcome)] = self._call_batch([(attempt, prepared)])
        return outcome

    def _call_batch(self, attempts_prepared):
        """Make the claims, and queue the messages that tell the customers.

        Claims and messages are in one transaction: who is drawn from is told.
        """
        by_day = {}
        for attempt, prepared in attempts_prepared:
            claim, verdict = prepared.parts
            key = claim.company_id, verdict.day
            by_day.setdefault(key, []).append((attempt, claim, verdict))
        for (company, day), own in by_day.items():
            channel = self.with_company(company)
            try:
                with self.env.cr.savepoint():
                    outcomes = channel._draw_again(day, own)
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                _logger.exception("Debits for %s could not be made", day)
                outcomes = [
                    (
                        attempt,
                        Outcome(
                            state.FAILED_SOFT,
                            code="error",
                            reason=f"{type(error).__name__}: {error}",
                            address_fault=False,
                        ),
                    )
                    for attempt, _claim, _verdict in own
                ]
            yield from outcomes

    def _look_up(self, attempt):
        """Return whether the claim was made before the worker died."""
        claim = (
            self.env["billing.debit.claim"]
            .sudo()
            .search([("message_id", "=", attempt.id)], limit=1)
        )
        if claim:
            return Outcome(state.SENT, reference=str(claim.id))
        return Outcome(
            state.FAILED_SOFT,
            code=NOT_RECEIVED,
            reason=self.env._("The debit was never made."),
            address_fault=False,
        )

    # === HELPERS === #

    def _failed_claims(self, attempts):
        """Return the last claim of the invoice of each attempt, where that failed.

        :return: by attempt id
        :rtype: dict[int, billing.debit.claim]
        """
        moves = attempts.item_ids.move_id
        last = {}
        for claim in (
            self.env["billing.debit.claim"]
            .sudo()
            .search(
                [("move_id", "in", moves.ids), ("state", "!=", "cancelled")],
                order="attempt",
            )
        ):
            last[claim.move_id.id] = claim
        found = {}
        for attempt in attempts:
            claim = last.get(attempt.item_ids.move_id.id)
            if claim and claim.state in ("failed", "rejected"):
                found[attempt.id] = claim
        return found

    def _draw_again(self, day, own):
        """Make claims for one day.

        :param own: tuples of attempt, failed claim and ``core.retry.Retry``
        :return: pairs of attempt and ``core.channel.Outcome``
        """
        failed = self.env["billing.debit.claim"].sudo()
        failed = failed.union(*(claim for _attempt, claim, _verdict in own))
        made = failed.move_id._billing_draw(day=day, previous=failed).sudo()
        by_previous = {claim.previous_id: claim for claim in made}
        outcomes, new, noted = [], made.browse(), {}
        for attempt, claim, verdict in own:
            again = by_previous.get(claim)
            if again is None:
                noted.setdefault(("otherwise", OBSTACLE, False), []).append(claim.id)
                outcomes.append((attempt, self._refused(claim)))
                continue
            again.message_id = attempt
            noted.setdefault(("retry", verdict.why, again.date), []).append(claim.id)
            new |= again
            outcomes.append((attempt, Outcome(state.SENT, reference=str(again.id))))
        for values, ids in noted.items():
            failed.browse(ids)._note_followup(*values)
        new._tell_retry()
        return outcomes

    def _refused(self, claim):
        """Return the outcome of an invoice that cannot be drawn after all."""
        obstacles = claim.move_id._billing_debit_obstacles()[claim.move_id.id]
        return Outcome(
            state.FAILED_HARD,
            code=OBSTACLE,
            reason=" ".join(str(obstacle.text) for obstacle in obstacles)
            or self.env._("The invoice cannot be debited."),
        )
