"""AvtaleGiro claims: what is written, read, refused, and what others make of it."""

import io
import logging
import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

import netsgiro
import netsgiro.records
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_direct_debit.core.avtalegiro import (
    Assignment,
    ClaimLine,
    Transmission,
    TransmissionError,
    specification,
    write_transmission,
)
from odoo.addons.billing_direct_debit.core.avtalegiro_reader import read_transmission
from odoo.addons.billing_direct_debit.core.nets import Totals

from .field_tables import DATA, wrong_fields

logging.getLogger("netsgiro").setLevel(logging.ERROR)

SAMPLES = [DATA / "refused/netsgiro_avtalegiro_payment_request.txt"]
if os.environ.get("KVITT_SAMPLES"):
    folder = Path(os.environ["KVITT_SAMPLES"]) / "avtalegiro"
    SAMPLES += sorted(folder.glob("*payment_request*.txt"))
EMPTY = "empty specification records, which must not be sent"
UNPROCESSED = "specification records that Nets does not process"

# What ISO-8859-1 can print, without blanks at the ends, which no reader can tell from
# the filling of the field.
letters = st.characters(min_codepoint=0x21, max_codepoint=0xFF).filter(
    lambda char: char.isprintable()
)


def texts(width, least=0):
    return (
        st.text(st.one_of(letters, st.just(" ")), max_size=width)
        .map(str.strip)
        .filter(lambda text: len(text) >= least)
    )


lines = st.builds(
    ClaimLine,
    number=st.just(1),
    due=st.dates(date(2000, 1, 1), date(2068, 12, 31)),
    amount_ore=st.integers(1, 10**12),
    kid=st.from_regex(r"[0-9]{1,24}[0-9-]", fullmatch=True),
    short_name=texts(10),
    external_reference=texts(25),
)
notices = st.builds(
    replace,
    lines,
    bank_notice=st.just(True),
    specification=st.lists(
        texts(80).flatmap(
            lambda text: st.integers(0, 80 - len(text)).map(
                lambda blanks: (" " * blanks + text).rstrip()
            )
        ),
        max_size=5,
    ).map(lambda rows: tuple(rows) if rows and rows[-1] else tuple(rows) + ("Sum",)),
)


def numbered(claims):
    return tuple(replace(claim, number=i) for i, claim in enumerate(claims, start=1))


accounts = st.from_regex(r"[0-9]{11}", fullmatch=True)
assignments = st.one_of(
    st.builds(
        Assignment,
        kind=st.just("claims"),
        number=st.integers(1, 10**7 - 1),
        account=accounts,
        lines=st.lists(st.one_of(lines, notices), min_size=1, max_size=5).map(numbered),
    ),
    st.builds(
        Assignment,
        kind=st.just("cancellations"),
        number=st.integers(1, 10**7 - 1),
        account=accounts,
        lines=st.lists(lines, min_size=1, max_size=3).map(numbered),
    ),
)
transmissions = st.builds(
    Transmission,
    number=st.integers(1, 10**7 - 1),
    sender=st.from_regex(r"[0-9]{8}", fullmatch=True),
    assignments=st.lists(
        assignments, min_size=1, max_size=3, unique_by=lambda item: item.number
    ).map(tuple),
)


def written(transmission):
    return b"".join(write_transmission(transmission))


def records_of(data):
    *records, last = data.decode("iso-8859-1").split("\r\n")
    assert last == ""
    return records


def read(data, name="claims.txt"):
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    reader = read_transmission(source, name)
    return list(reader), reader.summary


def as_transmission(claims, summary):
    """The transmission that a file was read from."""
    return Transmission(
        summary.number,
        summary.sender,
        tuple(
            Assignment(
                item.kind,
                item.number,
                item.account,
                tuple(
                    found.claim
                    for found in claims
                    if (found.account, found.assignment) == (item.account, item.number)
                ),
            )
            for item in summary.assignments
        ),
        summary.recipient,
    )


