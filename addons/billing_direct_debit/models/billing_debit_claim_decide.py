from collections import defaultdict

from odoo import api, models

from ..core import debit_limit, failure, retry

#: Bank days until a customer knows what is sent: an hour at which people may be written
#: to may be the next day's.
TELL_BANK_DAYS = 1
#: The same of a letter.
LETTER_BANK_DAYS = 4


class BillingDebitClaim(models.Model):
    """What is to be done about debits that failed: facts for ``core.retry``."""

    _inherit = "billing.debit.claim"

    def _decide_retry(self):
        """Return what to do about claims that failed, all in a few queries.

        :return: by id, see ``core.retry.decide``
        :rtype: dict[int, core.retry.Retry | core.retry.PayOtherwise | core.retry.Wait]
        """
        verdicts = {}
        for agreement, claims in self.sudo().grouped("agreement_id").items():
            rules = agreement._retry_rules()
            clock = agreement._clock()
            for claim_id, facts in claims._retry_facts(agreement, clock).items():
                verdicts[claim_id] = retry.decide(facts, rules, clock.calendar)
        return verdicts

    def _retry_facts(self, agreement, clock):
        """Return what the decision asks of claims of one agreement.

        :rtype: dict[int, core.retry.Facts]
        """
        moves = self.move_id
        mandates = moves._billing_mandates()
        mandates = {
            move_id: mandate.sudo()
            for move_id, mandate in mandates.items()
            if mandate.agreement_id == agreement
        }
        used = self.env["billing.mandate"].sudo().union(*mandates.values())
        limits = used._debit_limits()
        drawn = used._drawn_by_month(but=moves)
        partners = moves.commercial_partner_id
        chances = agreement.company_id._billing_customer_chances(partners)
        reachable = self.env["billing.distribution.sender"]._find_channels(moves)
        history = self._retry_history(moves)
        unit = agreement.currency_id.rounding or 0.01
        facts = {}
        for claim in self:
            move = claim.move_id
            mandate = mandates.get(move.id)
            first, tries, repairs = history[move.id]
            facts[claim.id] = retry.Facts(
                reason=claim.reason_code
                if claim.reason_code in failure.REASONS
                else failure.BANK,
                failed_on=claim.date,
                first_failed_on=first,
                today=clock.today,
                amount=round(move.amount_residual / unit),
                earliest=self._earliest_retry(
                    agreement, mandate, clock, reachable.get(move.id)
                ),
                tries=tries,
                repairs=repairs,
                has_mandate=mandate is not None,
                is_paused=bool(mandate and mandate.paused_on),
                limit=limits[mandate.id] if mandate else debit_limit.Limit(),
                drawn=drawn[mandate.id] if mandate else {},
                chances=chances[move.commercial_partner_id.id],
            )
        return facts

    @api.model
    def _earliest_retry(self, agreement, mandate, clock, channel):
        """Return the first day allowed for another debit, None when there is none.

        :param str channel: by which the customer can be told, None = by none
        """
        if mandate is None:
            return None
        told_on = None
        if agreement._notice_of(mandate, clock.today, clock) != "none":
            if channel is None and agreement.telling == "message":
                return None
            days = LETTER_BANK_DAYS if channel == "letter" else TELL_BANK_DAYS
            told_on = clock.calendar.add_bank_days(clock.today, days)
        return clock.earliest(told_on=told_on)

    @api.model
    def _retry_history(self, moves):
        """Return what was tried for invoices before.

        :return: by id of the invoice: day of the first failure, times it was drawn
            again after a failure of the account, and after another failure
        :rtype: dict[int, tuple]
        """
        tried = defaultdict(list)
        for claim in self.sudo().search(
            [("move_id", "in", moves.ids), ("state", "!=", "cancelled")],
            order="attempt",
        ):
            tried[claim.move_id.id].append(claim)
        found = {}
        for move_id, claims in tried.items():
            failed = [c for c in claims if c.state in ("failed", "rejected")]
            # Each failure but the last was followed by another debit.
            before = [claim.reason_code for claim in failed[:-1]]
            repairs = sum(code in failure.NOT_THE_PAYER for code in before)
            found[move_id] = (failed[0].date, len(before) - repairs, repairs)
        return found
