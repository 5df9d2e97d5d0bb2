"""Files to Bankgirot: as its own examples, by its own tables, and never a wrong one."""

from dataclasses import fields, replace
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_direct_debit.core.autogiro_in import open_autogiro
from odoo.addons.billing_direct_debit.core.autogiro_out import (
    MAX_AMOUNT,
    AutogiroOrderError,
    OrderFile,
    write_orders,
)
from odoo.addons.billing_direct_debit.core.autogiro_records import (
    DEBIT,
    PAYOUT,
    CancelOrder,
    EndMandate,
    MandateOrder,
    MoveOrder,
    PaymentOrder,
    Renumber,
)
from odoo.addons.billing_direct_debit.core.seal import sealed

from .autogiro_fields import DATA, wrong_fields
from .test_seal import KEY

PAYEE = {"customer_number": "471117", "bankgiro": "9912346"}
TOLVAN = {"account": "3300001212121212", "identity": "191212121212"}
FIRM = {"account": "8901003232323232", "identity": "005556000521"}
MAJ = {"account": "5001000001000020", "identity": "196803050000"}
JUNE = date(2008, 6, 11)


def june(day):
    return date(2008, 6, day)


# What stands in the examples that Bankgirot published.
EXAMPLES = {
    "bankgirot_autogiro_exempelfil_medgivandeunderlag_sv": OrderFile(
        JUNE,
        **PAYEE,
        mandates=[
            MandateOrder("101", **TOLVAN),
            MandateOrder("102", **FIRM),
            MandateOrder("103", **MAJ),
            MandateOrder("2222101"),
            MandateOrder("3331022"),
            MandateOrder("7771014"),
            MandateOrder("106", **TOLVAN, reject=True),
            MandateOrder("107", **MAJ, reject=True),
            EndMandate("5551004"),
            EndMandate("4440104"),
            Renumber("111", "121"),
            Renumber("112", "122"),
            Renumber("5555242", "3330202"),
        ],
    ),
    "bankgirot_autogiro_gl_medgivandeunderlag_till-bankgirot-medgivanden-"
    "bankgironummer_exempelfil_sv": OrderFile(
        date(2004, 10, 15),
        **PAYEE,
        mandates=[
            *map(MandateOrder, ("2222101", "3330202", "4440104")),
            EndMandate("5555242"),
        ],
    ),
    "bankgirot_autogiro_gl_medgivandeunderlag_till-bankgirot-medgivanden-"
    "kontonummer_exempelfiler_sv": OrderFile(
        date(2004, 10, 15),
        **PAYEE,
        mandates=[
            MandateOrder("101", **TOLVAN),
            MandateOrder("102", **FIRM),
            MandateOrder("103", **MAJ),
            MandateOrder("102", "9918000002010150", "194608170000"),
            MandateOrder("102", "9918000002010114", "193701270000", reject=True),
            EndMandate("242"),
        ],
    ),
    "bankgirot_autogiro_exempelfil-betalningsunderlag_sv": OrderFile(
        JUNE,
        "471117",
        "9902346",
        payments=[
            PaymentOrder("101", 75000, june(12), "ÅRSKORT-2008"),
            PaymentOrder("102", 25050, june(12), "KVARTAL-2008"),
            PaymentOrder(
                "103", 110000, june(30), "MÅNAD-2008", period="5", repetitions=6
            ),
            PaymentOrder(
                "2222101", 500025, june(30), "KVARTAL-2008", period="6", repetitions=3
            ),
            PaymentOrder("3331022", 35000, None, "KUNDNR5"),
            PaymentOrder("7771014", 12500, june(12), "UTBETALN", PAYOUT),
            PaymentOrder("104", 32500, june(12), "UTBETALN", PAYOUT),
            PaymentOrder("105", 3000, june(12), "UTBETALN1", PAYOUT),
            PaymentOrder("5551004", 3000, june(12), "UTBETALN2", PAYOUT),
        ],
    ),
    "bankgirot_autogiro_gl_betalningsunderlag_till-bankgirot-medgivanden-"
    "bankgironummer_exempelfil_sv": OrderFile(
        date(2004, 10, 26),
        **PAYEE,
        payments=[
            PaymentOrder("3334451", 75000, date(2004, 10, 27), "FAKT 12345678"),
            PaymentOrder("4445062", 25000, date(2004, 10, 27), "FAKT 34567899"),
            PaymentOrder(
                "5550731", 125000, date(2004, 10, 28), "FAKT 78787878", PAYOUT
            ),
        ],
    ),
    "bankgirot_autogiro_gl_betalningsunderlag_till-bankgirot-medgivanden-"
    "kontonummer_exempelfil_sv": OrderFile(
        date(2004, 10, 26),
        **PAYEE,
        payments=[
            PaymentOrder("1020304051", 75000, date(2004, 10, 27), "ÅRSKORT-2005"),
            PaymentOrder("2030405062", 25000, date(2004, 10, 27), "KVARTAL-2005"),
            PaymentOrder("3040506073", 12500, date(2004, 10, 28), "ÅTERBET", PAYOUT),
        ],
    ),
    "bankgirot_autogiro_exempelfilermakulerings-andringsunderlag_sv": OrderFile(
        JUNE,
        **PAYEE,
        changes=[
            *map(CancelOrder, ("101", "102", "103")),
            CancelOrder("2222101", june(12)),
            CancelOrder("5555242", june(13)),
            CancelOrder("105", june(16), 27500, reference="UTBETALN1"),
            CancelOrder("5551004", june(18), 52500, reference="UTBETALN2"),
            CancelOrder("106", june(19), 82500, PAYOUT),
            CancelOrder("7771014", june(19), 82500, PAYOUT),
            MoveOrder(june(30)),
            MoveOrder(june(30), day=june(13)),
            MoveOrder(june(23), "107", june(12)),
            MoveOrder(june(24), "108", june(13)),
            MoveOrder(june(23), "4440104", june(12), 17500),
            MoveOrder(june(24), "3331022", june(13), 47500),
            MoveOrder(june(19), "109", june(24), 55500, PAYOUT),
            MoveOrder(june(24), "110", june(13), 40000, PAYOUT, "UTBETALN3"),
        ],
    ),
    "bankgirot_autogiro_gl_makulering-datumandring_till-bankgirot-medgivanden-"
    "kontonummer_exempelfil_sv": OrderFile(
        date(2004, 10, 18),
        **PAYEE,
        changes=[
            CancelOrder("102"),
            CancelOrder("103", date(2004, 10, 19), 23500),
            MoveOrder(date(2004, 11, 2), "104", date(2004, 11, 3), 15000),
        ],
    ),
    "bankgirot_autogiro-gl_makulerings-andringsunderlag_till-bankgirot_"
    "exempelfil_sv": OrderFile(
        date(2004, 10, 18),
        **PAYEE,
        changes=[
            CancelOrder("5550731"),
            CancelOrder("4445062", date(2004, 10, 19), 23500),
            MoveOrder(date(2004, 11, 2), "3334451", date(2004, 11, 3), 15000),
        ],
    ),
}


