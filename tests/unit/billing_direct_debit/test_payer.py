"""By what banks know a payer."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.reference import mod10_digit
from odoo.addons.billing_direct_debit.core import payer
from odoo.addons.billing_direct_debit.core.payer import PayerError

TODAY = date(2026, 11, 2)
digits = st.text("0123456789", min_size=1, max_size=12)


def personal(day, serial):
    return day + serial + mod10_digit(day[-6:] + serial)


# === PERSONAL AND ORGANISATION NUMBERS === #


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("811218-9876", "198112189876"),
        ("8112189876", "198112189876"),
        ("19811218-9876", "198112189876"),
        ("198112189876", "198112189876"),
        # A hundred years of age and more.
        ("240229+1237", "192402291237"),
        ("20240229-1237", "202402291237"),
        # Co-ordination number: the 61st is the first.
        ("701063-2391", "197010632391"),
        # Organisations.
        ("556036-0793", "005560360793"),
        ("16556036-0793", "005560360793"),
        ("005560360793", "005560360793"),
        (" 811218 - 9876 ", "198112189876"),
    ],
)
def test_identity(written, read):
    assert payer.identity(written, TODAY) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        None,
        "811218-9875",  # check digit
        "811318-9874",  # no such month
        "810230-9871",  # no such day
        "19811218",
        "81121898765",
        "abcdef-ghij",
        "٨١١٢١٨9876",  # digits of another script
        "20811218-9876",  # not born yet
    ],
)
def test_no_identity(written):
    with pytest.raises(PayerError) as caught:
        payer.identity(written, TODAY)
    assert caught.value.code == "identity"


@given(st.dates(date(1930, 1, 1), TODAY), st.integers(0, 999))
def test_twelve_digits_are_kept(born, serial):
    number = f"{born:%Y%m%d}{serial:03d}"
    number += mod10_digit(number[2:])
    assert payer.identity(number, TODAY) == number


@given(st.dates(date(1927, 1, 1), TODAY), st.integers(0, 999))
def test_the_century_of_ten_digits(born, serial):
    number = f"{born:%y%m%d}{serial:03d}"
    number += mod10_digit(number)
    assert payer.identity(number, TODAY)[:8] == f"{born:%Y%m%d}"


def test_one_wrong_digit_is_found():
    right = "8112189876"
    for place in range(10):
        for digit in "0123456789":
            wrong = right[:place] + digit + right[place + 1 :]
            if wrong != right:
                with pytest.raises(PayerError):
                    payer.identity(wrong, TODAY)


def test_identities_of_records():
    assert payer.plain_identity("198112189876") == "198112189876"
    assert payer.plain_identity("995560360793") == "005560360793"
    assert payer.plain_identity("") is None
    assert payer.plain_identity("000000000000") is None
    assert payer.plain_identity(None) is None


# === BANKGIRO === #


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("5050-1055", "50501055"),
        ("991-2346", "9912346"),
        ("0009912346", "9912346"),
    ],
)
def test_bankgiro(written, read):
    assert payer.bankgiro(written) == read


@pytest.mark.parametrize("written", ["", None, "5050-1056", "123", "505010551234", "x"])
def test_no_bankgiro(written):
    with pytest.raises(PayerError) as caught:
        payer.bankgiro(written)
    assert caught.value.code == "bankgiro"


# === NUMBERS OF OURS === #


def test_the_first_payer_number_is_the_customer_number():
    assert payer.payer_number("10023") == "10023"
    assert payer.payer_number("0010023") == "10023"


def test_another_payer_number_is_nobody_elses():
    second = payer.payer_number("10023", {"10023"})
    assert second == "9020000000010023"
    assert payer.payer_number("10023", {"10023", second}) == "9030000000010023"


@given(st.lists(digits.filter(lambda text: text.strip("0")), unique_by=int))
def test_payer_numbers_are_never_given_twice(customers):
    """Three mandates each, whatever numbers customers have."""
    taken = {number.lstrip("0") for number in customers}
    given_out = set()
    for customer in customers:
        for _again in range(2):
            number = payer.payer_number(customer, taken | given_out)
            assert number not in taken | given_out
            assert len(number) <= 16
            assert not number.startswith("0")
            given_out.add(number)


def test_payer_numbers_end_some_day():
    taken = {"7"} | {f"9{again:02d}{'7'.zfill(13)}" for again in range(2, 100)}
    with pytest.raises(ValueError, match="no payer number left"):
        payer.payer_number("7", taken)
    with pytest.raises(ValueError, match="no payer number"):
        payer.payer_number("0")


@pytest.mark.parametrize(
    ("kid", "length", "part"),
    [
        ("  00012340000017", 7, "0001234"),
        ("00012340000017   ", 7, "0001234"),
        ("1234-", 3, "123"),
    ],
)
def test_kid_part(kid, length, part):
    assert payer.kid_part(kid, length) == part


@pytest.mark.parametrize(
    ("kid", "length"), [("1234567", 7), ("12A4567", 5), ("", 3), ("123", 0)]
)
def test_no_kid_part(kid, length):
    with pytest.raises(ValueError, match="fixed part"):
        payer.kid_part(kid, length)


def test_an_account_is_shown_by_its_end():
    assert payer.masked("1234000000567890") == "•••• 7890"
    assert payer.masked("123") == ""
    assert payer.masked("") == ""
    assert payer.split_account("1234000000567890") == ("1234", "567890")
