"""Tables: dates, amounts, headings, rows that are none, and what is refused."""

import csv
import io
import tracemalloc
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core import table_layout
from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.recognise import open_bank_file
from odoo.addons.billing_bank_file.core.source import Source
from odoo.addons.billing_bank_file.core.table import UnknownTableError, open_table
from odoo.addons.billing_bank_file.core.table_layout import Column, Layout
from odoo.addons.billing_bank_file.core.table_reader import Setting
from odoo.addons.billing_bank_file.core.table_values import (
    guess_date_order,
    guess_decimal_sign,
    parse_amount,
    parse_date,
)
from odoo.addons.billing_bank_file.core.types import Reference

from .helpers import refusal

# As the internet banks of Norway and Sweden write them; names and numbers made up.
NORWEGIAN = """\
Kontonavn;Driftskonto
Kontonummer;9999.10.42764

Bokført dato;Rentedato;Tekst;KID;Navn;Fra konto;Inn på konto;Ut av konto;Saldo
20.11.2026;20.11.2026;Nettgiro;0012345678904;Kari;1503.51.49098;1 250,00;;11 250,00
20.11.2026;20.11.2026;Gebyr;;;;;-35,50;11 214,50
21.11.2026;21.11.2026;Overføring;;Åse Øgård;8601.11.17947;2.000,00;;13 214,50
;;Saldo;;;;;;13 214,50
"""
SWEDISH = (
    "Bokföringsdag,Belopp,Avsändare,Meddelande,OCR,Valuta,Status\n"
    '2026-11-20,"1 630,00",Kalles Plåt AB,"Faktura 1001, tack",0072019122420063,SEK,\n'
    '2026-11-20,"-120,00",,Avgift,,SEK,\n'
    '2026-11-21,"99,00",Olle,,,SEK,Reserverat\n'
)


def layout_of(text, **values):
    table = open_table(Source(io.BytesIO(_bytes(text)), "x"))
    line, names = table.guess()
    columns = table_layout.guess_columns(names)
    cells = [row for number, row in table.head() if number > line]
    order = guess_date_order(_of_role(cells, columns, "date"))
    sign = guess_decimal_sign(_of_role(cells, columns, "amount", "money"))
    return line, Layout(columns, order, sign, **values)


def _of_role(rows, columns, *words):
    return [
        row[place]
        for row in rows
        for place, column in enumerate(columns)
        if any(word in column.role for word in words)
        and place < len(row)
        and row[place]
    ]


def _bytes(text):
    return text.encode() if isinstance(text, str) else text


def read(text, line=None, layout=None, account="99991042764", currency="NOK"):
    if layout is None:
        line, layout = layout_of(text)
    reader = open_bank_file(
        io.BytesIO(_bytes(text)),
        "bank.csv",
        settings=lambda table: Setting(line, layout, account, currency),
    )
    return list(reader), reader.summary


def fails(text, *arguments, **values):
    with pytest.raises(BankFileError) as caught:
        read(text, *arguments, **values)
    assert caught.value.field and caught.value.message
    return caught.value


# === WHOLE FILES === #


def test_a_norwegian_export():
    (first, fee, third), summary = read(NORWEGIAN)
    assert (first.amount, fee.amount, third.amount) == (125000, -3550, 200000)
    assert first.booking_date == first.value_date == date(2026, 11, 20)
    assert first.references == (Reference("0012345678904"),)
    assert first.texts == ("Nettgiro",) and first.payer_name == "Kari"
    assert first.payer_account == "15035149098"
    assert (first.account, first.currency, first.line) == ("99991042764", "NOK", 5)
    assert first.raw["Fra konto"] == "1503.51.49098"
    assert not third.references and not third.collective
    assert summary.skipped == {"rows without date and amount": 1}
    assert summary.totals == {"NOK": 321450}
    assert summary.format == "csv"


def test_a_swedish_export():
    (first, fee), summary = read(SWEDISH, currency="SEK")
    assert first.amount == 163000 and fee.amount == -12000
    assert first.texts == ("Faktura 1001, tack",)
    assert first.reference == "0072019122420063"
    assert first.payer_name == "Kalles Plåt AB"
    assert summary.skipped == {"rows not booked yet": 1}


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1"],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding, newline):
    text = NORWEGIAN.replace("\n", newline)
    expected = read(NORWEGIAN)[0]
    assert read(text.encode(encoding))[0] == expected


