"""Which step comes when, and what goes in one letter."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_fee_policy.core import ladder
from odoo.addons.billing_fee_policy.core.ladder import (
    DONE,
    NOT_DUE,
    WAITING,
    Claim,
    Planned,
    Step,
    Waiting,
    bundle,
    clear_day,
    net,
    next_step,
    position,
)
from odoo.addons.billing_fee_policy.core.law import Notice

DUE = date(2026, 3, 2)  # a Monday
BANK = BankCalendar("NO").add_bank_days
LADDER = (
    Step(1, "soft", 3, deadline_days=0),
    Step(2, "reminder", 14, fee=True),
    Step(3, "notice", 0, "deadline", fee=True),
    Step(4, "handover", 0, "deadline"),
)
SOFT, REMINDER, NOTICE, HANDOVER = LADDER


def _after(days):
    return DUE + timedelta(days=days)


def _sent(kind, days, deadline=None):
    return Notice(
        kind, _after(days), Decimal(0), None if deadline is None else _after(deadline)
    )


def _next(notices, day, steps=LADDER, grace=0):
    return next_step(steps, DUE, notices, day, grace, BANK)


class TestSteps:
    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (-1, Waiting(NOT_DUE, _after(3), SOFT)),
            (0, Waiting(NOT_DUE, _after(3), SOFT)),
            (1, Waiting(WAITING, _after(3), SOFT)),
            (2, Waiting(WAITING, _after(3), SOFT)),
            (3, Planned(SOFT, _after(3))),
            (30, Planned(SOFT, _after(3))),
        ],
    )
    def test_the_first_step_counts_from_the_due_date(self, days, expected):
        assert _next([], _after(days)) == expected

    def test_a_letter_brings_the_claim_to_the_next_step(self):
        sent = [_sent("soft", 3)]
        assert _next(sent, _after(13)) == Waiting(WAITING, _after(14), REMINDER)
        assert _next(sent, _after(14)) == Planned(REMINDER, _after(14))

    def test_letters_keep_their_distance(self):
        late = [_sent("soft", 40)]
        found = next_step(LADDER, DUE, late, _after(46), 0, BANK, gap_days=7)
        assert found == Waiting(WAITING, _after(47), REMINDER)
        found = next_step(LADDER, DUE, late, _after(47), 0, BANK, gap_days=7)
        assert found == Planned(REMINDER, _after(47))

    def test_the_last_day_of_the_deadline_belongs_to_the_customer(self):
        sent = [_sent("soft", 3), _sent("reminder", 14, 28)]
        assert _next(sent, _after(28)) == Waiting(WAITING, _after(29), NOTICE)
        assert _next(sent, _after(29)) == Planned(NOTICE, _after(29))

    def test_the_ladder_ends(self):
        sent = [_sent("soft", 3), _sent("reminder", 14, 28), _sent("notice", 29, 43)]
        assert _next(sent, _after(44)) == Planned(HANDOVER, _after(44))
        assert _next(sent, _after(44), LADDER[:3]) == Waiting(DONE)

    @pytest.mark.parametrize(
        ("kinds", "at"),
        [
            ([], 0),
            (["soft"], 1),
            (["soft", "soft"], 1),
            (["reminder"], 2),
            (["notice"], 3),
            (["notice", "reminder"], 3),
            (["demand"], 0),
            (["soft", "reminder", "notice"], 3),
        ],
    )
    def test_the_letters_say_where_a_claim_stands(self, kinds, at):
        notices = [_sent(kind, nth) for nth, kind in enumerate(kinds)]
        assert position(LADDER, notices) == at

    def test_two_reminders_are_two_steps(self):
        steps = (REMINDER, Step(9, "reminder", 0, "deadline"), NOTICE)
        assert position(steps, [_sent("reminder", 14, 28)]) == 1
        assert position(steps, [_sent("reminder", 14), _sent("reminder", 29)]) == 2

    def test_what_a_step_is_made_of_is_checked(self):
        for wrong in (
            {"kind": "threat"},
            {"wait_from": "today"},
            {"wait_days": -1},
            {"deadline_days": -1},
        ):
            with pytest.raises(ValueError):
                Step(**({"id": 1, "kind": "soft", "wait_days": 0} | wrong))


class TestGrace:
    @pytest.mark.parametrize(
        ("last_day", "grace", "first"),
        [
            (date(2026, 3, 2), 0, date(2026, 3, 3)),
            (date(2026, 3, 2), 2, date(2026, 3, 5)),
            # Handed in on a Friday, seen on Tuesday.
            (date(2026, 3, 6), 2, date(2026, 3, 11)),
            # Easter: Thursday 2 to Monday 6 April are closed.
            (date(2026, 4, 1), 1, date(2026, 4, 8)),
        ],
    )
    def test_a_payment_of_the_last_day_is_waited_for(self, last_day, grace, first):
        assert clear_day(last_day, [], grace, BANK) == first

    # The first day asks for a year's holidays.
    @settings(deadline=None)
    @given(
        st.dates(date(2024, 1, 1), date(2028, 1, 1)),
        st.integers(0, 10),
        st.lists(st.integers(-10, 60), max_size=4),
        st.integers(0, 3),
    )
    def test_no_step_comes_before_a_payment_in_time_was_seen(
        self, due, grace, deadlines, which
    ):
        notices = [
            Notice("reminder", due, Decimal(0), due + timedelta(days=days))
            for days in deadlines
        ]
        first = ladder.first_day(LADDER[which], due, notices, grace, BANK)
        last = max([due, *(notice.deadline for notice in notices)])
        assert first > last
        if grace:
            assert first > BANK(last, grace)
        found = next_step((LADDER[which],), due, [], first, grace, BANK)
        assert isinstance(found, Planned)


class TestCredits:
    def test_the_oldest_claim_is_covered_first(self):
        claims = [
            (1, date(2026, 2, 1), Decimal(100)),
            (2, date(2026, 1, 1), Decimal(50)),
        ]
        assert net(claims, Decimal(70)) == {2: Decimal(0), 1: Decimal(80)}
        assert net(claims, Decimal(0)) == {2: Decimal(50), 1: Decimal(100)}

    @given(
        st.lists(st.decimals(0, 10_000, places=2), max_size=6),
        st.decimals(0, 30_000, places=2),
    )
    def test_credits_are_spent_once_and_whole(self, amounts, credit):
        claims = [(nth, DUE, amount) for nth, amount in enumerate(amounts)]
        left = net(claims, credit)
        assert all(0 <= left[nth] <= amount for nth, amount in enumerate(amounts))
        taken = sum(amounts) - sum(left.values())
        assert taken == min(sum(amounts), credit)


def _claim(claim_id, step, *, due=0, ready=True, fee=0):
    return Claim(claim_id, _after(due), step, ready, Decimal(fee))


class TestLetters:
    def test_claims_of_a_kind_go_in_one_letter(self):
        (letter,) = bundle(
            [_claim(2, REMINDER, due=5, fee=38), _claim(1, REMINDER, fee=38)]
        )
        assert [claim.id for claim in letter.claims] == [1, 2]
        assert letter.fees == {1: 38, 2: 0}

    def test_each_claim_has_its_fee_where_the_company_says_so(self):
        (letter,) = bundle(
            [_claim(1, REMINDER, fee=38), _claim(2, REMINDER, fee=38)], one_fee=False
        )
        assert letter.fees == {1: 38, 2: 38}

    def test_the_fee_goes_with_the_claim_that_may_have_it(self):
        (letter,) = bundle([_claim(1, REMINDER), _claim(2, REMINDER, due=5, fee=38)])
        assert letter.fees == {1: 0, 2: 38}

    def test_a_free_reminder_rides_with_one_that_costs(self):
        (letter,) = bundle([_claim(1, REMINDER, fee=38), _claim(2, SOFT, due=11)])
        assert letter.kind == "reminder"
        assert letter.step == REMINDER
        assert [claim.step.kind for claim in letter.claims] == ["reminder", "soft"]

    def test_a_notice_stands_alone(self):
        letters = bundle([_claim(1, SOFT), _claim(2, NOTICE, fee=38)])
        assert [letter.kind for letter in letters] == ["notice", "soft"]

    def test_a_claim_is_taken_along_and_calls_for_no_letter_itself(self):
        early = _claim(2, REMINDER, due=2, ready=False)
        assert bundle([early]) == []
        (letter,) = bundle([_claim(1, REMINDER, fee=38), early])
        assert [claim.id for claim in letter.claims] == [1, 2]
        # Nobody's letter gets harder by what comes along.
        (soft,) = bundle([_claim(1, SOFT), early])
        assert [claim.id for claim in soft.claims] == [1]

    def test_one_by_one(self):
        letters = bundle(
            [_claim(1, REMINDER), _claim(2, REMINDER), _claim(3, SOFT, ready=False)],
            together=False,
        )
        assert [[claim.id for claim in letter.claims] for letter in letters] == [
            [1],
            [2],
        ]

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(LADDER[:3]),
                st.integers(0, 30),
                st.booleans(),
                st.sampled_from([0, 35, 38]),
            ),
            max_size=8,
        ),
        st.booleans(),
        st.booleans(),
    )
    def test_what_is_ready_goes_out_once_and_costs_no_more(
        self, drawn, together, one_fee
    ):
        claims = [
            _claim(nth, step, due=due, ready=ready, fee=fee)
            for nth, (step, due, ready, fee) in enumerate(drawn)
        ]
        letters = bundle(claims, together, one_fee)
        sent = [claim.id for letter in letters for claim in letter.claims]
        assert len(sent) == len(set(sent))
        assert {claim.id for claim in claims if claim.ready} <= set(sent)
        for letter in letters:
            kinds = [ladder.KINDS.index(claim.step.kind) for claim in letter.claims]
            assert ladder.KINDS[max(kinds)] == letter.kind == letter.step.kind
            assert len({ladder.FAMILY[claim.step.kind] for claim in letter.claims}) == 1
            assert all(letter.fees[claim.id] <= claim.fee for claim in letter.claims)
            if one_fee:
                assert sum(map(bool, letter.fees.values())) <= 1
