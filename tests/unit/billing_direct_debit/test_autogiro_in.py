"""Files from Bankgirot: what is read, what is counted, what is refused and how."""

import tracemalloc
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.source import Source
from odoo.addons.billing_direct_debit.core.autogiro_codes import (
    CHANGE,
    CHANGE_KIND,
    COMMENT,
    INFORMATION,
    REFUND,
    REJECTED,
)
from odoo.addons.billing_direct_debit.core.autogiro_in import (
    autogiro_reader,
    is_autogiro,
    open_autogiro,
)
from odoo.addons.billing_direct_debit.core.autogiro_records import (
    DEBIT,
    PAYOUT,
    Change,
    Deposit,
    EMandate,
    MandateAdvice,
    PaymentResult,
    Refund,
    RegisteredMandate,
    RejectedOrder,
    WaitingOrder,
)
from odoo.addons.billing_direct_debit.core.seal import sealed

from ...builders import autogiro_files as build
from .autogiro_fields import table_of, wrong_fields
from .test_autogiro_out import (
    accounts,
    days,
    directions,
    identities,
    payers,
    references,
)
from .test_seal import KEY

BANKGIRO = st.just(build.BANKGIRO)
LINE = st.just(0)
# What several of them add up to must fit into the end record.
amounts = st.integers(1, 10**11)
texts = references.filter(lambda text: text.strip("0") or not text)
words = st.text("ABCÅÄÖabcåäö 0123456789", max_size=30).map(str.strip)
codes = {
    table: st.sampled_from(sorted(values))
    for table, values in (
        ("refund", REFUND),
        ("rejected", REJECTED),
        ("change", CHANGE),
        ("information", INFORMATION),
        ("comment", COMMENT),
    )
}
periods = st.sampled_from("012345678")
repetitions = st.sampled_from(["", "001", "120"])


def results(direction, status="0129"):
    return st.builds(
        PaymentResult,
        LINE,
        direction,
        days,
        periods,
        repetitions,
        payers,
        amounts,
        BANKGIRO,
        texts,
        st.sampled_from(status),
        st.none(),
    )


refunds = st.builds(
    Refund,
    LINE,
    days,
    periods,
    repetitions,
    payers,
    amounts,
    BANKGIRO,
    texts,
    days,
    codes["refund"],
    st.none(),
)
sections = st.one_of(
    st.tuples(st.just("15"), st.lists(results(st.just(DEBIT)), max_size=4)),
    st.tuples(st.just("16"), st.lists(results(st.just(PAYOUT)), max_size=4)),
    st.tuples(st.just("17"), st.lists(refunds, max_size=4)),
)
rejections = st.builds(
    RejectedOrder,
    LINE,
    directions,
    days,
    st.just(""),
    periods,
    repetitions,
    payers,
    amounts,
    BANKGIRO,
    texts,
    codes["rejected"],
).map(lambda item: replace(item, day_text=f"{item.day:%Y%m%d}"))
waiting = st.builds(
    WaitingOrder,
    LINE,
    directions,
    days,
    periods,
    repetitions,
    payers,
    amounts,
    BANKGIRO,
    texts,
)
changes = st.builds(
    Change,
    LINE,
    st.sampled_from(sorted(CHANGE_KIND)),
    st.none() | days,
    st.just("") | payers,
    st.sampled_from([DEBIT, PAYOUT, ""]),
    amounts,
    st.none() | days,
    BANKGIRO,
    texts,
    codes["change"],
).map(lambda item: item if item.direction else replace(item, amount_ore=None))
advices = st.builds(
    MandateAdvice,
    LINE,
    BANKGIRO,
    payers,
    st.just("") | accounts,
    st.just("") | identities,
    codes["information"],
    codes["comment"],
    st.none() | days,
)
emandates = st.builds(
    EMandate,
    LINE,
    BANKGIRO,
    payers,
    accounts,
    identities,
    st.integers(0, 2),
    words,
    st.lists(words.filter(bool), max_size=4).map(tuple),
    st.just("") | st.integers(10000, 99999).map(str),
    words,
)
registered = st.builds(
    RegisteredMandate,
    LINE,
    BANKGIRO,
    identities,
    payers,
    st.sampled_from(["payee", "payer"]),
    days,
    st.none() | days,
    st.booleans(),
    st.just("") | accounts,
)
ENDS = [("\r\n", True), ("\n", True), ("\r\n", False), ("", True)]
ends = st.sampled_from(ENDS)


