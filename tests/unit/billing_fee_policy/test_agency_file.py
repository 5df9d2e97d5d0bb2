"""What an agency gets: written and read alike, and nothing changed unnoticed."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import agency_file as af

KEY, OTHER = "a" * 32, "b" * 32
DEBTOR = af.Party(
    "Kari Nordmann",
    number="10042",
    address=("Storgata 1", "0155 Oslo"),
    country="NO",
    email="kari@example.com",
    language="nb",
)
CASE = af.Case(
    key=KEY,
    debtor=DEBTOR,
    invoice="INV/2026/00017",
    issued=date(2026, 9, 1),
    due=date(2026, 9, 15),
    currency="NOK",
    original=Decimal("1249.00"),
    principal=Decimal("749.00"),
    reference="000000926000019",
    installations=("707057500012345678",),
    additions=(
        af.Addition("fee", Decimal("38.00"), date(2026, 9, 30), "Reminder, § 1-2"),
        af.Addition("interest", Decimal("9.11"), date(2026, 9, 30)),
    ),
    interest=af.Interest(Decimal("749.00"), date(2026, 10, 1), Decimal("12.25")),
    letters=(
        af.Letter(
            "notice",
            date(2026, 9, 30),
            "email",
            date(2026, 10, 14),
            Decimal("38.00"),
            af.Document(f"{KEY}-1.pdf", b"%PDF notice"),
        ),
    ),
    objections=(af.Objection(date(2026, 9, 20), date(2026, 9, 22), "Wrong meter"),),
    document=af.Document(f"{KEY}.pdf", b"%PDF invoice"),
)
MESSAGE = af.Message(
    OTHER, af.WITHDRAW, "paid", date(2026, 11, 2), "INV/1", "NOK", Decimal("0.00")
)
BATCH = af.Batch(
    "COLL-00001",
    datetime(2026, 11, 2, 8, 15),
    af.Party("Fjordlys AS", country="NO"),
    (CASE,),
    (MESSAGE,),
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
amounts = st.decimals(Decimal("0.01"), Decimal("999999.99"), places=2)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
keys = st.text("0123456789abcdef", min_size=32, max_size=32)
parties = st.builds(
    af.Party,
    name=texts,
    number=texts,
    is_business=st.booleans(),
    address=st.lists(texts, max_size=3).map(tuple),
    email=texts,
)
cases = st.builds(
    af.Case,
    key=keys,
    debtor=parties,
    invoice=texts,
    issued=days,
    due=days,
    currency=st.sampled_from(["NOK", "SEK"]),
    original=amounts,
    principal=amounts,
    installations=st.lists(texts, max_size=2).map(tuple),
    additions=st.lists(
        st.builds(
            af.Addition,
            st.sampled_from(["fee", "interest", "compensation"]),
            amounts,
            st.none() | days,
        ),
        max_size=3,
    ).map(tuple),
    interest=st.none() | st.builds(af.Interest, amounts, days, amounts),
    letters=st.lists(
        st.builds(af.Letter, st.just("notice"), days, texts, st.none() | days, amounts),
        max_size=2,
    ).map(tuple),
    objections=st.lists(st.builds(af.Objection, days, st.none() | days, texts)).map(
        tuple
    ),
)
messages = st.builds(
    af.Message,
    keys,
    st.sampled_from(af.MESSAGE_KINDS),
    st.sampled_from(af.MESSAGE_REASONS),
    days,
    texts,
    st.just("NOK"),
    amounts,
    amounts,
    texts,
    texts,
)
batches = st.builds(
    af.Batch,
    texts,
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    parties,
    st.lists(cases, max_size=3).map(tuple),
    st.lists(messages, max_size=2).map(tuple),
)


def test_fees_and_interest_stand_apart_from_what_is_owed():
    assert CASE.principal == Decimal("749.00")
    assert CASE.added("fee") == Decimal("38.00")
    assert CASE.added("compensation") == 0
    assert CASE.total == Decimal("796.11")


def test_the_agency_finds_documents_table_and_checksums():
    files = dict(af.write(BATCH))
    assert files.keys() == {
        "batch.json",
        "cases.csv",
        "SHA256SUMS",
        f"{KEY}.pdf",
        f"{KEY}-1.pdf",
    }
    rows = csv.DictReader(
        io.StringIO(files["cases.csv"].decode("utf-8-sig")), delimiter=";"
    )
    case, message = rows
    assert case["id"] == KEY
    assert case["fees"] == "38.00"
    assert case["interest"] == "9.11"
    assert case["total"] == "796.11"
    assert case["objection"] == "settled"
    assert case["address"] == "Storgata 1 | 0155 Oslo"
    assert case["customer_number"] == "10042"
    assert (message["kind"], message["reason"]) == ("withdraw", "paid")


@given(batches)
def test_what_is_written_is_read(batch):
    assert af.read(dict(af.write(batch))) == batch


def test_with_documents_too():
    assert af.read(dict(af.write(BATCH))) == BATCH


@given(st.data())
def test_no_byte_changes_unnoticed(data):
    files = dict(af.write(BATCH))
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(af.FormatError):
        af.read({**files, name: bytes(content)})


@pytest.mark.parametrize("name", ["batch.json", "SHA256SUMS", f"{KEY}.pdf"])
def test_a_file_that_is_missing_is_named(name):
    files = dict(af.write(BATCH))
    del files[name]
    with pytest.raises(af.FormatError, match=f"{name}: file: is missing"):
        af.read(files)


def test_a_file_that_nobody_listed_is_named():
    files = dict(af.write(BATCH)) | {"more.pdf": b""}
    with pytest.raises(af.FormatError, match=r"more\.pdf: file: has no checksum"):
        af.read(files)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"format": "other"}, "format: is not"),
        ({"version": 2}, "version: is not 1"),
        ({"name": None}, "batch: is missing"),
    ],
)
def test_other_formats_are_refused(changed, problem):
    files = dict(af.write(replace(BATCH, cases=(), messages=())))
    content = json.loads(files["batch.json"]) | changed
    if changed.keys() == {"name"}:
        del content["batch"]
    files["batch.json"] = json.dumps(content).encode()
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n"
        for name in ("batch.json", "cases.csv")
    ).encode()
    with pytest.raises(af.FormatError, match=problem):
        af.read(files)


def test_what_makes_no_sense_is_not_handed_over():
    with pytest.raises(ValueError, match="nothing is owed"):
        replace(CASE, principal=Decimal(0))
    with pytest.raises(ValueError, match="no key"):
        replace(CASE, key="17")
    with pytest.raises(ValueError, match="no name of a file"):
        af.Document("../etc", b"")
    with pytest.raises(ValueError, match="one name"):
        replace(BATCH, cases=(CASE, CASE))
    with pytest.raises(ValueError, match="not one of"):
        replace(MESSAGE, reason="weather")
    with pytest.raises(ValueError, match="not one of"):
        replace(MESSAGE, kind="wish")