def refusal(data):
    with pytest.raises(BankFileError) as caught:
        read(data)
    error = caught.value
    assert error.file == "claims.txt" and error.field and error.line
    assert "expected" in error.message and "found" in error.message
    return error


# --- samples -------------------------------------------------------------------


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_sample_is_read_with_its_totals_and_written_byte_for_byte(path):
    data = path.read_bytes()
    claims, summary = read(path)
    assert summary.totals == Totals(6, 22, 600, date(2004, 6, 17), date(2004, 6, 17))
    (assignment,) = summary.assignments
    assert assignment.totals == replace(summary.totals, records=20)
    assert summary.departures == {}
    assert [found.claim.bank_notice for found in claims] == [*[True] * 5, False]
    first = claims[0].claim
    assert (first.kid, first.short_name) == ("008000011688373", "NAVN")
    assert first.specification == (
        f"{' Gjelder Faktura: 168837  Dato: 19/03/04':40}"
        f"{'ForfallsDato: 17/06/04':>40}",
    )
    assert [found.line for found in claims] == [3, 7, 11, 13, 15, 19]
    # Only the line ends: the sample has LF, Nets asks for CRLF.
    assert written(as_transmission(claims, summary)).replace(b"\r\n", b"\n") == data
    for record in data.decode("iso-8859-1").splitlines():
        assert list(wrong_fields(record)) == []


# --- writing and reading back ----------------------------------------------------


@given(transmissions)
def test_what_is_written_is_read(transmission):
    totals = Totals()
    data = b"".join(write_transmission(transmission, totals))
    claims, summary = read(data)
    assert as_transmission(claims, summary) == transmission
    assert totals == summary.totals
    amounts = [
        line.amount_ore for item in transmission.assignments for line in item.lines
    ]
    assert (totals.transactions, totals.amount) == (len(amounts), sum(amounts))
    assert totals.records == len(records_of(data))
    assert summary.departures == {}


@given(transmissions)
def test_every_record_is_as_in_the_tables(transmission):
    for record in records_of(written(transmission)):
        assert list(wrong_fields(record)) == []
        # Empty specification records must not be sent (§2.2.4).
        assert record[6:8] != "49" or record[20:60].strip()


@given(transmissions)
def test_netsgiro_reads_the_same(transmission):
    # It takes no KID that ends in «-» (MOD11), and no cancellation without item 2.
    transmission = replace(
        transmission,
        assignments=tuple(
            replace(
                item,
                lines=tuple(
                    replace(
                        line,
                        kid=line.kid.replace("-", "7"),
                        short_name=line.short_name or "Nordmann",
                    )
                    for line in item.lines
                ),
            )
            for item in transmission.assignments
        ),
    )
    text = written(transmission).decode("iso-8859-1")
    theirs = netsgiro.parse(text)
    assert int(theirs.number) == transmission.number
    for their, our in zip(theirs.assignments, transmission.assignments, strict=True):
        assert (int(their.number), their.account) == (our.number, our.account)
        cancelled = our.kind == "cancellations"
        for request, line in zip(their.transactions, our.lines, strict=True):
            assert request.number == line.number
            assert (request.kid, request.date) == (line.kid, line.due)
            assert request.amount * 100 == line.amount_ore
            assert (request.reference or "") == line.external_reference
            assert (request.payer_name or "") == line.short_name
            assert request.type.value == (
                93 if cancelled else 21 if line.bank_notice else 2
            )
    # It joins the lines of a specification wrongly when halves are left out, as the
    # specification wants; record by record it is right.
    halves = [
        (record.line_number, record.column_number, record.text.rstrip())
        for record in netsgiro.records.parse(text)
        if isinstance(record, netsgiro.records.TransactionSpecification)
    ]
    assert halves == [
        (row, column, half.rstrip())
        for item in transmission.assignments
        for line in item.lines
        for row, content in enumerate(line.specification, start=1)
        for column, half in ((1, content[:40]), (2, content[40:]))
        if half.strip()
    ]


