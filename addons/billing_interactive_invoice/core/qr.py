"""QR codes as drawings that stay sharp at any size."""

from functools import lru_cache

from reportlab.graphics.barcode import qrencoder

#: Empty modules around a code that readers need (ISO/IEC 18004, 6.3.8).
QUIET = 4
#: Bytes of a text that is put into a code; version 40 at level M holds 2,331.
LONGEST = 2300


@lru_cache(maxsize=512)
def modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the rows of a code, from the top; True is dark.

    It can be read with up to 15 % of it covered (level M).

    :raises ValueError: the text is too long for a code
    """
    if len(text.encode()) > LONGEST:
        raise ValueError("the text is too long for a QR code")
    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = range(code.getModuleCount())
    return tuple(tuple(bool(code.isDark(y, x)) for x in size) for y in size)


def svg(text: str) -> str:
    """Return a code as an SVG document, dark on white whatever the page looks like.

    :raises ValueError: the text is too long for a code
    """
    rows = modules(text)
    side = len(rows) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path d="{"".join(_runs(rows))}"/></svg>'
    )


def _runs(rows):
    """Yield a rectangle for each run of dark modules of a row."""
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = 0
            while x + length < len(row) and row[x + length]:
                length += 1
            if length:
                yield f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z"
            x += length or 1
