"""OCR giro: what is read, what is counted, what is refused and how."""

import logging
from dataclasses import replace
from datetime import date

import netsgiro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.types import Reference

from ...builders.bank_files import (
    MandateList,
    OcrAssignment,
    OcrItem,
    numbered,
    ocr_file,
    ocr_records,
)
from .helpers import DATA, read, refusal

logging.getLogger("netsgiro").setLevel(logging.ERROR)

kids = st.one_of(
    st.text("0123456789", max_size=25),
    st.text("0123456789", max_size=24).map(lambda digits: digits + "-"),
)
plain_items = st.builds(
    OcrItem,
    kind=st.sampled_from(["10", "11", "12", "13", "14", "15", "16", "17"]),
    day=st.dates(date(2001, 1, 1), date(2068, 12, 31)),
    centre=st.integers(0, 99),
    day_code=st.integers(1, 31),
    partial=st.integers(0, 9),
    serial=st.integers(0, 99999),
    sign=st.sampled_from("0000-"),
    amount=st.integers(0, 10**15 - 1),
    kid=kids,
    archive=st.integers(0, 999999999),
    debit_account=st.text("0123456789", min_size=11, max_size=11),
)
printable = st.characters(min_codepoint=0x20, max_codepoint=0xFF).filter(
    lambda c: c.isprintable()
)
terminal_items = st.builds(
    OcrItem,
    kind=st.sampled_from(["18", "19", "20", "21"]),
    amount=st.integers(0, 10**15 - 1),
    issuer=st.text("0123456789", min_size=2, max_size=2),
    debit_account=st.just("0"),
).flatmap(
    lambda item: (
        st.just(item)
        if item.kind in ("18", "19")
        else st.builds(
            replace,
            st.just(replace(item, kid="")),
            text=st.text(printable, max_size=40),
        )
    )
)
assignments = st.builds(
    OcrAssignment,
    items=st.lists(st.one_of(plain_items, terminal_items), max_size=6).map(numbered),
    account=st.text("0123456789", min_size=11, max_size=11),
    agreement=st.integers(0, 999999999),
    number=st.integers(0, 3),
)


@settings(deadline=None)
@given(
    st.lists(st.one_of(assignments, st.builds(MandateList)), min_size=1, max_size=4),
    st.sampled_from(
        [("\n", "\n"), ("\r\n", "\r\n"), ("\n", ""), ("\r\n", ""), ("", "")]
    ),
)
def test_what_is_written_is_read(parts, ends):
    if not any(isinstance(part, OcrAssignment) for part in parts):
        parts.append(OcrAssignment())
    transactions, summary = read(ocr_file(parts, *ends))
    items = [(part, item) for part in parts for item in part.items]
    assert len(transactions) == len(items) == summary.transactions
    for position, (transaction, (part, item)) in enumerate(
        zip(transactions, items, strict=True), start=1
    ):
        assert transaction.position == position
        assert transaction.amount == item.booked
        assert transaction.account == part.account
        assert transaction.booking_date == item.day
        assert transaction.references == ((Reference(item.kid),) if item.kid else ())
        assert transaction.texts == tuple(filter(None, [(item.text or "").strip()]))
        assert transaction.kind == item.kind
        assert transaction.collective
        assert transaction.bank_reference == (
            f"{item.archive:09d}" if item.archive else ""
        )
    assert sum(summary.totals.values()) == sum(item.booked for _part, item in items)
    assert len({t.fingerprint for t in transactions}) == len(items)


@settings(deadline=None)
@given(st.lists(plain_items, min_size=1, max_size=6).map(numbered))
def test_netsgiro_reads_the_same(items):
    # what netsgiro cannot read or misreads: MOD11 dashes and credit notes
    items = tuple(
        replace(item, sign="0", kid=item.kid.replace("-", "7") or "1") for item in items
    )
    data = ocr_file([OcrAssignment(items)])
    transactions, _summary = read(data)
    (assignment,) = netsgiro.parse(data.decode("iso-8859-1")).assignments
    assert [
        (t.amount, t.reference, t.booking_date, t.payer_account) for t in transactions
    ] == [
        (
            int(t.amount * 100),
            t.kid,
            # netsgiro takes two-digit years from 69 on for the last century
            t.date,
            t.debit_account if t.debit_account.strip("0") else "",
        )
        for t in assignment.transactions
    ]