@pytest.mark.parametrize("separator", [";", "\t", ",", "|"])
def test_separators(separator):
    rows = list(csv.reader(io.StringIO(NORWEGIAN), delimiter=";"))
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    assert [t.amount for t in read(out.getvalue())[0]] == [125000, -3550, 200000]


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook():
    data = workbook(
        [
            ["Konto 9999.10.42764"],
            [],
            ["Dato", "Beløp", "Melding", "KID", None],
            [datetime(2026, 11, 20), 1250.1, "Takk", "0012345678904"],
            [date(2026, 11, 21), -35, 4711, 12345678904],
            ["22.11.2026", "1 000,00", None, None],
            [None, None, "Sum", None],
        ]
    )
    transactions, summary = read(data)
    assert [t.amount for t in transactions] == [125010, -3500, 100000]
    assert [t.booking_date.day for t in transactions] == [20, 21, 22]
    assert [t.reference for t in transactions] == ["0012345678904", "12345678904", ""]
    assert transactions[1].texts == ("4711",)
    assert [t.line for t in transactions] == [4, 5, 6]
    assert summary.format == "xlsx"


def test_a_number_the_spreadsheet_has_rounded_is_refused():
    data = workbook(
        [["Dato", "Beløp", "KID"], [date(2026, 11, 20), 1, 12345678901234567890]]
    )
    error = fails(data)
    assert (error.line, error.field) == (2, "KID") and "rounded" in error.message


def test_damaged_and_foreign_archives():
    data = workbook([["Dato", "Beløp"], [date(2026, 11, 20), 1]])
    for cut in (10, 200, len(data) // 2, len(data) - 30):
        error = refusal(data[:cut])
        assert "ZIP" in error.message
    broken = data.replace(b"PK\x01\x02", b"PK\x01\x03", 1)
    assert refusal(broken).message


def test_a_workbook_with_entities_is_refused():
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>")
    assert refusal(stream.getvalue()).field == "DOCTYPE"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
    assert refusal(stream.getvalue()).field == "workbook"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("other.txt", "<a/>")
    assert "ZIP archive" in refusal(stream.getvalue()).message


def test_a_zip_bomb_is_refused(monkeypatch):
    from odoo.addons.billing_bank_file.core import table

    monkeypatch.setattr(table, "MAX_UNPACKED", 1000)
    assert "at most 1000 bytes" in refusal(workbook([["a", "b"], [1, 2]])).message


# === FINDING THE HEADINGS === #


def test_a_table_nobody_explained_is_named():
    with pytest.raises(UnknownTableError) as caught:
        open_bank_file(io.BytesIO(NORWEGIAN.encode()), "x")
    assert caught.value.line == 4
    assert "'Bokført dato', 'Rentedato'" in caught.value.message


def test_headings_are_known_again_whatever_stands_above():
    table = open_table(Source(io.BytesIO(NORWEGIAN.encode()), "x"))
    line, names = table.guess()
    mark = table_layout.signature(names)
    longer = "Utskrift;1\n" + NORWEGIAN.replace("Tekst;KID", " TEKST ; kid", 1)
    again = open_table(Source(io.BytesIO(longer.encode()), "x"))
    assert again.find({mark})[0] == line + 1
    assert again.find({"0" * 64}) is None
    other = NORWEGIAN.replace("Tekst;KID", "KID;Tekst", 1)
    assert open_table(Source(io.BytesIO(other.encode()), "x")).find({mark}) is None


def test_accounts_above_the_headings():
    table = open_table(Source(io.BytesIO(NORWEGIAN.encode()), "x"))
    assert table.accounts(4) == {"99991042764"}


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (
            "Dato;Forklaring;Rentedato;Ut fra konto;Inn på konto",
            "booking_date;text;value_date;money_out;money_in",
        ),
        (
            "Bokføringsdato;Beløp;Avsender;Mottaker;Navn;Tittel;Valuta;Betalingstype",
            "booking_date;amount;payer_name;;;;currency;",
        ),
        (
            "Radnummer;Bokföringsdag;Transaktionsdag;Valutadag;Referens;Beskrivning;"
            "Belopp;Bokfört saldo",
            ";booking_date;;value_date;reference;text;amount;balance",
        ),
        (
            "Date;Description;Debit;Credit;Balance",
            "booking_date;text;money_out;money_in;balance",
        ),
        (
            "Dato;Beløp;Inn/Ut;Arkivref;Status",
            "booking_date;amount;direction;bank_reference;status",
        ),
        (
            "Reskontradatum;Transaktionsdatum;Text;Belopp;Saldo",
            "booking_date;;text;amount;balance",
        ),
    ],
)
def test_what_headings_suggest(names, roles):
    columns = table_layout.guess_columns(names.split(";"))
    assert [column.role for column in columns] == roles.split(";")


