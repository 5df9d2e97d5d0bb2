"""Numbers in the texts of payments, and what kind they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_kid_match.core import subsets, texts


def found(text):
    return [(m.digits, m.role, m.year) for m in texts.mentions([text])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KID: 0012 3456 789", ("00123456789", "reference", 0)),
        ("INV/2026/00105", ("00105", "invoice", 2026)),
        ("2026 105", ("105", "invoice", 2026)),
        ("INV202600105", ("00105", "invoice", 2026)),
        ("fakturanr 105", ("105", "invoice", 0)),
        ("faktura 105 og 106", ("106", "invoice", 0)),
        ("kundenr 10023 strøm nov 2026", ("10023", "customer", 0)),
        ("målernr 7359992890012345", ("7359992890012345", "meter", 0)),
        ("tlf 912 34 567", ("91234567", "phone", 0)),
        ("OO12345l678", ("00123451678", "", 0)),
        ("０１２３４５６", ("0123456", "", 0)),
    ],
)
def test_mentions(text, expected):
    assert expected in found(text)


@pytest.mark.parametrize(
    "text", ["strøm november 2026", "betalt 12.11.2026", "kr 499,00", "1 249,00 kr", ""]
)
def test_dates_amounts_and_years_are_no_numbers(text):
    assert found(text) == []


def test_oslo_stays_oslo():
    assert texts.plain("Oslo Sollia") == "Oslo Sollia"


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_is_read(lines):
    for mention in texts.mentions(lines):
        assert mention.digits.strip("-").isdecimal()
        assert mention.digits.isascii()


@given(
    st.lists(st.integers(-500, 2000).filter(bool), min_size=2, max_size=8),
    st.data(),
)
def test_subsets_add_up(amounts, data):
    places = data.draw(
        st.sets(st.integers(0, len(amounts) - 1), min_size=2, max_size=len(amounts))
    )
    total = sum(amounts[at] for at in places)
    for subset in subsets.subsets(amounts, total):
        assert sum(amounts[at] for at in subset.places) == total
        assert len(subset.places) > 1
        assert list(subset.places) == sorted(set(subset.places))


def test_the_oldest_and_all_are_told_apart():
    kinds = {
        subset.places: subset.kind for subset in subsets.subsets([100, 200, 300], 300)
    }
    assert kinds == {(0, 1): subsets.OLDEST}
    [whole] = subsets.subsets([100, 200, 300], 600)
    assert whole.kind == subsets.ALL
