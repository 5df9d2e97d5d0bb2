"""Which references a payment states."""

import pytest

from odoo.addons.billing_kid_match.core.queries import stated_references


def keys(*args, **kwargs):
    return [query.key for query in stated_references(*args, **kwargs)]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("00123456", ["00123456"]),
        ("KID 0012 3456", ["00123456"]),
        ("INV/2026/00001", ["INV202600001"]),
        ("000006-", ["000006-"]),
        ("O1OO0010OO04413", ["010000100004413"]),
        ("０１００００１００００４４１３", ["010000100004413"]),
        ("", []),
        (None, []),
        ("0000", []),
        (" - ", []),
    ],
)
def test_structured(reference, expected):
    assert keys(reference) == expected


def test_several_structured_ones_are_kept_once():
    assert keys("0012", ["0012", "00 34", None]) == ["0012", "0034"]


def test_a_word_before_the_number_is_kept_beside():
    [query] = stated_references("REF 00123")
    assert query.keys == ("00123", "REF00123")


def test_text_counts_only_without_structured_reference():
    assert keys("0012345", (), "KID 999999999") == ["0012345"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("010000100004413", ["010000100004413"]),
        ("KID: 0100 0010 0004 413", ["010000100004413"]),
        ("Betaling KID 010000100004413 takk", ["010000100004413"]),
        ("faktura november, kid 0100001.0000.4413 mvh", ["010000100004413"]),
        ("INV/2026/00105", ["INV202600105"]),
        ("kid O1OOOO1OOOO44l3", ["010000100004413"]),
        ("Lodd 12345", []),
        ("strøm november 2026", []),
        ("123", []),
        ("12345", ["12345"]),
        ("tlf 91234567 kid 010000100004413", ["010000100004413", "91234567"]),
        ("takk for sist", []),
    ],
)
def test_text(text, expected):
    queries = stated_references(None, (), text)
    assert [query.key for query in queries] == expected
    assert all(query.in_text for query in queries)
