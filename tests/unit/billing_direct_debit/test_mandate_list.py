"""Lists of mandates that another system kept."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core.mandate_list import (
    HEADINGS,
    Row,
    RowError,
    find_columns,
    find_headings,
    one_column,
    read_row,
)

TODAY = date(2026, 11, 2)


def read(**cells):
    columns = {name: place for place, name in enumerate(cells)}
    return read_row(7, list(cells.values()), columns, TODAY)


# === HEADINGS === #


def test_headings_in_any_dress():
    assert find_columns(["Kunde-nr.", "KID", "Skriftlig varsel", "Avtaledato"]) == {
        "customer": 0,
        "kid": 1,
        "notice": 2,
        "signed": 3,
    }
    assert find_columns(["Betalarnummer", None, "CLEARINGNR", "Konto", "Person-/orgnr"])


@pytest.mark.parametrize(
    "cells", [[], [None, ""], ["Name", "Town"], ["Konto", "Personnummer"], [1, 2]]
)
def test_no_headings(cells):
    """A table that never says whose mandate a row is, is no list."""
    assert find_columns(cells) == {}


def test_no_heading_means_two_columns():
    names = [name for names in HEADINGS.values() for name in names]
    assert len(names) == len(set(names))


def test_headings_below_a_title():
    rows = [(1, ["Avtaler per 1. mars"]), (2, []), (3, ["KID", "Varsel"]), (4, ["1"])]
    assert find_headings(rows) == (3, {"kid": 0, "notice": 1})
    assert find_headings(rows[:2]) == (0, {})


def test_a_list_of_one_column():
    rows = list(one_column("KID\r\n123\r\n".encode("utf-8-sig")))
    assert rows == [(1, ["KID"]), (2, ["123"])]
    assert list(one_column("Kundenr (ø)\n1".encode("latin-1")))[1] == (2, ["1"])


# === ROWS === #


def test_a_norwegian_row():
    row = read(
        customer="10023",
        kid="0010023 0000017",
        notice="Ja",
        signed="15.03.2024",
        limit="5 000,00",
    )
    assert row == Row(
        7,
        customer="10023",
        kid="00100230000017",
        written_notice=True,
        signed_on=date(2024, 3, 15),
        limit=5000,
    )


def test_a_swedish_row():
    row = read(
        payer_number="0000000000010023",
        clearing="8327-9",
        account="123 456 789-0",
        identity="811218-9876",
        signed=datetime(2024, 3, 15, 12),
    )
    assert row == Row(
        7,
        payer_number="10023",
        bank_account="8327001234567890",
        payer_identity="198112189876",
        signed_on=date(2024, 3, 15),
    )


def test_numbers_of_a_spreadsheet():
    assert read(customer=10023.0, payer_number=10023, limit=5000.0) == Row(
        7, customer="10023", payer_number="10023", limit=5000
    )


def test_notice_is_yes_no_or_not_said():
    assert read(kid="1", notice="Nei").written_notice is False
    assert read(kid="1", notice="").written_notice is None
    assert read(kid="1").written_notice is None


def test_an_account_as_in_files():
    assert read(kid="1", account="6000000001234567").bank_account == "6000000001234567"


def test_empty_rows_are_no_mandates():
    assert read(kid=None, notice="", customer=" ") is None
    assert read_row(3, [], {"kid": 4}, TODAY) is None


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("kid", {"kid": "12A4"}),
        ("kid", {"kid": "0000"}),
        ("kid", {"kid": "1" * 26}),
        ("kid", {"kid": "", "notice": "J"}),
        ("payer_number", {"payer_number": "1" * 17}),
        ("clearing", {"kid": "1", "account": "1234567"}),
        ("clearing", {"kid": "1", "clearing": "12", "account": "1234567"}),
        ("account", {"kid": "1", "clearing": "6000", "account": "x"}),
        ("account", {"kid": "1", "clearing": "6000", "account": ""}),
        ("account", {"kid": "1", "clearing": "6000", "account": "1" * 13}),
        ("account", {"kid": "1", "clearing": "6000", "account": "1" * 5000}),
        ("clearing", {"kid": "1", "clearing": "0600", "account": "1234567"}),
        ("clearing", {"kid": "1", "account": "0600000001234567"}),
        ("identity", {"kid": "1", "identity": "811218-9875"}),
        ("bankgiro", {"bankgiro": "5050-1056"}),
        ("notice", {"kid": "1", "notice": "kanskje"}),
        ("signed", {"kid": "1", "signed": "31.02.2024"}),
        ("limit", {"kid": "1", "limit": "mye"}),
        ("limit", {"kid": "1", "limit": "-5"}),
    ],
)
def test_wrong_cells_are_named(column, cells):
    with pytest.raises(RowError) as caught:
        read(**cells)
    assert caught.value.column == column


values = st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.dates()


@given(st.lists(values, max_size=12), st.permutations(list(HEADINGS)))
def test_whatever_stands_there(cells, order):
    """Any row is a mandate, nothing, or an error that names a column."""
    columns = {name: place for place, name in enumerate(order)}
    try:
        row = read_row(1, cells, columns, TODAY)
    except RowError as error:
        assert error.column in HEADINGS
    else:
        if row:
            assert row.kid or row.payer_number or row.customer or row.payer_bankgiro
            assert len(row.bank_account) in (0, 16)
            assert len(row.payer_identity) in (0, 12)
