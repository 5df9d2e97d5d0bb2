"""The matrix of what letters have to say."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import contents
from odoo.addons.billing_fee_policy.core.contents import Claim, Document, Interest

SENT = date(2026, 11, 20)
CLAIM = Claim(
    number="INV/2026/00105",
    issued=date(2026, 10, 1),
    due=date(2026, 10, 20),
    principal=Decimal("1249.00"),
    fees=Decimal(38),
    interest=(
        Interest(
            date(2026, 10, 21),
            SENT,
            Decimal("1249.00"),
            Decimal("12.25"),
            Decimal("13.00"),
        ),
    ),
    reference="0012345687",
)
LETTER = Document(
    country="NO",
    kind="demand",
    creditor="Fjordlys AS",
    recipient="Kari Nordmann",
    sent=SENT,
    claims=(CLAIM,),
    total=Decimal("1300.00"),
    account="15035149098",
    deadline=SENT + timedelta(days=14),
    deadline_days=14,
)
ALWAYS = {"creditor", "recipient", "concerns", "amount", "account", "reference"}


@pytest.mark.parametrize(
    ("country", "kind", "more"),
    [
        ("NO", "soft", set()),
        ("NO", "reminder", {"deadline", "objection"}),
        ("NO", "notice", {"deadline", "objection", "collection"}),
        (
            "NO",
            "demand",
            {"deadline", "objection", "consequence", "apart"}
            | {"interest_rate", "interest_from"},
        ),
        ("SE", "soft", set()),
        ("SE", "reminder", {"deadline", "objection"}),
        ("SE", "notice", {"deadline", "objection", "collection"}),
        ("SE", "demand", {"deadline", "objection", "apart"}),
        # Elsewhere: whatever one of the two asks for.
        (
            "DK",
            "demand",
            {"deadline", "objection", "consequence", "apart"}
            | {"interest_rate", "interest_from"},
        ),
    ],
)
def test_the_matrix(country, kind, more):
    assert contents.required(country, kind) == ALWAYS | more


def test_a_reminder_does_not_speak_of_collection():
    for country in ("NO", "SE", "DK"):
        assert "collection" not in contents.required(country, "reminder")


@pytest.mark.parametrize("kind", ["reminder", "notice"])
def test_interest_that_is_claimed_has_a_rate_and_a_day(kind):
    more = contents.required("NO", kind, interest=True) - contents.required("NO", kind)
    assert more == {"interest_rate", "interest_from"}


def test_a_swedish_demand_tells_amount_and_base_of_the_interest():
    more = contents.required("SE", "demand", interest=True) - contents.required(
        "SE", "demand"
    )
    assert more == {
        "interest_rate", "interest_from", "interest_base", "interest_amount",
    }  # fmt: skip


def test_additions_stand_apart_in_every_letter():
    assert "apart" in contents.required("NO", "reminder", additions=True)
    assert "apart" not in contents.required("NO", "reminder")


def test_there_are_no_other_letters():
    with pytest.raises(ValueError, match="handover"):
        contents.required("NO", "handover")


def test_nothing_is_missing():
    assert contents.missing(LETTER) == []
    assert contents.missing(replace(LETTER, country="SE")) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"creditor": " "}, ["creditor"]),
        ({"recipient": ""}, ["recipient"]),
        ({"account": ""}, ["account"]),
        ({"deadline": None}, ["deadline"]),
        ({"deadline": SENT + timedelta(days=13)}, ["deadline"]),
        ({"deadline": SENT, "deadline_days": 0}, ["deadline"]),
        ({"total": Decimal("1300.01")}, ["amount", "apart"]),
        (
            {"kind": "notice", "claims": (), "total": Decimal(0)},
            ["concerns", "amount", "reference"],
        ),
        ({"claims": (replace(CLAIM, number=""),)}, ["concerns"]),
        ({"claims": (replace(CLAIM, issued=None),)}, ["concerns"]),
        ({"claims": (replace(CLAIM, reference=""),)}, ["reference"]),
        ({"claims": (replace(CLAIM, due=None),)}, ["interest_from"]),
        ({"account": "", "creditor": ""}, ["creditor", "account"]),
    ],
)
def test_what_is_missing_is_named(change, expected):
    assert contents.missing(replace(LETTER, **change)) == expected


def test_a_letter_without_a_deadline_may_lack_one():
    assert contents.missing(replace(LETTER, kind="soft", deadline=None)) == []


def test_what_is_paid_of_the_interest_is_not_asked_for():
    claim = replace(CLAIM, interest_open=Decimal(3))
    assert claim.total == Decimal(1290)
    assert contents.missing(replace(LETTER, claims=(claim,), total=Decimal(1290))) == []


def test_interest_that_runs_on_needs_its_rate_said():
    claim = replace(CLAIM, interest=(), fees=Decimal(0))
    letter = replace(LETTER, claims=(claim,), total=claim.total)
    assert not letter.has_interest
    assert contents.missing(letter) == ["interest_rate"]
    letter = replace(letter, running_rate=Decimal("12.25"))
    assert contents.missing(letter) == []


def test_several_invoices_add_up():
    letter = replace(LETTER, claims=(CLAIM, CLAIM))
    assert contents.missing(letter) == ["amount", "apart"]
    assert contents.missing(replace(letter, total=Decimal(2600))) == []


SHOWN = {"amount": ["1\u00a0300,00 kr"], "deadline": ["4. desember 2026"]}


def test_spaces_of_formats_do_not_matter():
    text = "Betal  1 300,00\u202fkr innen\n4. desember 2026."
    assert contents.unsaid({"amount", "deadline"}, SHOWN, text) == []


def test_what_the_text_left_out_is_named():
    text = "Betal 1 300,00 kr snart."
    assert contents.unsaid({"amount", "deadline"}, SHOWN, text) == ["deadline"]


def test_what_nobody_put_into_words_is_not_said():
    assert contents.unsaid({"objection"}, {}, "Anything") == ["objection"]
    assert contents.unsaid({"objection"}, {"objection": [""]}, "Any") == ["objection"]


def test_all_pieces_of_a_field_are_asked_for():
    shown = {"concerns": ["INV/1", "INV/2"]}
    assert contents.unsaid({"concerns"}, shown, "About INV/1") == ["concerns"]


@given(
    st.sampled_from(["NO", "SE", "DK"]),
    st.sampled_from(["soft", "reminder", "notice", "demand"]),
    st.integers(0, 40),
    st.integers(0, 20),
)
def test_no_letter_gives_less_time_than_it_has_to(country, kind, days, at_least):
    letter = replace(
        LETTER,
        country=country,
        kind=kind,
        deadline=SENT + timedelta(days=days),
        deadline_days=at_least,
    )
    asked = kind != "soft"
    too_near = days < max(at_least, 1)
    assert ("deadline" in contents.missing(letter)) == (asked and too_near)


@given(
    st.lists(
        st.tuples(
            st.decimals("0.01", "9999", places=2),
            st.decimals("0", "500", places=2),
            st.decimals("0", "500", places=2),
        ),
        min_size=1,
        max_size=6,
    ),
    st.decimals("-5", "5", places=2),
)
def test_what_is_asked_for_is_what_the_parts_are(parts, off):
    claims = tuple(
        replace(CLAIM, principal=principal, fees=fees, interest_open=interest)
        for principal, fees, interest in parts
    )
    letter = replace(
        LETTER, claims=claims, total=sum(map(sum, parts), Decimal(0)) + off
    )
    assert ("amount" in contents.missing(letter)) == bool(off)
