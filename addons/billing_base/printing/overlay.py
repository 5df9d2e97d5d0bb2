"""One PDF laid over another, page by page."""

import io

from odoo.tools.pdf import NameObject, PdfFileReader, PdfFileWriter, generic

RectangleObject = generic.RectangleObject


def page_count(pdf):
    """Return how many pages a PDF has.

    :param bytes pdf: the document
    :rtype: int
    """
    return PdfFileReader(io.BytesIO(pdf), strict=False).getNumPages()


def lay_over(body, letterhead, strips=None):
    """Return ``body`` with the pages of ``letterhead`` laid over its own.

    What belongs to the body's document stays: its language and the structure that
    screen readers go by.

    :param bytes body: a PDF
    :param bytes letterhead: a PDF of at least as many pages
    :param strips: for a letterhead on white ground, the heights above and below that
        are laid over, in points; the rest of it would hide the body
    :rtype: bytes
    """
    over = PdfFileReader(io.BytesIO(letterhead), strict=False)
    writer = PdfFileWriter()
    writer.cloneReaderDocumentRoot(PdfFileReader(io.BytesIO(body), strict=False))
    for number in range(writer.getNumPages()):
        sheet = over.getPage(number)
        if strips is None:
            writer.getPage(number).mergePage(sheet)
            continue
        left, bottom, right, top = (float(side) for side in sheet.mediaBox)
        above, below = strips
        for low, high in ((top - above, top), (bottom, bottom + below)):
            if high <= low:
                continue
            box = RectangleObject((left, low, right, high))
            # Versions of the library go by one or the other of them.
            for name in ("/CropBox", "/TrimBox"):
                sheet[NameObject(name)] = box
            writer.getPage(number).mergePage(sheet)
    with io.BytesIO() as buffer:
        writer.write(buffer)
        return buffer.getvalue()
