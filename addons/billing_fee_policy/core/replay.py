"""What a reminder policy would have done with the claims of the past.

A replay goes through a period day by day, as the daily run does, and asks the very
same questions: :func:`.turn.turn` says whose turn it is and what the law lets be
charged, :func:`.ladder.bundle` what goes in one letter, :func:`.waiver.decide_all`
which fees are forgiven. Nothing is sent and nothing is booked.

Payments are taken from what really happened: a customer pays on the day they paid,
never mind which letters they got. Nobody knows better; a milder policy is therefore
shown with somewhat fewer letters than it would need, a harder one with somewhat more.

Replaying the policy that really ran gives back what it did, letter for letter.

What takes long to find out is found out once: claims that fell due on the same day, of
the same sort of customer, after the same letters, have the same next turn.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from . import ladder, law, waiver
from .past import Claim, Customer, Pause, Sent, Setting, Tally
from .turn import Facts, Turn, turn

__all__ = [
    "Claim",
    "Customer",
    "Pause",
    "Sent",
    "Setting",
    "Tally",
    "replay",
    "total",
]

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
#: What rules may ask for and few claims or customers have.
_RARE = ("vulnerable", "delivery", "conversation", "outage", "debit_failed")
#: A debt that is large enough, for rules that ask no more of it.
_LEAST = Decimal(1)


Sums = dict[tuple[str, str], Tally]


def replay(
    customers: Iterable[Customer],
    setting: Setting,
    through: date,
    told: Callable[[Sent], None] | None = None,
) -> Sums:
    """Carry a policy out on the claims of the past.

    :param customers: with their claims
    :param setting: the policy and what belongs to it
    :param through: last day
    :param told: called with each letter, in the order they go
    :return: sums by month (``2026-03``) and segment
    """
    return _Replay(setting, through, told).run(customers)


def total(sums: Sums) -> Tally:
    """Add all sums up."""
    found = Tally()
    for part in sums.values():
        found.add(part)
    return found


class _Node:
    """Where claims stand that nothing tells apart: due on one day, after one history.

    What comes next for them is asked once.
    """

    __slots__ = ("currency", "debt", "first", "following", "turns")

    def __init__(self, debt, currency):
        self.debt, self.currency = debt, currency
        self.turns = {}
        self.first = {}
        self.following = {}


class _Course:
    """One claim on its way."""

    __slots__ = ("claim", "closed", "node", "ready")

    def __init__(self, claim, node, closed):
        self.claim, self.node, self.closed = claim, node, closed
        self.ready = None


class _Case:
    """A customer in the middle of the replay."""

    __slots__ = ("courses", "customer", "is_hit", "is_known", "spent", "waived")

    def __init__(self, customer, courses):
        self.customer, self.courses = customer, courses
        self.is_known = self.is_hit = False
        # Year → times and amount of goodwill; days of waivers.
        self.spent = {}
        self.waived = list(customer.facts.get("waived", ()))


class _Replay:
    def __init__(self, setting, through, told):
        self.setting, self.through, self.told = setting, through, told
        self.policy, self.rules = setting.policy, setting.rules
        self.nodes = {}
        self.packs = {}
        self.sums = defaultdict(Tally)
        self.month_spent = defaultdict(Decimal)
        large = max(self.policy.minimum, self.policy.fee_minimum, _LEAST)
        small = max(self.policy.minimum, min(_LEAST, self.policy.fee_minimum / 2))
        # What is owed decides only whether there may be a fee.
        self.debts = {True: large, False: small}

    def run(self, customers):
        customers = list(customers)
        self.rules = _possible(self.setting.rules, customers)
        agenda = defaultdict(list)
        for customer in customers:
            case = _Case(customer, [])
            for claim in customer.claims:
                node = self._start(claim, customer.business)
                course = _Course(claim, node, claim.closed_from(self.policy.minimum))
                course.ready = self._ready(course, claim.due)
                case.courses.append(course)
            self._enter(agenda, case)
        day = min(agenda, default=self.through)
        while day <= self.through:
            self._live(day, agenda.pop(day, ()), agenda)
            day += _DAY
        return dict(self.sums)

    def _enter(self, agenda, case):
        """Note when a customer's next letter goes, if any."""
        case.courses = [course for course in case.courses if course.ready]
        days = [
            course.ready
            for course in case.courses
            if not course.closed or course.ready < course.closed
        ]
        if days:
            agenda[min(days)].append(case)

    # === ONE DAY === #

    def _live(self, day, cases, agenda):
        """Do what the daily run does on a day."""
        letters, asked = [], []
        for case in cases:
            for letter, turns in self._letters(case, day):
                facts = self._facts(case, letter, turns, day)
                asked += facts
                letters.append((case, letter, turns))
        decisions = self._decide(day, asked)
        for case, letter, turns in letters:
            self._send(case, letter, turns, day, decisions)
        for case in cases:
            self._enter(agenda, case)

    def _letters(self, case, day):
        """Return the letters of a customer, each with the turns of its claims."""
        claims, turns = defaultdict(list), {}
        for course in case.courses:
            if course.closed and course.closed <= day:
                course.ready = None
                continue
            blocks = _blocks(course.claim, day)
            found = self._turn(course, day, blocks)
            if not isinstance(found, Turn) or _what(found.step) in blocks:
                continue
            if found.step.kind == "handover":
                self._tally(case, day).handed += 1
                course.ready = None
                continue
            claims[course.claim.currency].append(
                ladder.Claim(
                    course.claim.id,
                    course.claim.due,
                    found.step,
                    found.ready,
                    found.fee_amount,
                )
            )
            turns[course.claim.id] = (course, found)
        return [
            (letter, turns)
            for own in claims.values()
            for letter in ladder.bundle(own, self.policy.together, self.policy.one_fee)
        ]

    def _facts(self, case, letter, turns, day):
        """Return what the waiver rules are asked about, for each fee of a letter."""
        found = []
        if not self.setting.forgives:
            return found
        count, amount = case.spent.get(day.year, (0, _ZERO))
        known = day - timedelta(days=self.setting.late_days)
        for claim in letter.claims:
            fee = letter.fees.get(claim.id, _ZERO)
            if fee <= _ZERO:
                continue
            course, _turn = turns[claim.id]
            values = {**case.customer.facts, **course.claim.facts}
            values |= {
                "late": tuple(
                    due
                    for claim_id, due in case.customer.late
                    if claim_id != claim.id and due < known
                ),
                "waived": tuple(case.waived),
                "spent_count": count,
                "spent_amount": amount,
            }
            found.append(
                waiver.Facts(
                    claim=claim.id,
                    customer=case.customer.id,
                    day=day,
                    amount=fee,
                    principal=course.claim.open_on(day),
                    business=case.customer.business,
                    **values,
                )
            )
        return found

    def _decide(self, day, asked):
        if not asked:
            return {}
        month = day.replace(day=1)
        budget = replace(self.setting.budget, month_spent=self.month_spent[month])
        decisions = waiver.decide_all(self.rules, asked, budget)
        for facts in asked:
            decision = decisions[facts.claim]
            if decision.waive and decision.goodwill:
                self.month_spent[month] += facts.amount
        return decisions

    def _send(self, case, letter, turns, day, decisions):
        """Write a letter down, and let its claims go on from it."""
        tally = self._tally(case, day)
        setattr(tally, letter.kind, getattr(tally, letter.kind) + 1)
        tally.paper += letter.step.channel == "letter"
        if not case.is_known:
            case.is_known = True
            tally.customers += 1
        fees, forgiven = {}, {}
        deadline = self._deadline(letter, turns, day)
        for claim in letter.claims:
            course, found = turns[claim.id]
            fee = letter.fees.get(claim.id, _ZERO)
            decision = decisions.get(claim.id)
            if fee > _ZERO and decision and decision.waive:
                forgiven[claim.id] = fee
                self._forgive(case, day, fee, decision)
                fee = _ZERO
            elif fee > _ZERO:
                fees[claim.id] = fee
            compensation = found.compensation_amount
            tally.compensation += compensation
            self._go_on(course, claim.step.kind, day, fee, deadline, compensation)
        self._count(case, tally, fees, forgiven)
        if self.told:
            self.told(
                Sent(
                    case.customer.id,
                    day,
                    letter.kind,
                    tuple(claim.id for claim in letter.claims),
                    fees,
                    forgiven,
                )
            )

    def _deadline(self, letter, turns, day):
        """Return the last day to pay that a letter gives, None = none."""
        days = max(
            max(claim.step.deadline_days, turns[claim.id][1].send.deadline_days)
            for claim in letter.claims
        )
        return self.setting.next_bank_day(day + timedelta(days=days)) if days else None

    @staticmethod
    def _forgive(case, day, fee, decision):
        case.waived.append(day)
        if decision.goodwill:
            count, amount = case.spent.get(day.year, (0, _ZERO))
            case.spent[day.year] = count + 1, amount + fee

    @staticmethod
    def _count(case, tally, fees, forgiven):
        if not fees and not forgiven:
            return
        tally.fee_letters += 1
        tally.fees += len(fees) + len(forgiven)
        tally.forgiven_fees += len(forgiven)
        tally.forgiven += sum(forgiven.values(), _ZERO)
        tally.due += sum(fees.values(), _ZERO) + sum(forgiven.values(), _ZERO)
        if fees and not case.is_hit:
            case.is_hit = True
            tally.hit += 1

    def _tally(self, case, day):
        return self.sums[f"{day:%Y-%m}", case.customer.segment]

    # === WHERE A CLAIM STANDS === #

    def _start(self, claim, business):
        agreement = claim.agreement
        arose = claim.arose if agreement else None
        key = (claim.due, business, agreement, arose, claim.currency)
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = _Node(
                law.Debt(
                    due=claim.due,
                    arose=claim.arose,
                    principal=self.debts[True],
                    business=business,
                    agreement=agreement,
                ),
                claim.currency,
            )
        return node

    def _go_on(self, course, kind, day, fee, deadline, compensation):
        """Let a claim stand where the letter has brought it."""
        claimed = compensation > _ZERO
        key = (kind, day, fee, deadline, claimed)
        following = course.node.following
        node = following.get(key)
        if node is None:
            debt = course.node.debt
            node = following[key] = _Node(
                replace(
                    debt,
                    notices=(*debt.notices, law.Notice(kind, day, fee, deadline)),
                    compensation_claimed=debt.compensation_claimed or claimed,
                ),
                course.node.currency,
            )
        course.node = node
        course.ready = self._ready(course, day + _DAY)

    def _ready(self, course, start):
        """Return the first day of a claim's next turn, None = there is none.

        It may be after the claim is paid; a letter may take it along before.
        """
        day = self._first(course)
        while day:
            day = max(day, start)
            if day > self.through:
                break
            found = self._turn(course, day)
            later = _later(found, day)
            if later == day:
                later = _after_pause(course.claim, _what(found.step), day)
                if later == day:
                    break
            day = later
        return day

    def _first(self, course):
        """Return the first day on which the claims of a node may be next, or None."""
        node, has_fee = course.node, self._has_fee(course.claim, course.claim.due)
        if has_fee not in node.first:
            before, day = None, node.debt.due
            while day and day != before and day <= self.through:
                before, day = day, _later(self._ask(node, day, has_fee), day)
            node.first[has_fee] = day
        return node.first[has_fee]

    def _has_fee(self, claim, day):
        """Whether enough is owed on a day for a fee."""
        least = self.policy.fee_minimum
        if not least:
            return True
        return (claim.open_on(day) if claim.payments else claim.amount) >= least

    def _turn(self, course, day, blocks=frozenset()):
        has_fee = self._has_fee(course.claim, day)
        return self._ask(course.node, day, has_fee, blocks & {"fee"})

    def _ask(self, node, day, has_fee, blocks=frozenset()):
        key = (day, has_fee, blocks)
        found = node.turns.get(key)
        if found is None:
            debt = node.debt
            if not has_fee:
                debt = replace(debt, principal=self.debts[False])
            pack = self._pack(day)
            own = self.setting.currency
            foreign = node.currency != own or bool(pack and pack.currency != own)
            found = node.turns[key] = turn(
                self.policy,
                Facts(0, debt, blocks, foreign=foreign),
                pack,
                day,
                self.setting.add_bank_days,
            )
        return found

    def _pack(self, day):
        if day not in self.packs:
            self.packs[day] = self.setting.pack(day)
        return self.packs[day]


def _what(step):
    """Return what a hold must not stop for a step to be taken."""
    return "handover" if step.kind == "handover" else "reminder"


def _blocks(claim, day):
    """Return what is stopped about a claim on a day."""
    if not claim.pauses:
        return frozenset()
    return frozenset().union(*(p.blocks for p in claim.pauses if p.holds(day)))


def _after_pause(claim, what, day):
    """Return the first day from ``day`` on which no pause stops ``what``, or None."""
    while day:
        ends = [p.last for p in claim.pauses if what in p.blocks and p.holds(day)]
        if not ends:
            break
        day = None if None in ends else max(ends) + _DAY
    return day


def _later(found, day):
    """Return when to ask again: ``day`` itself when the turn has come, None = never."""
    if isinstance(found, Turn):
        return day if found.ready else max(found.since, day + _DAY)
    return found.from_day and max(found.from_day, day + _DAY)


def _possible(rules, customers):
    """Return the rules that could fit: somebody has what they ask for."""
    found = set()
    for customer in customers:
        for facts in (customer.facts, *(claim.facts for claim in customer.claims)):
            found.update(name for name in _RARE if facts.get(name))
    return tuple(
        rule
        for rule in rules
        if all(name in found for name in _RARE if getattr(rule, name))
    )
