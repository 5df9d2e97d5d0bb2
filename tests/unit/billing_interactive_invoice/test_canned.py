from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import canned


def test_places_are_filled():
    text = "Hi {first_name}, invoice { Invoice } is due {due}."
    values = {"first_name": "Kari", "invoice": "INV/1", "due": "1 December"}
    assert canned.render(text, values) == "Hi Kari, invoice INV/1 is due 1 December."


def test_a_place_without_a_value_shows():
    assert canned.render("{reference}", {"reference": ""}) == "{reference}"


def test_what_comes_in_is_not_filled_again():
    assert canned.render("{customer}", {"customer": "{amount}"}) == "{amount}"


def test_places_nobody_knows_are_named_once():
    assert canned.unknown("{amount} {amout} {AMOUT} {x.y}") == ["amout"]


@given(text=st.text(max_size=200))
def test_text_without_places_stays_as_it_is(text):
    if not canned.unknown(text):
        assert canned.render(text, {}) == text
