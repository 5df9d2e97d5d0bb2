"""Files in which partners answer: tables or JSON, read whole or not at all."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import TypeVar

Read = TypeVar("Read")


class AnswerError(ValueError):
    """An answer file cannot be read; ``problems`` are lines «line: field: message»."""

    def __init__(self, problems):
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read(
    data: bytes,
    needed: Iterable[str],
    list_name: str,
    read_row: Callable[[int, Mapping[str, str]], Read],
) -> list[Read]:
    """Return what is said in the rows of a file.

    :param data: CSV (comma, semicolon or tab, with a header) or JSON (a list of
        objects, or one with such a list), in UTF-8 or, when it is not that, Latin-1
    :param needed: columns that a table must have
    :param list_name: of the list in a JSON object
    :param read_row: makes what is returned of a line, counted from 1, and its cells by
        name of the column in small letters; raises a ``ValueError`` «field: message»
        when it cannot
    :raises AnswerError: the file cannot be read whole; then none of it counts
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if text.lstrip()[:1] in ("[", "{"):
        rows = _json_rows(text, list_name)
    else:
        rows = _csv_rows(text, tuple(needed))
    found, problems = [], []
    for line, row in rows:
        try:
            found.append(read_row(line, row))
        except ValueError as error:
            problems.append(f"{line}: {error}")
    if problems:
        raise AnswerError(problems)
    if not found:
        raise AnswerError(["1: file: there is no answer in it"])
    return found


def moment(text: str, name: str = "at") -> datetime | None:
    """Return the moment that a cell tells, in UTC and naive; None when it is empty.

    :param name: of the column, for the error
    :raises ValueError: it is none
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if found.tzinfo:
            found = found.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: «{text}» is no date like 2026-12-01") from error
    return found


def amount(text: str, name: str) -> Decimal | None:
    """Return the amount that a cell tells; None when it is empty.

    :param name: of the column, for the error
    :raises ValueError: it is none, or less than nothing
    """
    if not text:
        return None
    plain = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
    try:
        found = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(f"{name}: «{text}» is no amount") from error
    if not found.is_finite() or found < 0:
        raise ValueError(f"{name}: «{text}» is no {name}")
    return found


def _json_rows(text, list_name):
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnswerError([f"1: file: is no JSON ({error})"]) from error
    rows = content.get(list_name) if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerError([f"1: {list_name}: is no list of objects"])
    return [
        (number, {_name(name): _cell(value) for name, value in row.items()})
        for number, row in enumerate(rows, 1)
    ]


def _csv_rows(text, needed):
    head = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=head.count)
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, strict=True
        )
        lines = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise AnswerError([f"1: file: is no table ({error})"]) from error
    names = [_name(name) for name in lines[0][1]] if lines else []
    missing = [name for name in needed if name not in names]
    if missing:
        raise AnswerError([f"1: {name}: the column is missing" for name in missing])
    return [
        (number, dict(zip(names, map(_cell, row), strict=False)))
        for number, row in lines[1:]
        if any(cell.strip() for cell in row)
    ]


def _name(value):
    return str(value).strip().lower()


def _cell(value):
    return "" if value is None else str(value).strip()
