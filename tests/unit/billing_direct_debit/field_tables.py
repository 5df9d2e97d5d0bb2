"""Judges AvtaleGiro records by the specification's own tables.

Shares nothing with the writer and the readers: the tables are data.
"""

import json
import re
from datetime import datetime
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"
TABLES = json.loads((DATA / "avtalegiro/fieldtables.json").read_text("utf-8"))

# The tables say of cancellations only what their type is (§2.3).
_LIKE = {"NY213620": "NY210020", "NY213688": "NY210088"}
_TYPES = {"NY213620": "36", "NY213688": "36"}
_CLAIM = re.compile(r"NY21(02|21|93)(30|31)")


def table_of(record):
    """Name and rows of the table for a record, and the types it may have."""
    name = record[:8]
    if claim := _CLAIM.match(name):
        return f"NY21tt{claim[2]}", {claim[1]}
    return _LIKE.get(name, name), {_TYPES[name]} if name in _TYPES else None


def wrong_fields(record):
    """Names of the fields of a record that are not as the tables have them."""
    name, types = table_of(record)
    position = 1
    for start, end, kind, field, content in TABLES[name]:
        assert start == position, "the table has a gap"
        position = end + 1
        value = record[start - 1 : end]
        constants = set(re.findall(r"`([0-9A-Z]+)`", content))
        if field == "type" and types:
            constants = types
        wrong = (
            (kind == "N" and not re.fullmatch(r"[0-9]*", value))
            or (kind == "A" and not value.isprintable())
            or (content.startswith("zeros") and value.strip("0"))
            or (content.startswith("blanks") and value.strip(" "))
            or (field == "KID" and not re.fullmatch(r" *[0-9]+[0-9-]", value))
            or (field == "line" and not 1 <= int(value) <= 42)
            or (len(constants) > 0 and field in _CODED and value not in constants)
            or (field in _DATED and not _is_date(value))
            or (field in _LEFT and value != f"{value.lstrip():<{len(value)}}")
        )
        if wrong:
            yield field
    assert position == 81, "the table does not end at position 80"


_CODED = {
    "format code",
    "service",
    "type",
    "record type",
    "payment notice",
    "column",
    "registration type",
    "written notice",
}
_DATED = {"due date", "first due date", "last due date", "date"}
_LEFT = {"short name"}


def _is_date(text):
    try:
        datetime.strptime(text, "%d%m%y")
    except ValueError:
        return False
    return True
