from odoo import models
from odoo.tools import SQL

from ..core.arrays import decimal_array, int_array, text_array
from ..core.look import AMOUNT, SURE, Exact
from ..core.search import unseen_swaps
from .account_move import ISSUED_SQL
from .billing_matcher import BUCKET, IS_OPEN, amount_of

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
        stated = {}
        for (
            at, payment, company, currency, amount, move, partner, reference, is_exact,
        ) in self.env.cr.fetchall():  # fmt: skip
            if at in exact or not is_exact:
                shared.add(at)
                continue
            if payers.setdefault(move, at) != at:
                shared.update((at, payers[move]))
            amount = round(amount * units[currency])
            exact[at] = Exact(payment, company, move, partner, amount, reference)
            stated[at] = reference, (company, currency, amount), units[currency]
        for at in shared | self._find_twins(stated):
            exact.pop(at, None)
        return exact

    def _find_twins(self, stated):
        """Tell which references may as well be another's, with a 0 and a 9 swapped.

        The check digit does not see that slip. Where just as much is open on the other
        invoice, the reference alone does not say which of the two is paid.

        :param stated: by place the reference, company with currency and minor units,
            and minor units of one whole
        :return: the places
        """
        wanted = [
            (at, other, amount, unit)
            for at, (reference, amount, unit) in stated.items()
            if "09" in reference or "90" in reference
            for other in unseen_swaps(reference)
        ]
        if not wanted:
            return set()
        wanted.sort(key=lambda item: item[1])
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT q.at
                  FROM unnest(%s::int[], %s::text[], %s::int[], %s::int[],
                              %s::numeric[])
                       AS q(at, bucket, company_id, currency_id, amount)
                 CROSS JOIN LATERAL (
                       SELECT m.currency_id, m.amount_residual, %s AS is_open
                         FROM account_move m
                        WHERE %s = q.bucket AND m.company_id = q.company_id AND %s
                        -- found by the reference, never by an amount that a
                        -- hundred thousand subscriptions may share
                        OFFSET 0) AS twin
                 WHERE twin.is_open
                   AND twin.currency_id = q.currency_id
                   AND twin.amount_residual = q.amount
                """,
                int_array(at for at, _other, _amount, _unit in wanted),
                text_array(other for _at, other, _amount, _unit in wanted),
                int_array(amount[0] for _at, _other, amount, _unit in wanted),
                int_array(amount[1] for _at, _other, amount, _unit in wanted),
                decimal_array((amount, unit) for _at, _other, amount, unit in wanted),
                IS_OPEN,
                BUCKET,
                _ISSUED,
            )
        )
        return {at for (at,) in self.env.cr.fetchall()}

    def _doubt_twins(self, payments, looks):
        """Let the second look see the sure ones that may be another invoice's.

        See :meth:`_find_twins`.
        """
        stated = {
            at: (look.query.key, amount_of(payments[at]), payments[at].unit)
            for at, look in enumerate(looks)
            if look.kind == SURE and len(look.invoices) == 1
        }
        for at in self._find_twins(stated):
            looks[at].kind = AMOUNT

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
