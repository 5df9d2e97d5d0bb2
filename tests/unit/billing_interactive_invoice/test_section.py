import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core.section import (
    Section,
    digest,
    ordered,
)

sections = st.lists(
    st.builds(
        Section, st.text("abcdef", min_size=1), st.just("x.y"), sequence=st.integers()
    ),
    unique_by=lambda section: section.code,
)


@given(sections, st.randoms())
def test_the_order_does_not_depend_on_who_came_first(some, random):
    mixed = list(some)
    random.shuffle(mixed)
    assert ordered(mixed) == ordered(some)
    sequences = [section.sequence for section in ordered(some)]
    assert sequences == sorted(sequences)


def test_two_sections_cannot_have_the_same_code():
    with pytest.raises(ValueError, match="pay"):
        ordered([Section("pay", "a.b"), Section("pay", "a.c"), Section("x", "a.d")])


@given(st.text(), st.text())
def test_what_differs_is_told_apart(one, other):
    assert (digest(one) == digest(other)) == (one == other)