@given(transmissions)
def test_what_netsgiro_writes_is_read_and_written_the_same(transmission):
    theirs = netsgiro.Transmission(
        number=f"{transmission.number:07d}",
        data_transmitter=transmission.sender,
        data_recipient=transmission.recipient,
    )
    for item in transmission.assignments:
        cancelled = item.kind == "cancellations"
        assignment = theirs.add_assignment(
            service_code=netsgiro.ServiceCode.AVTALEGIRO,
            assignment_type=netsgiro.AssignmentType.AVTALEGIRO_CANCELLATIONS
            if cancelled
            else netsgiro.AssignmentType.TRANSACTIONS,
            number=f"{item.number:07d}",
            account=item.account,
        )
        add = (
            assignment.add_payment_cancellation
            if cancelled
            else assignment.add_payment_request
        )
        for line in item.lines:
            add(
                kid=line.kid,
                due_date=line.due,
                amount=Decimal(line.amount_ore) / 100,
                reference=line.external_reference or None,
                payer_name=line.short_name or None,
                bank_notification="\n".join(line.specification) or line.bank_notice,
            )
    data = theirs.to_ocr().encode("iso-8859-1")
    claims, summary = read(data)
    assert as_transmission(claims, summary) == transmission
    # The one thing it does and may not do: write empty specification records. And it
    # writes item 2 of a cancellation, which may be left out.
    empty = summary.departures.get(EMPTY, 0)
    blank = sum(
        item.kind == "cancellations" and not line.short_name + line.external_reference
        for item in transmission.assignments
        for line in item.lines
    )
    ours = records_of(written(transmission))
    assert summary.totals.records == len(ours) + empty + blank
    if not empty and not blank:
        assert [f"{record}" for record in data.decode("iso-8859-1").split("\n")] == ours


def test_claims_are_written_as_they_come():
    asked = []

    def claims():
        for number in range(1, 10**6):
            asked.append(number)
            yield ClaimLine(number, date(2026, 12, 15), 100, "0010017")

    stream = write_transmission(
        Transmission(1, "12345678", [Assignment("claims", 1, "15035149098", claims())])
    )
    assert len(list(islice(stream, 5))) == 5
    assert asked == [1, 2, 3]


def test_claims_are_read_as_they_come():
    claims = numbered([CLAIM] * 3000)
    reader = read_transmission(io.BytesIO(written(one(claims))), "claims.txt")
    first = next(iter(reader))
    assert first.claim == claims[0]
    with pytest.raises(RuntimeError):
        reader.summary  # noqa: B018


# --- what may not be written -----------------------------------------------------

CLAIM = ClaimLine(
    1,
    date(2026, 12, 15),
    123450,
    "1234567000017",
    "Nordmann K",
    "Fjordlys des. 2026",
    True,
    ("Strøm desember", f"{'Nettleie':<60}412,00"),
)


