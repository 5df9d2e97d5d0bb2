from collections import defaultdict

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_kid_match.core.look import AMOUNT, SURE
from odoo.addons.billing_kid_match.core.subsets import subsets
from odoo.addons.billing_kid_match.models.billing_matcher import (
    COLUMNS,
    IS_OPEN,
    to_invoice,
)


class BillingMatcher(models.AbstractModel):
    """Fees as the law has them, and as they stand in the books."""

    _inherit = "billing.matcher"

    def _find_references(self, payments, units):
        """Extension of `billing_kid_match`: fees that are settled are out of the way.

        They carry the reference of their invoice, and would make a part payment of it
        look as if it could be for one of several.
        """
        hits = super()._find_references(payments, units)
        closed = {
            invoice.move_id
            for found in hits
            if len(found) > 1
            for invoice in found
            if not invoice.is_open
        }
        gone = self._find_charged(closed)
        if not gone:
            return hits
        return [
            tuple(invoice for invoice in found if invoice.move_id not in gone) or found
            for found in hits
        ]

    def _find_charged(self, move_ids):
        """Return which of the invoices are documents of fees or interest.

        :rtype: set[int]
        """
        if not move_ids:
            return set()
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM account_move
                    WHERE id = ANY(%s) AND billing_claim_id IS NOT NULL
                      AND move_type = 'out_invoice'""",
                list(move_ids),
            )
        )
        return {move_id for (move_id,) in rows}

    def _first_looks(self, payments, units):
        """Extension of `billing_kid_match`: one reference for invoice and fee.

        Where each has its own, customers pay both with one of them. When the amount is
        just that of the two, it says so as surely as the amount of one does.
        """
        looks = super()._first_looks(payments, units)
        unsure = {
            at: look.invoices[0].move_id
            for at, look in enumerate(looks)
            if look.kind == AMOUNT and not look.query.in_text
        }
        families = self._load_families(list(unsure.values()), units)
        for at, stated in unsure.items():
            family = [
                item
                for item in families.get(stated, ())
                if item.currency_id == payments[at].currency_id
            ]
            ways = [
                [family[place] for place in found.places]
                for found in subsets(
                    [item.residual for item in family], payments[at].amount
                )
            ]
            ways = [way for way in ways if any(item.move_id == stated for item in way)]
            if len(ways) == 1:
                looks[at].kind, looks[at].invoices = SURE, tuple(ways[0])
        return looks

    def _load_families(self, move_ids, units):
        """Return invoices with the fees on top of them, as far as they are open.

        :param move_ids: invoices, or documents of fees, that payments state
        :return: by id of what is stated, the invoice first; only where there are fees
        :rtype: dict[int, list[Invoice]]
        """
        if not move_ids:
            return {}
        families = defaultdict(list)
        for stated, *row in self.env.execute_query(
            SQL(
                """
                SELECT stated.id, %s
                  FROM account_move AS stated
                  JOIN account_move AS m
                    ON m.id = COALESCE(stated.billing_claim_id, stated.id)
                    OR m.billing_claim_id
                       = COALESCE(stated.billing_claim_id, stated.id)
                 WHERE stated.id = ANY(%s) AND m.move_type = 'out_invoice' AND %s
                 ORDER BY m.billing_claim_id IS NOT NULL, m.invoice_date, m.id
                """,
                COLUMNS,
                move_ids,
                IS_OPEN,
            )
        ):
            families[stated].append(to_invoice(row, units))
        return {stated: items for stated, items in families.items() if len(items) > 1}

    def _get_fees(self):
        """Extension of `billing_kid_match`: the law's fees, once and twice.

        In place of its own list, for companies of whose country the law is known.
        """
        fees = super()._get_fees()
        laws = self.env["billing.law.pack"].sudo()
        for company_sudo in self.env["res.company"].sudo().search([]):
            sizes = laws._fee_sizes(company_sudo, company_sudo._billing_today())
            if sizes:
                unit = 10**company_sudo.currency_id.decimal_places
                minor = {int(size * unit) for size in sizes}
                twice = {2 * size for size in minor}
                fees[company_sudo.id] = tuple(sorted(minor | twice))
        return fees

    def _load_scenes(self, payments, looks, facts, places, decider, units):
        """Extension of `billing_kid_match`: a fee in the books is no fee to guess.

        Who pays invoice and fee settles two documents; that the invoice was paid with
        a fee that is nowhere would be another word for the same.
        """
        scenes, answered = super()._load_scenes(
            payments, looks, facts, places, decider, units
        )
        items = [
            (scene, item.invoice)
            for scene in scenes.values()
            if scene.fees
            for customer in scene.customers
            for item in customer.open
        ]
        charged = self._find_charged({invoice.move_id for _scene, invoice in items})
        for scene, invoice in items:
            if invoice.move_id in charged:
                scene.fees = tuple(fee for fee in scene.fees if fee != invoice.residual)
        return scenes, answered
