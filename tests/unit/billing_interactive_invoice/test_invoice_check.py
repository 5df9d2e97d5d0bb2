from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import invoice_check

amounts = st.decimals(
    min_value=Decimal("0.01"), max_value=Decimal("99999999.99"), places=2
)


@given(amounts)
def test_an_amount_is_understood_however_it_is_written(value):
    norwegian = f"{value:,.2f}".replace(",", " ").replace(".", ",")
    swedish = norwegian.replace(" ", "\u00a0")
    continental = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    for written in (
        f"{value:.2f}",
        f"{value:,.2f}",
        norwegian,
        swedish,
        continental,
        f"{norwegian} kr",
        f"kr {norwegian}",
        f"NOK {value:.2f}",
    ):
        assert invoice_check.amount(written) == value, written


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1249", "1249"),
        ("1249,-", "1249"),
        ("1 249,–", "1249"),
        ("1.249", "1249"),
        ("1,249", "1249"),
        ("12.5", "12.5"),
        ("kr. 12,50", "12.50"),
        ("12,50 €", "12.50"),
        ("1'249.00", "1249"),
    ],
)
def test_short_forms(typed, value):
    assert invoice_check.amount(typed) == Decimal(value)


@pytest.mark.parametrize(
    "typed",
    ["", "0", "-5", "1e5", "NaN", "Infinity", "12,345.6789", "1,2,3", "12.345,6.7", "x"]
    + ["1" * 13, "١٢", "1" * 100, None, ["12"]],
)
def test_what_is_no_amount(typed):
    assert invoice_check.amount(typed) is None


@given(st.text(max_size=80))
def test_nothing_that_is_typed_breaks_it(text):
    value = invoice_check.amount(text)
    assert value is None or value > 0
    assert all(len(kept) <= 64 and kept for kept in invoice_check.references(text))
    assert not set(invoice_check.account(text)) - set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1000 0126 003", ("10000126003", "1000 0126 003")),
        (" 10000126003 ", ("10000126003",)),
        ("RF31\u00a0INV0 0000 6", ("RF31INV000006", "RF31 INV0 0000 6")),
        ("1000-0126.003", ("10000126003", "1000-0126.003")),
        ("INV/2026/00105", ("INV/2026/00105",)),
        ("7", ("7",)),
        ("<script>", ()),
        ("%", ()),
        ("å", ()),
        ("-", ()),
        ("", ()),
        ("1" * 65, ()),
        (None, ()),
    ],
)
def test_references(typed, kept):
    assert invoice_check.references(typed) == kept


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1234.56.78903", "12345678903"),
        ("123-4567", "1234567"),
        ("no93 8601 1117 947", "NO9386011117947"),
        (None, ""),
        ("1" * 65, ""),
    ],
)
def test_accounts(typed, value):
    assert invoice_check.account(typed) == value


@pytest.mark.parametrize(
    ("kept", "typed", "same"),
    [
        ("12345678903", "12345678903", True),
        ("NO9386011117947", "86011117947", True),
        ("86011117947", "NO9386011117947", True),
        ("12345678903", "12345678904", False),
        ("12345678903", "5678903", False),
        ("", "", False),
        ("12345678903", "", False),
    ],
)
def test_one_account_or_two(kept, typed, same):
    assert invoice_check.is_same_account(kept, typed) is same
