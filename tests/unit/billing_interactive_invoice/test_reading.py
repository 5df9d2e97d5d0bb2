"""What pages report of their readers, and what is new to these."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import reading
from odoo.addons.billing_interactive_invoice.core.reading import Marks, Report

MORNING = datetime(2026, 11, 22, 9, 0)
NOBODY = Marks()

codes = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
facts = st.fixed_dictionaries(
    {"amount": st.sampled_from(["0.00", "749.00"]), "due": st.sampled_from("ab")}
)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.one_of(
        json,
        st.fixed_dictionaries(
            {"visible": json, "shown": json, "seen": json, "read": json}
        ),
    )
)
def test_whatever_is_reported_becomes_a_report(data):
    report = reading.parse(data)
    assert 0 <= report.read < 2**31
    assert len(report.seen) <= reading.MAX_SECTIONS
    assert all(code.isascii() and len(code) <= 40 for code in report.seen)


@given(st.booleans(), st.booleans(), st.lists(codes, max_size=9), st.integers(1, 9**9))
def test_a_true_report_is_kept(visible, shown, seen, read):
    data = {"visible": visible, "shown": shown, "seen": seen, "read": read}
    assert reading.parse(data) == Report(visible, shown, frozenset(seen), read)


def test_a_flood_is_cut():
    data = {"seen": [f"s{number}" for number in range(1000)]}
    assert len(reading.parse(data).seen) == reading.MAX_SECTIONS


def test_true_is_no_number_of_a_message():
    assert reading.parse({"read": True}).read == 0


def test_a_sign_of_life_is_no_news():
    assert not reading.parse({"visible": False}).is_news
    for data in ({"shown": True}, {"seen": ["pay"]}, {"read": 7}):
        assert reading.parse(data).is_news


@given(facts, facts)
def test_nothing_is_new_during_the_first_visit(old, new):
    assert reading.changed(NOBODY, old, MORNING) == (frozenset(), None)
    marks = reading.advance(NOBODY, old, MORNING)
    assert marks.visits == 1
    # What changes meanwhile is told as it happens, not as news since another visit.
    later = MORNING + timedelta(minutes=5)
    assert reading.changed(marks, new, later) == (frozenset(), None)


@given(facts, facts)
def test_at_the_next_visit_what_differs_is_new_until_that_visit_ends(old, new):
    marks = reading.advance(NOBODY, old, MORNING)
    noon = MORNING + timedelta(hours=3)
    wanted = ({key for key in new if old[key] != new[key]}, MORNING)
    assert reading.changed(marks, new, noon) == wanted
    # Also when the page is loaded again after it has shown the new facts.
    marks = reading.advance(marks, new, noon)
    again = noon + timedelta(minutes=10)
    assert reading.changed(marks, new, again) == wanted
    marks = reading.advance(marks, new, again)
    assert marks.visits == 2
    evening = noon + timedelta(hours=6)
    assert reading.changed(marks, new, evening) == (frozenset(), again)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20))
def test_signs_of_life_without_a_pause_are_one_visit(minutes):
    at, marks = MORNING, NOBODY
    for minute in minutes:
        at += timedelta(minutes=minute)
        marks = reading.advance(marks, {"due": "a"}, at)
    assert marks.visits == 1
    assert marks.seen_at == at


@given(facts, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_report_that_comes_late_turns_no_clock_back(shown, age):
    marks = reading.advance(NOBODY, shown, MORNING)
    late = reading.advance(marks, shown, MORNING - age)
    assert (late.seen_at, late.visits) == (MORNING, 1)


def test_a_fact_that_was_not_known_then_has_not_changed():
    marks = reading.advance(NOBODY, {"due": "a"}, MORNING)
    tomorrow = MORNING + timedelta(days=1)
    new = {"due": "a", "plan": "3 parts"}
    assert reading.changed(marks, new, tomorrow) == (frozenset(), MORNING)