def written(file, key=None):
    return b"".join(write_orders(file, key))


def read(data, key=None):
    """The orders in a file without their lines, and its reader."""
    reader = open_autogiro(BytesIO(data), "orders.txt", key=key)
    return [replace(order, line=0) for order in reader], reader


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_bankgirot(name):
    """Byte for byte; blanks at the end of lines were lost on the examples' way."""
    example = (DATA / f"autogiro/{name}.txt").read_bytes().splitlines()
    assert written(EXAMPLES[name]).splitlines() == [line.ljust(80) for line in example]


def test_a_sealed_file_is_the_published_one():
    """The seal that another program computed over the same three orders."""
    orders = [
        PaymentOrder("207902", 80000, date(2024, 4, 22), "0040106553200145"),
        PaymentOrder("214587", 40000, date(2024, 4, 26), "0040107191200141"),
        PaymentOrder("120959", 75000, date(2024, 4, 22), "0040106552200146"),
    ]
    payee = {"customer_number": "6924", "bankgiro": "9925256"}
    plain = written(OrderFile(date(2024, 4, 16), **payee, payments=orders))
    # Sealed two weeks after it was written.
    lines = list(sealed(plain.splitlines(keepends=True), KEY, date(2024, 4, 29)))
    assert lines[-1][40:72] == b"284F075A27506C1F5C4EBAEB812D6BAE"


# --- what is written is what the tables say, and is read again -----------------------

days = st.dates(date(2008, 1, 1), date(2099, 12, 31))
payers = st.integers(1, 10**16 - 1).map(str)
amounts = st.integers(1, MAX_AMOUNT)
references = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF).filter(
        # A letter and a sign that together are a letter in UTF-8 are taken for it.
        lambda c: c.isprintable() and c not in "ÂÃ"
    ),
    max_size=16,
).map(lambda text: text.strip())
directions = st.sampled_from([DEBIT, PAYOUT])
accounts = st.integers(10**15, 10**16 - 1).map(str)
identities = st.sampled_from(["00", "19", "20"]).flatmap(
    lambda start: st.integers(1, 10**10 - 1).map(lambda rest: f"{start}{rest:010d}")
)


