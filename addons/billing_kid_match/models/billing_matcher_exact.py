from odoo import models
from odoo.tools import SQL

from ..core.arrays import int_array
from ..core.look import SURE, Exact
from .account_move import ISSUED_SQL
from .billing_matcher import BUCKET, IS_OPEN

_ISSUED = SQL(ISSUED_SQL)


class BillingMatcher(models.AbstractModel):
    """Finds the payments that need nothing but to be compared: nearly all."""

    _inherit = "billing.matcher"

    def _find_exact(self, payment_ids, units):
        """Find the payments that need nothing but to be compared: one plain reference,
        which one invoice carries, open with just the amount.

        An invoice that several of them pay is left to the first look, which keeps
        their order.

        :return: dict of place to :class:`~..core.look.Exact`
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT paid.place - 1, paid.id, paid.company_id, paid.currency_id,
                       paid.amount::float8, found.*
                  FROM (SELECT o.place, p.id, p.company_id, p.currency_id, p.amount,
                               p.reference,
                               ltrim(rtrim(p.reference, '-'), '0') COLLATE "C" AS key
                          FROM unnest(%s::int[]) WITH ORDINALITY AS o(id, place)
                          JOIN billing_payment p ON p.id = o.id
                         WHERE p.id BETWEEN %s AND %s
                           AND p.amount > 0
                           AND p.reference ~ '^[0-9]+-?$'
                           AND rtrim(p.reference, '0-') <> ''
                           AND CASE WHEN jsonb_typeof(p.reference_values) = 'array'
                                    THEN jsonb_array_length(p.reference_values) ELSE 0
                               END < 2
                         -- probes in the order of the index read its pages once
                         ORDER BY key) AS paid
                 CROSS JOIN LATERAL (
                       SELECT m.id, m.commercial_partner_id, m.payment_reference,
                              m.payment_reference = paid.reference
                              AND m.amount_residual = paid.amount
                              AND m.currency_id = paid.currency_id
                              AND %s
                         FROM account_move m
                        WHERE %s = paid.key AND m.company_id = paid.company_id AND %s
                        LIMIT 2) AS found
                """,
                int_array(payment_ids),
                min(payment_ids),
                max(payment_ids),
                IS_OPEN,
                BUCKET,
                _ISSUED,
            )
        )
        exact = {}
        shared = set()
        payers = {}
        for (
            at, payment, company, currency, amount, move, partner, reference, is_exact,
        ) in self.env.cr.fetchall():  # fmt: skip
            if at in exact or not is_exact:
                shared.add(at)
                continue
            if payers.setdefault(move, at) != at:
                shared.update((at, payers[move]))
            exact[at] = Exact(
                payment,
                company,
                move,
                partner,
                round(amount * units[currency]),
                reference,
            )
        for at in shared:
            exact.pop(at, None)
        return exact

    @staticmethod
    def _disputed(exact, looks):
        """Places of exact payments of whose invoice another payment is as sure.

        :param exact: see :meth:`_find_exact`
        :param looks: at all other payments
        """
        sure = {
            invoice.move_id
            for look in looks
            if look.kind == SURE
            for invoice in look.invoices
        }
        return [at for at, found in exact.items() if found.move_id in sure]
