"""BgMax: what is read, what is counted, what is refused and how."""

import io
import tracemalloc
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.recognise import open_bank_file
from odoo.addons.billing_bank_file.core.types import Reference

from ...builders.bank_files import (
    BgExtra,
    BgPayment,
    BgSection,
    bgmax_file,
    bgmax_records,
)
from .helpers import DATA, read, refusal

OFFICIAL = DATA / "bgmax/bankgirot_bankgiroinbetalningar_ocr.txt"
ENDS = [("\r\n", "\r\n"), ("\n", "\n"), ("\r\n", ""), ("\n", ""), ("", "")]

words = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF).filter(
        lambda c: c.isprintable() and c not in "ÃÂ,;/+&"
    ),
    min_size=1,
    max_size=25,
)
extras = st.builds(
    BgExtra,
    reference=words,
    amount=st.integers(0, 10**9),
    sign=st.sampled_from([1, 1, -1]),
)
payments = st.builds(
    BgPayment,
    amount=st.integers(0, 10**15),
    sign=st.sampled_from([1, 1, 1, -1]),
    reference=st.one_of(st.just(""), words),
    code=st.integers(0, 5),
    channel=st.integers(1, 4),
    payer=st.text("0123456789", max_size=10),
    serial=st.integers(0, 10**12 - 1),
    image=st.sampled_from("01"),
    extra=st.lists(extras, max_size=3).map(tuple),
    texts=st.lists(words, max_size=3).map(tuple),
    name=st.one_of(st.just(""), words),
    extra_name=st.one_of(st.just(""), words),
    organisation=st.sampled_from(["", "5500001234"]),
    left=st.booleans(),
)
sections = st.builds(
    BgSection,
    payments=st.lists(payments, max_size=5).map(tuple),
    bankgiro=st.integers(1, 10**10 - 1).map(str),
    currency=st.sampled_from(["SEK", "EUR"]),
    day=st.dates(date(1990, 1, 1), date(2068, 12, 31)),
    serial=st.integers(0, 99999),
)


@settings(deadline=None)
@given(st.lists(sections, max_size=4), st.sampled_from(ENDS), st.booleans())
def test_what_is_written_is_read(parts, ends, full):
    data = bgmax_file(parts, *ends, full=full or not ends[0])
    transactions, summary = read(data)
    pairs = [(part, payment) for part in parts for payment in part.payments]
    assert len(transactions) == len(pairs) == summary.transactions
    for position, (transaction, (part, payment)) in enumerate(
        zip(transactions, pairs, strict=True), start=1
    ):
        assert transaction.position == position
        assert transaction.amount == payment.booked
        assert transaction.currency == part.currency
        assert transaction.account == part.bankgiro
        assert transaction.booking_date == part.day
        assert transaction.collective
        assert transaction.bank_reference == (
            f"{payment.serial:012d}" if payment.serial else ""
        )
        assert transaction.payer_account == payment.payer.lstrip("0")
        values = {reference.value for reference in transaction.references}
        wanted = {payment.reference, *(item.reference for item in payment.extra)}
        assert values == wanted - {""}
        assert transaction.texts == tuple(dict.fromkeys(payment.texts))
        if payment.name:
            assert transaction.payer_name.startswith(payment.name)
    totals = {}
    for part in parts:
        if part.payments:
            totals[part.currency] = totals.get(part.currency, 0) + part.total
    assert summary.totals == totals
    assert len({t.fingerprint for t in transactions}) == len(pairs)


@settings(deadline=None)
@given(payments.filter(lambda payment: payment.extra))
def test_shares_of_a_payment_are_all_known_or_all_unknown(payment):
    (transaction,), _summary = read(bgmax_file([BgSection((payment,))]))
    shares = [reference.amount for reference in transaction.references]
    if None in shares:
        assert not any(shares)
    else:
        assert sum(shares) == transaction.amount


def test_a_reference_listed_twice_is_paid_the_sum():
    twice = (BgExtra(reference="500", amount=2), BgExtra(reference="500", amount=2))
    payment = BgPayment(amount=5, reference="4", extra=twice)
    (transaction,), _summary = read(bgmax_file([BgSection((payment,))]))
    assert [(item.value, item.amount) for item in transaction.references] == [
        ("4", 1),
        ("500", 4),
    ]


