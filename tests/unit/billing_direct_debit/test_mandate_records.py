"""AvtaleGiro mandate records: what is read, refused, and what others make of it."""

import io
import logging
import os
from itertools import islice
from pathlib import Path

import netsgiro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_direct_debit.core.mandates import MandateRecord, read_mandates
from odoo.addons.billing_direct_debit.core.nets import Totals

from ...builders.bank_files import OcrAssignment, ocr_file
from .field_tables import DATA, wrong_fields

logging.getLogger("netsgiro").setLevel(logging.ERROR)

SAMPLES = [DATA / "refused/netsgiro_avtalegiro_agreements.txt"]
if os.environ.get("KVITT_SAMPLES"):
    folder = Path(os.environ["KVITT_SAMPLES"]) / "avtalegiro"
    SAMPLES += sorted(folder.glob("*agreements*.txt"))
ACCOUNT = "15035149098"

mandates = st.builds(
    MandateRecord,
    line=st.just(0),
    kid=st.from_regex(r"([0-9]{1,24}[0-9-])?", fullmatch=True),
    registration=st.sampled_from([0, 1, 2]),
    written_notice=st.booleans(),
    account=st.from_regex(r"[0-9]{11}", fullmatch=True),
    assignment=st.integers(0, 10**7 - 1),
    serial=st.integers(0, 10**7 - 1),
)


class List:
    """An assignment NY2124 with these mandates, as ``ocr_records`` takes one."""

    items = ()
    total = 0

    def __init__(self, found, account=ACCOUNT, number=3):
        self.found = found
        self.account = account
        self.number = number
        self.mandates = len(found)

    def records(self):
        yield f"NY212420{0:09d}{self.number:07d}{self.account}{0:045d}"
        for one in self.found:
            yield (
                f"NY219470{one.serial:07d}{one.registration}{one.kid:>25}"
                f"{'J' if one.written_notice else 'N'}{0:038d}"
            )
        yield f"NY212488{self.mandates:08d}{self.mandates + 2:08d}{0:056d}"


def read(data, name="list.txt"):
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    reader = read_mandates(source, name)
    return list(reader), reader.summary


def refusal(data):
    with pytest.raises(BankFileError) as caught:
        read(data)
    error = caught.value
    assert error.file == "list.txt" and error.field and error.line
    assert "expected" in error.message and "found" in error.message
    return error


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_sample(path):
    found, summary = read(path)
    assert summary.totals == Totals(transactions=16, records=20)
    assert summary.mandates == len(found) == 16
    assert (summary.sender, summary.recipient) == ("00008080", "00010200")
    assert {one.account for one in found} == {"99991042764"}
    assert {one.registration for one in found} == {1}
    assert [one.serial for one in found] == list(range(1, 17))
    assert sum(one.written_notice for one in found) == 11
    assert found[0] == MandateRecord(3, "000112000507155", 1, True, "99991042764", 2, 1)
    assert found[-1].line == 18
    for record in path.read_text("iso-8859-1").splitlines():
        assert list(wrong_fields(record)) == []