def test_specification_example():
    (first, second, *rest), summary = read(
        DATA / "ocr_giro/netsgiro_ocr_giro_transactions.txt"
    )
    assert summary.totals == {"NOK": 5144900}
    assert summary.transactions == 20
    assert summary.accounts == ("99991042764",)
    assert summary.message_id == "00008080-0170031-00010200"
    assert first.kind == "21" and first.texts == ("Foo bar baz",)
    assert first.line == 3 and second.line == 6 and rest[-1].line == 42
    assert second.reference == "0036633"
    assert second.bank_reference == "097596016"
    assert second.payer_account == "99991005524"
    assert second.booking_date == date(2092, 1, 20)
    # all but the last share day, centre and serial with others: lumps on the statement
    assert first.entry == second.entry != rest[-1].entry
    assert summary.entries == len({t.entry for t in (first, second, *rest)}) == 6


def test_reversals_are_added_in_totals_but_are_money_out():
    items = numbered([OcrItem(amount=5000), OcrItem(kind="18", amount=2000)])
    assignment = OcrAssignment(items)
    assert assignment.total == 7000
    transactions, summary = read(ocr_file([assignment]))
    assert [t.amount for t in transactions] == [5000, -2000]
    assert summary.totals == {"NOK": 3000}


def test_credit_notes_are_subtracted():
    items = numbered([OcrItem(amount=5000), OcrItem(sign="-", amount=2000)])
    transactions, summary = read(ocr_file([OcrAssignment(items)]))
    assert [t.amount for t in transactions] == [5000, -2000]
    assert summary.totals == {"NOK": 3000}


def test_net_total_below_zero():
    assignment = OcrAssignment((OcrItem(sign="-", amount=2000),))
    assert read(ocr_file([assignment]))[1].totals == {"NOK": -2000}


def test_assignment_numbers_may_repeat_and_fingerprints_differ_by_agreement():
    first = OcrAssignment()
    second = replace(first, agreement=1008567)
    transactions, _summary = read(ocr_file([first, second]))
    assert len(transactions) == 2
    assert len({t.fingerprint for t in transactions}) == 2


def test_fingerprint_is_the_same_in_another_file_at_another_place():
    item = OcrItem(number=7)
    (alone,), _ = read(ocr_file([OcrAssignment((item,))]))
    moved, _ = read(
        ocr_file([OcrAssignment((OcrItem(number=1, kid="42"), item))], "\r\n")
    )
    assert moved[1].fingerprint == alone.fingerprint != moved[0].fingerprint


def test_equal_payments_are_told_apart_by_their_ordinal():
    twins = (OcrItem(), OcrItem())
    first, _ = read(ocr_file([OcrAssignment(twins)]))
    again, _ = read(ocr_file([OcrAssignment(twins)]))
    assert first[0].fingerprint != first[1].fingerprint
    assert [t.fingerprint for t in first] == [t.fingerprint for t in again]


def test_mandate_list_is_counted_as_skipped():
    _transactions, summary = read(ocr_file([MandateList(3), OcrAssignment()]))
    assert summary.skipped == {"AvtaleGiro (2124) records": 3}
    assert summary.transactions == 1


def test_file_without_ocr_assignment_is_refused():
    error = refusal(DATA / "refused/netsgiro_avtalegiro_agreements.txt")
    assert "AvtaleGiro" in error.message


FILE = ocr_records([OcrAssignment(numbered([OcrItem(), OcrItem(kind="21", text="x")]))])


def _changed(line, start, text):
    """The file with some positions of a record (1-based both) replaced."""
    records = list(FILE)
    record = records[line - 1]
    records[line - 1] = record[: start - 1] + text + record[start - 1 + len(text) :]
    return "\n".join(records).encode("iso-8859-1")


