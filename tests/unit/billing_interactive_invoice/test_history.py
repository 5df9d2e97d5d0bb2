from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core.history import (
    Entry,
    keep_together,
    tell,
)

START = datetime(2026, 11, 1, 12)


def _entry(minutes, text):
    at = START - timedelta(minutes=minutes)
    return Entry(at=at, moment=at, text=text)


entries = st.lists(
    st.tuples(st.integers(0, 14_400), st.sampled_from("abcdef")), max_size=30
).map(lambda found: [_entry(*one) for one in sorted(found)])


@given(entries, st.integers(1, 12))
def test_each_thing_is_told_in_order_and_once(given_entries, first):
    shown, earlier = tell(given_entries, first)
    told = [entry for day in shown + earlier for entry in day.entries]
    assert told == sorted(told, key=lambda entry: entry.at, reverse=True)
    assert len(set(told)) == len(told)
    # Nothing is left out but what stands there already, a minute apart at most.
    for entry in given_entries:
        assert any(
            entry.text == other.text and abs(entry.at - other.at) < timedelta(minutes=1)
            for other in told
        )


@given(entries, st.integers(1, 12))
def test_a_day_is_told_in_one_piece(given_entries, first):
    shown, earlier = tell(given_entries, first)
    days = [day.day for day in shown + earlier]
    assert len(set(days)) == len(days)
    for day in shown + earlier:
        assert {entry.at.date() for entry in day.entries} == {day.day}


@given(entries, st.integers(1, 12))
def test_enough_is_shown_and_never_one_alone_is_hidden(given_entries, first):
    shown, earlier = tell(given_entries, first)
    shown_count = sum(len(day.entries) for day in shown)
    hidden = sum(len(day.entries) for day in earlier)
    assert hidden != 1
    assert shown_count >= min(first, shown_count + hidden)
    if shown and hidden:
        # The last day shown was needed to have enough.
        assert shown_count - len(shown[-1].entries) < first


def test_what_two_addons_noted_of_one_thing_is_told_once():
    seconds = [START, START - timedelta(seconds=0)]
    shown, earlier = tell(Entry(at, at, "Paid. Thank you!") for at in seconds)
    assert [len(day.entries) for day in shown] == [1]
    assert earlier == []


def test_the_same_again_later_is_told_again():
    shown, _earlier = tell([_entry(0, "Sent"), _entry(5, "Sent")])
    assert [entry.text for day in shown for entry in day.entries] == ["Sent", "Sent"]


def test_nothing_happened():
    assert tell([]) == ([], [])


def test_no_line_breaks_within_an_amount():
    assert keep_together("kr 1 003 102,26 by 24 12") == (
        "kr 1\u00a0003\u00a0102,26 by 24 12"
    )
    assert keep_together("0300 1234") == "0300 1234"