@pytest.mark.parametrize(
    "text",
    ["", "one line only", "a,b\n", "no\nseparator\nat all\n", "\x00\x01;a\n\x00;b\n"],
)
def test_what_is_no_table(text):
    assert open_table(Source(io.BytesIO(text.encode()), "x")) is None


def test_layouts_that_cannot_work_are_named():
    def problem(*roles):
        return Layout(tuple(Column(f"c{i}", r) for i, r in enumerate(roles))).problem()

    assert problem("amount") == "no_date"
    assert problem("booking_date") == "no_amount"
    assert problem("booking_date", "amount", "amount") == "role_twice"
    assert problem("booking_date", "amount", "money_in") == "amount_and_sides"
    assert problem("booking_date", "money_in", "direction") == "direction_alone"
    layout = columns(("d", "booking_date"), ("x", "text"))
    assert "no column is the amount" in fails("d;x\n1.1.2026;y\n", 1, layout).message
    assert problem("booking_date", "money_out", "text", "text", "") == ""


# === ROWS === #

HEADER = "Dato;Beløp;Tekst\n"


def rows(*lines, **values):
    line, layout = 1, layout_of(HEADER + "20.11.2026;1,00;x\n", **values)[1]
    return HEADER + "".join(f"{item}\n" for item in lines), line, layout


def test_rows_that_are_no_payments():
    text, line, layout = rows(
        "01.11.2026;;Inngående saldo",
        "20.11.2026;1,00;Saldo",
        ";;",
        "Dato;Beløp;Tekst",
        "20.11.2026;5000,00;Utgående saldo",
        ";100,00;Sum for perioden",
        "Sum;100,00;",
        ";;skrevet ut av Kari",
    )
    (payment,), summary = read(text, line, layout)
    assert payment.texts == ("Saldo",), "what a payer writes is no balance"
    assert summary.skipped == {
        "sums and balances": 4,
        "repeated headings": 1,
        "rows without date and amount": 1,
    }


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        (";100,00;Kari", "Dato", "expected a date"),
        ("20.11.2026;;Kari", "Beløp", "expected an amount, found none"),
        (
            "20.13.2026;1,00;x",
            "Dato",
            "expected a date, found '20.13.2026' (order dmy)",
        ),
        ("20.11.2026;1.5;x", "Beløp", "decimal sign ','"),
        ("20.11.2026;1,005;x", "Beløp", "at most 2 decimals"),
        ("20.11.2026;--1,00;x", "Beløp", "expected an amount"),
        ("20.11.2026;1,00;x;y", "row", "expected 3 columns"),
    ],
)
def test_what_is_neither_is_refused_whole(row, field, words):
    text, line, layout = rows("20.11.2026;1,00;x", row)
    error = fails(text, line, layout)
    assert (error.line, error.field) == (3, field)
    assert words in error.message


def test_a_layout_without_skip_words_skips_only_empty_rows():
    text, line, layout = rows(";100,00;Sum", skip_words=())
    assert fails(text, line, layout).field == "Dato"


def columns(*pairs):
    return Layout(tuple(Column(name, role) for name, role in pairs))


def test_direction_and_currency_columns():
    layout = columns(
        ("d", "booking_date"), ("a", "amount"), ("k", "direction"), ("c", "currency")
    )
    head = "d;a;k;c\n"
    text = head + "20.11.2026;1,00;CRDT;EUR\n20.11.2026;2,00;Ut;eur\n"
    assert [t.amount for t in read(text, 1, layout)[0]] == [100, -200]
    assert {t.currency for t in read(text, 1, layout)[0]} == {"EUR"}
    assert fails(head + "20.11.2026;1,00;?;EUR\n", 1, layout).field == "k"
    assert fails(head + "20.11.2026;1,00;C;€\n", 1, layout).field == "c"


