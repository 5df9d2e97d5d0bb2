from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..core import ladder, law, turn
from .billing_reminder import PENDING

#: Payment states of invoices that customers still owe something of.
OPEN_STATES = ("not_paid", "partial")
#: Codes of holds that say that the customer objects.
OBJECTIONS = frozenset({"dispute", "objection"})


@dataclass(slots=True)
class Claim:
    """An overdue invoice as it stands in the books, without its circumstances."""

    id: int
    partner_id: int
    customer_id: int
    currency_id: int
    due: date
    arose: date
    residual: Decimal
    is_business: bool
    name: str
    pending_id: int | None
    left: Decimal = Decimal(0)


class BillingDunningPlanner(models.AbstractModel):
    """What is known about overdue invoices, read for many of them at once.

    Each method makes as many queries for one invoice as for thousands.
    """

    _name = "billing.dunning.planner"
    _description = "Planning of Reminders"

    # === BUSINESS METHODS - EXTENSION POINTS === #

    @api.model
    def _not_dunned(self):
        """Return what keeps documents out of the book that is reminded of.

        :return: conditions on ``account_move AS move`` that those kept in fulfil
        :rtype: list[SQL]
        """
        return [SQL("TRUE")]

    # === BUSINESS METHODS - FACTS === #

    @api.model
    def _open_sql(self, company, day):
        """Return the condition on ``account_move AS move`` of overdue invoices."""
        return SQL(
            """move.company_id = %(company)s AND move.move_type = 'out_invoice'
               AND move.state = 'posted' AND move.payment_state IN %(open)s
               AND move.amount_residual > 0 AND move.invoice_date_due < %(day)s
               AND %(more)s""",
            company=company.id,
            open=OPEN_STATES,
            day=day,
            more=SQL(" AND ").join(self._not_dunned()),
        )

    @api.model
    def _load_claims(self, company, day, customer_ids):
        """Return all overdue invoices of customers, with what open credits leave.

        :rtype: dict[int, Claim]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT move.id, move.partner_id, move.commercial_partner_id,
                          move.currency_id, move.invoice_date_due,
                          COALESCE(move.invoice_date, move.date),
                          move.amount_residual, COALESCE(partner.is_company, FALSE),
                          move.name, line.reminder_id
                     FROM account_move AS move
                     JOIN res_partner AS partner
                       ON partner.id = move.commercial_partner_id
                LEFT JOIN billing_reminder_line AS line
                       ON line.move_id = move.id AND line.state IN %(pending)s
                    WHERE %(open)s AND move.commercial_partner_id = ANY(%(customers)s)
                 ORDER BY move.invoice_date_due, move.id""",
                pending=PENDING,
                open=self._open_sql(company, day),
                customers=list(customer_ids),
            )
        )
        claims = {row[0]: Claim(*row) for row in rows}
        credits = self._load_credits(company, customer_ids)
        by_account = defaultdict(list)
        for claim in claims.values():
            claim.residual = Decimal(str(claim.residual))
            by_account[claim.customer_id, claim.currency_id].append(claim)
        for account, account_claims in by_account.items():
            left = ladder.net(
                [(claim.id, claim.due, claim.residual) for claim in account_claims],
                credits.get(account, Decimal(0)),
            )
            for claim in account_claims:
                claim.left = left[claim.id]
        return claims

    @api.model
    def _load_credits(self, company, customer_ids):
        """Return the open credit notes and payments of customers that settle nothing.

        :return: by customer and currency
        :rtype: dict[tuple[int, int], Decimal]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT partner.commercial_partner_id, line.currency_id,
                          -SUM(line.amount_residual_currency)
                     FROM account_move_line AS line
                     JOIN res_partner AS partner ON partner.id = line.partner_id
                     JOIN account_move AS move ON move.id = line.move_id
                    WHERE line.company_id = %(company)s
                      AND line.parent_state = 'posted'
                      AND line.reconciled IS NOT TRUE
                      AND line.amount_residual_currency < 0
                      AND line.account_id IN (SELECT id FROM account_account
                                               WHERE account_type = 'asset_receivable')
                      AND line.partner_id IN (
                          SELECT id FROM res_partner
                           WHERE commercial_partner_id = ANY(%(customers)s))
                      AND %(more)s
                 GROUP BY 1, 2""",
                company=company.id,
                customers=list(customer_ids),
                more=SQL(" AND ").join(self._not_dunned()),
            )
        )
        return {(row[0], row[1]): Decimal(str(row[2])) for row in rows}

    @api.model
    def _load_notices(self, move_ids):
        """Return the letters that were sent about invoices, the oldest first.

        A fee that was dropped afterwards counts as none.

        :rtype: dict[int, list[core.law.Notice]]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT line.move_id, line.kind, line.day,
                          CASE WHEN charge.id IS NULL THEN line.fee_amount ELSE 0 END,
                          line.deadline
                     FROM billing_reminder_line AS line
                LEFT JOIN billing_charge AS charge
                       ON charge.reminder_line_id = line.id AND charge.kind = 'fee'
                      AND charge.state IN ('waived', 'reversed')
                    WHERE line.state = 'sent' AND line.move_id = ANY(%s)
                 ORDER BY line.day, line.id""",
                list(move_ids),
            )
        )
        notices = {move_id: [] for move_id in move_ids}
        for move_id, kind, day, fee, deadline in rows:
            notices[move_id].append(
                law.Notice(kind, day, Decimal(str(fee or 0)), deadline)
            )
        return notices

    @api.model
    def _load_facts(self, company, day, move_ids, claims=None, except_reminder=None):
        """Return what is known about invoices, as ``core.turn`` decides by it.

        :param dict claims: of :meth:`_load_claims`, if they are loaded already
        :param except_reminder: ``billing.reminder`` that does not count as pending
        :rtype: dict[int, core.turn.Facts]
        """
        moves = self.env["account.move"].browse(move_ids)
        if claims is None:
            claims = self._load_claims(company, day, moves.commercial_partner_id.ids)
        notices = self._load_notices(move_ids)
        holds = moves._billing_holds()
        debits = moves._billing_debits()
        collections = moves._billing_collections()
        agreements = self.env["billing.law.agreement"]._for_moves(moves)
        objected = moves._billing_objected()
        undelivered = moves._billing_undelivered()
        compensated = moves._billing_compensation_claimed()
        currency_id = company.currency_id.id
        facts = {}
        for move_id in move_ids:
            claim = claims.get(move_id)
            move_holds = holds[move_id]
            if claim is None:
                claim = self._settled_claim(moves.browse(move_id), day)
            facts[move_id] = turn.Facts(
                id=move_id,
                debt=law.Debt(
                    due=claim.due,
                    arose=claim.arose,
                    principal=claim.left,
                    business=claim.is_business,
                    notices=tuple(notices[move_id]),
                    agreement=agreements.get(move_id),
                    objected=move_id in objected
                    or any(hold.code in OBJECTIONS for hold in move_holds),
                    delivered=move_id not in undelivered,
                    compensation_claimed=move_id in compensated,
                ),
                blocks=frozenset().union(*(hold.blocks for hold in move_holds)),
                debit=move_id in debits,
                collected=move_id in collections,
                pending=bool(claim.pending_id)
                and claim.pending_id != (except_reminder and except_reminder.id),
                foreign=claim.currency_id != currency_id,
            )
        return facts

    @api.model
    def _settled_claim(self, move, day):
        """Return a claim for an invoice that is not overdue: nothing is left of it."""
        is_open = (
            move.move_type == "out_invoice"
            and move.state == "posted"
            and move.payment_state in OPEN_STATES
        )
        residual = Decimal(str(move.amount_residual)) if is_open else Decimal(0)
        due = move.invoice_date_due or move.invoice_date or day
        return Claim(
            id=move.id,
            partner_id=move.partner_id.id,
            customer_id=move.commercial_partner_id.id,
            currency_id=move.currency_id.id,
            due=due,
            arose=move.invoice_date or move.date or due,
            residual=residual,
            is_business=move.commercial_partner_id.is_company,
            name=move.name or "",
            pending_id=None,
            left=residual,
        )

    @api.model
    def _ask(self, company, policy, facts, pack, day, add_bank_days):
        """Ask ``core.turn`` about one claim.

        :param policy: ``core.turn.Policy`` of the customer, None = none fits
        :param facts: of :meth:`_load_facts`
        :param pack: law in force on ``day``, None = none is known
        :return: ``core.turn.Turn`` or ``core.turn.Wait``
        """
        if pack and pack.currency != company.currency_id.name:
            facts = replace(facts, foreign=True)
        return turn.turn(policy, facts, pack, day, add_bank_days)

    @api.model
    def _load_policies(self, company):
        """Return the active policies of a company, the first to be asked first.

        :rtype: billing.dunning.policy
        """
        return self.env["billing.dunning.policy"].search(
            [("company_id", "=", company.id), ("state", "=", "active")]
        )

    @api.model
    def _choose_policies(self, policies, customer_ids):
        """Return which policy decides about which customer, in one query.

        :param policies: of :meth:`_load_policies`
        :return: id of the policy by id of the customer; without those that none fits
        :rtype: dict[int, int]
        """
        if not policies or not customer_ids:
            return {}
        partners = self.env["res.partner"].with_context(active_test=False)
        cases = [
            SQL(
                "WHEN partner.id IN (%s) THEN %s",
                partners._search(policy._get_domain()).select(),
                policy.id,
            )
            if not policy._get_domain().is_true()
            else SQL("WHEN TRUE THEN %s", policy.id)
            for policy in policies
        ]
        rows = self.env.execute_query(
            SQL(
                """SELECT partner.id, CASE %s END
                     FROM res_partner AS partner WHERE partner.id = ANY(%s)""",
                SQL(" ").join(cases),
                list(customer_ids),
            )
        )
        return {partner_id: policy_id for partner_id, policy_id in rows if policy_id}
