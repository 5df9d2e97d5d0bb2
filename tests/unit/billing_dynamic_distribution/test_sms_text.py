"""Length of SMS texts, against a second, literal reading of the standard."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import sms_text

BASIC = "".join(sorted(sms_text.GSM_BASIC))
EXTENSION = "".join(sorted(sms_text.GSM_EXTENSION))
LINK = "https://faktura.fjordlys.example/my/invoices/4711?access_token=Zk3-x_9Qab1CdE2fG4hIjK"

gsm_texts = st.text(st.sampled_from(BASIC + EXTENSION * 3), max_size=700)
any_texts = st.text(
    st.one_of(
        st.sampled_from(BASIC + EXTENSION * 3),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=500,
)


def test_the_alphabet_has_the_sizes_of_the_standard():
    # 128 code points, one of them the escape to the extension table.
    assert len(sms_text.GSM_BASIC) == 127
    assert len(sms_text.GSM_EXTENSION) == 10
    assert not sms_text.GSM_BASIC & sms_text.GSM_EXTENSION


@pytest.mark.parametrize("letter", "æøåÆØÅäöÄÖéÉü§")
def test_nordic_letters_are_ordinary(letter):
    assert sms_text.measure(letter * 160) == sms_text.Measure("gsm7", 160, 1, 0, ())


@pytest.mark.parametrize("sign", "–—’“”…«»•\u00a0áðþčŋ")
def test_what_the_alphabet_lacks_makes_the_whole_text_ucs2(sign):
    measured = sms_text.measure("a" * 69 + sign)
    assert (measured.alphabet, measured.segments, measured.foreign) == (
        "ucs2",
        1,
        (sign,),
    )
    assert sms_text.measure("a" * 70 + sign).segments == 2


@pytest.mark.parametrize(
    ("text", "units", "segments", "left"),
    [
        ("", 0, 0, 160),
        ("a" * 160, 160, 1, 0),
        ("a" * 161, 161, 2, 145),
        ("a" * 306, 306, 2, 0),
        ("a" * 307, 307, 3, 152),
        ("€" * 80, 160, 1, 0),
        ("€" * 81, 162, 2, 143),
        # The escape and its character stay together: 152 septets, then the next part.
        ("a" * 152 + "€" + "a" * 7, 161, 2, 144),
        # Two UTF-16 units that stay together at the end of a part of 67.
        ("😀" * 35, 70, 1, 0),
        ("😀" * 36, 72, 2, 61),
        ("é" * 66 + "😀" + "é" * 3, 71, 2, 62),
    ],
)
def test_borders(text, units, segments, left):
    measured = sms_text.measure(text)
    assert (measured.units, measured.segments, measured.left) == (units, segments, left)


@given(any_texts)
def test_units_are_those_of_a_real_encoding(text):
    measured = sms_text.measure(text)
    if measured.alphabet == "ucs2":
        assert measured.units == len(text.encode("utf-16-be")) // 2
    else:
        assert measured.units == len(text) + sum(map(text.count, EXTENSION))
        assert sms_text.alphabet(text) == "gsm7"


@given(any_texts)
def test_segments_are_enough_and_not_too_many(text):
    measured = sms_text.measure(text)
    alone = sms_text.ALONE[measured.alphabet]
    joined = sms_text.JOINED[measured.alphabet]
    if measured.units <= alone:
        assert measured.segments == (1 if text else 0)
        assert measured.left == alone - measured.units
        return
    # A part may lose one unit at its end to what cannot be cut.
    assert measured.segments >= math.ceil(measured.units / joined)
    assert measured.segments <= math.ceil(measured.units / (joined - 1))
    assert 0 <= measured.left < joined


@given(any_texts, any_texts)
def test_more_text_never_takes_fewer_segments(text, more):
    assert sms_text.measure(text + more).segments >= sms_text.measure(text).segments


@given(any_texts, st.integers(1, 5))
def test_fit_is_the_longest_beginning(text, segments):
    found = sms_text.fit(text, segments)
    assert text.startswith(found)
    assert sms_text.measure(found).segments <= segments
    if found != text:
        one_more = text[: len(found) + 1]
        assert sms_text.measure(one_more).segments > segments


def test_fit_wants_a_segment():
    with pytest.raises(ValueError, match="at least one segment"):
        sms_text.fit("a", 0)


@given(any_texts)
def test_tidy_is_stable_and_typewriter_never_longer_to_send(text):
    tidy = sms_text.tidy(text)
    assert sms_text.tidy(tidy) == tidy
    assert unicodedata.normalize("NFC", tidy) == tidy
    plain = sms_text.tidy(text, typewriter=True)
    assert sms_text.tidy(plain, typewriter=True) == plain
    assert not set(plain) & set(sms_text.TYPEWRITER)


@given(st.text(st.sampled_from(BASIC + "".join(sms_text.TYPEWRITER)), max_size=300))
def test_a_text_foreign_by_its_typography_alone_becomes_gsm(text):
    assert sms_text.alphabet(sms_text.tidy(text, typewriter=True)) == "gsm7"


def test_tidy_of_what_language_packs_write():
    text = "Å betale: 1\u202f249,00\u00a0kr – forfall 1.\u00a0des\u00adember. A\u030a"
    assert sms_text.tidy(text) == "Å betale: 1 249,00 kr – forfall 1. desember. Å"
    assert (
        sms_text.tidy(text, typewriter=True)
        == "Å betale: 1 249,00 kr - forfall 1. desember. Å"
    )


def test_tidy_leaves_letters_alone():
    assert sms_text.tidy("Máret Ánne Čállo", typewriter=True) == "Máret Ánne Čállo"


def test_shorten_keeps_a_text_that_fits():
    text = f"Faktura 17: 1 249,00 kr. {LINK}"
    assert sms_text.shorten(text, LINK, 1) == text


def test_shorten_cuts_words_in_front_of_the_link():
    text = "Hei Kari Nordmann! " + "Mange ord om ingenting. " * 6 + LINK
    short = sms_text.shorten(text, LINK, 1)
    assert short.endswith("... " + LINK)
    assert short.startswith("Hei Kari Nordmann! Mange ord")
    assert sms_text.measure(short).segments == 1


def test_shorten_drops_what_is_behind_the_link_last():
    text = f"Betal her: {LINK} " + "Vilkår og vilkår og vilkår. " * 9
    assert sms_text.shorten(text, LINK, 1) == f"Betal her: {LINK}"


def test_a_link_too_long_is_sent_alone():
    link = "https://example.test/" + "a" * 200
    assert sms_text.shorten(f"Betal: {link}", link, 1) == link


@given(any_texts, any_texts, st.integers(1, 4))
def test_shorten_keeps_the_link_whole_and_fits(before, after, segments):
    text = before + LINK + after
    short = sms_text.shorten(text, LINK, segments)
    assert LINK in short
    if short != LINK:
        assert sms_text.measure(short).segments <= segments