def test_the_example_of_bankgirot():
    transactions, summary = read(OFFICIAL)
    assert summary.totals == {"SEK": 990000, "EUR": 400000}
    assert (summary.transactions, summary.entries) == (9, 3)
    assert summary.accounts == ("9912346",)
    first, deduction, several, paper, missing, _third, own, commas, _last = transactions
    assert first.reference == "655969" and first.payer_name == "Kalles Plåt AB"
    assert first.payer_account == "3783511" and first.bank_reference == "000000000010"
    assert first.kind == "20/2/2" and first.booking_date == date(2004, 5, 25)
    assert first.raw["payer_organisation_number"] == "005500001234"
    assert first.raw["payee_bank_account"].endswith("5841000001009823")
    assert deduction.amount == -50000 and deduction.raw["deduction_code"] == "0"
    assert deduction.entry == first.entry != paper.entry != commas.entry
    # one record there has tabs for blanks
    assert [item.value for item in several.references] == [
        "657866",
        "658765",
        "657767",
        "657965",
    ]
    assert several.texts == ("Betalning med extra refnr 657965",)
    assert not missing.references and missing.kind == "20/1/3"
    assert own.reference == "658260" and len(own.references) == 3
    assert own.texts == ("Faktura 658369", "Faktura 658468")
    assert {item.amount for item in (*several.references, *own.references)} == {None}
    assert [item.value for item in commas.references] == ["801266", "801365", "801464"]


def _one(**values):
    (transaction,), _summary = read(bgmax_file([BgSection((BgPayment(**values),))]))
    return transaction


def test_amounts_of_extra_references_divide_the_payment():
    parts = (BgExtra("111", 30000), BgExtra("222", 50000), BgExtra("333", 20000, -1))
    transaction = _one(amount=100000, reference="99", extra=parts)
    assert transaction.references == (
        Reference("99", 40000),
        Reference("111", 30000),
        Reference("222", 50000),
        Reference("333", -20000, "credit_note"),
    )
    # the payment's own reference is one of them
    transaction = _one(amount=60000, reference="111", extra=parts)
    assert [item.amount for item in transaction.references] == [30000, 50000, -20000]
    # they do not add up, so nobody knows
    transaction = _one(amount=70000, reference="111", extra=parts)
    assert {item.amount for item in transaction.references} == {None}


def test_several_references_in_one_field_without_extra_records_are_text():
    transaction = _one(reference="657866 658765", texts=("Tack",), code=3)
    assert transaction.references == ()
    assert transaction.texts == ("657866 658765", "Tack")


def test_plusgiro_where_there_is_no_bankgiro():
    data = bgmax_file().replace(b"050009912346          ", b"05          0000012345")
    (transaction,), summary = read(data)
    assert transaction.account == "12345" and summary.accounts == ("12345",)


def test_a_deposit_below_zero():
    payments = (BgPayment(amount=100), BgPayment(amount=500, sign=-1))
    transactions, summary = read(bgmax_file([BgSection(payments)]))
    assert summary.totals == {"SEK": -400} and len(transactions) == 2


def test_equal_payments_are_told_apart_by_their_order_and_known_again():
    twice = bgmax_file([BgSection((BgPayment(), BgPayment()))])
    first, second = read(twice)[0]
    assert first.fingerprint != second.fingerprint
    again = bgmax_file([BgSection((BgPayment(), BgPayment(serial=11)))])
    assert read(again)[0][0].fingerprint == first.fingerprint


def test_unknown_records_are_read_over_and_counted():
    lines = bgmax_file().split(b"\r\n")
    for at in (5, 3, 1):
        lines.insert(at - 1, b"31unknown")
    # not between the file's start and a section's, nor after the end
    (transaction,), summary = read(b"\r\n".join(lines[1:]))
    assert transaction.amount == 100000
    assert summary.skipped == {"records of type 31": 2}


