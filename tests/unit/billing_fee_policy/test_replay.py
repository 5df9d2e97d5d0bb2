"""Replays beside a daily run that takes no short cuts."""

from collections import defaultdict
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import ladder, law, replay, turn, waiver
from odoo.addons.billing_fee_policy.core.replay import Claim, Customer, Pause, Setting

DAY = timedelta(days=1)
FIRST, LAST = date(2026, 1, 5), date(2026, 6, 30)
ZERO = Decimal(0)

NORWAY = law.Pack(
    "no",
    "NO",
    reviewed_through=date(2026, 12, 31),
    in_force_from=date(2020, 10, 1),
    currency="NOK",
    rates=(
        law.Rate("sats", date(2020, 1, 1), Decimal(700)),
        # Goes up in the middle of the period.
        law.Rate("sats", date(2026, 3, 1), Decimal(750)),
        law.Rate("light", date(2020, 10, 1), Decimal("0.05"), "share"),
        law.Rate("heavy", date(2020, 10, 1), Decimal("0.15"), "share"),
        law.Rate("krone", date(2020, 1, 1), Decimal(1)),
        law.Rate("comp", date(2026, 1, 1), Decimal(460)),
    ),
    rules={
        "reminder": law.Rule(
            "reminder",
            fee_code="sats",
            fraction_code="light",
            fee_days_after_due=14,
            fee_group="light",
            fee_limit=2,
            after_deadline=True,
            deadline_days=14,
        ),
        "notice": law.Rule(
            "notice",
            deadline_days=14,
            fee_code="sats",
            fraction_code="light",
            fee_days_after_due=14,
            fee_group="light",
            fee_limit=2,
            after_deadline=True,
        ),
        "demand": law.Rule(
            "demand",
            deadline_days=14,
            needs="notice",
            enforcing=True,
            fee_code="sats",
            fraction_code="heavy",
            fee_group="heavy",
        ),
        "handover": law.Rule("handover", needs="notice", enforcing=True),
    },
    reset_months=6,
    compensation_code="comp",
    rounding_code="krone",
)
STEPS = (
    ladder.Step(1, "soft", 3, deadline_days=0),
    ladder.Step(2, "reminder", 14, fee=True, compensation=True),
    ladder.Step(3, "notice", 1, "deadline", fee=True, channel="letter"),
    ladder.Step(4, "demand", 1, "deadline", fee=True),
    ladder.Step(5, "handover", 3, "deadline"),
)
POLICY = turn.Policy(1, "NO", STEPS, grace_bank_days=2)


def add_bank_days(day, count):
    while count:
        day += DAY
        count -= day.weekday() < 5
    return day


def setting(policy=POLICY, **values):
    return Setting(
        policy, lambda day: NORWAY, "NOK", add_bank_days, next_bank_day, **values
    )


def next_bank_day(day):
    while day.weekday() > 4:
        day += DAY
    return day


def claim(number, due=FIRST, amount=1000, **values):
    values = {"currency": "NOK", **values}
    return Claim(number, due, due - 14 * DAY, Decimal(amount), **values)


def customer(number, *claims, **values):
    return Customer(number, values.pop("segment", "person"), claims, **values)


# === THE LONG WAY === #


