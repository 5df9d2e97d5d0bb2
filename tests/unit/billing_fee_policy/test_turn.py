"""Ladder, law and circumstances together, and verdicts as they are kept."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_fee_policy.core import kept, ladder, law, turn
from odoo.addons.billing_fee_policy.core.law import Debt, Notice, Rate, Reason, Verdict
from odoo.addons.billing_fee_policy.core.statute import Pack, Rule
from odoo.addons.billing_fee_policy.core.turn import Facts, Policy, Turn, Wait

DUE = date(2026, 3, 2)
BANK = BankCalendar("NO").add_bank_days
STEPS = (
    ladder.Step(1, "soft", 3, deadline_days=0),
    ladder.Step(2, "reminder", 14, fee=True, compensation=True),
    ladder.Step(3, "notice", 0, "deadline", fee=True),
    ladder.Step(4, "handover", 0, "deadline"),
)
POLICY = Policy(1, "NO", STEPS)
PACK = Pack(
    code="test",
    country="NO",
    currency="NOK",
    reviewed_through=date(2026, 12, 31),
    in_force_from=date(2020, 1, 1),
    rates=(
        Rate("fee", date(2026, 1, 1), Decimal(38)),
        Rate("comp", date(2026, 1, 1), Decimal(460)),
    ),
    rules={
        kind: Rule(
            kind,
            f"§ {kind}",
            deadline_days=14,
            enforcing=kind in ("notice", "handover"),
            fee_code="" if kind == "handover" else "fee",
            fee_days_after_due=14,
            fee_group="letters",
            fee_limit=2,
        )
        for kind in ("reminder", "notice", "handover")
    },
    compensation_code="comp",
    compensation_rate_on="claim",
    compensation_offset="difference",
)


def _facts(*kinds, **values):
    notices = tuple(
        Notice(kind, DUE + timedelta(days=3 + nth), Decimal(0))
        for nth, kind in enumerate(kinds)
    )
    debt = Debt(DUE, DUE - timedelta(days=14), Decimal(1000), notices=notices)
    changes = {name: values.pop(name) for name in list(values) if hasattr(debt, name)}
    return Facts(7, replace(debt, **changes), **values)


def _ask(facts, day, policy=POLICY, pack=PACK):
    return turn.turn(policy, facts, pack, DUE + timedelta(days=day), BANK)


class TestTurn:
    def test_a_turn_that_has_come(self):
        found = _ask(_facts("soft"), 14)
        assert (found.step, found.ready, found.fee_amount) == (STEPS[1], True, 38)
        assert found.compensation_amount == 0, "customers who are people owe none"

    def test_fee_and_compensation_do_not_stack(self):
        found = _ask(_facts("soft", business=True), 14)
        assert (found.fee_amount, found.compensation_amount) == (38, 460 - 38)

    @pytest.mark.parametrize(
        ("values", "day", "code"),
        [
            ({"collected": True}, 14, turn.COLLECTED),
            ({"pending": True}, 14, turn.PENDING),
            ({"principal": Decimal(0)}, 14, turn.COVERED),
            ({"principal": Decimal(49)}, 14, turn.SMALL),
            ({"blocks": frozenset({"reminder"})}, 14, turn.HOLD),
            ({"blocks": frozenset({"distribution"})}, 14, turn.HOLD),
            ({"debit": True}, 14, turn.DEBIT),
            ({}, 13, ladder.WAITING),
            ({}, 0, ladder.NOT_DUE),
        ],
    )
    def test_what_keeps_it_back(self, values, day, code):
        policy = replace(POLICY, minimum=Decimal(50))
        found = _ask(_facts("soft", **values), day, policy)
        assert isinstance(found, Wait)
        assert found.code == code

    def test_nobody_without_a_policy_and_no_letter_without_law(self):
        assert _ask(_facts(), 14, None).code == turn.NO_POLICY
        found = _ask(_facts("soft"), 14, pack=None)
        assert (found.code, found.step) == (turn.LAW, STEPS[1])
        assert found.reasons

    def test_the_law_says_from_when(self):
        stale = replace(PACK, reviewed_through=DUE)
        assert _ask(_facts("soft"), 14, pack=stale).code == turn.LAW
        objected = _ask(_facts("soft", "reminder", objected=True), 40)
        assert (objected.code, objected.from_day) == (turn.LAW, None)

    def test_handing_over_has_a_hold_of_its_own(self):
        sent = ("soft", "reminder", "notice")
        held = {"blocks": frozenset({"handover"})}
        assert _ask(_facts(*sent, **held), 60).code == turn.HOLD
        assert _ask(_facts("soft", **held), 14).ready

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"blocks": frozenset({"fee"})}, "hold"),
            ({"foreign": True}, "currency"),
            ({"principal": Decimal(99)}, "small"),
        ],
    )
    def test_what_leaves_the_fee_out(self, values, code):
        policy = replace(POLICY, fee_minimum=Decimal(100))
        found = _ask(_facts("soft", **values), 14, policy)
        assert found.fee_amount == found.compensation_amount == 0
        assert found.fee.reasons[0].code == code

    def test_going_along(self):
        policy = replace(POLICY, along_days=3)
        assert _ask(_facts("soft"), 10, policy).code == ladder.WAITING
        early = _ask(_facts("soft"), 11, policy)
        assert (early.ready, early.since) == (False, DUE + timedelta(days=14))
        assert early.fee_amount == 0, "too early for a fee"
        # Never while a deadline runs, and never to an agency.
        running = Notice("reminder", DUE, Decimal(0), DUE + timedelta(days=20))
        assert _ask(_facts(notices=(running,)), 19, policy).code == ladder.WAITING
        last = Notice("notice", DUE, Decimal(0), DUE + timedelta(days=20))
        slow = replace(
            policy, steps=(*STEPS[:3], ladder.Step(4, "handover", 3, "deadline"))
        )
        assert _ask(_facts(notices=(last,)), 21, slow).code == ladder.WAITING

    # The first day asks for a year's holidays.
    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(("soft", "reminder", "notice")),
                st.integers(-5, 60),
                st.none() | st.integers(0, 30),
            ),
            max_size=4,
        ),
        st.integers(-5, 120),
        st.integers(0, 5),
        st.integers(0, 20),
        st.integers(0, 10),
    )
    def test_nothing_is_sent_that_is_not_due_lawful_and_waited_for(
        self, letters, day, grace, gap, along
    ):
        notices = tuple(
            Notice(
                kind,
                DUE + timedelta(days=sent),
                Decimal(0),
                None if wait is None else DUE + timedelta(days=sent + wait),
            )
            for kind, sent, wait in letters
        )
        policy = replace(POLICY, grace_bank_days=grace, gap_days=gap, along_days=along)
        facts = _facts(notices=notices)
        found = _ask(facts, day, policy)
        if isinstance(found, Wait):
            return
        on = DUE + timedelta(days=day)
        assert on > DUE
        assert all(on > notice.deadline for notice in notices if notice.deadline)
        assert law.may_send(PACK, found.step.kind, facts.debt, on).allowed
        assert found.ready == (on >= found.since)
        if found.ready and notices:
            assert on >= max(n.sent for n in notices) + timedelta(days=gap)


def _verdicts():
    values = st.one_of(
        st.integers(),
        st.text(),
        st.dates(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.none(),
    )
    reasons = st.builds(
        Reason,
        code=st.text(),
        paragraph=st.text(),
        values=st.dictionaries(st.text(), values, max_size=3),
        from_day=st.none() | st.dates(),
    )
    rates = st.builds(
        Rate,
        code=st.text(),
        valid_from=st.dates(),
        value=st.decimals(0, 1000, places=2),
        source=st.text(),
        expires=st.none() | st.dates(),
    )
    return st.builds(
        Verdict,
        allowed=st.booleans(),
        amount=st.decimals(0, 1000, places=2),
        rate=st.none() | rates,
        deadline_days=st.integers(0, 60),
        reasons=st.lists(reasons, max_size=3).map(tuple),
    )


@given(_verdicts())
def test_a_verdict_is_kept_as_it_was(verdict):
    assert kept.from_json(json.loads(json.dumps(kept.to_json(verdict)))) == verdict


def test_a_turn_says_nothing_about_what_was_not_asked():
    assert isinstance(_ask(_facts(), 3), Turn)
    assert _ask(_facts(), 3).fee is None
