"""Colours of a company, made fit to be read.

Contrast is that of WCAG 2.2: the relative luminance of sRGB, and the ratio of two.
https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

import colorsys
import re
from dataclasses import dataclass

#: Least contrast between text and what is behind it (WCAG 2.2, 1.4.3).
TEXT = 4.5
#: The surfaces of the page that the colour stands on; see ``page.scss``.
LIGHT = "#ffffff"
LIGHT_PAGE = "#f4f5f7"
DARK = "#1a2229"
DARK_PAGE = "#0f1519"
#: Text on a filled button, when the colour is light or dark.
BLACK = "#0a1a26"
WHITE = "#ffffff"

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shades:
    """A colour as the page uses it on light or on dark ground.

    :param fill: of buttons and bars, and of text on the ground
    :param on_fill: of text on it
    """

    fill: str
    on_fill: str


def parse(text: object) -> str | None:
    """Return a colour as ``#rrggbb``, or None when ``text`` is none.

    :param text: ``#rgb`` or ``#rrggbb``, as somebody typed it
    """
    match = _HEX.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        return None
    digits = match[1].lower()
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits}"


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``: 0 of black, 1 of white."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast between two colours: from 1 to 21."""
    lower, higher = sorted((luminance(one), luminance(other)))
    return (higher + 0.05) / (lower + 0.05)


def readable(colour: str, *grounds: str, dark: bool) -> str:
    """Return ``colour``, or the nearest shade of it that can be read on ``grounds``.

    :param colour: ``#rrggbb``
    :param grounds: what it stands on
    :param dark: whether these are dark, so that the shade has to be lighter
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    for step in range(101):
        towards = step / 100
        light = (
            lightness + (1 - lightness) * towards
            if dark
            else (lightness * (1 - towards))
        )
        shade = "#" + "".join(
            f"{round(value * 255):02x}"
            for value in colorsys.hls_to_rgb(hue, light, saturation)
        )
        if all(contrast(shade, ground) >= TEXT for ground in grounds):
            return shade
    return WHITE if dark else "#000000"


def shades(colour: str, *, dark: bool) -> Shades:
    """Return how the page uses ``colour`` on its light or its dark ground.

    :param colour: ``#rrggbb``
    """
    grounds = (DARK, DARK_PAGE) if dark else (LIGHT, LIGHT_PAGE)
    fill = readable(colour, *grounds, dark=dark)
    on_fill = max((WHITE, BLACK), key=lambda text: contrast(text, fill))
    return Shades(fill, on_fill)


def style_sheet(colour: str) -> str:
    """Return the style sheet that gives the page the colour of a company.

    :param colour: ``#rrggbb``
    """

    def rules(dark):
        used = shades(colour, dark=dark)
        return (
            f":root{{--k-brand:{used.fill};--k-on-brand:{used.on_fill};"
            f"--k-link:{used.fill}}}"
        )

    return (
        f"{rules(False)}@media (prefers-color-scheme:dark){{{rules(True)}}}"
        # On paper it is light, whatever the screen is.
        f"@media print{{{rules(False)}}}"
    )