def live(customers, chosen, through=LAST):
    """Every claim asked about on every day, nothing remembered from others."""
    policy = chosen.policy
    notices = defaultdict(tuple)
    compensated, handed, letters = set(), set(), []
    waived = {one.id: tuple(one.facts.get("waived", ())) for one in customers}
    spent, month_spent = defaultdict(lambda: (0, ZERO)), defaultdict(Decimal)
    day = min((c.due for one in customers for c in one.claims), default=through)
    while day <= through:
        today = []
        for one in customers:
            turns = {}
            for claim_ in one.claims:
                if claim_.id in handed:
                    continue
                blocks = frozenset().union(
                    *(pause.blocks for pause in claim_.pauses if pause.holds(day))
                )
                debt = law.Debt(
                    claim_.due,
                    claim_.arose,
                    claim_.open_on(day),
                    one.business,
                    notices[claim_.id],
                    claim_.agreement,
                    compensation_claimed=claim_.id in compensated,
                )
                found = turn.turn(
                    policy,
                    turn.Facts(claim_.id, debt, blocks),
                    chosen.pack(day),
                    day,
                    chosen.add_bank_days,
                )
                if not isinstance(found, turn.Turn):
                    continue
                if found.step.kind == "handover":
                    handed.add(claim_.id)
                    letters.append((one.id, day, "handover", (claim_.id,), {}, {}))
                else:
                    turns[claim_.id] = claim_, found
            bundled = ladder.bundle(
                [
                    ladder.Claim(c.id, c.due, t.step, t.ready, t.fee_amount)
                    for c, t in turns.values()
                ],
                policy.together,
                policy.one_fee,
            )
            today += [(one, letter, turns) for letter in bundled]
        facts = [
            waiver.Facts(
                claim=claim_id,
                customer=one.id,
                day=day,
                amount=fee,
                principal=turns[claim_id][0].open_on(day),
                business=one.business,
                spent_count=spent[one.id, day.year][0],
                spent_amount=spent[one.id, day.year][1],
                **{
                    **one.facts,
                    **turns[claim_id][0].facts,
                    "waived": waived[one.id],
                },
            )
            for one, letter, turns in today
            for claim_id, fee in letter.fees.items()
            if fee
        ]
        month = day.replace(day=1)
        budget = replace(chosen.budget, month_spent=month_spent[month])
        decisions = waiver.decide_all(chosen.rules, facts, budget)
        for fact in facts:
            decision = decisions[fact.claim]
            if decision.waive:
                waived[fact.customer] += (day,)
                if decision.goodwill:
                    month_spent[month] += fact.amount
                    count, amount = spent[fact.customer, day.year]
                    spent[fact.customer, day.year] = count + 1, amount + fact.amount
        for one, letter, turns in today:
            days = max(
                max(turns[c.id][1].send.deadline_days, c.step.deadline_days)
                for c in letter.claims
            )
            deadline = next_bank_day(day + days * DAY) if days else None
            fees, forgiven = {}, {}
            for c in letter.claims:
                fee = letter.fees[c.id]
                if fee and decisions[c.id].waive:
                    forgiven[c.id], fee = fee, ZERO
                elif fee:
                    fees[c.id] = fee
                notices[c.id] += (law.Notice(c.step.kind, day, fee, deadline),)
                if turns[c.id][1].compensation_amount:
                    compensated.add(c.id)
            ids = tuple(c.id for c in letter.claims)
            letters.append((one.id, day, letter.kind, ids, fees, forgiven))
        day += DAY
    return letters


def replayed(customers, chosen, through=LAST):
    """Letters and sums of a replay."""
    told = []
    sums = replay.replay(customers, chosen, through, told.append)
    return [tuple(getattr(one, f.name) for f in fields(one)) for one in told], sums


def in_order(letters):
    return sorted(letters, key=lambda letter: (letter[1], letter[0], letter[3]))


# === MADE-UP HISTORIES === #

pauses = st.builds(
    lambda after, length, blocks: (after, length, frozenset(blocks)),
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(0, 40)),
    st.sets(st.sampled_from(("reminder", "fee", "handover")), min_size=1),
)
claims = st.tuples(
    st.booleans(),
    st.integers(0, 40),
    st.sampled_from((30, 400, 1000)),
    st.lists(
        st.tuples(st.integers(-5, 100), st.sampled_from((0.3, 0.7, 1.0))), max_size=2
    ),
    st.lists(pauses, max_size=2),
)
people = st.lists(
    st.tuples(st.booleans(), st.lists(claims, min_size=1, max_size=3)),
    min_size=1,
    max_size=3,
)
policies = st.builds(
    lambda at, **values: turn.Policy(
        1, "NO", tuple(STEPS[i] for i in sorted(at)), **values
    ),
    st.sets(st.integers(0, 4), min_size=1),
    grace_bank_days=st.integers(0, 4),
    minimum=st.sampled_from((ZERO, Decimal(50))),
    fee_minimum=st.sampled_from((ZERO, Decimal(300))),
    along_days=st.sampled_from((0, 7)),
    together=st.booleans(),
    one_fee=st.booleans(),
)
rules = st.lists(
    st.builds(
        waiver.Rule,
        st.integers(1, 9),
        effect=st.sampled_from(("forgive", "keep")),
        waived_most=st.sampled_from((None, 0, 1)),
        principal_most=st.sampled_from((None, Decimal(500))),
        audience=st.sampled_from(("", "person")),
        goodwill=st.booleans(),
        vulnerable=st.booleans(),
        outage=st.booleans(),
    ),
    max_size=2,
).map(tuple)
budgets = st.builds(
    waiver.Budget,
    customer_count=st.sampled_from((None, 1)),
    month_amount=st.sampled_from((None, Decimal(40), Decimal(80))),
)


def history(specs):
    number, found = 0, []
    for who, (business, own) in enumerate(specs, 1):
        made = []
        for outage, after, amount, payments, held in own:
            number += 1
            due = FIRST + after * DAY
            made.append(
                claim(
                    number,
                    due,
                    amount,
                    facts={"outage": True} if outage else {},
                    payments=tuple(
                        (due + days * DAY, Decimal(amount) * Decimal(str(share)))
                        for days, share in sorted(payments)
                    ),
                    pauses=tuple(
                        Pause(
                            due + start * DAY,
                            None if length is None else due + (start + length) * DAY,
                            blocks,
                        )
                        for start, length, blocks in held
                    ),
                )
            )
        found.append(
            customer(
                who,
                *made,
                segment="business" if business else "person",
                business=business,
            )
        )
    return found


