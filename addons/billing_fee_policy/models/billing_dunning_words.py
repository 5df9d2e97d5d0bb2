from odoo import api, models
from odoo.tools import SQL, format_date

from ..core import ladder, turn


class BillingDunningPlanner(models.AbstractModel):
    """Says in words what the rules decided."""

    _inherit = "billing.dunning.planner"

    @api.model
    def _explain(self, move, day):
        """Return why nothing is sent about an invoice, or what is sent next.

        :param move: one ``account.move``
        :return: sentences in the reader's language, the decisive one first
        :rtype: list[str]
        """
        planner = self.sudo().with_company(move.company_id)
        if move.move_type != "out_invoice" or move.state != "posted":
            return [self.env._("Only invoices that were issued are reminded of.")]
        if move not in planner._dunnable(move):
            return [
                self.env._(
                    "Fees and interest of their own are never reminded of: they stand "
                    "in the reminders about the invoice they belong to."
                )
            ]
        customer_id = move.commercial_partner_id.id
        planner.env.flush_all()
        claims = planner._load_claims(move.company_id, day, [customer_id])
        facts = planner._load_facts(move.company_id, day, move.ids, claims)[move.id]
        policies = planner._load_policies(move.company_id)
        policy = policies.browse(
            planner._choose_policies(policies, [customer_id]).get(customer_id)
        )
        pack = planner.env["billing.law.pack"]._for(policy.country_id.code or "", day)
        found = planner._ask(
            move.company_id,
            policy._to_policy() if policy else None,
            facts,
            pack,
            day,
            move.company_id._bank_calendar().add_bank_days,
        )
        if isinstance(found, turn.Turn):
            return self._turn_sentences(found, day)
        sentences = [self._wait_words(found)]
        if found.code == turn.HOLD:
            sentences += [hold.label for hold in move._billing_holds()[move.id]]
        if found.step and found.code != turn.LAW:
            sentences.append(self._next_words(found))
        return sentences

    @api.model
    def _dunnable(self, moves):
        """Return those of the invoices that are reminded of at all."""
        rows = self.env.execute_query(
            SQL(
                """SELECT move.id FROM account_move AS move
                    WHERE move.id = ANY(%s) AND %s""",
                moves.ids,
                SQL(" AND ").join(self._not_dunned()),
            )
        )
        return moves.browse(move_id for (move_id,) in rows)

    @api.model
    def _turn_sentences(self, found, day):
        """Return what is sent next about an invoice whose turn has come."""
        step = self.env["billing.dunning.step"].browse(found.step.id)
        if not found.ready:
            return [
                self.env._(
                    "Its turn comes on %(day)s: %(step)s. It goes along before if the "
                    "customer gets another letter.",
                    day=format_date(self.env, found.since),
                    step=step.sudo().display_name,
                )
            ]
        if found.step.kind == "handover":
            sentences = [
                self.env._("It can be handed over for collection by somebody's choice.")
            ]
        else:
            sentences = [
                self.env._(
                    "Its turn has come: %(step)s. It is prepared by the next run.",
                    step=step.sudo().display_name,
                )
            ]
        for verdict in (found.fee, found.compensation):
            if verdict is not None and not verdict.allowed:
                sentences += self.env["billing.law.pack"]._words(verdict.reasons)
        return sentences

    @api.model
    def _next_words(self, wait):
        """Return what would be next, and when."""
        step = self.env["billing.dunning.step"].sudo().browse(wait.step.id)
        if wait.from_day:
            return self.env._(
                "Next: %(step)s, on %(day)s at the earliest.",
                step=step.display_name,
                day=format_date(self.env, wait.from_day),
            )
        return self.env._("Next: %(step)s.", step=step.display_name)

    @api.model
    def _wait_words(self, wait):
        """Return why a claim waits, as one sentence in the reader's language.

        :param wait: ``core.turn.Wait``; None = its step is another one by now
        """
        if wait is None:
            return self.env._("Its next step is another one by now.")
        if wait.code == turn.LAW:
            return " ".join(self.env["billing.law.pack"]._words(wait.reasons))
        words = {
            ladder.NOT_DUE: self.env._("It is not overdue."),
            ladder.WAITING: self.env._("The next step has not come yet."),
            ladder.DONE: self.env._(
                "Every step of the customer's policy has been taken."
            ),
            turn.NO_POLICY: self.env._("No active policy is for this customer."),
            turn.COVERED: self.env._(
                "Nothing is left: it is paid, or open credits of the customer cover it."
            ),
            turn.SMALL: self.env._("It is below the smallest amount reminded of."),
            turn.COLLECTED: self.env._("It has been handed over for collection."),
            turn.DEBIT: self.env._("It will be drawn from the customer's account."),
            turn.HOLD: self.env._("It is on hold."),
            turn.PENDING: self.env._("A reminder is prepared and has not gone out."),
        }
        return words[wait.code]
