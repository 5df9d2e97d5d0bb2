from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from odoo import api, models
from odoo.tools import SQL

from ..core import kept, ladder, turn


@dataclass(slots=True)
class Draft:
    """A reminder that is about to be written."""

    key: str
    values: dict
    lines: list


class BillingDunningPlanner(models.AbstractModel):
    """Puts claims whose turn has come in letters."""

    _inherit = "billing.dunning.planner"

    @api.model
    def _draft(self, company, day, claims, turns, policies):
        """Put what is to be sent in letters.

        :return: list[Draft]
        """
        by_customer = defaultdict(list)
        for move_id, found in turns.items():
            if isinstance(found, turn.Turn) and found.step.kind != "handover":
                claim = claims[move_id]
                by_customer[claim.customer_id, claim.currency_id].append(move_id)
        notice_counts = self._count_lines(
            [move_id for ids in by_customer.values() for move_id in ids]
        )
        next_bank_day = cache(company._bank_calendar().next_bank_day)
        state = (
            "approved"
            if company.billing_reminder_approval == "automatic"
            else "prepared"
        )
        drafts = []
        for (customer_id, currency_id), move_ids in by_customer.items():
            policy = policies[move_ids[0]]
            letters = ladder.bundle(
                [
                    ladder.Claim(
                        id=move_id,
                        due=claims[move_id].due,
                        step=turns[move_id].step,
                        ready=turns[move_id].ready,
                        fee=turns[move_id].fee_amount,
                    )
                    for move_id in move_ids
                ],
                together=policy.together,
                one_fee=policy.one_fee,
            )
            for letter in letters:
                lead = next(
                    claim for claim in letter.claims if claim.step == letter.step
                )
                addressed = {claims[claim.id].partner_id for claim in letter.claims}
                drafts.append(
                    Draft(
                        key=f"{company.id}:{lead.id}:{letter.kind}"
                        f":{notice_counts.get(lead.id, 0)}",
                        values={
                            "company_id": company.id,
                            "currency_id": currency_id,
                            "partner_id": addressed.pop()
                            if len(addressed) == 1
                            else customer_id,
                            "commercial_partner_id": customer_id,
                            "kind": letter.kind,
                            "day": day,
                            "deadline": self._deadline(
                                day, letter, turns, next_bank_day
                            ),
                            "state": state,
                            "policy_id": policy.id,
                            "step_id": letter.step.id,
                            "channel": letter.step.channel or None,
                        },
                        lines=[
                            self._draft_line(claims[claim.id], turns[claim.id], letter)
                            for claim in letter.claims
                        ],
                    )
                )
        return drafts

    @api.model
    def _draft_line(self, claim, found, letter):
        """Return the values of one claim in a letter."""
        return {
            "move_id": claim.id,
            "step_id": found.step.id,
            "kind": found.step.kind,
            "principal": claim.left,
            "credit": claim.residual - claim.left,
            "fee_amount": letter.fees[claim.id],
            "compensation_amount": found.compensation_amount,
            "with_interest": found.step.interest,
            "verdict": self._keep(found),
        }

    @api.model
    def _keep(self, found):
        """Return what the law says on a claim, as it is kept."""
        return {
            "send": kept.to_json(found.send),
            "fee": found.fee and kept.to_json(found.fee),
            "compensation": found.compensation and kept.to_json(found.compensation),
        }

    @api.model
    def _deadline(self, day, letter, turns, next_bank_day):
        """Return the last day to pay that a letter gives, None without one.

        It is a bank day, so that nobody has to pay earlier than the law says.
        """
        days = max(
            max(claim.step.deadline_days, turns[claim.id].send.deadline_days)
            for claim in letter.claims
        )
        return next_bank_day(day + timedelta(days=days)) if days else None

    @api.model
    def _count_lines(self, move_ids):
        """Return how many letters were sent about invoices, for the keys."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT move_id, COUNT(*) FROM billing_reminder_line
                        WHERE state <> 'cancelled' AND move_id = ANY(%s)
                     GROUP BY move_id""",
                    move_ids,
                )
            )
        )
