"""Tables of bank transactions: CSV in any usual dress, and Excel workbooks (.xlsx).

A table is rows of cells; what the cells mean is said by a
:class:`~.table_layout.Layout`, which a person makes once for each bank. Rows are read
as a stream. Formulas are not calculated, links not followed, macros not looked at.
"""

import codecs
import csv
import io
import itertools
import re
import zipfile
from collections import Counter

from .errors import BankFileError, one_line
from .table_layout import guess_columns, headings, signature
from .table_values import parse_date

CSV = "csv"
XLSX = "xlsx"
# Rows looked at for the headings; banks put name and account above them.
HEAD_ROWS = 60
MAX_COLUMNS = 200
# Longest line of a CSV file, and largest workbook packed and unpacked.
MAX_LINE = 2**20
# Lines in one row of a CSV file; only texts in quotes may go over several.
MAX_ROW_LINES = 50
MAX_PACKED = 64 * 2**20
MAX_UNPACKED = 512 * 2**20
_SEPARATORS = ";\t,|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
_ACCOUNT = re.compile(r"[A-Z]{2}\d{2}[0-9A-Z ]{9,40}|\d[\d .\-]{5,40}\d")


class UnknownTableError(BankFileError):
    """A table whose columns nobody has explained yet."""


class Table:
    """One table as it stands in the file, whatever its columns mean.

    :ivar str format: ``CSV`` or ``XLSX``
    """

    def __init__(self, source, format_):
        self.format = format_
        self._source = source

    def error(self, message, *, line=0, field="row"):
        return self._source.error(message, line=line, field=field)

    def rows(self, width=MAX_COLUMNS):
        """Yield (line, cells) from the top; cells are text, numbers, dates or None.

        :param int width: columns wanted at least; more may come
        """
        raise NotImplementedError

    def head(self):
        """The first rows, as a list."""
        return list(itertools.islice(self.rows(), HEAD_ROWS))

    def find(self, known):
        """Look for a heading row that is known.

        :param known: signatures
        :return: (line, headings, signature), or None
        """
        for line, cells in self.head():
            names = headings(cells)
            if len(names) > 1 and (mark := signature(names)) in known:
                return line, names, mark
        return None

    def guess(self):
        """Look for the row that is most likely the headings.

        :return: (line, headings), or None when no row can be
        """
        best = None
        for line, cells in self.head():
            names = headings(cells)
            if len(names) < 2 or any(_is_value(cell) for cell in cells):
                continue
            roles = {column.role for column in guess_columns(names)}
            money = {"amount", "money_in", "money_out"} & roles
            score = 2 * ("booking_date" in roles) + 2 * bool(money)
            # Another column or two cannot outweigh what must be there.
            score += min(len([name for name in names if name]), 20) / 100
            if best is None or score > best[0]:
                best = (score, line, names)
        return best[1:] if best else None

    def accounts(self, line):
        """What looks like account numbers above the headings.

        :param int line: of the heading row
        :return: set of text, letters and digits only
        """
        found = set()
        for number, cells in self.head():
            if number >= line:
                break
            for cell in cells:
                for match in _ACCOUNT.findall(str(cell or "").upper()):
                    found.add(re.sub(r"[^0-9A-Z]", "", match))
        return found


def open_table(source):
    """Open a file as a table.

    :param source: :class:`~.source.Source`
    :return: a :class:`Table`, or None when the file is none
    :raises BankFileError: a workbook that cannot be read
    """
    head = source.head()
    if head.startswith(b"PK\x03\x04"):
        return _Workbook.open(source)
    wide = _wide_encoding(head)
    text = codecs.getincrementaldecoder(wide or "iso-8859-1")("replace").decode(head)
    if _CONTROL.search(text):
        return None
    separator = _separator(text)
    if not separator:
        return None
    return _Csv(source, wide or _narrow_encoding(source), separator)


def _is_value(cell):
    """Whether a cell holds a date or a number, as headings do not."""
    if cell is None or cell == "":
        return False
    if not isinstance(cell, str):
        return True
    text = cell.strip()
    if re.fullmatch(r"[+\-(]?[\d.,' \u00a0]*\d[\d.,' \u00a0)\-]*", text):
        return True
    try:
        parse_date(text, "dmy")
    except ValueError:
        return False
    return True


# === CSV === #