def test_both_sides_of_one_row():
    layout = columns(("d", "booking_date"), ("i", "money_in"), ("o", "money_out"))
    text = "d;i;o\n20.11.2026;1,00;0,00\n20.11.2026;;2,00\n20.11.2026;;-3,00\n"
    assert [t.amount for t in read(text, 1, layout)[0]] == [100, -200, -300]
    assert fails("d;i;o\n20.11.2026;1,00;2,00\n", 1, layout).field == "o"
    assert fails("d;i;o\n20.11.2026;;\n", 1, layout).field == "i"


BALANCED = columns(("d", "booking_date"), ("a", "amount"), ("s", "balance"))


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8), st.booleans())
def test_the_balance_follows_in_either_order(amounts, newest_first):
    balance, lines = 0, []
    for amount in amounts:
        balance += amount
        lines.append(f"20.11.2026;{amount / 100:.2f};{balance / 100:.2f}")
    if newest_first:
        lines.reverse()
    text = "d;a;s\n" + "".join(
        line.replace(".", ",").replace(",11,", ".11.") + "\n" for line in lines
    )
    transactions, _summary = read(text, 1, BALANCED)
    assert sum(t.amount for t in transactions) == sum(amounts)


def test_a_missing_row_shows_in_the_balance():
    text = "d;a;s\n20.11.2026;1,00;1,00\n20.11.2026;2,00;3,00\n20.11.2026;3,00;6,00\n"
    assert len(read(text, 1, BALANCED)[0]) == 3
    lines = text.splitlines(keepends=True)
    error = fails("".join(lines[:2] + lines[3:]), 1, BALANCED)
    assert (error.line, error.field) == (3, "s")
    # an order is kept once it is known
    error = fails(text + "20.11.2026;0,50;3,00\n", 1, BALANCED)
    assert error.line == 5


def test_the_same_payment_in_an_overlapping_export():
    one = read(HEADER + "20.11.2026;1,00;x\n20.11.2026;1,00;x\n")[0]
    two = read(
        HEADER + "19.11.2026;5,00;y\n20.11.2026;1,00;x\n20.11.2026;1,00;x\n"
        "20.11.2026;1,00;x\n"
    )[0]
    assert len({t.fingerprint for t in (*one, *two)}) == 4
    assert {t.fingerprint for t in one} < {t.fingerprint for t in two}
    other = read(
        HEADER + "20.11.2026;1,00;x\n",
        *layout_of(HEADER + "1.1.2026;1,00;x\n"),
        account="15035149098",
    )[0]
    assert other[0].fingerprint != one[0].fingerprint


def test_own_account_column_and_excel_text():
    layout = columns(
        ("d", "booking_date"), ("a", "amount"), ("k", "own_account"), ("r", "reference")
    )
    text = 'd;a;k;r\n20.11.2026;1,00;9999.10.42764;"=""0012"""\n'
    (payment,), summary = read(text, 1, layout, account="X")
    assert payment.account == "99991042764" and payment.reference == "0012"
    assert summary.accounts == ("99991042764",)


def test_a_field_over_several_lines_keeps_line_numbers():
    text, line, layout = rows('20.11.2026;1,00;"a\nb"', "x;1,00;y")
    error = fails(text, line, layout)
    assert error.line == 4
    assert read(text.rpartition("x;")[0], line, layout)[0][0].texts == ("a b",)


def test_an_open_quote_does_not_swallow_the_file():
    row = "20.11.2026;1,00;x\n"
    text, line, layout = rows()
    error = fails(
        text + row * 200 + '20.11.2026;1,00;"open\n' + row * 9999, line, layout
    )
    assert (error.line, error.field) == (202, "row")
    assert "quotation mark" in error.message


# === VALUES === #


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from("./- "),
    st.booleans(),
)
def test_dates_in_every_order(day, separator, short):
    year = f"{day.year % 100:02d}" if short else f"{day.year}"
    parts = {"d": f"{day.day}", "m": f"{day.month:02d}", "y": year}
    for order in ("dmy", "ymd", "mdy"):
        text = separator.join(parts[part] for part in order)
        assert parse_date(text, order) == day
    assert parse_date(f"{day}T10:11:12.5+01:00", "dmy") == day
    assert parse_date(f"{day:%Y%m%d}", "ymd") == day
    assert parse_date(f"{day:%d%m%Y} 10:11", "dmy") == day