def read(data, key=None):
    reader = open_autogiro(BytesIO(data), "bank.file", key=key)
    return list(reader), reader


def refusal(data, key=None):
    with pytest.raises(BankFileError) as caught:
        read(data, key)
    error = caught.value
    assert error.file == "bank.file" and error.field and error.message
    assert "\n" not in str(error) and len(str(error)) < 600
    return error


def _check(lines, items, kind, layout, end):
    """What was built is read, with the lines it stands in; the tables agree."""
    lines = list(lines)
    for line in lines:
        if layout == "new" and table_of(line, kind):
            assert list(wrong_fields(line.ljust(80), kind)) == [], line
    found, reader = read(build.file(lines, *end[:1], full=end[1]))
    assert [replace(item, line=0) for item in found] == items
    assert reader.opening.kind == kind and reader.opening.layout == layout
    assert reader.opening.bankgiro == build.BANKGIRO
    assert reader.format == f"autogiro_{kind}"
    for item in found:
        assert _payer_in(lines[item.line - 1], item)
    return found, reader


def _payer_in(line, item):
    return item.payer_number in line


@given(st.lists(sections, max_size=4), ends)
def test_payment_specification(parts, end):
    lines = build.payments(parts)
    for line in lines:
        if table_of(line, "payments"):
            assert list(wrong_fields(line.ljust(80), "payments")) == [], line
    found, reader = read(build.file(lines, *end[:1], full=end[1]))
    assert [replace(item, line=0, deposit=None) for item in found] == [
        item for _kind, items in parts for item in items
    ]
    assert reader.opening.stamp.endswith("193055123456")
    assert reader.opening.customer_number == build.CUSTOMER
    position = 0
    for serial, (kind, items) in enumerate(parts, start=1):
        for item in items:
            result = found[position]
            position += 1
            assert _payer_in(lines[result.line - 1], result)
            if getattr(item, "status", "0") == "0":
                deposit = result.deposit
                assert (deposit.kind, deposit.serial) == (kind, f"{serial:05d}")
                assert (deposit.day, deposit.account) == (build.DAY, "8901003232323232")
                assert lines[deposit.line - 1].startswith(kind)
            else:
                assert result.deposit is None
    # A deposit is the sum of what names it.
    for deposit in {item.deposit for item in found if item.deposit}:
        amounts = [item.amount_ore for item in found if item.deposit == deposit]
        assert (sum(amounts), len(amounts)) == (deposit.amount_ore, deposit.count)


@given(st.lists(results(directions), max_size=5), ends)
def test_payment_specification_of_the_old_layout(items, end):
    _check(build.old_payments(items), items, "payments", "old", end)


@given(st.lists(rejections, max_size=5), st.booleans(), ends)
def test_rejected_orders(items, old, end):
    layout = "old" if old else "new"
    _check(build.rejected(items, old=old), items, "rejected", layout, end)


@given(st.lists(waiting, max_size=5), st.booleans(), ends)
def test_waiting_orders(items, old, end):
    layout = "old" if old else "new"
    _check(build.waiting(items, old=old), items, "waiting", layout, end)


@given(st.lists(changes, max_size=5), st.booleans(), ends)
def test_cancelled_and_moved_orders(items, old, end):
    layout = "old" if old else "new"
    _check(build.changes(items, old=old), items, "changes", layout, end)


@given(st.lists(advices, max_size=5), st.booleans(), ends)
def test_mandate_advice(items, old, end):
    if not old:
        items = [replace(item, day=item.day or build.DAY) for item in items]
    layout = "old" if old else "new"
    _check(build.mandates(items, old=old), items, "mandates", layout, end)


@given(st.lists(emandates, max_size=4), ends)
def test_mandates_from_internet_banks(items, end):
    found, reader = _check(build.emandates(items), items, "emandates", "new", end)
    assert reader.summary.records.get("52", 0) == len(items)


@given(st.lists(registered, min_size=1, max_size=5), st.booleans(), ends)
def test_register_of_mandates(items, old, end):
    layout = "old" if old else "new"
    _check(build.register(items, old=old), items, "register", layout, end)