# === THE POLICY THAT RAN === #


@settings(max_examples=120, deadline=None)
@given(people, policies, rules, budgets, st.sampled_from((60, 176)))
def test_the_policy_that_ran_gives_what_happened(specs, policy, own, budget, days):
    """Letter for letter and fee for fee, whatever the policy and the customers."""
    customers = history(specs)
    chosen = setting(policy, rules=own, budget=budget)
    through = FIRST + days * DAY
    told, sums = replayed(customers, chosen, through)
    happened = live(customers, chosen, through)
    letters = [letter for letter in happened if letter[2] != "handover"]
    assert in_order(told) == in_order(letters)
    total = replay.total(sums)
    assert total.handed == len(happened) - len(letters)
    assert total.letters == len(letters)
    assert total.charged == sum((sum(one[4].values()) for one in letters), ZERO)
    assert total.forgiven == sum((sum(one[5].values()) for one in letters), ZERO)
    assert total.fees == sum(len(one[4]) + len(one[5]) for one in letters)
    assert total.customers == len({one[0] for one in letters})
    assert total.hit == len({one[0] for one in letters if one[4]})


@settings(max_examples=40, deadline=None)
@given(people, rules)
def test_totals_add_up(specs, own):
    """Months and customer groups are parts of the whole, and customers add up, too."""
    customers = history(specs)
    _told, sums = replayed(customers, setting(rules=own))
    apart = [replayed([one], setting(rules=own))[1] for one in customers]
    whole = replay.total(sums)
    # Without a budget for all together, nobody's fee depends on anybody else's.
    parts = replay.Tally()
    for part in apart:
        parts.add(replay.total(part))
    assert whole == parts
    assert whole.due == whole.charged + whole.forgiven
    assert whole.hit <= whole.customers <= len(customers)


@settings(max_examples=40, deadline=None)
@given(people)
def test_forgiving_all_earns_nothing(specs):
    customers = history(specs)
    total = replay.total(replayed(customers, setting(rules=(waiver.Rule(1),)))[1])
    assert total.charged == ZERO
    assert total.hit == 0


@settings(max_examples=20, deadline=None)
@given(people)
def test_forgiving_none_charges_all(specs):
    customers = [
        replace(one, facts={"exemption": waiver.Exemption(1, "forgive")})
        for one in history(specs)
    ]
    found = [
        replay.total(replayed(customers, setting(rules=(waiver.Rule(1),), **own))[1])
        for own in ({}, {"forgives": False})
    ]
    assert found[0].charged == found[1].forgiven == ZERO
    assert found[0].fees >= found[1].fees


# === ONE CLAIM === #


def test_a_claim_that_nobody_pays():
    told, sums = replayed([customer(1, claim(1))], setting())
    assert [(letter[2], letter[1], letter[4].get(1)) for letter in told] == [
        ("soft", date(2026, 1, 8), None),
        ("reminder", date(2026, 1, 19), Decimal(35)),
        # Two bank days after the deadline of 2 February.
        ("notice", date(2026, 2, 5), Decimal(35)),
        # Two bank days after a deadline on a Thursday.
        ("demand", date(2026, 2, 24), Decimal(105)),
    ]
    assert {month: tally.letters for (month, _segment), tally in sums.items()} == {
        "2026-01": 2,
        "2026-02": 2,
        "2026-03": 0,
    }
    total = replay.total(sums)
    assert (total.paper, total.handed) == (1, 1)
    assert (total.customers, total.hit) == (1, 1)


@pytest.mark.parametrize(
    ("paid", "letters"),
    [
        (date(2026, 1, 8), 0),
        (date(2026, 1, 9), 1),
        (date(2026, 1, 19), 1),
        (date(2026, 1, 20), 2),
    ],
)
def test_who_has_paid_gets_no_letter(paid, letters):
    one = claim(1, payments=((paid, Decimal(1000)),))
    assert len(replayed([customer(1, one)], setting())[0]) == letters


def test_a_pause_puts_letters_off():
    held = Pause(date(2026, 1, 18), date(2026, 1, 31), frozenset({"reminder"}))
    told, _sums = replayed([customer(1, claim(1, pauses=(held,)))], setting())
    assert [letter[1] for letter in told][:2] == [date(2026, 1, 8), date(2026, 2, 1)]


