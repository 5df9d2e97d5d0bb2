from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import waiver
from odoo.addons.billing_fee_policy.core.waiver import (
    BOUNCED,
    FORGIVE,
    KEEP,
    UNOPENED,
    Budget,
    Decision,
    Exemption,
    Facts,
    Rule,
    decide,
    decide_all,
)

DAY = date(2026, 3, 31)
FEE = Decimal(38)
FREE = Budget()

#: The rule of the issue: «customer for 2+ years, no late payment in 12 months → first
#: fee forgiven».
LOYAL = Rule(1, relation_months=24, late_most=0, late_months=12, waived_most=0)


def facts(claim=1, **values):
    values.setdefault("customer", 7)
    return Facts(claim=claim, day=DAY, amount=values.pop("amount", FEE), **values)


# === What each condition asks for === #


@pytest.mark.parametrize(
    ("rule", "met", "unmet"),
    [
        (
            {"relation_months": 24},
            {"since": date(2024, 3, 31)},
            {"since": date(2024, 4, 1)},
        ),
        # The 31st has no counterpart in February: its last day counts.
        ({"relation_months": 1}, {"since": date(2026, 2, 28)}, {"since": DAY}),
        ({"relation_months": 1}, {"since": date(2020, 1, 1)}, {"since": None}),
        (
            {"late_most": 0, "late_months": 12},
            {"late": (date(2025, 3, 31),)},
            {"late": (date(2025, 4, 1),)},
        ),
        ({"late_most": 1}, {"late": (DAY,)}, {"late": (DAY, DAY)}),
        ({"waived_most": 0}, {}, {"waived": (date(2001, 1, 1),)}),
        (
            {"waived_most": 0, "waived_months": 24},
            {"waived": (date(2024, 3, 31),)},
            {"waived": (date(2024, 4, 1),)},
        ),
        ({"waived_least": 2}, {"waived": (DAY, DAY)}, {"waived": (DAY,)}),
        ({"fee_most": FEE}, {}, {"amount": FEE + Decimal("0.01")}),
        (
            {"principal_most": Decimal(200)},
            {"principal": Decimal(200)},
            {"principal": Decimal("200.01")},
        ),
        ({"audience": "person"}, {}, {"business": True}),
        ({"audience": "business"}, {"business": True}, {}),
        ({"tags": frozenset({3, 4})}, {"tags": frozenset({4})}, {}),
        (
            {"delivery": frozenset({BOUNCED})},
            {"delivery": BOUNCED},
            {"delivery": UNOPENED},
        ),
        (
            {"delivery": frozenset({BOUNCED, UNOPENED})},
            {"delivery": UNOPENED},
            {"delivery": ""},
        ),
        ({"conversation": True}, {"conversation": True}, {}),
        ({"outage": True}, {"outage": True}, {}),
        ({"vulnerable": True}, {"vulnerable": True}, {}),
        ({"debit_failed": True}, {"debit_failed": True}, {}),
    ],
)
def test_each_condition(rule, met, unmet):
    rule = Rule(1, **rule)
    [piece] = waiver.readable(rule)
    assert decide([rule], facts(**met), FREE).waive
    refused = decide([rule], facts(**unmet), FREE)
    assert not refused.waive
    assert refused.tried[0].codes == (piece.code,)


def test_every_condition_is_tried_above():
    assert {condition.code for condition in waiver.CONDITIONS} == {
        "audience",
        "tags",
        "vulnerable",
        "relation",
        "late",
        "waived_most",
        "waived_least",
        "delivery",
        "conversation",
        "outage",
        "debit_failed",
        "fee",
        "principal",
    }


def test_the_rule_of_a_loyal_customer():
    loyal = facts(since=date(2020, 1, 1))
    assert decide([LOYAL], loyal, FREE) == Decision(True, rule=1, goodwill=True)
    assert [piece.code for piece in waiver.readable(LOYAL)] == [
        "relation",
        "late",
        "waived_most",
    ]
    spoiled = replace(loyal, late=(DAY - timedelta(days=40),), waived=(DAY,))
    assert decide([LOYAL], spoiled, FREE).tried[0].codes == ("late", "waived_most")


