"""QR codes as drawings."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import qr

RECTANGLE = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


@settings(max_examples=10)
@given(st.text(min_size=1, max_size=120))
def test_the_drawing_is_the_code(text):
    rows = qr.modules(text)
    root = ElementTree.fromstring(qr.svg(text))
    side = len(rows) + 2 * qr.QUIET
    assert root.get("viewBox") == f"0 0 {side} {side}"
    path = root[1].get("d")
    assert RECTANGLE.sub("", path) == ""
    dark = set()
    for x, y, length, back in RECTANGLE.findall(path):
        assert length == back
        dark |= {(int(x) + more, int(y)) for more in range(int(length))}
    assert dark == {
        (x + qr.QUIET, y + qr.QUIET)
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    }


def test_a_code_has_its_three_corners():
    rows = qr.modules("https://example.com/nb_NO/my/invoices/4711")
    finder = [
        "1111111",
        "1000001",
        "1011101",
        "1011101",
        "1011101",
        "1000001",
        "1111111",
    ]

    def corner(top, left):
        return [
            "".join(str(int(rows[top + y][left + x])) for x in range(7))
            for y in range(7)
        ]

    far = len(rows) - 7
    assert corner(0, 0) == corner(0, far) == corner(far, 0) == finder
    assert corner(far, far) != finder


def test_too_much_text_says_so():
    with pytest.raises(ValueError):
        qr.svg("9" * 10_000)
