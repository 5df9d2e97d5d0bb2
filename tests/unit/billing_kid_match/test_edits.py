"""Edits between paid and issued references, with rapidfuzz as the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from odoo.addons.billing_kid_match.core import edits

references = st.text("0123", min_size=1, max_size=12)
long_references = st.text("0123456789", min_size=2, max_size=25)


@st.composite
def damaged(draw, most=2):
    issued = draw(long_references)
    paid = issued
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(paid) - 1)) if paid else 0
        kind = draw(st.sampled_from(["missing", "extra", "wrong", "swapped"]))
        digit = draw(st.sampled_from("0123456789"))
        if kind == "missing":
            paid = paid[:at] + paid[at + 1 :]
        elif kind == "extra":
            paid = paid[:at] + digit + paid[at:]
        elif kind == "wrong":
            paid = paid[:at] + digit + paid[at + 1 :]
        else:
            paid = paid[:at] + paid[at : at + 2][::-1] + paid[at + 2 :]
    return paid, issued


def only(paid, issued):
    explanation = edits.explain(paid, issued)
    assert len(explanation.edits) == 1 and not explanation.zeros
    return explanation.edits[0]


def test_missing():
    edit = only("1234567", "12345967")
    assert (edit.kind, edit.position, edit.should) == (edits.MISSING, 6, "9")


def test_extra():
    edit = only("12345967", "1234567")
    assert (edit.kind, edit.position, edit.was) == (edits.EXTRA, 6, "9")


def test_wrong():
    edit = only("1234067", "1234567")
    assert (edit.kind, edit.position, edit.was, edit.should) == (
        edits.WRONG,
        5,
        "0",
        "5",
    )


def test_swapped():
    edit = only("1324567", "1234567")
    assert (edit.kind, edit.position, edit.was, edit.should) == (
        edits.SWAPPED,
        2,
        "32",
        "23",
    )


def test_zeros():
    assert edits.explain("123", "000123") == edits.Explanation((), 3)
    assert edits.explain("000123", "123") == edits.Explanation((), -3)
    mixed = edits.explain("12945", "00012345")
    assert mixed.zeros == 3 and mixed.distance == 1
    assert mixed.edits[0].position == 6


def test_lost_dash_of_mod11():
    edit = only("000006", "000006-")
    assert (edit.kind, edit.position, edit.should) == (edits.MISSING, 7, "-")


def test_too_far():
    assert edits.explain("111111", "222222") is None
    assert edits.explain("1", "12345") is None


@pytest.mark.parametrize("issued", ["", "0", "000", "INV202600001"])
def test_equal(issued):
    assert edits.explain(issued, issued) == edits.Explanation()


@given(references, references)
def test_distance_is_osa_or_better_by_zeros(paid, issued):
    explanation = edits.explain(paid, issued)
    osa = OSA.distance(paid, issued)
    bare = OSA.distance(paid.lstrip("0"), issued.lstrip("0"))
    if explanation is None:
        assert osa > 2
        assert bare > 2 or not paid.lstrip("0") or not issued.lstrip("0")
    elif explanation.zeros:
        assert explanation.distance == bare < osa
    else:
        assert explanation.distance == osa


@given(damaged())
def test_repair_gives_the_issued_reference(pair):
    paid, issued = pair
    explanation = edits.explain(paid, issued)
    if explanation is None:  # the second slip fell into the first
        assert OSA.distance(paid, issued) > 2
    else:
        assert edits.repair(paid, explanation) == issued


@given(references, references)
def test_repair_of_anything_explained(paid, issued):
    explanation = edits.explain(paid, issued)
    if explanation is not None:
        assert edits.repair(paid, explanation) == issued


@given(damaged())
def test_alignment_holds_both_references(pair):
    paid, issued = pair
    explanation = edits.explain(paid, issued)
    if explanation is None:
        return
    pairs = edits.alignment(paid, issued, explanation)
    assert "".join(p for p, _, _ in pairs) == paid
    assert "".join(i for _, i, _ in pairs) == issued
    for was, should, kind in pairs:
        assert (was == should) == (kind == edits.SAME)