def one(claims=(CLAIM,), kind="claims", **values):
    return Transmission(
        **{"number": 7, "sender": "12345678", **values},
        assignments=(Assignment(kind, 4, "15035149098", tuple(claims)),),
    )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"number": 0}, "transaction number"),
        ({"number": 10**7}, "transaction number"),
        ({"number": True}, "transaction number"),
        ({"due": None}, "due date"),
        ({"due": date(1999, 12, 31)}, "due date"),
        ({"due": date(2100, 1, 1)}, "due date"),
        ({"amount_ore": 0}, "amount"),
        ({"amount_ore": -500}, "amount"),
        ({"amount_ore": 19.99}, "amount"),
        ({"amount_ore": Decimal("100")}, "amount"),
        ({"amount_ore": 10**17}, "amount"),
        ({"kid": ""}, "KID"),
        ({"kid": None}, "KID"),
        ({"kid": False}, "KID"),
        ({"kid": "1"}, "KID"),
        ({"kid": "ABC"}, "KID"),
        ({"kid": "12-3"}, "KID"),
        ({"kid": "0" * 26}, "KID"),
        ({"kid": "1234567 "}, "KID"),
        ({"kid": "١٢٣٤"}, "KID"),
        ({"short_name": "Nordmann Ka"}, "short name"),
        ({"short_name": "Łukasz"}, "short name"),
        ({"short_name": "a\nb"}, "short name"),
        ({"external_reference": "x" * 26}, "external reference"),
        ({"external_reference": "\x85"}, "external reference"),
        ({"specification": ("x" * 81,)}, "specification"),
        ({"specification": ("x",) * 43}, "specification"),
        ({"specification": ("20 €",)}, "specification"),
        ({"bank_notice": False}, "specification"),
    ],
)
def test_claim_that_cannot_be_written(values, field):
    with pytest.raises(TransmissionError) as caught:
        written(one([replace(CLAIM, **values)]))
    assert caught.value.field == field
    assert caught.value.assignment == 4
    assert field in str(caught.value)


def test_numbers_rise():
    with pytest.raises(TransmissionError, match="from 2 to") as caught:
        written(one([CLAIM, CLAIM]))
    assert (caught.value.field, caught.value.claim) == ("transaction number", 1)


@pytest.mark.parametrize(
    ("transmission", "field"),
    [
        (one(number=0), "transmission number"),
        (one(number=10**7), "transmission number"),
        (one(sender="1234567"), "data transmitter"),
        (one(sender="1234567A"), "data transmitter"),
        (one(recipient=""), "data recipient"),
        (one(kind="refunds"), "assignment type"),
        (one(()), "claims"),
        (Transmission(1, "12345678", ()), "assignment"),
        (
            Transmission(1, "12345678", one().assignments * 2),
            "assignment number",
        ),
        (
            Transmission(
                1, "12345678", [Assignment("claims", 0, "15035149098", [CLAIM])]
            ),
            "assignment number",
        ),
        (
            Transmission(
                1, "12345678", [Assignment("claims", 1, "1503.51.49098", [CLAIM])]
            ),
            "assignment account",
        ),
        (
            one(numbered([replace(CLAIM, amount_ore=10**17 - 1)] * 2)),
            "total amount",
        ),
    ],
)
def test_transmission_that_cannot_be_written(transmission, field):
    with pytest.raises(TransmissionError) as caught:
        written(transmission)
    assert caught.value.field == field


def test_cancellation_takes_the_claim_as_it_was():
    records = records_of(written(one([CLAIM], "cancellations")))
    assert records[1:5] == [
        f"NY213620{0:09d}{4:07d}15035149098{0:045d}",
        f"NY2193300000001151226{'':11}{123450:017d}{'1234567000017':>25}000000",
        f"NY2193310000001Nordmann K{'':25}{'Fjordlys des. 2026':<25}00000",
        f"NY213688{1:08d}{4:08d}{123450:017d}151226151226{0:027d}",
    ]
    ((found,), summary) = read(written(one([CLAIM], "cancellations")))
    assert found.kind == "cancellations"
    assert found.claim == replace(CLAIM, bank_notice=False, specification=())
    assert summary.departures == {}


# --- what is refused when reading --------------------------------------------------

FILE = records_of(
    written(
        Transmission(
            7,
            "12345678",
            (
                Assignment(
                    "claims",
                    4,
                    "15035149098",
                    numbered(
                        [CLAIM, replace(CLAIM, bank_notice=False, specification=())]
                    ),
                ),
                Assignment("cancellations", 5, "15035149098", (CLAIM,)),
            ),
        )
    )
)