bankgiros = st.integers(10**6, 10**8 - 1).map(str)
mandates = st.one_of(
    st.builds(MandateOrder, payers, accounts, identities, st.booleans()),
    st.builds(MandateOrder, payers, reject=st.booleans()),
    st.builds(EndMandate, payers),
    st.builds(Renumber, payers, payers),
    st.builds(Renumber, payers, payers, st.just("5000004")),
)
payments = st.one_of(
    st.builds(PaymentOrder, payers, amounts, st.none() | days, references, directions),
    st.builds(
        PaymentOrder,
        payers,
        amounts,
        days,
        references,
        directions,
        st.sampled_from("12345678"),
        st.none() | st.integers(1, 999),
    ),
)
changes = st.one_of(
    st.builds(CancelOrder, payers),
    st.builds(CancelOrder, payers, days),
    st.builds(CancelOrder, payers, days, amounts, directions, references),
    st.builds(MoveOrder, days),
    st.builds(MoveOrder, days, day=days),
    st.builds(MoveOrder, days, payers, days),
    st.builds(MoveOrder, days, payers, days, amounts, directions, references),
)
files = st.builds(
    OrderFile,
    days,
    st.integers(1, 999999).map(str),
    bankgiros,
    st.lists(mandates, max_size=4),
    st.lists(payments, max_size=4),
    st.lists(changes, max_size=4),
).filter(lambda file: file.mandates or file.payments or file.changes)


@given(files, st.sampled_from([None, KEY]))
def test_what_is_written_is_read(file, key):
    data = written(file, key)
    orders, reader = read(data, key)
    assert orders == [*file.mandates, *file.payments, *file.changes]
    assert reader.opening.bankgiro == file.bankgiro
    assert reader.opening.customer_number.lstrip("0") == file.customer_number
    assert (reader.opening.written, reader.opening.sealed) == (file.written, bool(key))
    assert sum(reader.summary.amounts.values()) == sum(
        order.amount_ore for order in file.payments
    )


@given(files, st.sampled_from([None, KEY]))
def test_every_record_is_as_the_tables_have_it(file, key):
    lines = written(file, key).decode("iso-8859-1").split("\r\n")
    assert lines.pop() == "" and {len(line) for line in lines} == {80}
    if key:
        assert lines.pop(0)[:2] == "00" and lines.pop()[:2] == "99"
    for line in lines:
        assert list(wrong_fields(line, "orders")) == [], line
    parts = sum(bool(part) for part in (file.mandates, file.payments, file.changes))
    assert sum(line[:2] == "01" for line in lines) == parts


def test_a_million_orders_are_never_in_memory_at_once():
    """Records come out while orders still come in."""
    taken = []

    def orders():
        for number in range(1, 100):
            taken.append(number)
            yield PaymentOrder(str(number), number, None)

    records = write_orders(OrderFile(JUNE, **PAYEE, payments=orders()), KEY)
    assert [next(records)[:2] for _ in range(4)] == [b"00", b"01", b"82", b"82"]
    assert len(taken) == 2


ORDER = PaymentOrder("101", 75000, JUNE, "X")
CANCEL = CancelOrder("101", JUNE, 1)
MOVE = MoveOrder(JUNE, "101", JUNE, 1)
MANDATE = MandateOrder("101", **MAJ)


