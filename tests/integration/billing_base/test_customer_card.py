"""Customer cards: every addon adds its own, in one order for all."""

from unittest.mock import patch

from odoo.addons.billing_base.core.card import Card

from .common import BillingBaseCase


class TestCustomerCard(BillingBaseCase):
    def test_there_are_no_cards_to_begin_with(self):
        invoices = self._new_invoices(count=2)
        self.assertEqual(
            invoices._billing_customer_cards(), {move.id: [] for move in invoices}
        )

    def test_cards_of_addons_come_in_order(self):
        invoices = self._new_invoices(count=2)
        move_class = self.env.registry["account.move"]
        original = move_class._billing_customer_cards

        def _billing_customer_cards(moves):
            cards = original(moves)
            for move in moves:
                cards[move.id].append(Card("x.late", sequence=80, code="late"))
                cards[move.id].append(
                    Card("x.early", {"name": move.name}, sequence=10, code="early")
                )
            return cards

        with patch.object(
            move_class, "_billing_customer_cards", _billing_customer_cards
        ):
            cards = invoices._billing_ordered_customer_cards()
        for invoice in invoices:
            self.assertEqual(
                [card.code for card in cards[invoice.id]], ["early", "late"]
            )
            self.assertEqual(cards[invoice.id][0].values, {"name": invoice.name})
