"""References: published vectors, and properties of building and cleaning them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from odoo.addons.billing_base.core import reference as ref

digits = st.text("0123456789", min_size=1, max_size=24)
schemes = st.builds(
    lambda algorithm, customer, serial: ref.Scheme(algorithm, customer, serial),
    st.sampled_from(ref.ALGORITHMS),
    st.integers(0, 11),
    st.integers(1, 12),
)


@pytest.mark.parametrize(
    ("base", "check"),
    [
        ("12345678", "2"),
        ("001001", "7"),
        ("001002", "5"),
        ("00720191224200" + "6", "3"),
    ],
)
def test_mod10_vectors(base, check):
    assert ref.mod10_digit(base) == check


@pytest.mark.parametrize(
    ("base", "check"),
    [
        ("12345678", "5"),
        ("000006", "-"),
        ("2026000017", "-"),
        ("1000123", "4"),
        ("99999", "7"),
    ],
)
def test_mod11_vectors(base, check):
    assert ref.mod11_digit(base) == check


@given(digits)
def test_mod10_is_luhn(base):
    assert ref.mod10_digit(base) == luhn.calc_check_digit(base)


@given(digits)
def test_mod11_weighted_sum_is_divisible(base):
    check = ref.mod11_digit(base)
    value = 10 if check == "-" else int(check)
    total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(base)))
    assert (total + value) % 11 == 0


def test_swedish_length_digit():
    scheme = ref.Scheme("ocr_length", 6, 8)
    assert ref.generate(scheme, "007201", "91224200") == "0072019122420063"
    assert ref.is_valid("0072019122420063", scheme)
    # a right Luhn digit does not save a wrong length digit
    assert not ref.check_passes("00720191224200" + "7" + "1", "ocr_length")
    assert ref.check_passes("00720191224200" + "7" + "1", "ocr_luhn")


def test_fixed_length_refuses_other_lengths():
    scheme = ref.Scheme("ocr_fixed", 4, 5)
    value = ref.generate(scheme, 12, 345)
    assert value[:-1] == "001200345" and luhn.is_valid(value)
    assert ref.is_valid(value, scheme)
    assert not ref.is_valid("0" + value, scheme)


@given(schemes, st.integers(0, 10**11), st.integers(0, 10**12))
def test_generated_references_are_valid(scheme, customer, serial):
    try:
        value = ref.generate(scheme, customer, serial)
    except ref.ReferenceOverflowError as error:
        assert len(error.value.lstrip("0")) > error.length
        return
    assert len(value) == scheme.length
    assert ref.is_valid(value, scheme)
    parts = ref.split(value, scheme)
    assert int(parts[0] or 0) == (customer if scheme.customer_length else 0)
    assert int(parts[1] or 0) == (serial if scheme.serial_length else 0)


def test_overflow_names_the_part():
    scheme = ref.Scheme("mod10", 3, 4)
    with pytest.raises(ref.ReferenceOverflowError, match="customer number 1000"):
        ref.generate(scheme, 1000, 1)
    with pytest.raises(ref.ReferenceOverflowError, match="serial number 10000"):
        ref.generate(scheme, 1, 10000)
    with pytest.raises(ValueError, match="not made of digits"):
        ref.generate(scheme, "12a", 1)


@pytest.mark.parametrize(
    "values",
    [("mod97", 3, 3), ("mod10", 0, 0), ("mod10", -1, 4), ("mod10", 12, 13)],
)
def test_impossible_schemes(values):
    with pytest.raises(ValueError):
        ref.Scheme(*values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KID: 0012 3456", "00123456"),
        ("kid-nr. 0012.34.56", "00123456"),
        ("OCR nummer 12345", "12345"),
        ("Ref 12345-", "12345-"),
        (" 000006 - ", "000006-"),
        ("000006\u2013", "000006-"),
        ("\uff11\uff12\uff13", "123"),
        ("12\u00a0345", "12345"),
        ("INV/2026/00001", "INV202600001"),
        ("inv-2026-00001", "INV202600001"),
        ("RF31 INV0 0000 6", "RF31INV000006"),
        ("REF ABC 12", "REFABC12"),
        ("KID", "KID"),
        ("-", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_normalise(text, expected):
    assert ref.normalise(text) == expected


@given(st.text(max_size=40))
def test_normalise_is_stable(text):
    once = ref.normalise(text)
    assert ref.compact(once) == once


@given(digits, st.sampled_from(["", "KID ", "KID: ", "ocr-nr ", "Ref."]), st.data())
def test_separators_and_words_do_not_matter(value, word, data):
    spaced = "".join(
        c + data.draw(st.sampled_from(["", " ", ".", "-"])) for c in value[:-1]
    )
    assert ref.normalise(word + spaced + value[-1]) == value


@given(st.text("0123456789AB -./", max_size=30))
def test_bucket_forgets_zeros_and_dash_only(text):
    key = ref.compact(text)
    assert ref.bucket(key) == key.rstrip("-").lstrip("0")
    assert ref.bucket("00" + key) == ref.bucket(key)