@pytest.mark.parametrize(
    ("part", "order", "field"),
    [
        ("payments", replace(ORDER, payer_number=""), "payer_number"),
        ("payments", replace(ORDER, payer_number="0"), "payer_number"),
        ("payments", replace(ORDER, payer_number="1" * 17), "payer_number"),
        ("payments", replace(ORDER, payer_number="12a"), "payer_number"),
        ("payments", replace(ORDER, payer_number="١٢"), "payer_number"),
        ("payments", replace(ORDER, amount_ore=0), "amount_ore"),
        ("payments", replace(ORDER, amount_ore=-1), "amount_ore"),
        ("payments", replace(ORDER, amount_ore=MAX_AMOUNT + 1), "amount_ore"),
        ("payments", replace(ORDER, amount_ore=1.0), "amount_ore"),
        ("payments", replace(ORDER, amount_ore=True), "amount_ore"),
        ("payments", replace(ORDER, reference="x" * 17), "reference"),
        ("payments", replace(ORDER, reference=" x"), "reference"),
        ("payments", replace(ORDER, reference="a\r\nb"), "reference"),
        ("payments", replace(ORDER, reference="€"), "reference"),
        ("payments", replace(ORDER, direction="09"), "direction"),
        ("payments", replace(ORDER, period="9"), "period"),
        ("payments", replace(ORDER, repetitions=2), "repetitions"),
        ("payments", replace(ORDER, period="1", repetitions=1000), "repetitions"),
        ("payments", replace(ORDER, day="20260101"), "day"),
        ("payments", MANDATE, "type"),
        ("mandates", ORDER, "type"),
        ("mandates", replace(MANDATE, account=""), "account"),
        ("mandates", replace(MANDATE, identity=""), "identity"),
        ("mandates", replace(MANDATE, account="123"), "account"),
        ("mandates", replace(MANDATE, identity="991212121212"), "identity"),
        ("mandates", Renumber("1", "x"), "new_payer_number"),
        ("mandates", Renumber("1", "2", "991234"), "new_bankgiro"),
        ("changes", replace(CANCEL, day=None), "amount_ore"),
        ("changes", CancelOrder("1", JUNE, reference="x"), "reference"),
        ("changes", CancelOrder("", JUNE), "payer_number"),
        ("changes", replace(CANCEL, direction=""), "direction"),
        ("changes", replace(MOVE, day=None), "day"),
        ("changes", replace(MOVE, payer_number=""), "amount_ore"),
        ("changes", MoveOrder(None), "day"),
    ],
)
def test_what_does_not_fit_is_refused(part, order, field):
    good = {"mandates": MANDATE, "payments": ORDER, "changes": CANCEL}[part]
    with pytest.raises(AutogiroOrderError) as caught:
        written(OrderFile(JUNE, **PAYEE, **{part: [good, order]}))
    error = caught.value
    assert (error.part, error.index, error.field) == (part, 1, field)
    assert str(error) == f"{part}[1].{field}: {error.message}"


@pytest.mark.parametrize(
    ("field", "value"),
    [("account", "0123456789012345"), ("identity", "991212121212")],
)
def test_whose_account_it_is_stands_in_no_error(field, value):
    with pytest.raises(AutogiroOrderError) as caught:
        written(OrderFile(JUNE, **PAYEE, mandates=[replace(MANDATE, **{field: value})]))
    assert caught.value.field == field
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "orders"),
        ({"payments": [ORDER], "bankgiro": "123456789"}, "bankgiro"),
        ({"payments": [ORDER], "bankgiro": "18"}, "bankgiro"),
        ({"payments": [ORDER], "customer_number": "1234567"}, "customer_number"),
    ],
)
def test_a_file_that_is_none_is_refused(values, field):
    with pytest.raises(AutogiroOrderError) as caught:
        written(OrderFile(JUNE, **{**PAYEE, **values}))
    assert (caught.value.part, caught.value.field) == ("file", field)


def test_orders_for_another_payee_are_refused_when_read():
    data = written(OrderFile(JUNE, **PAYEE, payments=[ORDER]))
    wrong = data[:-82] + data[-82:].replace(b"0009912346", b"0000000018")
    with pytest.raises(BankFileError) as caught:
        read(wrong)
    assert (caught.value.line, caught.value.field) == (2, "payee bankgiro")


@pytest.mark.parametrize("place", [100, 200, 300])
def test_a_changed_file_breaks_its_seal(place):
    data = written(OrderFile(JUNE, **PAYEE, payments=[ORDER, ORDER]), KEY)
    changed = data[:place] + (b"1" if data[place : place + 1] != b"1" else b"2")
    changed += data[place + 1 :]
    with pytest.raises(BankFileError) as caught:
        read(changed, KEY)
    if place != 100:  # there it is no Autogiro at all any more
        assert caught.value.line >= 1


def test_another_key_is_told():
    data = written(OrderFile(JUNE, **PAYEE, payments=[ORDER]), KEY)
    with pytest.raises(BankFileError) as caught:
        read(data, "0" * 32)
    assert caught.value.field == "key check value"
    with pytest.raises(BankFileError, match="seal"):
        read(data[:-82], KEY)
    # The seal is not asked for without a key.
    assert read(data)[0] == [ORDER]


def test_all_fields_of_orders_are_tried():
    """A field that the writer forgets would be seen by writing and reading alone."""
    assert {item.name for item in fields(PaymentOrder)} == {
        "payer_number",
        "amount_ore",
        "day",
        "reference",
        "direction",
        "period",
        "repetitions",
        "line",
    }
