"""Whatever is sent on whatever days: never more than the law allows.

A claim is lived through day by day at random, charging each fee that the evaluator lets
through. What came of it is then judged by rules written down here once more, straight
from the paragraphs and without the evaluator's own helpers.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_fee_policy.core import law
from odoo.addons.billing_fee_policy.core.law import Agreement, Debt, Notice
from odoo.addons.billing_fee_policy.core.statute import add_months

from .shipped_law import packs

DAY = timedelta(days=1)
NO = replace(packs()["no_1988"], reviewed_through=date(2027, 12, 31))
SE = replace(packs()["se_1981"], reviewed_through=date(2027, 12, 31))
LETTERS = ("reminder", "notice", "demand")

dues = st.dates(date(2015, 2, 1), date(2026, 12, 31))
deadlines = st.sampled_from([None, 0, 5, 8, 10, 13, 14, 15, 30])
#: Days since the letter before, a kind, and how long a deadline it gives.
steps = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 40), st.integers(150, 260)),
        st.sampled_from((*LETTERS, "instalment")),
        deadlines,
    ),
    max_size=14,
)
agreements = st.one_of(
    st.none(),
    st.builds(
        lambda days, clause: (days, clause),
        st.integers(-30, 400),
        st.sampled_from(["", "§ 7"]),
    ),
)


def live(pack, due, story, agreement=None, **values):
    """Return the claim after all letters that may go, each with the fee it may have."""
    arose = due - 20 * DAY
    if agreement:
        agreement = Agreement(arose - agreement[0] * DAY, agreement[1])
    claim = Debt(due, arose, Decimal(5000), agreement=agreement, **values)
    day = due
    for wait, kind, days in story:
        day += wait * DAY
        verdict = law.fee(pack, kind, claim, day)
        if kind in law.KINDS and not law.may_send(pack, kind, claim, day).allowed:
            assert not verdict.allowed
            continue
        assert verdict.allowed == (verdict.amount > 0)
        deadline = None if days is None else day + days * DAY
        letter = Notice(kind, day, verdict.amount, deadline)
        claim = replace(claim, notices=(*claim.notices, letter))
    return claim


def charged(claim):
    return [notice for notice in claim.notices if notice.fee]


def rounds(claim):
    """Return the letters with a fee, in runs with no more than six months between."""
    found = []
    for notice in charged(claim):
        if found and notice.sent <= found[-1][-1].sent + relativedelta(months=6):
            found[-1].append(notice)
        else:
            found.append([notice])
    return found


def norwegian_fee(notice, due):
    """Return what inkassoforskriften § 1-2 allows for the letter."""
    sats = next(
        amount
        for first, amount in (
            (date(2026, 1, 1), 750),
            (date(2017, 1, 1), 700),
            (date(2016, 1, 1), 670),
            (date(2015, 1, 1), 650),
        )
        if notice.sent >= first
    )
    twentieths = 1 if due >= date(2020, 10, 1) else 2
    if notice.kind == "demand":
        twentieths *= 3
    amount = Decimal(sats * twentieths) / 20
    if notice.sent >= date(2026, 1, 1):
        amount = amount.quantize(Decimal(1), ROUND_HALF_UP)
    return amount


@given(dues, steps)
def test_norway_whatever_is_sent(due, story):
    claim = live(NO, due, story)
    for notice in charged(claim):
        assert notice.sent >= due + 14 * DAY
        assert notice.kind in LETTERS
        assert notice.fee == norwegian_fee(notice, due)
    for letters in rounds(claim):
        kinds = [notice.kind for notice in letters]
        assert kinds.count("demand") <= 1
        assert kinds.count("notice") <= 1
        assert len(kinds) - kinds.count("demand") <= 2
        if "demand" in kinds:
            assert kinds[-1] == "demand"
        small = [notice for notice in letters if notice.kind != "demand"]
        if len(small) == 2:
            first, second = small
            assert first.kind == "reminder"
            assert first.deadline >= first.sent + 14 * DAY
            assert second.sent > first.deadline
        if letters[0].sent >= date(2026, 1, 1) and due >= date(2020, 10, 1):
            assert sum(notice.fee for notice in letters) <= 189


@given(dues, steps)
def test_norway_collection_follows_a_notice_that_expired(due, story):
    claim = live(NO, due, story)
    for number, notice in enumerate(claim.notices):
        if notice.kind != "demand":
            continue
        before = claim.notices[:number]
        assert any(
            other.kind == "notice"
            and other.deadline
            and other.deadline >= other.sent + 14 * DAY
            and other.deadline < notice.sent
            for other in before
        )
        assert all(o.deadline is None or o.deadline < notice.sent for o in before)


@given(dues, steps, agreements)
def test_sweden_whatever_is_sent(due, story, agreement):
    claim = live(SE, due, story, agreement)
    fees = {kind: [] for kind in (*LETTERS, "instalment")}
    for notice in charged(claim):
        assert notice.sent > due
        fees[notice.kind].append(notice.fee)
    assert fees["reminder"] + fees["notice"] in ([], [60])
    assert fees["demand"] in ([], [180])
    assert fees["instalment"] in ([], [170])
    if not agreement or not agreement[1] or agreement[0] < 0:
        assert not fees["reminder"] + fees["notice"]


@given(dues, steps, agreements, st.sampled_from([NO, SE]))
def test_an_objection_or_a_lost_invoice_costs_nothing(due, story, agreement, pack):
    assert not charged(live(pack, due, story, agreement, objected=True))
    assert not charged(live(pack, due, story, agreement, delivered=False))
    assert not charged(live(pack, due, story, agreement, compensation_claimed=True))


@given(dues, steps, st.integers(1, 300), st.sampled_from([NO, SE]))
def test_compensation_and_fees_together_are_never_more_than_the_larger(
    due, story, later, pack
):
    claim = live(pack, due, story, (10, "§ 7"), business=True)
    day = max([due, *(notice.sent for notice in claim.notices)]) + later * DAY
    verdict = law.compensation(pack, claim, day)
    if not verdict.allowed:
        assert verdict.amount == 0
        return
    fees = sum(notice.fee for notice in claim.notices)
    assert 0 < verdict.amount + fees <= verdict.rate.value
    assert not fees or pack is NO
    after = replace(claim, compensation_claimed=True)
    assert not law.compensation(pack, after, day).allowed
    for kind in law.FEE_KINDS:
        assert not law.fee(pack, kind, after, day + 200 * DAY).allowed


@settings(max_examples=50)
@given(
    dues,
    steps,
    agreements,
    st.sampled_from(LETTERS),
    st.booleans(),
    st.sampled_from([NO, SE]),
)
def test_the_first_day_is_the_first_day(due, story, agreement, kind, with_fee, pack):
    claim = live(pack, due, story, agreement)
    ask = law.fee if with_fee else law.may_send
    first = law.earliest(pack, kind, claim, with_fee)
    start = max([due, *(notice.sent for notice in claim.notices)])
    end = first or start + 250 * DAY
    forever = replace(pack, reviewed_through=date.max)
    allowed = [
        start + n * DAY
        for n in range((end - start).days + 1)
        if ask(forever, kind, claim, start + n * DAY).allowed
    ]
    assert allowed == ([first] if first else [])


@given(dues, steps, st.randoms(), st.sampled_from(LETTERS), st.integers(0, 300))
def test_the_order_in_which_letters_are_listed_does_not_matter(
    due, story, random, kind, later
):
    claim = live(NO, due, story)
    # Two letters of one day stand in no order of their own.
    notices = {notice.sent: notice for notice in claim.notices}
    claim = replace(claim, notices=tuple(notices.values()))
    mixed = list(claim.notices)
    random.shuffle(mixed)
    day = due + later * DAY
    for ask in (law.may_send, law.fee):
        expected = ask(NO, kind, claim, day)
        assert ask(NO, kind, replace(claim, notices=tuple(mixed)), day) == expected


@given(dues, steps, st.sampled_from(LETTERS), st.integers(0, 400))
def test_a_refusal_says_why_and_charges_nothing(due, story, kind, later):
    claim = live(NO, due, story)
    for verdict in (
        law.may_send(NO, kind, claim, due + later * DAY),
        law.fee(NO, kind, claim, due + later * DAY),
    ):
        assert verdict.reasons
        assert verdict.allowed or verdict.amount == 0
        if verdict.from_day:
            assert verdict.from_day > due + later * DAY


@given(st.dates(date(1990, 1, 1), date(2050, 12, 31)), st.integers(-30, 30))
def test_months_are_added_as_a_calendar_does(day, months):
    assert add_months(day, months) == day + relativedelta(months=months)