def changed(line, start, text):
    """The file with some positions of a record (1-based both) replaced."""
    records = list(FILE)
    record = records[line - 1]
    records[line - 1] = record[: start - 1] + text + record[start - 1 + len(text) :]
    return "\r\n".join(records).encode("iso-8859-1")


def test_the_file_that_is_changed_below():
    assert [record[:8] for record in FILE] == [
        "NY000010",
        "NY210020",
        "NY212130",
        "NY212131",
        "NY212149",
        "NY212149",
        "NY212149",
        "NY210230",
        "NY210231",
        "NY210088",
        "NY213620",
        "NY219330",
        "NY219331",
        "NY213688",
        "NY000089",
    ]
    claims, summary = read("\r\n".join(FILE).encode("iso-8859-1"))
    assert len(claims) == 3 and summary.totals.amount == 3 * 123450


@pytest.mark.parametrize(
    ("line", "start", "text", "field", "at"),
    [
        (1, 1, "XX", "record type", 1),
        (1, 9, "A", "data transmitter", 1),
        (1, 17, " ", "transmission number", 1),
        (1, 24, "x", "data recipient", 1),
        (2, 5, "24", "record type", 2),
        (2, 18, "x", "assignment number", 2),
        (2, 25, "-", "assignment account", 2),
        (3, 3, "09", "record type", 3),
        (3, 5, "15", "transaction type", 3),
        (3, 5, "93", "transaction type", 3),
        (3, 7, "31", "record type", 3),
        (3, 7, "32", "record type", 3),
        (3, 9, "0000000", "transaction number", 3),
        (3, 16, "310226", "due date", 3),
        (3, 16, "x", "due date", 3),
        (3, 16, "161226", "last due date", 10),
        (3, 33, "-", "amount", 3),
        (3, 49, "1", "total amount", 10),
        (3, 74, " ", "KID", 3),
        (3, 74, "X", "KID", 3),
        (3, 73, "-", "KID", 3),
        (3, 50, " " * 25, "KID", 3),
        (4, 5, "02", "transaction type", 4),
        (4, 15, "2", "transaction number", 4),
        (4, 7, "49", "record type", 4),
        (5, 5, "93", "transaction type", 5),
        (5, 15, "2", "transaction number", 5),
        (5, 16, "0", "payment notice", 5),
        (5, 17, "000", "line", 5),
        (5, 17, "043", "line", 5),
        (5, 17, "002", "line", 6),
        (5, 20, "3", "column", 5),
        (5, 7, "31", "record type", 5),
        (8, 15, "1", "transaction number", 8),
        (9, 7, "49", "record type", 9),
        (10, 16, "3", "number of transactions", 10),
        (10, 24, "8", "number of records", 10),
        (10, 41, "9", "total amount", 10),
        (10, 42, "141226", "first due date", 10),
        (10, 48, "161226", "last due date", 10),
        (10, 5, "36", "record type", 10),
        (12, 5, "02", "transaction type", 12),
        (13, 5, "21", "transaction type", 13),
        (14, 41, "9", "total amount", 14),
        (15, 16, "9", "number of transactions", 15),
        (15, 24, "9", "number of records", 15),
        (15, 41, "9", "total amount", 15),
        (15, 42, "161226", "date", 15),
        (15, 7, "20", "record type", 15),
        (4, 20, "\x00", "record", 4),
        (4, 20, "\x85", "record", 4),
    ],
)
def test_wrong_field_is_refused_with_line_and_name(line, start, text, field, at):
    error = refusal(changed(line, start, text))
    assert (error.field, error.line) == (field, at)


def test_item_2_is_needed_in_claims_only():
    records = [*FILE[:3], *FILE[7:]]
    error = refusal("\r\n".join(records).encode("iso-8859-1"))
    assert (error.field, error.line) == ("record type", 4)
    records = records_of(
        written(
            one([replace(CLAIM, short_name="", external_reference="")], "cancellations")
        )
    )
    assert [record[6:8] for record in records] == ["10", "20", "30", "88", "89"]


