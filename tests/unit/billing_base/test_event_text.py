import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.event_text import MAX_VALUE_LENGTH, clean, render


def test_values_take_their_places():
    text = render("Paid %(amount)s with %(channel)s.", {"amount": 5, "channel": "SMS"})
    assert text == "Paid 5 with SMS."


@pytest.mark.parametrize("values", [{}, {"who": None}, {"who": False}, {"who": " \n"}])
def test_what_is_missing_shows_as_a_dash(values):
    assert render("By %(who)s", values) == "By –"


@pytest.mark.parametrize(
    "hostile",
    [
        "%(secret)s",
        "%(secret)r %s %d {0} {secret} {secret.__class__}",
        "${secret}",
        "<script>alert(1)</script>",
    ],
)
def test_payload_is_never_read_as_a_template(hostile):
    assert render("Said: %(x)s", {"x": hostile, "secret": "S"}) == f"Said: {hostile}"


def test_percent_signs_of_the_template_stay():
    assert render("100 % of %(x)s, %d", {"x": 1}) == "100 % of 1, %d"


def test_line_breaks_and_direction_marks_cannot_rearrange_a_line():
    assert clean("a\r\nb\tc\x00d\u202ee") == "a b c d e"


def test_long_values_are_cut():
    assert len(clean("x" * 5000)) == MAX_VALUE_LENGTH
    assert clean("x" * MAX_VALUE_LENGTH) == "x" * MAX_VALUE_LENGTH


@given(st.text(), st.dictionaries(st.text(max_size=5), st.text()))
def test_any_template_and_payload_render_to_text(template, values):
    assert isinstance(render(template, values), str)


@given(st.text())
def test_clean_text_is_one_line_and_stays_clean(text):
    once = clean(text)
    assert len(once.splitlines()) <= 1
    assert clean(once) == once