@pytest.mark.parametrize(
    ("line", "start", "text", "field", "at"),
    [
        (1, 9, "A", "data transmitter", 1),
        (1, 17, " ", "transmission number", 1),
        (2, 9, "x", "agreement ID", 2),
        (2, 25, "-", "assignment account", 2),
        (3, 5, "09", "transaction type", 3),
        (3, 5, "22", "transaction type", 3),
        (3, 9, "A", "transaction number", 3),
        (3, 16, "320126", "Nets date", 3),
        (3, 16, "300226", "Nets date", 3),
        (3, 22, "x", "centre id", 3),
        (3, 26, "x", "partial settlement number", 3),
        (3, 27, "x", "serial number", 3),
        (3, 32, "+", "sign", 3),
        (3, 33, "-", "amount", 3),
        (3, 33, "1", "total amount", 8),
        (3, 49, "1", "total amount", 8),
        (3, 74, " ", "KID", 3),
        (3, 74, "X", "KID", 3),
        (3, 73, "-", "KID", 3),
        (3, 75, " ", "card issuer", 3),
        (4, 5, "11", "transaction type", 4),
        (4, 15, "7", "transaction number", 4),
        (4, 16, "x", "form number", 4),
        (4, 26, "x", "archive reference", 4),
        (4, 42, "991399", "bank date", 4),
        (4, 48, "x", "debit account", 4),
        (7, 15, "7", "transaction number", 7),
        (8, 16, "3", "number of transactions", 8),
        (8, 24, "8", "number of records", 8),
        (8, 41, "1", "total amount", 8),
        (8, 42, "999999", "Nets date", 8),
        (8, 48, "191126", "earliest Nets date", 8),
        (8, 54, "211126", "latest Nets date", 8),
        (9, 16, "3", "number of transactions", 9),
        (9, 24, "8", "number of records", 9),
        (9, 41, "1", "total amount", 9),
        (9, 42, "999999", "date", 9),
        (3, 7, "31", "record type", 3),
        (4, 7, "30", "record type", 4),
        (4, 7, "32", "record type", 4),
        (3, 3, "21", "record type", 3),
        (9, 7, "10", "record type", 9),
        (5, 1, "XX", "record type", 5),
        (3, 78, "\x00", "record", 3),
        (3, 78, "\t", "record", 3),
    ],
)
def test_wrong_field_is_refused_with_line_and_name(line, start, text, field, at):
    error = refusal(_changed(line, start, text))
    assert (error.field, error.line) == (field, at)
    assert "expected" in error.message and "found" in error.message


def test_reserved_positions_are_not_judged():
    transactions, _summary = read(_changed(4, 35, "1883206"))
    assert len(transactions) == 2


@pytest.mark.parametrize("length", range(1, len(FILE)))
def test_truncated_after_any_record(length):
    error = refusal("\n".join(FILE[:length]).encode())
    assert "truncated" in error.message


@pytest.mark.parametrize("removed", range(1, len(FILE) - 1))
def test_any_record_missing(removed):
    refusal("\n".join(FILE[:removed] + FILE[removed + 1 :]).encode())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_truncated_at_any_byte(data):
    whole = "\n".join(FILE).encode()
    cut = data.draw(st.integers(1, len(whole) - 1))
    refusal(whole[:cut])


def test_utf8_conversion_is_recognised():
    item = OcrItem(kind="21", kid="", text="Blåbær")
    text = "\n".join(ocr_records([OcrAssignment((item,))]))
    assert read(text.encode("iso-8859-1"))[0][0].texts == ("Blåbær",)
    error = refusal(text.encode())
    assert error.line == 5 and "UTF-8" in error.message


def test_credit_sign_on_reversal_is_refused():
    error = refusal(ocr_file([OcrAssignment((OcrItem(kind="18", sign="-"),))]))
    assert error.field == "sign"


def test_two_transmissions_in_one_file_are_refused():
    assert refusal(ocr_file() + ocr_file()).line == 7


def test_empty_lines_only_at_the_end():
    data = ocr_file()
    assert read(data + b"\r\n\n  \n\x1a")[1].transactions == 1
    assert refusal(data.replace(b"\n", b"\n\n", 1)).field == "record"