def _wide_encoding(head):
    """Encoding by the byte order mark, or UTF-16 by its nulls; else None."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    half = len(head) // 2
    # UTF-16 without its mark has a null in every Latin letter.
    if half and head[1::2].count(b"\x00") > half * 0.7:
        return "utf-16-le"
    if half and head[::2].count(b"\x00") > half * 0.7:
        return "utf-16-be"
    return None


def _narrow_encoding(source):
    """UTF-8 if the whole file is, else Windows' Western table, which has every letter
    of ISO-8859-1; that one where the file has bytes Windows does not know."""
    for encoding in ("utf-8", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for chunk in source.chunks():
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return "iso-8859-1"


def _separator(text):
    """The separator that gives most rows of one width; empty when none does."""
    sample = text.splitlines()[: HEAD_ROWS * 2]
    if len(text) > 1024 and len(sample) > 1:
        sample.pop()  # may be cut
    best = ((2, 1), "")
    for separator in _SEPARATORS:
        try:
            widths = Counter(
                len(row) for row in csv.reader(sample, delimiter=separator)
            )
        except csv.Error:
            continue
        # How many rows are of one width counts first, then how wide they are.
        score = max(
            ((number, width) for width, number in widths.items() if width > 1),
            default=(0, 0),
        )
        if score > best[0]:
            best = (score, separator)
    return best[1]


class _Csv(Table):
    def __init__(self, source, encoding, separator):
        super().__init__(source, CSV)
        self._encoding = encoding
        self._separator = separator
        self._taken = 0  # lines of the present row

    def rows(self, width=MAX_COLUMNS):
        reader = csv.reader(self._text(), delimiter=self._separator, strict=False)
        end = 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise self.error(
                    f"expected a row of a CSV file, found {error}",
                    line=reader.line_num,
                ) from error
            if cells is None:
                return
            line, end = end + 1, reader.line_num
            self._taken = 0
            if len(cells) > MAX_COLUMNS:
                raise self.error(
                    f"expected at most {MAX_COLUMNS} columns, found {len(cells)}",
                    line=line,
                )
            yield line, cells

    def _text(self):
        decoder = codecs.getincrementaldecoder(self._encoding)()
        rest = ""
        number = 0
        try:
            for chunk in itertools.chain(self._source.chunks(), [None]):
                rest += decoder.decode(chunk or b"", final=chunk is None)
                # A carriage return may be half of a line end that is still to come.
                lines = io.StringIO(rest, newline="").readlines()
                rest = lines.pop() if lines and chunk is not None else ""
                for line in lines:
                    number += 1
                    self._taken += 1
                    if self._taken > MAX_ROW_LINES:
                        raise self.error(
                            f"expected a row of at most {MAX_ROW_LINES} lines, found "
                            "more: a quotation mark is not closed",
                            line=number - MAX_ROW_LINES,
                        )
                    yield line
                if len(rest) > MAX_LINE:
                    raise self.error(
                        f"expected a line of at most {MAX_LINE} characters, found more",
                        line=number + 1,
                    )
        except UnicodeError as error:
            raise self.error(
                f"expected {self._encoding} text, found other bytes: {error.reason}",
                line=number + 1,
                field="encoding",
            ) from error


# === EXCEL === #


class _Workbook(Table):
    """The first sheet of a workbook; dates and numbers come as such."""

    def __init__(self, source, data):
        super().__init__(source, XLSX)
        self._data = data

    @classmethod
    def open(cls, source):
        data = io.BytesIO()
        for chunk in source.chunks():
            data.write(chunk)
            if data.tell() > MAX_PACKED:
                raise source.error(
                    f"expected a workbook of at most {MAX_PACKED} bytes, found more"
                )
        try:
            with zipfile.ZipFile(data) as archive:
                names = archive.namelist()
                if "xl/workbook.xml" not in names:
                    return None
                if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED:
                    raise source.error(
                        f"expected at most {MAX_UNPACKED} bytes in the workbook, found "
                        "more"
                    )
                for name in names:
                    if name.endswith((".xml", ".rels")):
                        with archive.open(name) as part:
                            if b"<!DOCTYPE" in part.read(4096):
                                raise source.error(
                                    "expected a workbook, found a document type "
                                    "declaration in it; entities are never read",
                                    field="DOCTYPE",
                                )
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            raise source.error(
                f"expected an Excel workbook, found a damaged ZIP archive: {error}"
            ) from error
        return cls(source, data)

    def rows(self, width=MAX_COLUMNS):
        # Slow to import, and wanted only for workbooks.
        import openpyxl

        book = None
        try:
            book = openpyxl.load_workbook(
                io.BytesIO(self._data.getbuffer()), read_only=True, data_only=True
            )
            sheet = book.worksheets[0]
            # What a sheet says of its own size is often wrong.
            sheet.reset_dimensions()
            for line, cells in enumerate(
                sheet.iter_rows(max_col=width, values_only=True), start=1
            ):
                yield line, list(cells)
        except BankFileError:
            raise
        except GeneratorExit:
            raise
        except Exception as error:
            # openpyxl lets out whatever a damaged workbook makes it stumble over.
            raise self.error(
                "expected an Excel workbook, found a damaged one: "
                f"{one_line(str(error), 100)}",
                field="workbook",
            ) from error
        finally:
            if book:
                book.close()
