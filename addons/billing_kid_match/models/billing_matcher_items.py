from operator import itemgetter

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_base.core.reference import compact

from ..core.arrays import decimal_array, int_array
from ..core.scene import Customer, Item
from ..core.scoring import Invoice
from .account_move import ISSUED_SQL, OPEN_REFUND_SQL, OPEN_SQL

_ISSUED = SQL(ISSUED_SQL)
_OPEN = SQL(OPEN_SQL)
_OPEN_REFUND = SQL(OPEN_REFUND_SQL)
_ITEM = SQL(
    """m.id, m.commercial_partner_id, m.payment_reference,
       CASE WHEN m.move_type = 'out_refund'
            THEN -m.amount_residual ELSE m.amount_residual END::float8 AS residual,
       m.amount_total::float8, m.currency_id, m.invoice_date_due,
       m.state = 'posted'
       AND m.payment_state IN ('not_paid', 'partial', 'blocked') AS is_open"""
)

#: Customers in the order of the index: its pages are read once.
_BY_PARTNER = itemgetter(1)

#: Open items of one customer that are looked at, the oldest ones.
MAX_ITEMS = 40
#: An amount of so many open invoices at most has all of them looked at, whosever they
#: are. Of more, none tells more than the others.
MAX_SAME_AMOUNT = 40
#: Paid invoices of one customer with the paid amount that are looked at.
MAX_CLOSED = 3


class BillingMatcher(models.AbstractModel):
    """Reads what the customers in question owe, and have paid of late."""

    _inherit = "billing.matcher"

    def _find_by_amount(self, payments, places, sharing, many, strong, weak, units):
        """Open invoices with just the paid amount: of the bearers of a common name,
        and of anybody when few share the amount.

        :param sharing: number of open invoices with the amount by place
        """
        rare = [at for at in places if sharing[at] <= MAX_SAME_AMOUNT]
        # all with a rare amount are read below; whole kroner may have lost their øre
        found_anyway = {at for at in rare if payments[at].amount % payments[at].unit}
        queries = [
            (at, partner)
            for at in places
            if at not in found_anyway
            for partner in many.get(at, ())
            if partner not in strong[at]
        ]
        places_of = {pair: place for place, pair in enumerate(queries)}
        queries.sort(key=_BY_PARTNER)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::numeric[])
                       AS q(at, partner_id, company_id, currency_id, amount)
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m
                        WHERE m.commercial_partner_id = q.partner_id
                          AND m.company_id = q.company_id
                          AND m.currency_id = q.currency_id AND %s
                       -- by customer first: thousands may share the amount
                       OFFSET 0) AS found
                 WHERE found.residual >= q.amount
                   AND found.residual <= q.amount
                       + CASE WHEN q.amount = trunc(q.amount) THEN 0.99 ELSE 0 END
                """,
                int_array(at for at, _ in queries),
                int_array(partner for _, partner in queries),
                int_array(payments[at].company_id for at, _ in queries),
                int_array(payments[at].currency_id for at, _ in queries),
                decimal_array(
                    ((payments[at].amount,), payments[at].unit) for at, _ in queries
                ),
                _ITEM,
                _OPEN,
            )
        )
        rows.sort(key=lambda row: places_of[row[0], row[2]])
        rows += self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::numeric[])
                       AS q(at, company_id, currency_id, amount)
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m
                        WHERE m.company_id = q.company_id
                          AND m.currency_id = q.currency_id
                          AND m.amount_residual = q.amount AND %s
                        LIMIT %s) AS found
                """,
                int_array(rare),
                int_array(payments[at].company_id for at in rare),
                int_array(payments[at].currency_id for at in rare),
                decimal_array(
                    ((payments[at].amount,), payments[at].unit) for at in rare
                ),
                _ITEM,
                _OPEN,
                MAX_SAME_AMOUNT,
            )
        )
        for at, *row in rows:
            item = _to_item(row, units)
            partner = item.invoice.partner_id
            if partner in strong[at]:
                continue
            customer = weak[at].setdefault(partner, Customer(partner))
            if all(
                entry.invoice.move_id != item.invoice.move_id for entry in customer.open
            ):
                customer.open.append(item)

    def _load_items(self, payments, looks, facts, places, strong, said, units):
        """What the likely customers owe, and what they have paid of late."""
        pairs = [(at, partner) for at in places for partner in strong[at]]
        pairs.sort(key=_BY_PARTNER)
        amounts = decimal_array(
            ((payments[at].amount,), payments[at].unit) for at, _ in pairs
        )
        probe = SQL(
            "unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::numeric[])"
            " AS q(at, partner_id, company_id, currency_id, amount)",
            int_array(at for at, _ in pairs),
            int_array(partner for _, partner in pairs),
            int_array(payments[at].company_id for at, _ in pairs),
            int_array(payments[at].currency_id for at, _ in pairs),
            amounts,
        )
        same = SQL(
            "m.commercial_partner_id = q.partner_id AND m.company_id = q.company_id"
            " AND m.currency_id = q.currency_id"
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.* FROM %s
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m WHERE %s AND %s
                        ORDER BY m.invoice_date_due, m.id LIMIT %s) AS found
                 UNION ALL
                SELECT q.at, found.* FROM %s
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m WHERE %s AND %s
                        LIMIT %s) AS found
                 UNION ALL
                SELECT q.at, found.* FROM %s
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m
                        WHERE %s AND m.amount_total = q.amount AND %s
                          AND m.state = 'posted'
                          AND m.payment_state IN ('paid', 'in_payment')
                        ORDER BY m.id DESC LIMIT %s) AS found
                """,
                probe,
                _ITEM,
                same,
                _OPEN,
                MAX_ITEMS,
                probe,
                _ITEM,
                same,
                _OPEN_REFUND,
                MAX_ITEMS,
                probe,
                _ITEM,
                same,
                _ISSUED,
                MAX_CLOSED,
            )  # fmt: skip
        )
        seen = set()
        for at, *row in rows:
            item = _to_item(row, units, said[at] if at in said else None)
            seen.add((at, item.invoice.move_id))
            customer = strong[at].get(item.invoice.partner_id)
            if customer is not None:
                (customer.open if row[-1] else customer.closed).append(item)
        closed = [
            (at, invoice)
            for at in places
            for invoice in (
                *looks[at].invoices,
                *(facts[at].near if at in facts else ()),
            )
            if not invoice.is_open and (at, invoice.move_id) not in seen
        ]
        dues = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, invoice_date_due FROM account_move WHERE id = ANY(%s)",
                    list({invoice.move_id for _, invoice in closed}),
                )
            )
        )
        for at, invoice in closed:
            strong[at][invoice.partner_id].closed.append(
                Item(invoice, dues.get(invoice.move_id))
            )


def _to_item(row, units, said=None):
    move, partner, reference, residual, total, currency, due, is_open = row
    unit = units[currency]
    residual = round(residual * unit)
    weight, reasons = (said or {}).get(move, (0.0, ()))
    return Item(
        Invoice(
            move,
            partner,
            compact(reference),
            reference or "",
            residual,
            round(total * unit),
            bool(is_open and residual),
            currency,
        ),
        due,
        weight,
        reasons,
    )
