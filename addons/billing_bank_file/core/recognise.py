"""Tells what a bank file is from its content; the name of the file is only shown."""

import codecs
import re

from .bgmax import BgMaxReader
from .camt import CamtReader
from .errors import shown
from .ocr_giro import OcrGiroReader
from .source import MAX_BYTES, Source
from .table import UnknownTableError, open_table
from .table_reader import TableReader

SUPPORTED = (
    "camt.053 and camt.054 (001.02, 001.04, 001.08), OCR giro, BgMax, or a table"
)
CAMT_MESSAGES = {
    f"camt.{message}.001.{version}"
    for message in ("053", "054")
    for version in ("02", "04", "08")
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings the ISO 20022 schema tools and Nordic banks use; all others are refused
# rather than guessed.
_ENCODINGS = {"utf-8", "utf-16", "iso8859-1", "iso8859-15", "cp1252", "ascii"}
_BINARY = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive that is no Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Office document; save a workbook as .xlsx or as CSV",
    ),
)
_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([\w.:-]+)["']""", re.ASCII)
_MISC = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_ROOT = re.compile(
    r"""<((?:[\w.-]+:)?)([\w.-]+)"""
    r"""((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*/?>"""
)
_NAMESPACE = re.compile(r"""\sxmlns(:[\w.-]+)?\s*=\s*["']([^"']*)["']""")
_ISO = "urn:iso:std:iso:20022:tech:xsd:"


def open_bank_file(source, name, *, max_bytes=MAX_BYTES, settings=None, extensions=()):
    """Recognise a bank file and open it for reading.

    :param source: path or binary stream; a stream is left open
    :param str name: the name to show in messages; it has no other influence
    :param int max_bytes: largest file that is read
    :param settings: called with a :class:`~.table.Table` when the file is one; returns
        the :class:`~.table_reader.Setting` to read it with, or None when nobody has
        explained its columns
    :param extensions: the :class:`~.messages.Extension` of other addons, asked for what
        no reader here knows
    :return: a :class:`~.source.Reader`: iterate it for the transactions, and for the
        messages that extensions read; then ask for its ``summary``
    :raises BankFileError: when the file is none of the supported formats
    :raises UnknownTableError: when it is a table that nobody has explained
    """
    source = Source(source, name, max_bytes)
    try:
        return _reader(source, settings, extensions)
    except BaseException:
        source.close()
        raise


def _reader(source, settings, extensions):
    head = source.head()
    if not head:
        raise source.error("expected a bank file, found an empty file")
    if not head.strip(b" \t\r\n\x00"):
        raise source.error(
            f"expected a bank file, found only blanks in the first {len(head)} bytes"
        )
    if head.startswith(b"NY"):
        return OcrGiroReader(source, extensions)
    if head.startswith(b"01BGMAX"):
        return BgMaxReader(source)
    bom = next((bom for bom in _BOMS if head.startswith(bom[0])), None)
    start = head[len(bom[0]) :] if bom else head
    if start.lstrip().startswith((b"<", b"\x00<")):
        return _xml_reader(source, head, bom)
    for extension in extensions:
        if reader := extension.open(source, head):
            return reader
    _refuse_legacy(source, start)
    table = open_table(source)
    if not table:
        raise _unknown(source, head, bom)
    setting = settings(table) if settings else None
    if not setting:
        raise _unexplained(source, table)
    return TableReader(source, table, setting)


def _unexplained(source, table):
    found = table.guess()
    line, names = found or (0, ())
    columns = ", ".join(shown(name) for name in names[:8]) or "no headings"
    return UnknownTableError(
        f"expected {SUPPORTED} whose columns are known, found a table with {columns}: "
        "upload it in Odoo once and say what its columns mean",
        file=source.name,
        line=line,
        field="table",
    )


def _unknown(source, head, bom):
    what = next((what for magic, what in _BINARY if head.startswith(magic)), "")
    if not what:
        text = head[:80].decode(bom[1] if bom else "iso-8859-1", "replace")
        what = f"a file beginning with {shown(text.strip())}"
    return source.error(f"expected {SUPPORTED}, found {what}")


def _refuse_legacy(source, start):
    line = start[:80].decode("iso-8859-1")
    if line.startswith("01BGMAX"):
        what = "BgMax with a byte order mark: it must be ISO-8859-1 as the bank sent it"
    elif (line.startswith("01") and "AUTOGIRO" in line[2:24]) or (
        line.startswith("51") and line[24:34] == "AG-EMEDGIV"
    ):
        what = "Autogiro, which needs the addon for direct debit"
    else:
        return
    raise source.error(f"expected {SUPPORTED}, found {what}", field="format")


# --- XML -------------------------------------------------------------------


def _xml_reader(source, head, bom):
    encoding = _encoding(source, head, bom)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    text = text.removeprefix("\ufeff")
    position = 0
    while match := _MISC.match(text, position):
        position = match.end()
    line = text.count("\n", 0, position) + 1
    if text.startswith("<!", position) and not text.startswith("<!--", position):
        raise source.error(
            "expected the element Document, found a document type declaration; "
            "entities and DTDs are never read",
            line=line,
            field="DOCTYPE",
        )
    root = _ROOT.match(text, position)
    if not root:
        raise source.error(
            "expected the element Document within the first "
            f"{len(head)} bytes, found {shown(text[position : position + 80])}",
            line=line,
            field="Document",
        )
    prefix, name, attributes = root.groups()
    namespaces = {key[1:]: uri for key, uri in _NAMESPACE.findall(attributes)}
    namespace = namespaces.get(prefix.rstrip(":"), "")
    message = namespace.removeprefix(_ISO)
    if namespace.startswith(_ISO) and message in CAMT_MESSAGES:
        return CamtReader(source, message, encoding)
    if message.startswith("camt.052"):
        what = f"{message}, an interim report: what it shows may still change"
    elif namespace.startswith(_ISO):
        what = message
    else:
        what = f"element {shown(name)} in namespace {shown(namespace, 80)}"
    raise source.error(
        f"expected {SUPPORTED}, found {what}, which is not supported",
        line=line,
        field="Document",
    )


def _encoding(source, head, bom):
    start = head
    if not bom and head[:2] in (b"<\x00", b"\x00<"):
        raise source.error(
            "expected a byte order mark at the start of a UTF-16 file, found none",
            line=1,
            field="encoding",
        )
    if bom:
        start = head[:1024].decode(bom[1], "replace").encode("utf-8", "replace")
    start = start[:1024].decode("iso-8859-1")
    declaration = _DECLARATION.search(start)
    declared = _ENCODING.search(declaration[0]) if declaration else None
    if not declared:
        return bom[1] if bom else "utf-8"
    try:
        encoding = codecs.lookup(declared[1]).name
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS:
        raise source.error(
            "expected one of the encodings UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, "
            f"windows-1252, found {shown(declared[1])}",
            line=1,
            field="encoding",
        )
    actual = bom[1] if bom else "8-bit"
    if (bom and encoding != bom[1]) or (not bom and encoding == "utf-16"):
        raise source.error(
            f"expected the encoding {declared[1]} as declared, found {actual}",
            line=1,
            field="encoding",
        )
    return encoding