def test_a_business_pays_compensation_once():
    told, sums = replayed([customer(1, claim(1), business=True)], setting())
    total = replay.total(sums)
    # The fee comes first; the law has none beside it.
    assert total.compensation == ZERO
    steps = (ladder.Step(1, "reminder", 14, compensation=True), *STEPS[2:])
    policy = replace(POLICY, steps=steps)
    total = replay.total(
        replayed([customer(1, claim(1), business=True)], setting(policy))[1]
    )
    assert total.compensation == 460
    assert total.due == ZERO


def test_law_that_nobody_looked_at_stops_the_letters():
    chosen = setting()
    stale = replace(NORWAY, reviewed_through=date(2026, 1, 31))
    told, sums = replayed(
        [customer(1, claim(1))], replace(chosen, pack=lambda day: stale)
    )
    assert [letter[2] for letter in told] == ["soft", "reminder"]


# === FORGIVING === #


def forgiven(letters):
    """Customer and day of each fee that was forgiven."""
    return [(letter[0], letter[1]) for letter in letters if letter[5]]


def test_a_cap_holds_for_the_month():
    """Two on one day, one later in the month, one in the next: 40 do for one."""
    customers = [
        customer(nth, claim(nth, FIRST + days * DAY))
        for nth, days in ((1, 0), (2, 0), (3, 7), (4, 14))
    ]
    steps = (ladder.Step(1, "reminder", 14, fee=True),)
    chosen = setting(
        replace(POLICY, steps=steps),
        rules=(waiver.Rule(1),),
        budget=waiver.Budget(month_amount=Decimal(40)),
    )
    told, _sums = replayed(customers, chosen)
    assert forgiven(told) == [(1, date(2026, 1, 19)), (4, date(2026, 2, 2))]
    # What is no goodwill needs no budget, and uses none.
    free = replace(chosen, rules=(waiver.Rule(1, goodwill=False),))
    assert len(forgiven(replayed(customers, free)[0])) == 4
    mixed = replace(
        chosen,
        rules=(waiver.Rule(1, goodwill=False, audience="business"), waiver.Rule(2)),
    )
    customers[0] = replace(customers[0], business=True)
    assert [who for who, _day in forgiven(replayed(customers, mixed)[0])] == [1, 2, 4]


def test_the_first_fee_of_a_customer():
    first = setting(rules=(waiver.Rule(1, waived_most=0),))
    told, _sums = replayed([customer(1, claim(1))], first)
    assert [len(letter[4]) for letter in told] == [0, 0, 1, 1]
    before = {"waived": (date(2025, 5, 1),)}
    told, _sums = replayed([customer(1, claim(1), facts=before)], first)
    assert [len(letter[4]) for letter in told] == [0, 1, 1, 1]


def test_a_budget_for_each_customer():
    chosen = setting(rules=(waiver.Rule(1),), budget=waiver.Budget(customer_count=1))
    told, _sums = replayed([customer(1, claim(1)), customer(2, claim(2))], chosen)
    assert [who for who, _day in forgiven(told)] == [1, 2]


def test_a_fee_that_was_forgiven_leaves_room_for_another():
    """Of three reminders two may cost something; both customers got them together."""
    steps = (
        ladder.Step(1, "reminder", 14, fee=True),
        *(ladder.Step(at, "reminder", 1, "deadline", fee=True) for at in (2, 3)),
    )
    rule = waiver.Rule(1, waived_most=0, audience="person")
    customers = [customer(1, claim(1)), customer(2, claim(2), business=True)]
    chosen = setting(replace(POLICY, steps=steps), rules=(rule,))
    told, _sums = replayed(customers, chosen)
    assert [letter[4] for letter in told if letter[0] == 1][2]
    assert not [letter[4] for letter in told if letter[0] == 2][2]
    twin = replace(customers[1], business=False, facts={"waived": (FIRST,)})
    told, _sums = replayed([customers[0], twin], chosen)
    assert [bool(letter[4]) for letter in told] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]


def test_late_payments_count_once_they_are_known():
    """The first claim is late when the second one's fee is due, the third is not."""
    rule = waiver.Rule(1, late_most=0)
    late = ((1, FIRST), (2, FIRST + 11 * DAY), (3, FIRST + 22 * DAY))
    one = customer(1, claim(1), late=late)
    told, _sums = replayed([one], setting(rules=(rule,), late_days=3))
    # Its own lateness does not count; that of 16 January does from the 20th on.
    assert forgiven(told) == [(1, date(2026, 1, 19))]
    told, _sums = replayed([one], setting(rules=(rule,), late_days=2))
    assert forgiven(told) == []


def test_a_claim_in_another_currency_carries_no_fee():
    told, _sums = replayed([customer(1, claim(1, currency="EUR"), claim(2))], setting())
    assert {number for letter in told for number in letter[4]} == {2}
