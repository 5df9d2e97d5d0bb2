"""Any text fits a field of ISO-8859-1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core.latin1 import UNPRINTABLE, fit


@given(st.text(), st.integers(0, 80))
def test_what_fits_is_printable_and_short_enough(text, width):
    fitted = fit(text, width)
    assert len(fitted) <= width
    assert not UNPRINTABLE.search(fitted)
    assert fitted.encode("iso-8859-1").decode("iso-8859-1") == fitted
    assert fit(fitted, width) == fitted


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("Åse Bjørkå", "Åse Bjørkå"),
        ("A\u030ase", "Åse"),
        ("Máret Čáhput", "Máret Cáhput"),
        ("Áŋŋá Đŧ", "Ánná Dt"),
        ("Łukasz Żak", "Lukasz Zak"),
        ("«Strøm» – 12\xa0kr…", "«Strøm» - 12 kr..."),
        ("20 €", "20 EUR"),
        ("Li 李", "Li ?"),
        ("a\u200bb\x85c\x00d\nе", "abcd ?"),
        ("100 m\u00b2 \u2126", "100 m² ?"),
        ("  x  ", "  x"),
        ("", ""),
    ],
)
def test_letters_without_a_place_lose_their_accent(text, fitted):
    assert fit(text, 40) == fitted


def test_cut_at_the_width():
    assert fit("Kraftselskapet Nord", 15) == "Kraftselskapet"
    assert fit("€€€€", 10) == "EUREUREURE"
