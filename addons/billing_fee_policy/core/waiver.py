"""When a fee that the law allows is left out: of rules in order the first decides.

A rule is a list of conditions; what is left empty asks for nothing. :data:`CONDITIONS`
is both what is tested and what :func:`readable` tells, so the sentence that staff and
customers read cannot say anything else than what is done.

A company whose customers have no choice, such as a grid company, must treat equals
equally. With :attr:`Budget.objective` only rules count that are published and measure
everybody by the same yardstick; what was arranged with one customer does not, and no
cap of a month does, because it would forgive one customer and not the next for no other
reason than the day.

Amounts are in the company's currency.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

#: What a rule does with the fee.
FORGIVE = "forgive"
KEEP = "keep"

#: How our messages about the claim fared; empty when one was opened, or none sent.
BOUNCED = "bounced"
UNOPENED = "unopened"

#: Why a rule that fits does not forgive, or is not asked at all.
OVER_CUSTOMER_COUNT = "over_customer_count"
OVER_CUSTOMER_AMOUNT = "over_customer_amount"
OVER_MONTH = "over_month"
NOT_OBJECTIVE = "not_objective"
NOT_PUBLISHED = "not_published"

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Exemption:
    """What was arranged with one customer, for a time.

    :param id: of the record
    :param effect: :data:`FORGIVE` or :data:`KEEP`
    """

    id: int
    effect: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one claim and its customer on a day.

    :param claim: id of the claim; of several, the lowest is decided first
    :param customer: id of the customer
    :param day: on which the fee would be charged
    :param amount: of the fee
    :param principal: open amount of the claim, without what was added to it
    :param since: day of the customer's first invoice
    :param late: due dates of other invoices that were, or are, not paid in time
    :param waived: days on which earlier fees of the customer were forgiven
    :param business: whether the customer is a company
    :param tags: segments of the customer
    :param delivery: :data:`BOUNCED`, :data:`UNOPENED` or nothing
    :param conversation: whether a question of the customer's waits for an answer
    :param outage: whether there was an outage at the address
    :param vulnerable: whether the customer is marked as vulnerable
    :param debit_failed: whether a direct debit failed without the customer's fault
    :param exemption: what was arranged with the customer
    :param spent_amount: goodwill the customer had this calendar year
    :param spent_count: number of times
    """

    claim: int
    customer: int
    day: date
    amount: Decimal
    principal: Decimal = _ZERO
    since: date | None = None
    late: tuple[date, ...] = ()
    waived: tuple[date, ...] = ()
    business: bool = False
    tags: frozenset[int] = frozenset()
    delivery: str = ""
    conversation: bool = False
    outage: bool = False
    vulnerable: bool = False
    debit_failed: bool = False
    exemption: Exemption | None = None
    spent_amount: Decimal = _ZERO
    spent_count: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. What is empty, 0 or None asks for nothing.

    :param id: of the record
    :param effect: :data:`FORGIVE` or :data:`KEEP`
    :param relation_months: customer for at least so many months
    :param late_most: invoices paid late within ``late_months``, at most
    :param late_months: months back
    :param waived_most: fees forgiven within ``waived_months``, at most
    :param waived_months: months back; 0 = ever
    :param waived_least: fees forgiven within ``waived_months``, at least
    :param fee_most: the fee is no higher
    :param principal_most: the claim is no higher
    :param audience: ``person`` or ``business``
    :param tags: segments, one of which the customer is in
    :param delivery: what happened to our messages, any of them
    :param conversation: a question waits for an answer
    :param outage: outage at the address
    :param vulnerable: the customer is marked as vulnerable
    :param debit_failed: a direct debit failed without the customer's fault
    :param goodwill: whether what it forgives counts on the budgets
    :param published: whether customers can read it
    """

    id: int
    effect: str = FORGIVE
    relation_months: int = 0
    late_most: int | None = None
    late_months: int = 12
    waived_most: int | None = None
    waived_least: int = 0
    waived_months: int = 0
    fee_most: Decimal | None = None
    principal_most: Decimal | None = None
    audience: str = ""
    tags: frozenset[int] = frozenset()
    delivery: frozenset[str] = frozenset()
    conversation: bool = False
    outage: bool = False
    vulnerable: bool = False
    debit_failed: bool = False
    goodwill: bool = True
    published: bool = True


@dataclass(frozen=True, slots=True)
class Budget:
    """How much goodwill there is. None = without limit.

    :param customer_count: times for one customer in a calendar year
    :param customer_amount: amount for one customer in a calendar year
    :param month_amount: amount for all customers together in a calendar month
    :param month_spent: of ``month_amount``, so far
    :param objective: see the module
    """

    customer_count: int | None = None
    customer_amount: Decimal | None = None
    month_amount: Decimal | None = None
    month_spent: Decimal = _ZERO
    objective: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One condition of a rule, to be put into words.

    :param code: of :data:`CONDITIONS`
    :param values: what its words name
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was asked and did not decide.

    :param rule: its id
    :param codes: the conditions that were not met, of :data:`CONDITIONS`; or why it may
        not forgive
    """

    rule: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one fee is forgiven, and by what.

    :param waive: whether it is
    :param rule: id of the rule that decided; None when none did
    :param exemption: id of what was arranged with the customer, when that decided
    :param goodwill: whether it counts on the budgets
    :param tried: the rules before, in their order
    """

    waive: bool
    rule: int | None = None
    exemption: int | None = None
    goodwill: bool = False
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a rule may ask for.

    :param code: stable name
    :param asked: whether a rule asks for it
    :param met: whether the facts meet it
    :param values: what its words name
    :param objective: whether it measures everybody by the same yardstick
    """

    code: str
    asked: Callable[[Rule], bool]
    met: Callable[[Rule, Facts], bool]
    values: Callable[[Rule], Mapping[str, object]] = lambda rule: {}
    objective: bool = True


