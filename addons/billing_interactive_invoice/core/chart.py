"""Bars in pairs, as numbers that a drawing is made of.

The drawing is stretched to the width there is, so that its units are no pixels; text
does not belong into it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

#: Width of a pair, with the space around it.
STEP = 12
#: Height of the drawing.
HEIGHT = 100
#: The least a bar with a value is high: too little to see looks like nothing.
LEAST = 1
_SPACE, _BAR, _BETWEEN = 2, 3, 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, from the upper left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two bars side by side.

    :param x: left edge of the space of the pair
    :param before: left bar, None where there is no value
    :param now: right bar
    """

    x: int
    before: Bar | None
    now: Bar | None


def pairs(values: Sequence[tuple[Fraction | None, Fraction | None]]) -> list[Pair]:
    """Return the bars for pairs of values, the greatest as high as there is room.

    :param values: of before and now; None where it is not known
    """
    known = [value for pair in values for value in pair if value is not None]
    top = max(known, default=0)

    def bar(x, value):
        if value is None:
            return None
        height = round(max(value, 0) * HEIGHT / top) if top > 0 else 0
        if value > 0:
            height = max(height, LEAST)
        return Bar(x, HEIGHT - height, _BAR, height)

    return [
        Pair(
            at * STEP,
            bar(at * STEP + _SPACE, before),
            bar(at * STEP + _SPACE + _BAR + _BETWEEN, now),
        )
        for at, (before, now) in enumerate(values)
    ]
