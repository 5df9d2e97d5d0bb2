"""Records of 80 characters: what OCR giro and BgMax have in common."""

import re

from .errors import BankFileError, shown
from .source import MAX_BLANKS, Reader
from .types import Fingerprints

WIDTH = 80
_UNPRINTABLE = re.compile("[^ -~\xa0-\xff]")


class Layout:
    """A record layout: one regular expression, and a slow path that explains.

    :param str title: the record's name in messages
    :param fields: tuples (first position from 1, length, name, what it must be in
        words, its pattern)
    """

    def __init__(self, title, fields):
        self.title = title
        self.fields = fields
        pattern, position = "", 1
        for start, length, _name, _expected, regex in fields:
            pattern += f".{{{start - position}}}" if start > position else ""
            # A field of varying content is cut out here and judged on its own.
            pattern += f"(.{{{length}}})" if "*" in regex else f"({regex})"
            position = start + length
        pattern += f".{{{WIDTH + 1 - position}}}"
        self._pattern = re.compile(pattern, re.ASCII)

    def cut(self, record, reader):
        """The fields of a record.

        :param str record: 80 characters
        :param reader: the :class:`FixedWidthReader`, for the error
        :return: tuple of text, one for each field
        :raises BankFileError: a field is not what it must be
        """
        match = self._pattern.fullmatch(record)
        return match.groups() if match else self.explain(record, reader)

    def explain(self, record, reader):
        """Refuse a record.

        :raises BankFileError: always, naming the first field that is wrong
        """
        for start, length, name, expected, regex in self.fields:
            value = record[start - 1 : start - 1 + length]
            if not re.fullmatch(regex, value, re.ASCII):
                raise reader.error(
                    f"expected {expected} at positions {start}–{start + length - 1} "
                    f"of {self.title}, found {shown(value)}",
                    field=name,
                )
        raise reader.error(
            f"expected {self.title}, found {shown(record)}", field="record"
        )


class FixedWidthReader(Reader):
    """Reads ISO-8859-1 records ended by LF, CRLF or, when all are full, nothing."""

    def __init__(self, source, format_, summary):
        super().__init__(source, format_, summary)
        self._line = 0
        self._fingerprints = Fingerprints()
        self._dates = {}
        self._position = 0
        self._entries = set()

    @property
    def line(self):
        """The line (or record, in a file without line breaks) that is being read."""
        return self._line

    def error(self, message, *, field, line=None):
        return BankFileError(
            message,
            file=self._source.name,
            line=self._line if line is None else line,
            field=field,
        )

    # --- records -----------------------------------------------------------

    def _records(self):
        """Yield records of 80 characters, keeping ``_line`` at the current one."""
        blanks = 0
        lines = self._lines()
        for self._line, record in lines:
            if len(record) == WIDTH and record.isprintable() and not blanks:
                yield record
            elif record.strip(" \x1a"):
                yield self._checked(record, blanks)
            else:
                blanks += 1

    def _lines(self):
        """Pairs of number and content, as they stand in the file."""
        head = self._source.head(WIDTH + 2)
        if b"\n" in head or b"\r" in head or len(head) <= WIDTH:
            return self._split_lines()
        return self._split_blocks()

    def _checked(self, record, blanks):
        """A record that is not plain: made so, or refused.

        :param int blanks: empty lines before it
        """
        if blanks:
            raise self.error(
                f"expected a record, found {blanks} empty lines before this one",
                field="record",
            )
        if len(record) != WIDTH:
            hint = ""
            if len(record) > WIDTH and "\xc3" in record:
                hint = " (was the file converted to UTF-8? it must be ISO-8859-1)"
            raise self.error(
                f"expected a record of 80 characters, found {len(record)}{hint}",
                field="record",
            )
        if bad := _UNPRINTABLE.search(record):
            raise self.error(
                "expected printable ISO-8859-1 text, found control character "
                f"0x{ord(bad[0]):02X} at position {bad.start() + 1}",
                field="record",
            )
        return record

    def _split_lines(self):
        number = 0
        rest = ""
        for chunk in self._source.chunks():
            lines = (rest + chunk.decode("iso-8859-1")).split("\n")
            rest = lines.pop()
            for line in lines:
                number += 1
                yield number, line[:-1] if line.endswith("\r") else line
            if len(rest) > MAX_BLANKS:
                yield number + 1, rest
        if rest:
            yield number + 1, rest[:-1] if rest.endswith("\r") else rest

    def _split_blocks(self):
        number = 0
        rest = ""
        for chunk in self._source.chunks():
            rest += chunk.decode("iso-8859-1")
            end = len(rest) - len(rest) % WIDTH
            for start in range(0, end, WIDTH):
                number += 1
                yield number, rest[start : start + WIDTH]
            rest = rest[end:]
        rest = rest.rstrip("\r\n")
        if rest:
            yield number + 1, rest

    # --- checks ------------------------------------------------------------

    def _same(self, name, found, counted):
        if found != counted:
            raise self.error(
                f"expected {counted} as counted in the file, found {found}: records "
                "are missing, or there are too many",
                field=name,
            )
