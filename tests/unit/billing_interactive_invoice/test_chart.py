"""Bars of the consumption chart."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import chart

VALUES = st.none() | st.fractions(-100, 100_000, max_denominator=1000)
PAIRS = st.lists(st.tuples(VALUES, VALUES), max_size=26)


def bars(pairs):
    return [bar for pair in pairs for bar in (pair.before, pair.now)]


@given(PAIRS)
def test_every_bar_stands_on_the_ground_within_the_drawing(values):
    drawn = chart.pairs(values)
    assert len(drawn) == len(values)
    for at, pair in enumerate(drawn):
        for bar in filter(None, (pair.before, pair.now)):
            assert bar.y >= 0 and bar.height >= 0
            assert bar.y + bar.height == chart.HEIGHT
            assert at * chart.STEP < bar.x
            assert bar.x + bar.width < (at + 1) * chart.STEP
        if pair.before and pair.now:
            assert pair.before.x + pair.before.width < pair.now.x


@given(PAIRS)
def test_what_is_known_has_a_bar_and_more_is_never_lower(values):
    flat = [value for pair in values for value in pair]
    drawn = bars(chart.pairs(values))
    assert [bar is None for bar in drawn] == [value is None for value in flat]
    known = sorted(
        (value, bar.height)
        for value, bar in zip(flat, drawn, strict=True)
        if value is not None
    )
    heights = [height for _value, height in known]
    assert heights == sorted(heights)
    assert all((height > 0) == (value > 0) for value, height in known)
    if known and known[-1][0] > 0:
        assert heights[-1] == chart.HEIGHT


def test_half_is_half_as_high():
    (pair,) = chart.pairs([(Fraction(50), Fraction(100))])
    assert (pair.before.height, pair.now.height) == (50, 100)
