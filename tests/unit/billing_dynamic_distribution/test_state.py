"""Reports on a message come late, twice and in any order; its state does not mind."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import state

#: What may be reported of a message that was handed over.
REPORTS = [
    state.UNCERTAIN,
    state.SENT,
    state.FAILED_SOFT,
    state.DELIVERED,
    state.FAILED_HARD,
    state.OPENED,
]


def life(reports, start=state.CALLING):
    current = start
    for event in reports:
        current = state.after(current, event) or current
    return current


def test_every_transition_names_states_and_events_there_are():
    for (before, event), after in state.TRANSITIONS.items():
        assert before in state.STATES
        assert event in state.EVENTS
        assert after in state.STATES


def test_an_event_leads_to_the_state_of_its_name():
    for (_before, event), after in state.TRANSITIONS.items():
        assert after == (state.CALLING if event == state.CALLED else event)


def test_unknown_words_are_refused():
    for current, event in (("lost", state.SENT), (state.SENT, "vanished")):
        try:
            state.after(current, event)
        except ValueError:
            continue
        raise AssertionError((current, event))


@given(st.permutations(REPORTS), st.integers(0, len(REPORTS)))
def test_what_is_reported_counts_not_when(reports, count):
    chosen = reports[:count]
    best = max(chosen, key=REPORTS.index, default=state.CALLING)
    assert life(chosen) == best


@given(st.lists(st.sampled_from(REPORTS), max_size=12))
def test_a_report_that_comes_again_changes_nothing(reports):
    assert life(reports) == life([*reports, *reports])


@given(st.lists(st.sampled_from(state.EVENTS), max_size=12))
def test_a_message_is_handed_over_once(events):
    current, handed_over = state.PLANNED, 0
    for event in events:
        after = state.after(current, event)
        handed_over += after == state.CALLING
        current = after or current
    assert handed_over <= 1


@given(st.lists(st.sampled_from(state.EVENTS), max_size=12))
def test_what_was_given_up_stays_given_up(events):
    assert life(events, state.CANCELLED) == state.CANCELLED


def test_a_message_that_is_being_handed_over_cannot_be_given_up():
    for current in (state.CALLING, state.SENT, state.UNCERTAIN):
        assert state.after(current, state.CANCELLED) is None


def test_a_late_bounce_undoes_a_delivery_but_not_an_opening():
    assert life([state.SENT, state.DELIVERED, state.FAILED_HARD]) == state.FAILED_HARD
    assert life([state.SENT, state.OPENED, state.FAILED_HARD]) == state.OPENED