# === Order, exemptions, budgets === #


def test_the_order_decides():
    keep, forgive = Rule(1, effect=KEEP), Rule(2)
    assert decide([keep, forgive], facts(), FREE) == Decision(False, rule=1)
    assert decide([forgive, keep], facts(), FREE).waive


def test_what_was_arranged_goes_before_the_rules():
    arranged = facts(exemption=Exemption(5, KEEP))
    assert decide([Rule(1)], arranged, FREE) == Decision(False, exemption=5)
    arranged = facts(exemption=Exemption(5, FORGIVE))
    assert decide([], arranged, FREE) == Decision(True, exemption=5)


@pytest.mark.parametrize(
    ("budget", "known", "code"),
    [
        (Budget(customer_count=1), {"spent_count": 1}, "over_customer_count"),
        (
            Budget(customer_amount=Decimal(75)),
            {"spent_amount": FEE},
            "over_customer_amount",
        ),
        (Budget(month_amount=Decimal(100), month_spent=Decimal(63)), {}, "over_month"),
    ],
)
def test_a_budget_that_is_used_up(budget, known, code):
    rule = Rule(1)
    assert decide([rule], facts(**known), budget).tried[0].codes == (code,)
    # To the last krone.
    assert decide([rule], facts(**known, amount=Decimal(0)), FREE).waive
    # Our own fault is no goodwill: it is forgiven whatever was given before.
    ours = Rule(2, goodwill=False)
    decision = decide([rule, ours], facts(**known), budget)
    assert decision.waive and decision.rule == 2 and not decision.goodwill


def test_the_whole_budget_can_be_used():
    budget = Budget(
        customer_count=2,
        customer_amount=2 * FEE,
        month_amount=Decimal(100),
        month_spent=Decimal(62),
    )
    known = facts(spent_count=1, spent_amount=FEE)
    assert decide([Rule(1)], known, budget).waive


def test_of_two_fees_at_once_the_first_is_the_first():
    known = [facts(claim, since=date(2020, 1, 1)) for claim in (12, 11)]
    decisions = decide_all([LOYAL], known, FREE)
    assert decisions[11].waive
    assert decisions[12].tried[0].codes == ("waived_most",)


# === Companies that must treat equals equally === #


def test_objective_criteria_only():
    budget = Budget(
        objective=True, month_amount=Decimal(0), customer_count=1, customer_amount=FEE
    )
    tagged = Rule(1, tags=frozenset({3}))
    hidden = Rule(2, published=False)
    known = facts(tags=frozenset({3}), exemption=Exemption(5, FORGIVE))
    decision = decide([tagged, hidden], known, budget)
    assert [one.codes for one in decision.tried] == [
        ("not_objective",),
        ("not_published",),
    ]
    # The cap of a month would forgive one and not the next for nothing but the day.
    assert decide([Rule(3)], known, budget).waive
    # What each customer may have in a year is the same for all of them.
    spent = replace(known, spent_count=1)
    assert not decide([Rule(3)], spent, budget).waive


# === Properties === #

