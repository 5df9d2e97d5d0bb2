from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core.typed import read_amount, read_day


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1249", 124900),
        ("1249,5", 124950),
        ("1249.50", 124950),
        ("1 249,50", 124950),
        ("1\u00a0249,50 kr", 124950),
        ("kr 1.249,50", 124950),
        ("1,249.50", 124950),
        ("1.249", 124900),
        ("1 249 000", 124900000),
        ("1.249.000,00", 124900000),
        ("500,-", 50000),
        ("500 :-", 50000),
        ("NOK 12", 1200),
        ("0", 0),
        ("12,500", 1250000),
        ("", None),
        (None, None),
        ("-5", None),
        ("1e5", None),
        ("12,345,6", None),
        ("1249,555", None),
        ("٣", None),
        ("1" * 60, None),
        ("abc", None),
    ],
)
def test_amounts_as_people_write_them(text, amount):
    assert read_amount(text, 100) == amount


def test_currency_without_coins():
    assert read_amount("500", 1) == 500
    assert read_amount("500,00", 1) == 500
    assert read_amount("500,5", 1) is None


@given(
    st.integers(0, 10**11),
    st.sampled_from(["", " ", "\u00a0", "'", "."]),
    st.sampled_from(["", " kr", ",-"]),
)
def test_any_way_of_writing_is_read_back(minor, group, tail):
    wholes, coins = divmod(minor, 100)
    text = f"{wholes:,}".replace(",", group)
    text += f",{coins:02d}" if tail != ",-" else ""
    assert read_amount(text + tail, 100) == (minor if tail != ",-" else wholes * 100)


@given(st.text(max_size=30))
def test_no_text_is_too_much(text):
    amount = read_amount(text, 100)
    assert amount is None or amount >= 0
    day = read_day(text)
    assert day is None or isinstance(day, date)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        (" 1.12.2026 ", date(2026, 12, 1)),
        ("1/12/2026", date(2026, 12, 1)),
        ("31.02.2026", None),
        ("12.2026", None),
        ("", None),
        (None, None),
    ],
)
def test_days_as_people_write_them(text, day):
    assert read_day(text) == day