def test_what_an_answer_was_made_of():
    item = EMandate(0, "9912346", "1", "", "", 0, "Hej", ("Åsa",), "12345", "Ö")
    lines = build.emandates([item, item])
    reader = open_autogiro(BytesIO(build.file(lines)), "x")
    raws = [reader.raw for _mandate in reader]
    assert raws == ["\n".join(line.ljust(80) for line in lines[1:6])] * 2


def test_a_sealed_file_from_the_bank():
    lines = build.mandates([])
    data = build.file(lines)
    with_seal = b"".join(sealed(data.splitlines(keepends=True), KEY, build.DAY))
    assert is_autogiro(with_seal)
    found, reader = read(with_seal, KEY)
    assert not found and reader.opening.sealed and reader.opening.kind == "mandates"
    changed = with_seal.replace(b"4711170009912346", b"4711180009912346")
    assert refusal(changed, KEY).field == "seal"


def test_blank_lines_and_blanks_at_the_end_do_not_count():
    lines = build.mandates([])
    data = build.file(lines) + b"\r\n \t \r\n\r\n\x1a"
    assert read(data)[0] == []
    lines.insert(1, "")
    assert refusal(build.file(lines, full=False)).line == 3


def test_a_file_saved_as_utf8_is_read():
    item = WaitingOrder(0, PAYOUT, build.DAY, "0", "", "1", 5, "9912346", "ÅTERBET ÄÖ")
    data = build.file(build.waiting([item])).decode("iso-8859-1").encode()
    assert replace(read(data)[0][0], line=0) == item
    marked = refusal(b"\xef\xbb\xbf" + data)
    assert (marked.line, marked.field) == (1, "encoding")


def test_what_was_not_executed_may_stand_anywhere():
    failed = PaymentResult(
        0, DEBIT, build.DAY, "0", "", "77", 100, "9912346", "", "1", None
    )
    lines = build.payments([])
    lines.insert(1, build.payments([("15", [failed])])[2])
    (found,), _reader = read(build.file(lines))
    assert replace(found, line=0) == failed
    done = replace(failed, status="0")
    lines[1] = build.payments([("15", [done])])[2]
    assert refusal(build.file(lines)).field == "record type"


def test_amounts_that_are_none():
    item = RejectedOrder(0, DEBIT, None, "GENAST", "0", "", "1", 0, "9912346", "", "08")
    line = build.rejected([replace(item, day=build.DAY)])
    line[1] = line[1][:2] + "GENAST  " + line[1][10:30] + "12,50       " + line[1][42:]
    (found,), _reader = read(build.file(line))
    assert (found.day, found.day_text, found.amount_ore) == (None, "GENAST", None)


# --- what is it? ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n\r\n",
        b"01BGMAX               0120040525173035010331P",
        b"NY000010",
        b"<?xml version='1.0'?>",
        b"KID;Amount\n0123456789;100\n",
        b"0123456789" * 8 + b"\r\n",
        b"0" * 80 + b"\n",
        b"00261120HMAC" + b" " * 68 + b"\r\n",
        b"00261120HMAC" + b" " * 68 + b"\r\nKID;Amount\r\n",
        b"51261120AUTOGIRO",
        b"PK\x03\x04",
    ],
)
def test_what_is_not_autogiro(head):
    assert not is_autogiro(head)
    source = Source(BytesIO(head), "bank.file")
    assert autogiro_reader(source, source.head()) is None
    assert refusal(head).field == "file"


@given(st.binary(max_size=300))
def test_whatever_it_is_asking_does_no_harm(head):
    assert is_autogiro(head) in (True, False)


def test_contents_nobody_knows_are_named():
    data = build.file(build.mandates([])).replace(b"AG-MEDAVI", b"AG-MEDXYZ")
    assert is_autogiro(data)
    error = refusal(data)
    assert (error.line, error.field) == (1, "contents") and "AG-MEDXYZ" in error.message


# --- what is refused -----------------------------------------------------------------

RESULT = PaymentResult(
    0, DEBIT, build.DAY, "0", "", "4711", 12345, "9912346", "FAKTURA 17", "0", None
)
SPEC = build.file(build.payments([("15", [RESULT, replace(RESULT, status="1")])]))
MEDAVI = build.file(
    build.mandates([MandateAdvice(0, "9912346", "4711", "", "", "04", "32", build.DAY)])
)
EMANDATE = EMandate(0, "9912346", "1", "", "", 0, "Hej", ("Åsa",), "12345", "Ö")
EMEDGIV = build.file(build.emandates([EMANDATE]))
CHANGED = build.file(
    build.changes(
        [Change(0, "25", build.DAY, "1", DEBIT, 5, None, "9912346", "X", "12")]
    )
)
REGISTER = build.file(
    build.register(
        [
            RegisteredMandate(
                0, "9912346", "191212121212", "7", "payee", build.DAY, None, False, ""
            )
        ]
        * 2
    )
)