amounts = st.integers(0, 20_000).map(lambda value: Decimal(value) / 100)
days = st.dates(date(2022, 1, 1), DAY)
rules_lists = st.lists(
    st.builds(
        Rule,
        id=st.integers(1, 99),
        effect=st.sampled_from([FORGIVE, KEEP]),
        relation_months=st.sampled_from([0, 12, 24]),
        late_most=st.none() | st.integers(0, 2),
        waived_most=st.none() | st.integers(0, 2),
        waived_months=st.sampled_from([0, 12]),
        fee_most=st.none() | amounts,
        audience=st.sampled_from(["", "person", "business"]),
        tags=st.frozensets(st.integers(1, 2), max_size=1),
        delivery=st.frozensets(st.sampled_from([BOUNCED, UNOPENED])),
        vulnerable=st.booleans(),
        goodwill=st.booleans(),
        published=st.booleans(),
    ),
    max_size=4,
)
claims_lists = st.lists(
    st.builds(
        Facts,
        claim=st.integers(1, 9999),
        customer=st.integers(1, 3),
        day=st.just(DAY),
        amount=amounts,
        since=st.none() | days,
        late=st.lists(days, max_size=3).map(tuple),
        waived=st.lists(days, max_size=2).map(tuple),
        business=st.booleans(),
        tags=st.frozensets(st.integers(1, 2)),
        delivery=st.sampled_from(["", BOUNCED, UNOPENED]),
        vulnerable=st.booleans(),
        exemption=st.none()
        | st.builds(Exemption, st.just(1), st.sampled_from([FORGIVE, KEEP])),
    ),
    max_size=12,
    unique_by=lambda one: one.claim,
)
budgets = st.builds(
    Budget,
    customer_count=st.none() | st.integers(0, 3),
    customer_amount=st.none() | amounts,
    month_amount=st.none() | amounts,
    month_spent=amounts,
    objective=st.booleans(),
)


@given(rules_lists, claims_lists, budgets)
def test_never_over_budget(rules, claims, budget):
    decisions = decide_all(rules, claims, budget)
    goodwill = [one for one in claims if decisions[one.claim].goodwill]
    for customer in {one.customer for one in goodwill}:
        own = [one for one in goodwill if one.customer == customer]
        if budget.customer_count is not None:
            assert len(own) <= budget.customer_count
        if budget.customer_amount is not None:
            assert sum(one.amount for one in own) <= budget.customer_amount
    if budget.month_amount is not None and not budget.objective and goodwill:
        spent = budget.month_spent + sum(one.amount for one in goodwill)
        assert spent <= budget.month_amount


@given(rules_lists, claims_lists, budgets, st.randoms(use_true_random=False))
def test_the_same_facts_have_the_same_answer(rules, claims, budget, random):
    decisions = decide_all(rules, claims, budget)
    shuffled = random.sample(claims, len(claims))
    assert decide_all(rules, shuffled, budget) == decisions


@given(rules_lists, claims_lists, budgets)
def test_the_first_rule_that_fits_decides(rules, claims, budget):
    for known in claims:
        decision = decide(rules, known, budget)
        if decision.exemption:
            assert not budget.objective
            assert decision.waive == (known.exemption.effect == FORGIVE)
            continue
        place = len(decision.tried)
        for rule, tried in zip(rules, decision.tried, strict=False):
            assert tried.rule == rule.id and tried.codes
        if decision.rule is None:
            assert place == len(rules) and not decision.waive
            continue
        assert rules[place].id == decision.rule
        assert decision.waive == (rules[place].effect == FORGIVE)
        alone = replace(rules[place], goodwill=False)
        assert decide([alone], known, budget).rule == alone.id
        # What stands below has no say.
        assert decide(rules[: place + 1], known, budget) == decision


@given(rules_lists, claims_lists, budgets)
def test_who_must_treat_equals_equally_does(rules, claims, budget):
    budget = replace(budget, objective=True)
    by_id = {rule.id: rule for rule in rules}
    for known in claims:
        decision = decide(rules, known, budget)
        # Neither a tag, an arrangement nor the month makes a difference.
        other = replace(known, tags=frozenset(), exemption=None)
        assert decide(rules, other, replace(budget, month_amount=None)) == decision
        if decision.waive and len(by_id) == len(rules):
            assert waiver.is_objective(by_id[decision.rule])
            assert by_id[decision.rule].published


@given(days, st.integers(0, 60))
def test_months_before(day, months):
    earlier = waiver.months_before(day, months)
    assert (day.year - earlier.year) * 12 + day.month - earlier.month == months
    assert earlier.day == day.day or (earlier + timedelta(days=1)).day == 1
