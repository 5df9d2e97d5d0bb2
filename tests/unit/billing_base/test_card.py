from odoo.addons.billing_base.core.card import Card, ordered


def test_cards_come_by_sequence_then_code():
    late = Card("a.t", sequence=90, code="a")
    second = Card("b.t", sequence=10, code="z")
    first = Card("c.t", sequence=10, code="b")
    assert ordered([late, second, first]) == [first, second, late]


def test_order_does_not_depend_on_who_came_first():
    cards = [Card(f"t.{n}", {"n": n}, code=str(n)) for n in range(5)]
    assert ordered(cards) == ordered(reversed(cards))


def test_card_without_place_is_in_the_middle():
    card = Card("a.t")
    assert (card.sequence, card.values, card.code) == (50, {}, "")