@pytest.mark.parametrize(
    ("data", "old", "new", "line", "field"),
    [
        (SPEC, b"20261120193055", b"20261320193055", 1, "date"),
        (SPEC, b"4711170009912346", b"47111X0009912346", 1, "customer number"),
        (SPEC, b"4711170009912346", b"47111700099123 6", 1, "payee bankgiro"),
        (SPEC, b"00001000000000000012345", b"00001000000000000012346", 2, "amount"),
        (SPEC, b"   00000001 ", b"   00000002 ", 2, "number of payments"),
        (SPEC, b"\r\n15", b"\r\n18", 2, "record type"),
        (SPEC, b"\r\n15", b"\r\n16", 3, "record type"),
        (SPEC, b"8220261120", b"8220261131", 3, "payment date"),
        (SPEC, b"47110000000123", b"4711OOOOOOO123", 3, "amount"),
        (SPEC, b"          1\r\n", b"          X\r\n", 4, "status"),
        (SPEC, b"0920261120", b"0920261100", 5, "date"),
        (SPEC, b"09202611209900", b"09202611209901", 5, "clearing number"),
        (SPEC, b"9900000001", b"9900000002", 5, "number of deposits"),
        (SPEC, b"000001000000000001", b"000001000000000002", 5, "number of executed"),
        (SPEC, b"\r\n09", b"\r\n15", 5, "number of payments"),
        (MEDAVI, b"AG-MEDAVI  ", b"AG-MEDXYZ  ", 1, "contents"),
        (MEDAVI, b"0432", b"04 2", 2, "comment code"),
        (MEDAVI, b"\r\n73", b"\r\n74", 2, "record type"),
        (MEDAVI, b"99000000001", b"99000000002", 3, "number of records"),
        (EMEDGIV, b"\r\n53", b"\r\n57", 3, "record type"),
        (EMEDGIV, b"\r\n53", b"\r\n54", 4, "record type"),
        (EMEDGIV, b"\r\n52", b"\r\n53", 2, "record type"),
        (EMEDGIV, b"99000000005", b"99000000004", 7, "number of records"),
        (CHANGED, b"\r\n25", b"\r\n31", 2, "record type"),
        (CHANGED, b"000000000005", b"            ", 2, "amount"),
        (CHANGED, b"000000000005REF", b"000000000006REF", 3, "sum of debits"),
        (CHANGED, b"12      \r\n09", b"13      \r\n09", 3, "number of debits"),
        (REGISTER, b"2026112000000000", b"2026116000000000", 1, "created"),
        (REGISTER, b"\r\n0009912346", b"\r\n000991234X", 2, "payee bankgiro"),
    ],
)
def test_what_does_not_agree_is_named(data, old, new, line, field):
    assert old in data
    error = refusal(data.replace(old, new, 1))
    assert error.line == line and error.field.startswith(field), str(error)


@pytest.mark.parametrize("data", [SPEC, MEDAVI, EMEDGIV, CHANGED])
def test_truncated_at_any_byte(data):
    # What is cut off the fillers of the last record is not missed.
    end = data.rindex(b"\r\n", 0, -2) + 2
    needed = 21 if data in (MEDAVI, EMEDGIV) else 68
    for cut in range(end + needed):
        error = refusal(data[:cut])
        assert error.message.startswith("expected ")
    assert refusal(data + data[:82]).field == "record"


def _peak(count):
    lines = build.payments([("15", [RESULT] * count)])
    data = build.file(lines)
    tracemalloc.start()
    number = sum(1 for _item in open_autogiro(BytesIO(data), "x"))
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert number == count
    return memory


def test_memory_does_not_grow_with_the_file():
    assert _peak(6000) - _peak(3000) < 20000


def test_deposits_are_equal_by_what_they_are():
    one = Deposit(2, "15", "8901", date(2026, 11, 20), "00001", 5, 1)
    assert one == replace(one) and hash(one) == hash(replace(one))
