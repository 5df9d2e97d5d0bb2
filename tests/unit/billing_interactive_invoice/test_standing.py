from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core.standing import (
    PAYABLE,
    TONES,
    Facts,
    Term,
    judge,
)

TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)

days = st.dates(TODAY - timedelta(days=90), TODAY + timedelta(days=90))
amounts = st.integers(0, 200_000).map(lambda cents: cents / 100)


def facts(**values):
    values.setdefault("total", 1249.0)
    values.setdefault("residual", values["total"])
    values.setdefault("terms", (Term(TOMORROW, values["residual"]),))
    return Facts(today=TODAY, **values)


@st.composite
def any_facts(draw):
    terms = draw(
        st.lists(st.builds(Term, st.none() | days, amounts), min_size=0, max_size=4)
    )
    residual = round(sum(term.residual for term in terms), 2)
    received, credited = draw(amounts), draw(amounts)
    return Facts(
        today=TODAY,
        total=residual + received + credited,
        residual=residual,
        terms=tuple(terms),
        received=received,
        credited=credited,
        cancelled=draw(st.booleans()),
        reversed_=draw(st.booleans()),
        refund=draw(st.booleans()),
        blocked=draw(st.booleans()),
        under_way=draw(amounts),
        disputed=draw(amounts),
        claim_checked=draw(st.booleans()),
        promised=draw(st.none() | days),
        asked=draw(st.booleans()),
        part_due=draw(st.none() | days),
        part=draw(amounts),
        debit=draw(st.none() | days),
        collection=draw(st.booleans()),
    )


@given(any_facts())
def test_every_invoice_has_one_state(known):
    standing = judge(known)
    assert standing.code in TONES
    assert 0 <= standing.amount <= known.total + 0.005
    assert standing.rest >= 0


@given(any_facts())
def test_nothing_is_red_that_is_not_past_its_day_or_handed_over(known):
    standing = judge(known)
    if standing.tone != "late":
        return
    past = [term.due for term in known.terms if term.due and term.due < TODAY]
    if known.part_due and known.part_due < TODAY:
        past.append(known.part_due)
    assert known.collection or (past and standing.day < TODAY)


@given(any_facts())
def test_nobody_is_asked_for_more_than_is_open(known):
    standing = judge(known)
    if standing.code in PAYABLE:
        assert 0 < standing.amount <= known.residual + 0.005
        assert abs(standing.amount + standing.rest - known.residual) < 0.005
    if known.residual < 0.005 or known.cancelled or known.reversed_:
        assert not standing.is_payable


@given(any_facts())
def test_the_same_facts_are_judged_the_same(known):
    assert judge(known) == judge(known)


@pytest.mark.parametrize(
    ("known", "code", "amount", "day"),
    [
        (facts(), "open", 1249.0, TOMORROW),
        (facts(terms=(Term(TODAY, 1249.0),)), "today", 1249.0, TODAY),
        (facts(terms=(Term(YESTERDAY, 1249.0),)), "overdue", 1249.0, YESTERDAY),
        (facts(terms=()), "open", 1249.0, None),
        (facts(residual=0.0, received=1249.0), "paid", 1249.0, None),
        (facts(residual=0.0, credited=1249.0), "credited", 1249.0, None),
        (facts(total=0.0), "nothing", 0.0, None),
        (facts(cancelled=True), "cancelled", 0.0, None),
        (facts(residual=0.0, reversed_=True), "credited", 1249.0, None),
        (facts(refund=True), "refund", 1249.0, None),
        (facts(refund=True, residual=0.0), "refunded", 1249.0, None),
        (facts(blocked=True), "paused", 1249.0, TOMORROW),
        (facts(disputed=1249.0), "disputed", 1249.0, TOMORROW),
        (facts(disputed=249.0), "open", 1000.0, TOMORROW),
        (facts(under_way=1249.0), "checking", 1249.0, TOMORROW),
        (facts(under_way=249.0), "open", 1000.0, TOMORROW),
        (facts(disputed=249.0, under_way=1000.0), "checking", 1249.0, TOMORROW),
        (facts(claim_checked=True), "claimed", 1249.0, TOMORROW),
        (facts(promised=TODAY), "promised", 1249.0, TODAY),
        (facts(promised=YESTERDAY), "open", 1249.0, TOMORROW),
        (facts(asked=True), "asked", 1249.0, TOMORROW),
        (facts(debit=TOMORROW), "debit", 1249.0, TOMORROW),
        (facts(debit=YESTERDAY), "open", 1249.0, TOMORROW),
        (facts(part=400.0, part_due=TOMORROW), "plan", 400.0, TOMORROW),
        (facts(part=400.0, part_due=YESTERDAY), "overdue", 400.0, YESTERDAY),
        (facts(collection=True, promised=TOMORROW), "collection", 1249.0, TOMORROW),
    ],
)
def test_states(known, code, amount, day):
    standing = judge(known)
    assert (standing.code, standing.amount, standing.day) == (code, amount, day)


def test_of_several_due_dates_what_is_late_is_asked_for_first():
    later = Term(TODAY + timedelta(days=30), 800.0)
    standing = judge(facts(terms=(later, Term(YESTERDAY, 449.0))))
    assert (standing.code, standing.amount, standing.rest) == ("overdue", 449.0, 800.0)
    standing = judge(facts(terms=(later, Term(TOMORROW, 449.0))))
    assert (standing.code, standing.amount, standing.rest) == ("open", 449.0, 800.0)


def test_what_is_being_looked_at_is_taken_from_what_is_due_first():
    terms = (Term(YESTERDAY, 449.0), Term(TOMORROW, 800.0))
    standing = judge(facts(terms=terms, disputed=449.0))
    assert (standing.code, standing.amount, standing.day) == ("open", 800.0, TOMORROW)
    assert standing.is_late, "it is past its day all the same"
    standing = judge(facts(terms=terms, under_way=400.0))
    assert (standing.code, standing.amount) == ("overdue", 49.0)


def test_a_part_that_was_paid_or_credited_is_told():
    assert judge(facts(residual=749.0, received=500.0)).is_part
    assert judge(facts(residual=749.0, credited=500.0)).is_part
    assert not judge(facts()).is_part


def test_what_the_currency_cannot_pay_is_nothing():
    assert judge(facts(total=5.0, residual=0.004, received=5.0)).code == "paid"
    yen = facts(total=500.0, residual=0.4, received=500.0, unit=1.0)
    assert judge(yen).code == "paid"