def test_fillers_are_not_judged():
    claims, _summary = read(changed(3, 22, "0" * 11))
    assert claims[0].claim == CLAIM


def test_specification_where_nets_does_not_process_it():
    extra = FILE[4][:8] + f"{2:07d}" + FILE[4][15:]
    cancelled = FILE[4].replace("NY2121", "NY2193")
    records = [*FILE[:9], extra, *FILE[9:13], FILE[4], cancelled, *FILE[13:]]
    for index, (more, total) in ((10, (1, 10)), (16, (2, 6)), (17, (3, 18))):
        record = records[index]
        assert record[6:8] in ("88", "89") and int(record[16:24]) == total - more
        records[index] = f"{record[:16]}{total:08d}{record[24:]}"
    data = "\r\n".join(records).encode("iso-8859-1")
    # The same place twice is wrong there too.
    assert refusal(data).field == "line"
    records[15] = cancelled[:16] + "0022" + cancelled[20:]
    claims, summary = read("\r\n".join(records).encode("iso-8859-1"))
    assert summary.departures == {UNPROCESSED: 3}
    assert [found.claim.specification for found in claims] == [
        CLAIM.specification,
        (),
        (),
    ]


def test_empty_specification_record_is_counted():
    claims, summary = read(changed(6, 21, " " * 40))
    assert summary.departures == {EMPTY: 1}
    assert claims[0].claim.specification == ("Strøm desember", f"{'':60}412,00")


@pytest.mark.parametrize("length", range(1, len(FILE)))
def test_truncated_after_any_record(length):
    assert "truncated" in refusal("\r\n".join(FILE[:length]).encode("latin1")).message


@pytest.mark.parametrize("removed", range(len(FILE)))
def test_any_record_missing(removed):
    refusal("\r\n".join(FILE[:removed] + FILE[removed + 1 :]).encode("latin1"))


@pytest.mark.parametrize("removed", range(len(FILE)))
def test_any_record_twice(removed):
    records = [*FILE[: removed + 1], *FILE[removed:]]
    refusal("\r\n".join(records).encode("latin1"))


@given(st.data())
def test_damaged_file_is_refused_or_says_itself_what_it_holds(data):
    whole = "\r\n".join(FILE).encode("iso-8859-1")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole) - 1))
        size = data.draw(st.sampled_from([0, 1, 1, 8, 80, 82]))
        put = data.draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from(
                    [
                        b" ",
                        b"0",
                        b"\n",
                        b"NY000089",
                        whole[at : at + 82],
                        whole[at : at + 1],
                    ]
                ),
            )
        )
        whole = whole[:at] + put + whole[at + size :] or b" "
    try:
        claims, summary = read(whole)
    except BankFileError as error:
        assert error.field and error.message
        return
    text = whole.decode("iso-8859-1")
    end = next(line for line in text.splitlines() if line.startswith("NY000089"))
    assert int(end[24:41]) == sum(found.claim.amount_ore for found in claims)
    assert int(end[8:16]) == len(claims) == summary.totals.transactions


# --- laying out text ---------------------------------------------------------------


@settings(max_examples=50)
@given(st.lists(st.text(max_size=300), max_size=60))
def test_any_text_can_be_laid_out(rows):
    laid_out = specification(rows)
    claim = replace(CLAIM, specification=laid_out)
    assert read(written(one([claim])))[1].totals.transactions == 1


def test_long_lines_are_broken_and_too_many_are_said_to_be():
    words = "Strøm i desember " * 10
    assert [len(row) <= 80 for row in specification([words])] == [True] * 3
    assert " ".join(specification([words])) == words.strip()
    assert specification(["a", "", "b"]) == ("a", "", "b")
    many = specification(["x"] * 43)
    assert len(many) == 42 and many[-1] == "..." and many[-2] == "x"
    assert specification(["x"] * 42) == ("x",) * 42
