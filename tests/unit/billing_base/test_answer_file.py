"""Cells of answers: what they tell, and what is refused by name."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import answer_file


def read(data, read_row=lambda line, row: (line, row)):
    return answer_file.read(data, ("id",), "cases", read_row)


def test_rows_know_their_line():
    assert read(b"ID;Status\n1;paid\n\n2; closed \n") == [
        (2, {"id": "1", "status": "paid"}),
        (4, {"id": "2", "status": "closed"}),
    ]
    assert read(b'{"cases": [{"id": 1, "Note": null}]}') == [
        (1, {"id": "1", "note": ""})
    ]


def test_every_wrong_line_is_named():
    def refuse(line, row):
        raise ValueError(f"id: «{row['id']}» is strange")

    with pytest.raises(answer_file.AnswerError) as caught:
        read(b"id\n1\n2\n", refuse)
    assert caught.value.problems == (
        "2: id: «1» is strange",
        "3: id: «2» is strange",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [("", None), ("1 249,50", Decimal("1249.50")), ("0", Decimal("0"))],
)
def test_amounts(text, found):
    assert answer_file.amount(text, "amount") == found


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "ten", "1,2,3"])
def test_what_is_no_amount(text):
    with pytest.raises(ValueError, match="^amount: «"):
        answer_file.amount(text, "amount")


def test_moments():
    assert answer_file.moment("") is None
    assert answer_file.moment("2026-12-01T10:00:00+01:00") == datetime(2026, 12, 1, 9)
    with pytest.raises(ValueError, match="^at: «yesterday»"):
        answer_file.moment("yesterday")
    # Before the first day there is, told in UTC.
    with pytest.raises(ValueError, match="^at: "):
        answer_file.moment("0001-01-01T00:00:00+05:00")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    try:
        assert read(data)
    except answer_file.AnswerError as error:
        assert error.problems