@given(
    st.lists(
        st.builds(
            List,
            st.lists(mandates, max_size=4),
            st.from_regex(r"[0-9]{11}", fullmatch=True),
            st.integers(0, 10**7 - 1),
        ),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
    st.sampled_from([("\n", "\n"), ("\r\n", ""), ("", "")]),
)
def test_every_record_is_read(lists, payments, ends):
    parts = [*lists, OcrAssignment()] if payments else lists
    found, summary = read(ocr_file(parts, *ends))
    assert [
        (one.account, one.assignment, one.serial, one.kid)
        + (one.registration, one.written_notice)
        for one in found
    ] == [
        (part.account, part.number, one.serial, one.kid)
        + (one.registration, one.written_notice)
        for part in lists
        for one in part.found
    ]
    assert summary.mandates == len(found)
    assert summary.skipped == ({"NY0900": 2} if payments else {})
    assert summary.totals.transactions == len(found) + payments


@given(st.lists(mandates, max_size=4))
def test_netsgiro_reads_the_same(found):
    # It takes no KID that ends in «-» (MOD11).
    data = ocr_file([List(found)]).replace(b"-", b"7")
    ours, _summary = read(data)
    (assignment,) = netsgiro.parse(data.decode("iso-8859-1")).assignments
    assert assignment.account == ACCOUNT
    assert [
        (one.serial, one.kid, one.registration, one.written_notice) for one in ours
    ] == [
        (one.number, (one.kid or "").strip(), one.registration_type.value, one.notify)
        for one in assignment.transactions
    ]


def test_records_are_handed_over_as_they_come():
    one = MandateRecord(0, "1234567000017", 1, True, ACCOUNT)
    data = ocr_file([List([one] * 3000)])
    cut = io.BytesIO(data[:-200])
    assert len(list(islice(read_mandates(cut, "list.txt"), 3))) == 3


def test_list_that_is_empty():
    found, summary = read(ocr_file([List([])]))
    assert not found and summary.totals.records == 4


FILE = (
    ocr_file(
        [
            List([MandateRecord(0, "1234567000017", 1, True, ACCOUNT, 3, 1)] * 2),
            OcrAssignment(),
        ],
        last="",
    )
    .decode("iso-8859-1")
    .split("\n")
)


def changed(line, start, text):
    records = list(FILE)
    record = records[line - 1]
    records[line - 1] = record[: start - 1] + text + record[start - 1 + len(text) :]
    return "\n".join(records).encode("iso-8859-1")


@pytest.mark.parametrize(
    ("line", "start", "text", "field", "at"),
    [
        (1, 7, "20", "record type", 1),
        (1, 9, "x", "data transmitter", 1),
        (2, 18, "x", "assignment number", 2),
        (2, 25, "x", "assignment account", 2),
        (2, 3, "00", "record type", 2),
        (3, 5, "24", "record type", 3),
        (3, 9, "x", "FBO serial", 3),
        (3, 16, "3", "registration type", 3),
        (3, 41, "X", "KID", 3),
        (3, 41, " ", "KID", 3),
        (3, 40, "-", "KID", 3),
        (3, 42, "Y", "written notice", 3),
        (3, 42, "j", "written notice", 3),
        (5, 16, "3", "number of transactions", 5),
        (5, 24, "3", "number of records", 5),
        (6, 7, "30", "record type", 6),
        (8, 7, "20", "record type", 8),
        (9, 24, "7", "number of records", 9),
        (9, 16, "x", "number of transactions", 9),
        (10, 16, "9", "number of transactions", 10),
        (10, 24, "9", "number of records", 10),
        (10, 41, "9", "total amount", 10),
        (10, 42, "310226", "date", 10),
    ],
)
def test_wrong_field_is_refused_with_line_and_name(line, start, text, field, at):
    error = refusal(changed(line, start, text))
    assert (error.field, error.line) == (field, at)


@pytest.mark.parametrize("length", range(1, len(FILE)))
def test_truncated_after_any_record(length):
    assert "truncated" in refusal("\n".join(FILE[:length]).encode()).message


@pytest.mark.parametrize("removed", range(len(FILE)))
def test_any_record_missing_or_twice(removed):
    refusal("\n".join(FILE[:removed] + FILE[removed + 1 :]).encode())
    refusal("\n".join(FILE[: removed + 1] + FILE[removed:]).encode())


@given(st.data())
def test_damaged_file_is_refused_or_says_itself_what_it_holds(data):
    whole = "\n".join(FILE).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole) - 1))
        size = data.draw(st.sampled_from([0, 1, 1, 8, 80, 81]))
        put = data.draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from([b" ", b"0", b"\n", b"NY212488", whole[at : at + 81]]),
            )
        )
        whole = whole[:at] + put + whole[at + size :] or b" "
    try:
        found, summary = read(whole)
    except BankFileError as error:
        assert error.field and error.message
        return
    ends = [
        line
        for line in whole.decode("iso-8859-1").splitlines()
        if line.startswith("NY212488")
    ]
    assert sum(int(line[8:16]) for line in ends) == len(found) == summary.mandates