def months_before(day: date, months: int) -> date:
    """Return the same day ``months`` earlier, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _within(days: Sequence[date], day: date, months: int) -> int:
    """Count ``days`` in the ``months`` up to ``day``; 0 months = all of them."""
    if not months:
        return len(days)
    first = months_before(day, months)
    return sum(first < one <= day for one in days)


def _is_old_customer(rule, facts):
    return facts.since is not None and facts.since <= months_before(
        facts.day, rule.relation_months
    )


#: Everything a rule may ask for, in the order of its sentence.
CONDITIONS = (
    Condition(
        "audience",
        lambda rule: bool(rule.audience),
        lambda rule, facts: (rule.audience == "business") == facts.business,
        lambda rule: {"audience": rule.audience},
    ),
    Condition(
        "tags",
        lambda rule: bool(rule.tags),
        lambda rule, facts: bool(rule.tags & facts.tags),
        lambda rule: {"tags": rule.tags},
        # Whoever sets the tag decides who is forgiven.
        objective=False,
    ),
    Condition(
        "vulnerable",
        lambda rule: rule.vulnerable,
        lambda rule, facts: facts.vulnerable,
    ),
    Condition(
        "relation",
        lambda rule: rule.relation_months > 0,
        _is_old_customer,
        lambda rule: {"months": rule.relation_months},
    ),
    Condition(
        "late",
        lambda rule: rule.late_most is not None,
        lambda rule, facts: (
            _within(facts.late, facts.day, rule.late_months) <= rule.late_most
        ),
        lambda rule: {"most": rule.late_most, "months": rule.late_months},
    ),
    Condition(
        "waived_most",
        lambda rule: rule.waived_most is not None,
        lambda rule, facts: (
            _within(facts.waived, facts.day, rule.waived_months) <= rule.waived_most
        ),
        lambda rule: {"most": rule.waived_most, "months": rule.waived_months},
    ),
    Condition(
        "waived_least",
        lambda rule: rule.waived_least > 0,
        lambda rule, facts: (
            _within(facts.waived, facts.day, rule.waived_months) >= rule.waived_least
        ),
        lambda rule: {"least": rule.waived_least, "months": rule.waived_months},
    ),
    Condition(
        "delivery",
        lambda rule: bool(rule.delivery),
        lambda rule, facts: facts.delivery in rule.delivery,
        lambda rule: {"delivery": rule.delivery},
    ),
    Condition(
        "conversation",
        lambda rule: rule.conversation,
        lambda rule, facts: facts.conversation,
    ),
    Condition("outage", lambda rule: rule.outage, lambda rule, facts: facts.outage),
    Condition(
        "debit_failed",
        lambda rule: rule.debit_failed,
        lambda rule, facts: facts.debit_failed,
    ),
    Condition(
        "fee",
        lambda rule: rule.fee_most is not None,
        lambda rule, facts: facts.amount <= rule.fee_most,
        lambda rule: {"amount": rule.fee_most},
    ),
    Condition(
        "principal",
        lambda rule: rule.principal_most is not None,
        lambda rule, facts: facts.principal <= rule.principal_most,
        lambda rule: {"amount": rule.principal_most},
    ),
)


def readable(rule: Rule) -> tuple[Piece, ...]:
    """Return what the rule asks for, in the order of its sentence."""
    return tuple(
        Piece(condition.code, condition.values(rule))
        for condition in CONDITIONS
        if condition.asked(rule)
    )


def is_objective(rule: Rule) -> bool:
    """Whether the rule measures every customer by the same yardstick."""
    return all(condition.objective for condition in CONDITIONS if condition.asked(rule))


def over_budget(facts: Facts, budget: Budget) -> str:
    """Return which budget the fee would go over, or nothing.

    :rtype: str
    """
    if (
        budget.customer_count is not None
        and facts.spent_count + 1 > budget.customer_count
    ):
        return OVER_CUSTOMER_COUNT
    if (
        budget.customer_amount is not None
        and facts.spent_amount + facts.amount > budget.customer_amount
    ):
        return OVER_CUSTOMER_AMOUNT
    if (
        budget.month_amount is not None
        and not budget.objective
        and budget.month_spent + facts.amount > budget.month_amount
    ):
        return OVER_MONTH
    return ""


def decide(rules: Sequence[Rule], facts: Facts, budget: Budget) -> Decision:
    """Return whether a fee is forgiven.

    What was arranged with the customer goes before all rules. Then the first rule whose
    conditions are all met decides; one that would go over a budget is passed over, so
    that one further down, which is no goodwill, may still forgive.

    :param rules: in their order
    :param facts: of the claim
    :param budget: how much goodwill there is
    """
    return _decide(_prepare(rules, budget), facts, budget)


def decide_all(
    rules: Sequence[Rule], claims: Sequence[Facts], budget: Budget
) -> dict[int, Decision]:
    """Return whether the fees of many claims are forgiven, by id of the claim.

    What is forgiven for one claim counts for the next: on the budgets, and as an
    earlier waiver of its customer. The order of ``claims`` makes no difference.

    :param rules: in their order
    :param claims: facts of each claim, as they were before any of these decisions
    :param budget: how much goodwill there is before
    """
    decisions = {}
    prepared = _prepare(rules, budget)
    forgiven: dict[int, tuple[Decimal, int, tuple[date, ...]]] = {}
    for facts in sorted(claims, key=lambda one: one.claim):
        now = facts
        amount, count, days = forgiven.get(facts.customer, (_ZERO, 0, ()))
        if days:
            now = replace(
                facts,
                spent_amount=facts.spent_amount + amount,
                spent_count=facts.spent_count + count,
                waived=facts.waived + days,
            )
        decision = decisions[facts.claim] = _decide(prepared, now, budget)
        if not decision.waive:
            continue
        if decision.goodwill:
            amount, count = amount + facts.amount, count + 1
            budget = replace(budget, month_spent=budget.month_spent + facts.amount)
        forgiven[facts.customer] = amount, count, (*days, facts.day)
    return decisions


def _prepare(rules, budget):
    """Return each rule with its conditions, and why it has no say, if it has none."""
    prepared = []
    for rule in rules:
        barred = ""
        if budget.objective and not is_objective(rule):
            barred = NOT_OBJECTIVE
        elif budget.objective and not rule.published:
            barred = NOT_PUBLISHED
        asked = tuple(condition for condition in CONDITIONS if condition.asked(rule))
        prepared.append((rule, asked, barred))
    return prepared


def _decide(prepared, facts, budget):
    if facts.exemption and not budget.objective:
        return Decision(
            waive=facts.exemption.effect == FORGIVE, exemption=facts.exemption.id
        )
    tried = []
    for rule, asked, barred in prepared:
        forgives = rule.effect == FORGIVE
        codes = (
            (barred,)
            if barred
            else tuple(one.code for one in asked if not one.met(rule, facts))
        )
        if not codes and forgives and rule.goodwill:
            over = over_budget(facts, budget)
            codes = (over,) if over else ()
        if codes:
            tried.append(Tried(rule.id, codes))
            continue
        return Decision(
            waive=forgives,
            rule=rule.id,
            goodwill=forgives and rule.goodwill,
            tried=tuple(tried),
        )
    return Decision(waive=False, tried=tuple(tried))
