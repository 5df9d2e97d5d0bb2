from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core import charge as core_charge
from ..core import law


class AccountMove(models.Model):
    """Late interest of invoices, to the day."""

    _inherit = "account.move"

    # === ACTIONS === #

    def action_billing_charge_interest(self):
        """Charge the interest that has run until today (button for billing staff).

        :raises UserError: there is none to charge, or the invoice is on hold
        """
        self.env["billing.charge"].check_access("read")
        self.check_access("write")
        held = self._billing_blocked("fee")
        if held:
            raise UserError(
                self.env._(
                    "%(invoice)s is on hold, so that no interest is charged.",
                    invoice=held[0].display_name,
                )
            )
        vals_list = []
        for company, moves in self.grouped("company_id").items():
            day = company._billing_today()
            vals_list += moves._billing_interest_vals(day, least=0)
        if not vals_list:
            raise UserError(self.env._("There is no interest to charge."))
        self.env["billing.charge"]._book(vals_list)

    # === BUSINESS METHODS - INTEREST === #

    def _billing_interest(self, day):
        """Return the late interest of the invoices that no charge covers yet, in batch.

        It runs on what was open from day to day, through ``day`` and no longer than the
        rate is known. Interest that was dropped is not charged again.

        :param date day: last day
        :return: by id of the invoice, each of them
        :rtype: dict[int, core.charge.Interest]
        """
        result = {move_id: core_charge.Interest() for move_id in self.ids}
        moves_sudo = self.sudo().filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and not move.billing_claim_id
            )
        )
        if not moves_sudo:
            return result
        terms = moves_sudo._billing_overdue_terms()
        covered = moves_sudo._billing_interest_covered()
        laws = self.env["billing.law.pack"].sudo()
        packs = {company: laws._for(company, day) for company in moves_sudo.company_id}
        for move_sudo in moves_sudo:
            pack = packs[move_sudo.company_id]
            if pack:
                result[move_sudo.id] = core_charge.interest(
                    pack,
                    terms[move_sudo.id],
                    covered.get(move_sudo.id),
                    day,
                    Decimal(str(move_sudo.currency_id.rounding)),
                )
        return result

    def _billing_interest_vals(self, day, least=None, line_ids=None, due=None):
        """Return what :meth:`billing.charge._book` takes to charge interest through
        ``day``.

        :param date day: last day of the interest, and of the document
        :param float least: below this there is nothing to charge, in the currency of
            the company; as the company has it when left out
        :param dict line_ids: id of the line of the reminder by id of the invoice
        :param dict due: last day to pay by id of the invoice; ``day`` when left out
        :rtype: list[dict]
        """
        interests = self._billing_interest(day)
        vals_list = []
        for move in self:
            interest = interests[move.id]
            company = move.company_id
            floor = company.billing_interest_minimum if least is None else least
            worth = company.currency_id
            value = float(interest.amount)
            if move.currency_id != worth:
                value = move.currency_id._convert(value, worth, company, day)
            if not interest.amount or worth.compare_amounts(value, floor) < 0:
                continue
            pack = self.env["billing.law.pack"].sudo()._for(company, day)
            reason = law.Reason("interest", pack.paragraphs.get("interest", ""))
            vals_list.append(
                {
                    "key": f"interest:{move.id}"
                    f":{interest.periods[0].start.isoformat()}"
                    f":{interest.periods[-1].end.isoformat()}",
                    "kind": core_charge.INTEREST,
                    "move_id": move.id,
                    "amount": interest.amount,
                    "day": day,
                    "due": (due or {}).get(move.id),
                    "verdict": law.Verdict(True, interest.amount, reasons=(reason,)),
                    "periods": interest.periods,
                    "reminder_line_id": (line_ids or {}).get(move.id),
                }
            )
        return vals_list

    def _billing_received_days(self):
        """Return on which day money reached the company, where the books differ.

        Called on entries of payments. A locked period moves an entry to a later day,
        for which the customer owes no interest: addons that know the bank's own day
        extend this, with a constant number of queries.

        :return: by id of the entry, without those whose own date counts
        :rtype: dict[int, date]
        """
        return {}

    # === HELPERS === #

    def _billing_overdue_terms(self):
        """Return the parts of the invoices by due date, with what came off each.

        :rtype: dict[int, list[core.charge.Term]]
        """
        self.env["account.move.line"].flush_model()
        self.env["account.partial.reconcile"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT term.move_id, term.id,
                          COALESCE(term.date_maturity, move.invoice_date_due,
                                   move.date),
                          term.amount_currency, other.move_id, other.date,
                          partial.debit_amount_currency,
                          entry.reversed_entry_id = term.move_id
                     FROM account_move_line AS term
                     JOIN account_move AS move ON move.id = term.move_id
                LEFT JOIN account_partial_reconcile AS partial
                       ON partial.debit_move_id = term.id
                LEFT JOIN account_move_line AS other
                       ON other.id = partial.credit_move_id
                LEFT JOIN account_move AS entry ON entry.id = other.move_id
                    WHERE term.move_id = ANY(%s)
                      AND term.display_type = 'payment_term'
                 ORDER BY term.move_id, term.id, partial.id""",
                list(self.ids),
            )
        )
        entries = self.browse({row[4] for row in rows if row[4]})
        received = entries._billing_received_days()
        parts = {}
        settled = defaultdict(list)
        for move_id, term_id, due, amount, entry_id, day, taken, is_own in rows:
            parts[term_id] = move_id, due, Decimal(str(amount))
            if taken:
                # A credit note of the very invoice: that much was never owed.
                came = None if is_own else received.get(entry_id, day)
                settled[term_id].append((came, Decimal(str(taken))))
        terms = {move_id: [] for move_id in self.ids}
        for term_id, (move_id, due, amount) in parts.items():
            terms[move_id].append(
                core_charge.Term(due, amount, tuple(settled[term_id]))
            )
        return terms

    def _billing_interest_covered(self):
        """Return the last day that the interest charged so far covers.

        :return: by id of the invoice, without those with no interest
        :rtype: dict[int, date]
        """
        groups = (
            self.env["billing.charge"]
            .sudo()
            ._read_group(
                [
                    ("move_id", "in", self.ids),
                    ("kind", "=", core_charge.INTEREST),
                    ("state", "!=", "reversed"),
                ],
                ["move_id"],
                ["date_to:max"],
            )
        )
        return {move.id: day for move, day in groups}