@pytest.mark.parametrize("text", ["20. nov. 2026", "20 November 26", "20-nov-2026"])
def test_dates_with_names_of_months(text):
    assert parse_date(text, "ymd") == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("", "dmy"),
        ("x", "dmy"),
        ("31.02.2026", "dmy"),
        ("20.11.2026", "ymd"),
        ("11.20.2026", "dmy"),
        ("20.11", "dmy"),
        ("20.11.026", "dmy"),
        ("1.2.3.4", "dmy"),
        ("20 foo 2026", "dmy"),
        ("202611200", "ymd"),
        ("45000", "dmy"),
        (45000, "dmy"),
        ("٢٠.١١.٢٠٢٦", "dmy"),
    ],
)
def test_what_is_no_date(text, order):
    with pytest.raises(ValueError, match="expected a date"):
        parse_date(text, order)


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(",."),
    st.sampled_from(["", " ", "\u00a0", "\u202f", "'", "other"]),
)
def test_amounts_are_read_back(minor, sign, group):
    group = {",": ".", ".": ","}[sign] if group == "other" else group
    whole, cents = divmod(abs(minor), 100)
    text = f"{whole:,}".replace(",", group) + f"{sign}{cents:02d}"
    assert parse_amount(text, sign, "NOK") == abs(minor)
    for negative in (f"-{text}", f"{text}-", f"({text})", f"− {text}", f"kr -{text}"):
        assert parse_amount(negative, sign, "NOK") == -abs(minor)
    assert parse_amount(f"+{text} NOK", sign, "NOK") == abs(minor)
    assert parse_amount(minor / 100, sign, "NOK") == minor


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1250", 125000),
        ("1250,-", 125000),
        ("1250,5", 125050),
        (",5", 50),
        ("1 250,500", 125050),
        ("kr 1.250,00", 125000),
        ("0,00", 0),
        ("-0,00", 0),
    ],
)
def test_amounts_with_a_decimal_comma(text, minor):
    assert parse_amount(text, ",", "NOK") == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-",
        "1,2,3",
        "1.25",
        "12.50",
        "1.2500,00",
        "1 25,00",
        "1,005",
        "--1",
        "-1-",
        "(1",
        "1)",
        "(-1)",
        "1e5",
        "1 250 00,00",
        "1.250 000,00",
        "٣",
        "NaN",
    ],
)
def test_what_is_no_amount(text):
    with pytest.raises(ValueError, match="expected"):
        parse_amount(text, ",", "NOK")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.005, True])
def test_numbers_that_are_no_amount(value):
    with pytest.raises(ValueError, match="expected"):
        parse_amount(value, ",", "NOK")


def test_what_the_values_suggest():
    assert guess_decimal_sign(["1.234", "1 250,00"]) == ","
    assert guess_decimal_sign(["1,234.50", "12.00"]) == "."
    assert guess_decimal_sign([]) == "," and guess_decimal_sign([12.5]) == ","
    assert guess_date_order(["01.02.2026", "13.02.2026"]) == "dmy"
    assert guess_date_order(["01/02/2026", "01/13/2026"]) == "mdy"
    assert guess_date_order(["26-11-20", "45-11-30"]) == "ymd"
    assert guess_date_order(["01.02.2026"]) == "dmy"


# === ANY FILE === #

FIRST = [["Dato", "Beløp", "x"], ["20.11.2026", "1,00", "y"]]
cells = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(cells, max_size=6), max_size=12),
    st.sampled_from(";,\t"),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_any_table_is_read_or_refused_in_order(lines, separator, encoding):
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([*FIRST, *lines])
    data = out.getvalue().encode(encoding, "replace")
    table = open_table(Source(io.BytesIO(data), "x"))
    # Cells full of another separator may look more like a table divided by that.
    assume(table and table.guess())
    line, names = table.guess()
    layout = Layout(table_layout.guess_columns(names))
    try:
        transactions, summary = read(data, line, layout)
    except BankFileError as error:
        assert error.field and error.message
        return
    assert summary.transactions == len(transactions)
    assert sum(summary.totals.values()) == sum(t.amount for t in transactions)


@pytest.mark.nightly
def test_a_hundred_thousand_rows_in_little_memory():
    row = "20.11.2026;1 250,00;Kari Nordmann\n"
    data = (HEADER + row * 20000).encode("cp1252")
    line, layout = layout_of(HEADER + row)
    tracemalloc.start()
    reader = open_bank_file(
        io.BytesIO(data), "x", settings=lambda _t: Setting(line, layout, "A", "NOK")
    )
    assert sum(1 for _ in reader) == 20000
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert memory < 8 * 2**20
