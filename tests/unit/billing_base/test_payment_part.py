"""How accounts and references are shown on an invoice, and its QR code."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import payment_part


@pytest.mark.parametrize(
    ("number", "country", "kind", "shown"),
    [
        ("15035149098", "NO", payment_part.NORWEGIAN, "1503 51 49098"),
        ("1503.51.49098", "NO", payment_part.NORWEGIAN, "1503 51 49098"),
        ("5050-1055", "SE", payment_part.BANKGIRO, "5050-1055"),
        ("991-2346", "SE", payment_part.BANKGIRO, "991-2346"),
        ("9912346", "SE", payment_part.BANKGIRO, "991-2346"),
        ("9912345", "SE", payment_part.OTHER, "9912345"),
        ("12 34 56-7", "SE", payment_part.PLUSGIRO, "12 34 56-7"),
        ("123456-7", "SE", payment_part.PLUSGIRO, "12 34 56-7"),
        ("NO9386011117947", "NO", payment_part.IBAN, "NO93 8601 1117 947"),
        ("SE45 5000 0000 0583 9825 7466", "SE", payment_part.IBAN,
         "SE45 5000 0000 0583 9825 7466"),
        ("", "NO", payment_part.OTHER, ""),
    ],
)  # fmt: skip
def test_accounts_are_shown_as_banks_print_them(number, country, kind, shown):
    account = payment_part.account(number, country)
    assert (account.kind, account.shown) == (kind, shown)


@given(st.text("0123456789", min_size=1, max_size=25))
def test_a_reference_loses_nothing_when_shown(reference):
    assert payment_part.reference_shown(reference).replace(" ", "") == reference


def test_a_reference_is_grouped_from_its_check_digit():
    assert payment_part.reference_shown("0010017") == "00 10017"
    assert payment_part.reference_shown("2026000017-") == "2 02600 0017-"
    assert payment_part.reference_shown("RF31 INV0") == "RF31 INV0"


def test_using_qr_holds_what_a_bank_needs():
    text = payment_part.using_qr(
        payee="Fjordljus AB",
        registry="556677-8899",
        country="SE",
        reference="0072019122420063",
        issued=date(2026, 11, 1),
        due=date(2026, 12, 1),
        amount=1249.0,
        currency="SEK",
        to=payment_part.account("5050-1055", "SE"),
    )
    assert json.loads(text) == {
        "uqr": 1,
        "tp": 1,
        "nme": "Fjordljus AB",
        "cc": "SE",
        "cid": "556677-8899",
        "iref": "0072019122420063",
        "idt": "20261101",
        "ddt": "20261201",
        "due": 1249.0,
        "cur": "SEK",
        "pt": "BG",
        "acc": "5050-1055",
    }
