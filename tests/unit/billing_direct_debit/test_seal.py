"""The seal: published values reproduced, and whatever is changed seen."""

import hashlib
import hmac
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core.seal import (
    Seal,
    SealError,
    normalised,
    sealed,
)

# The key, and its check value, of Bankgirot's description of the seal.
KEY = "1234567890ABCDEF1234567890ABCDEF"
CHECK = "FF365893D899291C3BF505FB3175E880"
DAY = date(2024, 4, 29)


def test_check_value_of_the_published_key():
    assert Seal(KEY).check_value() == Seal(KEY.lower()).check_value() == CHECK


def test_letters_become_seven_bits():
    text = "ÉÄÖÅÜéäöåü".encode("iso-8859-1")
    assert normalised(text) == b"@[\\]^`{|}~"
    assert normalised(b" ~\r\n\t\x00\xff\xc3") == b" ~\xc3\xc3\xc3\xc3"


@given(st.lists(st.binary(max_size=120), max_size=8))
def test_pieces_seal_like_the_whole(parts):
    pieces, whole = Seal(KEY), Seal(KEY)
    for part in parts:
        pieces.add(part)
    data = b"".join(parts)
    whole.add(data)
    expected = hmac.new(bytes.fromhex(KEY), normalised(data), hashlib.sha256)
    assert pieces.value() == whole.value() == expected.hexdigest().upper()[:32]


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_line_ends_do_not_count(parts):
    with_ends, without = Seal(KEY), Seal(KEY)
    for part in parts:
        with_ends.add(part + b"\r\n")
        without.add(part.replace(b"\r", b"").replace(b"\n", b""))
    assert with_ends.value() == without.value()


def test_the_records_around():
    lines = list(sealed([b"01x\r\n"], KEY, DAY))
    assert lines[0] == b"00240429HMAC" + b" " * 68 + b"\r\n"
    assert lines[1] == b"01x\r\n"
    assert lines[2].startswith(b"99240429" + CHECK.encode())
    assert {len(lines[0]), len(lines[2])} == {82} and lines[2].endswith(
        b" " * 8 + b"\r\n"
    )


@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "0", KEY[:-1] + "G", None, b"x"])
def test_what_is_no_key_is_not_repeated(key):
    with pytest.raises(SealError) as caught:
        Seal(key)
    assert KEY[:-1] not in str(caught.value)
