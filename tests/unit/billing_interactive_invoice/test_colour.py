import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import colour

colours = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@given(colours, st.booleans())
def test_every_colour_becomes_one_that_can_be_read(value, dark):
    used = colour.shades(value, dark=dark)
    grounds = (
        (colour.DARK, colour.DARK_PAGE) if dark else (colour.LIGHT, colour.LIGHT_PAGE)
    )
    for ground in grounds:
        assert colour.contrast(used.fill, ground) >= colour.TEXT
    assert colour.contrast(used.on_fill, used.fill) >= colour.TEXT


@given(colours)
def test_a_colour_that_can_be_read_is_left_as_it_is(value):
    if all(
        colour.contrast(value, ground) >= colour.TEXT
        for ground in (colour.LIGHT, colour.LIGHT_PAGE)
    ):
        assert colour.shades(value, dark=False).fill == value


@given(colours, colours)
def test_contrast_is_from_one_to_twenty_one_both_ways(one, other):
    assert 1 <= colour.contrast(one, other) <= 21.001
    assert colour.contrast(one, other) == colour.contrast(other, one)


def test_contrast_as_the_standard_has_it():
    assert colour.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colour.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(st.text(max_size=12))
def test_nothing_but_a_colour_gets_into_the_style_sheet(text):
    parsed = colour.parse(text)
    assert parsed is None or re.fullmatch(r"#[0-9a-f]{6}", parsed)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("#17527A", "#17527a"),
        (" 17527a ", "#17527a"),
        ("#abc", "#aabbcc"),
        ("#abc;}body{display:none", None),
        ("rgb(1,2,3)", None),
        ("", None),
        (False, None),
        (None, None),
    ],
)
def test_parse(text, parsed):
    assert colour.parse(text) == parsed


def test_the_style_sheet_has_light_dark_and_paper():
    sheet = colour.style_sheet("#ffcc00")
    assert sheet.count("--k-brand:") == 3
    assert "prefers-color-scheme:dark" in sheet
    assert "@media print" in sheet
