import dataclasses
import re

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import names
from ..core.queries import stated_references
from .billing_review_desk import LONGEST_SEARCH

#: Found invoices that are shown.
MOST_FOUND = 30
#: Customers of one name whose invoices are looked at.
MOST_NAMED = 200
#: Open invoices of one number, customer or amount that are put in order.
MOST_LOOKED_AT = 500
#: Fewest characters that say anything.
SHORTEST_SEARCH = 2

#: The number at the end of an invoice's name.
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_WORDS = SQL(names.WORDS_SQL.format(column="p.name"))


class BillingReviewDesk(models.AbstractModel):
    """Finds open invoices by whatever a person knows of them."""

    _inherit = "billing.review.desk"  # pylint: disable=consider-merging-classes-inherited

    # === ACTIONS === #

    @api.model
    @api.readonly
    def search_invoices(self, payment_id, text):
        """Search all open invoices for those a payment may belong to.

        The text is taken for what the payer should have written: references with
        slips, invoice numbers, customer numbers, names and amounts are all found.

        :param int payment_id: id of a ``billing.payment``
        :param str text: what the person is looking for
        :return: ``cards`` like those of :meth:`details`, the likeliest first, their
            ``scale``, and ``limited`` when there were more
        :rtype: dict
        """
        payment = self._payment(payment_id)
        text = str(text or "").strip()[:LONGEST_SEARCH]
        if len(text) < SHORTEST_SEARCH:
            return {"cards": [], "scale": (0.0, 0.0), "limited": False}
        found, limited = self._look_up(payment, text)
        # The engine also knows what speaks for others; they were not asked for.
        weighed = [
            candidate
            for candidate in self._weigh(payment, text)
            if candidate.distance >= 0 or candidate.move_id in found.ids
        ]
        cards = self._cards_of_found(payment, weighed, found)
        return {"cards": cards, "scale": self._scale(cards), "limited": limited}

    # === BUSINESS METHODS === #

    def _weigh(self, payment, text):
        """Invoices that a payment would belong to if its payer had written a text.

        :return: candidates of the engine, the likeliest first
        """
        queries = stated_references(None, (), text)
        matcher = self.env["billing.matcher"].sudo().with_company(payment.company_id)
        units = matcher._get_currency_units()
        loaded = matcher._load_payments(payment.ids, units)
        matcher._load_details(loaded, [0])
        # A number is what the payment is for, a name whom.
        said = text if any(char.isdigit() for char in text) else f"for {text}"
        paid = dataclasses.replace(loaded[0], queries=queries, text=said)
        [item] = matcher._decide_paid([paid], units)
        return item.candidates

    def _look_up(self, payment, text):
        """Open invoices that a text names by number, customer or amount.

        :return: ``account.move`` records, and whether there were more
        """
        self.env["account.move"].flush_model()
        self.env["res.partner"].flush_model()
        found = {}
        for condition in self._conditions(payment, text):
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM (
                        SELECT m.id, m.amount_residual, m.invoice_date_due
                          FROM account_move m
                         WHERE %s AND m.company_id = %s AND m.state = 'posted'
                           AND m.move_type IN ('out_invoice', 'out_receipt')
                           AND m.payment_state IN ('not_paid', 'partial', 'blocked')
                         LIMIT %s) AS looked_at
                     ORDER BY amount_residual = %s DESC, invoice_date_due, id
                     LIMIT %s
                    """,
                    condition,
                    payment.company_id.id,
                    MOST_LOOKED_AT,
                    payment.amount,
                    MOST_FOUND + 1,
                )
            )
            found.update(dict.fromkeys(row[0] for row in rows))
        ids = list(found)
        return self.env["account.move"].browse(ids[:MOST_FOUND]), len(ids) > MOST_FOUND

    def _conditions(self, payment, text):
        """What to look a text up by, the most telling first.

        :return: conditions on ``account_move m``, each answered by an index
        :rtype: list[SQL]
        """
        conditions = [SQL("m.name IN %s", tuple({text, text.upper()}))]
        number = _NUMBER.search(text)
        if number:
            conditions.append(
                SQL(
                    "m.sequence_number = %s AND m.payment_reference IS NOT NULL",
                    int(number[0]),
                )
            )
        partners = self._find_customers(text)
        if partners:
            conditions.append(SQL("m.commercial_partner_id IN %s", tuple(partners)))
        amount = self._read_amount(text)
        if amount is not None:
            conditions.append(
                SQL(
                    "m.amount_residual = %s AND m.currency_id = %s",
                    amount,
                    payment.currency_id.id,
                )
            )
        return conditions

    def _find_customers(self, text):
        """Customers by number, or by all words of their name.

        :return: list of commercial partner ids
        """
        partners = (
            self.env["res.partner"]
            .sudo()
            .search_fetch(
                Domain("billing_customer_number", "=", text) | Domain("ref", "=", text),
                ["commercial_partner_id"],
                limit=MOST_NAMED,
            )
        )
        found = dict.fromkeys(partners.commercial_partner_id.ids)
        words = [word for word in names.index_words(text) if len(word) > 1]
        if words and not any(word.isdigit() for word in words):
            found.update(
                self.env.execute_query(
                    SQL(
                        """
                        SELECT p.commercial_partner_id, NULL FROM res_partner p
                         WHERE %s @> %s::text[] AND p.name IS NOT NULL
                           AND p.commercial_partner_id IS NOT NULL
                         LIMIT %s
                        """,
                        _WORDS,
                        words,
                        MOST_NAMED,
                    )
                )
            )
        return list(found)

    def _cards_of_found(self, payment, weighed, found):
        """Cards of what a search found.

        :param weighed: candidates of the engine, the likeliest first
        :param found: ``account.move`` records that were looked up
        """
        known = {candidate.move_id for candidate in weighed}
        moves = self.env["account.move"].browse(
            [candidate.move_id for candidate in weighed]
            + [move.id for move in found if move.id not in known]
        )
        moves = moves._filtered_access("read")
        self._fetch_moves(moves)
        by_id = {move.id: move for move in moves}
        cards = [
            self._card(
                payment,
                [(by_id[candidate.move_id], candidate.reference)],
                candidate.probability,
                candidate.distance,
                [
                    self.env["billing.payment"]._reason_to_json(reason)
                    for reason in candidate.reasons
                ],
            )
            for candidate in weighed
            if candidate.move_id in by_id
        ]
        cards += [
            self._card(payment, [(move, move.payment_reference)], None, -1, [])
            for move in moves
            if move.id not in known
        ]
        self._tell_accounts(payment, cards)
        return cards[:MOST_FOUND]
