"""The same money through two doors, and money that only looks alike."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.twins import Told, pair

DAY = date(2026, 11, 2)
KID = "001234567890128"


def told(key=1, journal=1, day=DAY, amount=100, **values):
    return Told(key, journal, day, amount, **values)


def is_twin(payment, line):
    return pair([payment], [line]) == {payment.key: line.key}


@pytest.mark.parametrize(
    ("payment", "line"),
    [
        # the bank's own identity, wherever the importer noted it
        ({"ids": ("ARCH0000001",)}, {"text": "x (Refs/AcctSvcrRef): ARCH0000001"}),
        ({"ids": ("ARCH0000001",), "reference": KID}, {"text": "ARCH0000001"}),
        ({"reference": KID}, {"reference": KID}),
        ({"reference": KID}, {"text": f"Betaling KID {KID} takk"}),
        ({"reference": KID, "name": "Åse"}, {"reference": KID, "name": "A. Øgård"}),
        # the importer took the bank's number for the reference
        (
            {"reference": KID, "account": "15035149098", "ids": ("20261102123456",)},
            {"reference": "20261102123456", "account": "15035149098"},
        ),
        ({"account": "NO9315035149098"}, {"account": "15035149098"}),
        ({"text": "Faktura november"}, {"text": "faktura  NOVEMBER"}),
        ({"name": "Øgård, Åse"}, {"name": "Åse Øgård"}),
        ({}, {}),
    ],
)
def test_the_same_money(payment, line):
    assert is_twin(told(**payment), told(2, **line))


@pytest.mark.parametrize(
    ("payment", "line"),
    [
        ({"reference": KID}, {"reference": "001234567890136"}),
        ({"account": "15035149098"}, {"account": "99991042764"}),
        (
            {"account": "15035149098", "reference": KID},
            {"account": "15035149098", "reference": "001234567890136"},
        ),
        (
            {"reference": KID, "account": "1" * 11},
            {"reference": KID, "account": "2" * 11},
        ),
        ({"text": "Faktura", "name": "Åse"}, {"text": "Faktura", "name": "Ola"}),
        ({"name": "Åse"}, {"name": "Ola"}),
        # a short identity is none
        ({"ids": ("1",)}, {"text": "1 av 2"}),
        # one tells something, the other nothing: nobody knows
        ({"name": "Åse"}, {}),
        ({}, {"text": "Lønn"}),
    ],
)
def test_other_money(payment, line):
    assert not is_twin(told(**payment), told(2, **line))


@pytest.mark.parametrize(
    "other", [{"journal": 2}, {"day": date(2026, 11, 3)}, {"amount": -100}]
)
def test_another_account_day_or_amount(other):
    assert not is_twin(told(reference=KID), told(2, reference=KID, **other))


def test_the_second_of_two_alike_is_money_of_its_own():
    payments = [told(1, reference=KID), told(2, reference=KID)]
    assert pair(payments, [told("L", reference=KID)]) == {1: "L"}
    lines = [told("L", reference=KID), told("M", reference=KID)]
    assert pair(payments, lines) == {1: "L", 2: "M"}


def test_what_tells_most_comes_first():
    lines = [told("name", name="Åse"), told("reference", reference=KID)]
    both = told(1, reference=KID, name="Åse")
    assert pair([both, told(2, name="Åse")], lines) == {1: "reference", 2: "name"}


tellings = st.builds(
    dict,
    journal=st.integers(1, 2),
    amount=st.sampled_from([100, 200]),
    ids=st.sampled_from([(), ("ARCH0000001",), ("ARCH0000002",)]),
    reference=st.sampled_from(["", KID, "001234567890136"]),
    account=st.sampled_from(["", "15035149098", "99991042764"]),
    name=st.sampled_from(["", "Åse Øgård", "Ola"]),
    text=st.sampled_from(["", "Faktura november", "ARCH0000001", f"KID {KID}"]),
)
many = st.lists(tellings, max_size=8)


@given(many, many)
def test_pairs_are_one_to_one_and_agree_in_account_and_amount(ours, others):
    payments = {n: told(n, **values) for n, values in enumerate(ours)}
    lines = {f"L{n}": told(f"L{n}", **values) for n, values in enumerate(others)}
    found = pair(payments.values(), lines.values())
    assert len(set(found.values())) == len(found)
    for key, line_key in found.items():
        payment, line = payments[key], lines[line_key]
        assert (payment.journal, payment.amount) == (line.journal, line.amount)


@given(many)
def test_a_file_that_came_through_both_doors(values):
    """With the bank's identities noted all of it is recognised, each as itself."""
    payments = [
        told(n, **{**item, "ids": (f"ARCHIVE{n}",)}) for n, item in enumerate(values)
    ]
    lines = [
        told(f"L{n}", **{**item, "ids": (), "text": f"{item['text']} ARCHIVE{n}"})
        for n, item in enumerate(values)
    ]
    assert pair(payments, lines) == {n: f"L{n}" for n in range(len(values))}


@given(tellings, st.integers(0, 5), st.integers(0, 5))
def test_as_many_as_both_doors_brought_are_the_same(values, ours, others):
    values = {**values, "ids": ()}
    payments = [told(n, **values) for n in range(ours)]
    lines = [told(f"L{n}", **values) for n in range(others)]
    assert pair(payments, lines) == {n: f"L{n}" for n in range(min(ours, others))}


@given(many, many)
def test_the_same_files_again_give_the_same(ours, others):
    payments = [told(n, **values) for n, values in enumerate(ours)]
    lines = [told(f"L{n}", **values) for n, values in enumerate(others)]
    assert pair(payments, lines) == pair(payments, lines)
