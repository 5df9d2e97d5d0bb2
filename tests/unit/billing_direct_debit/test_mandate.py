"""The life of a mandate: what may happen, and who may say so."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core import autogiro_codes, mandate
from odoo.addons.billing_direct_debit.core.mandate import (
    ENDED_BY,
    LIVE,
    MAY,
    REASONS,
    STATES,
    TRANSITIONS,
    Decision,
    Fact,
    Known,
    decide,
)

DAY = date(2026, 3, 2)
BEFORE = date(2026, 3, 1)
ACCOUNT = "6000000001234567"
FACTS = [(source, what) for source, says in MAY.items() for what in says]

facts = st.sampled_from(FACTS).map(
    lambda fact: Fact(*fact, {"ended_by": "payer"} if fact[1] == "ended" else {}, DAY)
)
knowns = st.builds(
    Known, st.sampled_from(list(STATES)), st.just({}), st.booleans(), st.just(None)
)


# === THE TABLES === #


def test_tables_name_the_same_things():
    """A word that only one table knows would never be acted on."""
    for says in MAY.values():
        assert says.keys() <= TRANSITIONS.keys()
    for steps in TRANSITIONS.values():
        assert set(steps) <= set(LIVE)
        assert set(steps.values()) <= set(STATES)
    assert {what for _source, what in FACTS} == set(TRANSITIONS)


def test_what_is_over_stays_over():
    assert not {"ended", "rejected"} & {
        state for steps in TRANSITIONS.values() for state in steps
    }


@pytest.mark.parametrize(
    ("source", "what", "values"),
    [
        ("payer", "registered", {}),  # nobody but the bank has a mandate
        ("payee", "registered", {}),
        ("e_mandate", "registered", {}),
        ("avtalegiro", "rejected", {}),  # Norway tells no reasons
        ("avtalegiro", "registered", {"bank_account": ACCOUNT}),
        ("cancellation", "ended", {"kid": "1"}),
        ("somebody", "ended", {}),
    ],
)
def test_nobody_says_what_is_not_theirs(source, what, values):
    with pytest.raises(ValueError, match=source):
        Fact(source, what, values)


# === DECISIONS === #


@given(st.none() | knowns, facts)
def test_every_fact_has_one_answer(known, fact):
    decision = decide(known, fact)
    if decision.verb == "refuse":
        assert decision.reason in REASONS
    else:
        assert decision.verb in ("apply", "create", "repeat")
        assert decision.state in STATES
        assert not decision.reason
    # A mandate that is over never comes back; there is a new one instead.
    if known and not STATES[known.state] and decision.verb == "apply":
        assert decision.state == known.state


@given(knowns, facts)
def test_the_same_fact_again_changes_nothing(known, fact):
    """A file that comes twice, a button clicked twice."""
    first = decide(known, fact)
    if first.verb != "apply" or not STATES[first.state]:
        return
    values = {**known.values, **first.values}
    again = decide(Known(first.state, values, known.at_bank, known.told_on), fact)
    assert again.verb in ("repeat", "refuse")


@given(knowns)
def test_the_bank_alone_makes_a_mandate_active(known):
    for source, what in FACTS:
        if source in ("payer", "payee"):
            decision = decide(known, Fact(source, what))
            assert decision.state != "active" or known.state == "active"


def registered(**values):
    return Fact("avtalegiro", "registered", values, DAY)


def test_the_bank_has_it():
    decision = decide(Known("sent"), registered(written_notice=True))
    assert decision == Decision("apply", "active", {"written_notice": True})


def test_the_bank_tells_of_one_nobody_knew():
    decision = decide(None, registered(kid="12345"))
    assert decision == Decision("create", "active", {"kid": "12345"})


def test_only_what_changed_is_changed():
    known = Known("active", {"kid": "12345", "written_notice": False})
    decision = decide(known, registered(kid="12345", written_notice=True))
    assert decision == Decision("apply", "active", {"written_notice": True})
    assert decide(known, registered(kid="12345", written_notice=False)).verb == "repeat"


def test_a_blank_field_is_not_known():
    fact = Fact("advice", "registered", {"bank_account": None}, DAY)
    assert decide(Known("active", {"bank_account": ACCOUNT}), fact).verb == "repeat"


def test_old_news_change_nothing():
    """Files come in any order."""
    ended = Fact("advice", "ended", {"ended_by": "payer"}, BEFORE)
    decision = decide(Known("active", told_on=DAY), ended)
    assert decision == Decision("refuse", reason="outdated")


def test_what_was_stopped_here_does_not_start_by_itself():
    """The bank still has it; whether the customer agreed anew, only they know."""
    decision = decide(Known("ended", at_bank=True), registered())
    assert decision.reason == "stopped_here"
    # Once the bank has none, what it tells of is a new one.
    assert decide(Known("ended"), registered()).verb == "create"


def test_what_was_stopped_here_starts_when_the_customer_asked_and_something_happened():
    stopped = Known("ended", at_bank=True, is_wanted=True)
    for code, verb in ((0, "refuse"), (1, "create")):
        fact = mandate.registration(code, "123", False)
        assert decide(stopped, fact).verb == verb
        assert decide(Known("ended", at_bank=True), fact).verb == "refuse"
    register = Fact("register", "registered", {"kid": "123"}, DAY)
    assert decide(stopped, register).verb == "refuse"
    # The bank ends it all the same.
    ended = mandate.registration(2, "123", False)
    assert decide(stopped, ended) == Decision("apply", "ended")


def test_the_bank_ends_what_was_stopped_here():
    ended = Fact("avtalegiro", "ended", {"ended_by": "payer"})
    assert decide(Known("ended", at_bank=True), ended) == Decision("apply", "ended")
    assert decide(Known("ended"), ended) == Decision("repeat", "ended")
    assert decide(None, ended).reason == "unknown"


def test_asked_for_in_the_internet_bank():
    asked = Fact("e_mandate", "asked", {"bank_account": ACCOUNT})
    assert decide(None, asked).verb == "create"
    # The bank reminds.
    known = Known("draft", {"bank_account": ACCOUNT})
    assert decide(known, asked) == Decision("repeat", "draft")
    # Another account while there is a mandate.
    known = Known("active", {"bank_account": "9" * 16})
    assert decide(known, asked).reason == "already"


# === WHAT THE BANKS SAY === #


def test_registrations():
    assert mandate.registration(0, "123", False).what == "registered"
    fact = mandate.registration(1, "123", True)
    assert fact.values == {"kid": "123", "written_notice": True}
    assert mandate.registration(2, "123", False).values == {"ended_by": "payer"}
    with pytest.raises(ValueError, match="registration"):
        mandate.registration(3, "123", False)


@pytest.mark.parametrize(
    ("information", "comment", "what", "after_sent", "after_active"),
    [
        ("04", "32", "registered", "active", "active"),
        ("42", "32", "registered", "active", "active"),
        ("04", "23", "rejected", "rejected", ""),
        ("42", "05", "rejected", "rejected", ""),
        ("43", "33", "dropped", "rejected", "ended"),
        ("46", "33", "ended", "ended", "ended"),
        ("93", "33", "ended", "ended", "ended"),
        ("03", "33", "ended", "ended", "ended"),
        ("03", "04", "ended", "ended", "ended"),
        ("44", "98", "ended", "ended", "ended"),
        ("04", "10", "exists", "", "active"),
        ("05", "32", "renumbered", "sent", "active"),
        ("05", "21", "kept", "", ""),
    ],
)
def test_advice(information, comment, what, after_sent, after_active):
    fact = mandate.advice(information, comment, DAY)
    assert fact.what == what
    assert decide(Known("sent"), fact).state == after_sent
    assert decide(Known("active"), fact).state == after_active


def test_who_ended_it():
    assert mandate.advice("93", "33").values["ended_by"] == "payer"
    assert mandate.advice("03", "33").values["ended_by"] == "payee"
    assert mandate.advice("46", "01").values["ended_by"] == "bank"


def test_advice_without_a_meaning_is_looked_at():
    assert mandate.advice("04", "77") == "code"
    assert mandate.advice("93", "11") == "payer_stop"
    assert mandate.advice("93", "12") == "payer_stop"


def test_every_pair_of_codes_is_understood():
    """None falls between the tables, and each says who ended what it ended."""
    for information in autogiro_codes.INFORMATION:
        for comment in autogiro_codes.COMMENT:
            told = mandate.advice(information, comment)
            if isinstance(told, str):
                assert told in REASONS
            elif told.what in ("ended", "dropped"):
                assert told.values["ended_by"] in ENDED_BY
