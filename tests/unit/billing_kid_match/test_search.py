"""The search for damaged references misses none and invents none."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from odoo.addons.billing_base.core import reference as ref
from odoo.addons.billing_kid_match.core import search

digits = st.text("0123456789", min_size=2, max_size=24)
checks = st.sampled_from(["mod10", "mod11"])


def brute_neighbours(text, alphabet):
    found = set()
    for at in range(len(text) + 1):
        for char in alphabet:
            found.add(text[:at] + char + text[at:])
            if at < len(text):
                found.add(text[:at] + char + text[at + 1 :])
        if at < len(text):
            found.add(text[:at] + text[at + 1 :])
        found.add(text[:at] + text[at : at + 2][::-1] + text[at + 2 :])
    found.discard(text)
    return found


@given(digits)
def test_neighbours_are_all_at_one_edit(key):
    expected = {text.lstrip("0") for text in brute_neighbours(key, "0123456789")}
    assert search.neighbours(key) == expected - {"", ref.bucket(key)}


@given(digits)
@example("0990")
def test_unseen_swaps_are_those_that_the_check_digit_passes(base):
    key = base + ref.mod10_digit(base)
    swaps = {
        key[:at] + key[at : at + 2][::-1] + key[at + 2 :] for at in range(len(key) - 1)
    } - {key}
    passed = {text for text in swaps if ref.check_passes(text, "mod10")}
    assert search.unseen_swaps(key) == {text.lstrip("0") for text in passed}


@given(digits, checks)
@example("12345", "mod11")
@example("123456-", "mod11")
@example("12345678-", "mod10")
def test_valid_neighbours_are_complete(key, check):
    for length in (len(key) - 1, len(key), len(key) + 1):
        expected = {
            ref.bucket(text)
            for text in brute_neighbours(key, "0123456789-")
            if len(text) == length and ref.check_passes(text, check)
        } - {"", ref.bucket(key)}
        found = search.valid_neighbours(key, [(check, length)])
        assert found >= expected


@given(digits, checks, st.integers(4, 25))
def test_valid_neighbours_are_valid(key, check, length):
    for text in search.valid_neighbours(key, [(check, length)]):
        padded = text.zfill(length)
        dashed = text.zfill(length - 1) + "-"
        assert ref.check_passes(padded, check) or ref.check_passes(dashed, check)


@given(st.text("0123456789", min_size=4, max_size=20), checks, st.data())
def test_zeros_lost_and_one_wrong_digit(base, check, data):
    issued = "000" + base
    issued += ref.check_digit(issued, check)
    assume(issued[3] != "0" and not issued.endswith("-"))
    at = data.draw(st.integers(3, len(issued) - 1))
    digit = data.draw(st.sampled_from("123456789"))
    paid = (issued[:at] + digit + issued[at + 1 :]).lstrip("0")
    assume(ref.bucket(paid) != ref.bucket(issued))
    found = search.valid_neighbours(paid, [(check, len(issued))])
    assert ref.bucket(issued) in found
    assert ref.bucket(issued) in search.neighbours(paid)


def test_letters():
    found = search.neighbours("INV202600001")
    assert {"INW202600001", "INV20260001", "INV202600011", "IVN202600001"} <= found
    assert not search.valid_neighbours("INV202600001", [("mod10", 12)])


def test_pruning_leaves_one_in_ten():
    key = "123456789012345678"
    every = search.neighbours(key)
    valid = search.valid_neighbours(key, [("mod10", n) for n in (17, 18, 19)])
    assert valid < every
    assert len(valid) < len(every) / 7


@given(st.text("0123456789", min_size=8, max_size=22), checks, st.data())
def test_base_neighbours_differ_in_one_base_digit(base, check, data):
    key = base + ref.check_digit(base, check)
    found = search.base_neighbours(key, check)
    at = data.draw(st.integers(0, len(base) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    other = base[:at] + digit + base[at + 1 :]
    assume(other != base)
    assert ref.bucket(other + ref.check_digit(other, check)) in found
    assert len(found) <= 9 * len(base)


@pytest.mark.parametrize("key", ["", "1", "-", "A1B2"])
def test_base_neighbours_of_nothing(key):
    assert search.base_neighbours(key, "mod10") == set()


@st.composite
def twice_damaged(draw):
    issued = draw(st.text("0123456789", min_size=8, max_size=25))
    paid = issued
    for _ in range(2):
        at = draw(st.integers(0, len(paid) - 1))
        kind = draw(st.sampled_from(["missing", "extra", "wrong"]))
        digit = draw(st.sampled_from("0123456789"))
        tail = paid[at:] if kind == "extra" else paid[at + 1 :]
        paid = paid[:at] + ("" if kind == "missing" else digit) + tail
    return paid, issued


@given(twice_damaged())
def test_a_third_survives_two_edits(pair):
    paid, issued = pair
    assume(issued[0] != "0" and not paid.startswith("0"))
    survivors = {(i, len(issued), p) for i, p in enumerate(search.pieces(issued))}
    assert survivors & set(search.probes(paid))


@given(st.text("0123456789", min_size=8, max_size=25), st.data())
def test_a_third_survives_a_swap(issued, data):
    at = data.draw(st.integers(0, len(issued) - 2))
    paid = issued[:at] + issued[at + 1] + issued[at] + issued[at + 2 :]
    assert OSA.distance(paid, issued) <= 1
    assume(issued[0] != "0" and not paid.startswith("0"))
    survivors = {(i, len(issued), p) for i, p in enumerate(search.pieces(issued))}
    assert survivors & set(search.probes(paid))


@given(digits)
def test_few_probes(key):
    assert len(list(search.probes(key))) <= 31
