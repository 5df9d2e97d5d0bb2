"""Notices of disconnection: days, content, and everything that forbids the cut."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import disconnection as dc

THROUGH = date(2027, 12, 31)
NORWAY = dc.Rule(
    "fkjl. § 48 a",
    28,
    frozenset({"claim", "cure", "danger", "contact", "costs", "social"}),
    frozenset(dc.CHECKS),
    THROUGH,
    tries_person=True,
)
SWEDEN = dc.Rule(
    "ellagen 11 kap. 3 §",
    21,
    frozenset({"claim", "cure", "danger", "contact", "social"}),
    frozenset(dc.CHECKS),
    THROUGH,
    from_service=True,
    warning_days=14,
    warning_content=frozenset({"claim", "cure"}),
    tells_authority=True,
)
SENT = date(2026, 11, 2)
CLEAR = frozenset(dc.CHECKS)
NOTICE = dc.Facts("notice", sent=SENT, checked=CLEAR, person_tried=True)


@pytest.mark.parametrize(
    ("days_later", "against"), [(27, ["deadline"]), (28, ["deadline"]), (29, [])]
)
def test_norway_four_weeks_from_dispatch_and_the_last_day_counts(days_later, against):
    day = SENT + timedelta(days=days_later)
    assert dc.deadline(NORWAY, NOTICE) == date(2026, 11, 30)
    assert dc.against_cut(NORWAY, NOTICE, day) == against


@pytest.mark.parametrize(
    ("days_later", "against"), [(20, ["deadline"]), (21, ["deadline"]), (22, [])]
)
def test_sweden_three_weeks_from_service(days_later, against):
    facts = replace(NOTICE, warned_until=date(2026, 10, 30), authority_told=True)
    assert dc.deadline(SWEDEN, facts) is None
    assert dc.against_cut(SWEDEN, facts, THROUGH) == ["unserved"]
    served = replace(facts, served=SENT + timedelta(days=4))
    day = served.served + timedelta(days=days_later)
    assert dc.deadline(SWEDEN, served) == date(2026, 11, 27)
    assert dc.against_cut(SWEDEN, served, day) == against


def test_sweden_warns_first():
    facts = dc.Facts("notice", checked=CLEAR)
    assert dc.against_sending(SWEDEN, facts, SENT) == ["unwarned"]
    warned = replace(facts, warned_until=SENT)
    assert dc.against_sending(SWEDEN, warned, SENT) == ["warned"]
    assert dc.against_sending(SWEDEN, warned, SENT + timedelta(days=1)) == []


def test_a_warning_has_a_deadline_and_never_leads_to_a_cut():
    warning = dc.Facts("warning", sent=SENT, checked=CLEAR)
    assert dc.deadline(SWEDEN, warning) == date(2026, 11, 16)
    assert dc.against_sending(SWEDEN, warning, SENT) == []
    assert dc.against_cut(SWEDEN, warning, THROUGH) == ["unsent"]


@pytest.mark.parametrize(
    ("changed", "against"),
    [
        ({"owed": False}, "paid"),
        ({"objected": True}, "objection"),
        ({"waits": True}, "waits"),
        ({"delivered": False}, "undelivered"),
        ({"checked": CLEAR - {"danger"}}, "check_danger"),
        ({"checked": CLEAR - {"material"}}, "check_material"),
        ({"checked": CLEAR - {"social"}}, "check_social"),
        ({"person_tried": False}, "person"),
        ({"sent": None}, "unsent"),
    ],
)
def test_what_forbids_the_cut(changed, against):
    day = SENT + timedelta(days=60)
    assert dc.against_cut(NORWAY, NOTICE, day) == []
    assert dc.against_cut(NORWAY, replace(NOTICE, **changed), day) == [against]


def test_the_social_board_is_told_in_sweden():
    facts = replace(NOTICE, served=SENT, warned_until=date(2026, 10, 30))
    assert dc.against_cut(SWEDEN, facts, THROUGH) == ["authority"]


def test_what_nobody_has_said_or_looked_at_stops_the_letter():
    facts = dc.Facts("notice", checked=CLEAR)
    assert dc.against_sending(replace(NORWAY, days=0), facts, SENT) == ["unknown"]
    late = THROUGH + timedelta(days=1)
    assert dc.against_sending(NORWAY, facts, THROUGH) == []
    assert dc.against_sending(NORWAY, facts, late) == ["stale"]


def test_a_letter_says_everything_it_has_to():
    values = {"claim": "1 249,00", "cure": "30 November"}
    texts = {
        "claim": "You owe 1 249,00 kr.",
        "cure": "Pay by 30 November.",
        "danger": "Call us.",
        "contact": "Call us.",
        "costs": "It costs.",
        "social": "NAV can help.",
    }
    assert dc.missing(NORWAY, "notice", texts, values) == []
    assert dc.missing(NORWAY, "notice", texts | {"danger": " "}, values) == ["danger"]
    assert dc.missing(NORWAY, "notice", texts | {"cure": "Pay."}, values) == ["cure"]
    assert dc.missing(SWEDEN, "warning", {}, values) == ["claim", "cure"]
    assert dc.needed(SWEDEN, "warning") == ("claim", "cure")
    with pytest.raises(ValueError, match="not one of"):
        dc.needed(NORWAY, "cut")


def test_rules_hold_nothing_unknown():
    with pytest.raises(ValueError, match="unknown"):
        replace(NORWAY, content=frozenset({"weather"}))
    with pytest.raises(ValueError, match="unknown"):
        replace(NORWAY, checks=frozenset({"weather"}))


@given(
    st.builds(
        dc.Facts,
        step=st.sampled_from(dc.STEPS),
        sent=st.none() | st.dates(SENT, THROUGH),
        served=st.none() | st.dates(SENT, THROUGH),
        owed=st.booleans(),
        objected=st.booleans(),
        waits=st.booleans(),
        warned_until=st.none() | st.dates(SENT, THROUGH),
        checked=st.frozensets(st.sampled_from(dc.CHECKS)),
        authority_told=st.booleans(),
        person_tried=st.booleans(),
    ),
    st.sampled_from([NORWAY, SWEDEN]),
    st.dates(SENT, THROUGH + timedelta(days=30)),
)
def test_no_cut_before_its_time_or_against_an_objection(facts, rule, day):
    if not dc.against_cut(rule, facts, day):
        assert facts.step == "notice"
        assert facts.owed
        assert not facts.objected
        assert facts.checked >= rule.checks
        assert day > dc.deadline(rule, facts) >= facts.sent or rule.from_service
        assert day <= rule.reviewed_through