def _damaged(old, new, **values):
    return refusal(bgmax_file([BgSection((BgPayment(**values),))]).replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        (b"010331P", b"010331T", 1, "mark"),
        (b"0120261120", b"0220261120", 1, "version"),
        (b"SEK", b"NOK", 2, "currency"),
        (b"050009912346", b"050000000000", 2, "payee bankgiro"),
        (b"050009912346", b"05000991234X", 2, "payee bankgiro"),
        (b"000000000000100000", b"00000000000010000O", 3, "amount"),
        (b"22000000000010", b"92000000000010", 3, "reference code"),
        (b"22000000000010", b"2200000000001X", 3, "BGC serial number"),
        (b"200003783511", b"240003783511", 4, "number of payments"),
        (b"\r\n20", b"\r\nXX", 3, "record type"),
        (b"20261120000740000", b"20261320000740000", 4, "payment date"),
        (b"000000000000100000SEK", b"000000000000100001SEK", 4, "deposit amount"),
        (b"SEK00000001", b"EUR00000001", 4, "currency"),
        (b"SEK00000001", b"SEK00000002", 4, "number of payments"),
        (b"700000000100000000", b"700000000200000000", 5, "number of payments"),
        (b"700000000100000000", b"700000000100000001", 5, "number of deductions"),
        (b"00000000000000001 ", b"00000000100000001 ", 5, "number of extra references"),
        (b"0000000000000001 ", b"0000000000000002 ", 5, "number of deposits"),
    ],
)
def test_what_does_not_agree_is_named(old, new, line, field):
    error = _damaged(old, new)
    assert (error.line, error.field) == (line, field), str(error)


def test_extra_references_belong_to_their_payment():
    payment = BgPayment(extra=(BgExtra("1"),))
    records = bgmax_records([BgSection((payment,))])
    records[3] = records[3][:57] + f"{11:012d}" + records[3][69:]
    error = refusal("\n".join(records).encode())
    assert (error.line, error.field) == (4, "BGC serial number")


def test_records_out_of_place():
    start, section, payment, deposit, end = bgmax_file().split(b"\r\n")[:5]
    name = b"26Kari"
    for lines, number in (
        ([start, section, name, payment, deposit, end], 3),
        ([start, payment, deposit, end], 2),
        ([start, section, payment, name, name, deposit, end], 5),
        ([start, section, payment, section, deposit, end], 4),
        ([section, payment, deposit, end], 0),
        ([start, section, payment, deposit, end, payment], 6),
    ):
        assert refusal(b"\n".join(lines)).line == number


def test_a_name_twice_or_utf8_is_refused():
    data = bgmax_file([BgSection((BgPayment(name="Åse Öberg"),))], full=False)
    text = data.decode("iso-8859-1").encode()
    assert refusal(text).field == "encoding"
    assert read(data)[0][0].payer_name == "Åse Öberg"


@pytest.mark.parametrize("full", [True, False])
def test_truncated_at_any_byte(full):
    section = BgSection((BgPayment(extra=(BgExtra("1"),), texts=("x",), name="Kari"),))
    data = bgmax_file([section, replace(section, serial=75)], full=full)
    end = len(data.rstrip())
    for cut in range(end):
        error = refusal(data[:cut])
        assert error.message.startswith("expected ")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("diapraxas_validTransaktionskoder", "format"),
        ("diapraxas_someInvalidTransaktionskoder", "format"),
        ("zimpler_isolated_payment", "file"),
    ],
)
def test_samples_that_are_no_whole_file(name, field):
    assert refusal(DATA / f"refused/bgmax_{name}.txt").field == field


def test_without_its_byte_order_mark_the_content_is_refused():
    for name in ("valid", "someInvalid"):
        path = DATA / f"refused/bgmax_diapraxas_{name}Transaktionskoder.txt"
        error = refusal(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        # every record repeats the start's content, so the first other one is wrong
        assert (error.line, error.field) == (2, "payee bankgiro")


def test_memory_does_not_grow_with_the_file():
    def peak(count):
        payments = tuple(BgPayment(serial=i, name="Kari") for i in range(count))
        data = bgmax_file([BgSection(payments)])
        tracemalloc.start()
        number = sum(1 for _ in open_bank_file(io.BytesIO(data), "x"))
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert number == count
        return memory

    small, large = peak(500), peak(5000)
    # the fingerprints' 64 bits each, and nothing else
    assert large - small < 4500 * 400
