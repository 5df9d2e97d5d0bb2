"""Array literals, so that a statement takes thousands of values as one parameter."""

from collections.abc import Iterable


def int_array(values: Iterable[int]) -> str:
    """Array literal of whole numbers."""
    return "{" + ",".join(map(str, values)) + "}"


def text_array(values: Iterable[str]) -> str:
    """Array literal of texts."""
    return (
        "{"
        + ",".join(
            text
            if text.isalnum() and text.isascii() and text != "NULL"
            else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
            for text in values
        )
        + "}"
    )


def decimal_array(amounts: Iterable[tuple[tuple, int]]) -> str:
    """Array literal of amounts given as ((…, minor units), unit)."""
    return (
        "{"
        + ",".join(
            f"{key[-1] // unit}.{key[-1] % unit:0{len(str(unit)) - 1}d}"
            if unit > 1
            else str(key[-1])
            for key, unit in amounts
        )
        + "}"
    )
