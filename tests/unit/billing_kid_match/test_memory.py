import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_kid_match.core import memory


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("1503 51 49098", "15035149098"),
        ("no93 8601 1117 947", "NO9386011117947"),
        ("", ""),
        (None, ""),
    ],
)
def test_accounts_are_letters_and_digits(written, key):
    assert memory.account_key(written) == key


@given(st.text(max_size=40))
def test_an_account_key_stays_itself(text):
    key = memory.account_key(text)
    assert memory.account_key(key) == key


def test_the_customers_own_name_needs_no_memory():
    assert memory.payer_key("HANSEN KARI", ["Kari Hansen"]) == ""
    assert memory.payer_key("HANSEN KARI", ["Ola Hansen", None]) == "hansen kari"
    assert memory.payer_key(None, ["Ola Hansen"]) == ""
    assert memory.payer_key("  12 ", ["Ola Hansen"]) == ""


@pytest.mark.parametrize(
    ("reference", "others", "issued", "expected"),
    [
        ("1234567", [], ["1234567"], True),
        ("KID 1234567", [], ["1234567"], True),
        ("123 4567", [], ["1234567"], True),
        ("1234567", ["1234567", "7654321"], ["7654321", "1234567"], True),
        ("1234567", ["1234567"], ["7654321", "1234567"], False),
        ("1234568", [], ["1234567"], False),
        ("001234567", [], ["1234567"], False),
        (None, [], ["1234567"], False),
        ("1234567", [], [], False),
        ("1234567", [], ["1234567", None], False),
    ],
)
def test_only_exact_structured_references_name_invoices(
    reference, others, issued, expected
):
    assert memory.names_all(reference, others, issued) is expected


def test_a_habit_is_not_made_by_one_forgotten_invoice():
    assert memory.habit_delay(400) == memory.LATEST
    assert memory.habit_delay(-400) == memory.EARLIEST
    assert memory.habit_delay(3) == 3
