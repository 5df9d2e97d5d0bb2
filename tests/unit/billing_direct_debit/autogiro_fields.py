"""Judges Autogiro records by the field tables of Bankgirot's manual.

Shares nothing with the writer and the readers: the tables are data.
"""

import json
import re
from datetime import datetime
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"
TABLES = json.loads((DATA / "autogiro/fieldtables.json").read_text("utf-8"))
# Tables that are told by the kind of file, not by the record type.
_OF_FILE = {
    "payments": {"82": "out.82", "32": "out.82", "16": "out.15", "17": "out.15"},
    "rejected": {"82": "out.rej", "32": "out.rej"},
    "orders": {"01": "in.01", "32": "in.82"},
}
_CODED = {
    "TK",
    "product",
    "answer code",
    "layout",
    "contents",
    "clearing",
}


def table_of(record, kind):
    """Name of the table for a record of a kind of file; empty when there is none."""
    tk = record[:2]
    if kind == "waiting":
        return ""  # the tables have its records only in words
    if kind == "orders" and "23" <= tk <= "29":
        return "in.23"
    if kind == "changes" and tk not in ("01", "09"):
        return "out.amend"
    if kind == "register":
        return "out.reg"
    if tk == "09":
        return "out.09spec" if kind == "payments" else ""
    direction = "in" if kind == "orders" else "out"
    name = _OF_FILE.get(kind, {}).get(tk, f"{direction}.{tk}")
    return name if name in TABLES else ""


def wrong_fields(record, kind):
    """Names of the fields of a record that are not as the tables have them."""
    position = 1
    for start, end, type_, field, content in TABLES[table_of(record, kind)]:
        assert start == position, "the table has a gap"
        position = end + 1
        value = record[start - 1 : end]
        constants = re.findall("`([^`]+)`", content)
        # What is of another record type than the table's first stands in its heading.
        constants += ["32", "16", "17"] if field == "TK" and constants else []
        constants += (
            [str(n) for n in range(23, 30)] if "all for payer" in content else []
        )
        # "25, 29 only", "26–29": blank in records of other types.
        may_be_blank = field == "timestamp" or re.search("blank|only|^26", content)
        wrong = (
            (field == "filler" and type_ == "A" and value.strip(" 0"))
            or (
                type_ == "N"
                and not re.fullmatch("[0-9]+", value)
                and not (may_be_blank and re.fullmatch("[0-9]* *", value))
            )
            or not value.isprintable()
            or (field in _CODED and constants and value.strip() not in ["", *constants])
            or (field == "reference" and value[0] == " " and value.strip())
            or (field in _DATED and not _is_day(value, content))
        )
        if wrong:
            yield field
    assert position == 81, "the table does not end at position 80"


_DATED = {"date", "date written", "payment date", "new date", "created"}


def _is_day(value, content):
    if not value.strip(" 0"):
        return bool(re.search("blank|zeros|^26", content))
    if value == "GENAST  ":
        return "GENAST" in content
    try:
        datetime.strptime(value, "%Y%m%d")
    except ValueError:
        return False
    return True
