import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import topic

RULES = {
    1: "betalt, paid\nbetald",
    2: "purr*; påminnelse*, reminder fee",
    3: "",
}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Jeg har BETALT denne.", {1}),
        ("Hvorfor purregebyr?", {2}),
        ("Varför påminnelseavgift när jag har betald?", {1, 2}),
        ("Why this  reminder\nfee?", {2}),
        ("ubetalt, unpaid", set()),
        ("reminder of a fee", set()),
        ("", set()),
    ],
)
def test_words_are_found_as_they_stand(message, found):
    assert topic.matching(message, RULES) == found


def test_words_are_text_and_no_patterns():
    assert topic.matching("abc", {1: "a.c, [a-z]+, (b"}) == set()
    assert topic.matching("what (b does", {1: "(b"}) == {1}


def test_a_star_alone_finds_nothing():
    assert topic.words("*, **,  , ;\n") == []
    assert topic.matching("anything", {1: "*"}) == set()


def test_letters_put_together_are_the_letters():
    assert topic.matching("fo\u0308rfallen", {1: "förfall*"}) == {1}


@given(
    word=st.text(alphabet="abcæøå", min_size=1, max_size=8), around=st.text(max_size=30)
)
def test_a_word_by_itself_is_always_found(word, around):
    assert topic.matching(f"{around} {word} {around}", {7: word}) == {7}


@given(message=st.text(max_size=200), rule=st.text(max_size=60))
def test_whatever_is_written_down_breaks_nothing(message, rule):
    assert topic.matching(message, {1: rule}) <= {1}
