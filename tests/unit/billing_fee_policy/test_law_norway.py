"""The Norwegian law paragraph by paragraph, each with the days on its border."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from odoo.addons.billing_fee_policy.core import law
from odoo.addons.billing_fee_policy.core.law import Debt, Notice

from .shipped_law import packs

NO = packs()["no_1988"]
DUE = date(2026, 9, 1)
DAY = timedelta(days=1)


def debt(*notices, due=DUE, **values):
    return Debt(
        due,
        due - 14 * DAY,
        Decimal(values.pop("owed", 1000)),
        notices=notices,
        **values,
    )


def after(days, due=DUE):
    return due + days * DAY


def fee_letter(sent, kind="reminder", fee=38, days=14):
    deadline = sent + days * DAY if days is not None else None
    return Notice(kind, sent, Decimal(fee), deadline)


def codes(verdict):
    return {reason.code for reason in verdict.reasons}


# === INKASSOFORSKRIFTEN § 1-2: WHEN AND HOW MUCH === #


@pytest.mark.parametrize(
    ("days", "allowed"), [(1, False), (13, False), (14, True), (15, True)]
)
def test_a_fee_is_due_from_the_fourteenth_day(days, allowed):
    verdict = law.fee(NO, "reminder", debt(), after(days))
    assert verdict.allowed is allowed
    assert verdict.amount == (38 if allowed else 0)
    if not allowed:
        assert codes(verdict) == {"fee_too_early"}
        assert verdict.from_day == after(14)
        assert verdict.reasons[0].paragraph == "inkassoforskriften § 1-2 første ledd"


@pytest.mark.parametrize(("days", "allowed"), [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("kind", ["reminder", "notice"])
def test_a_free_letter_may_go_from_the_day_after_the_due_date(kind, days, allowed):
    assert law.may_send(NO, kind, debt(), after(days)).allowed is allowed


def test_a_notice_without_fee_may_go_before_one_with_a_fee():
    assert law.earliest(NO, "notice", debt()) == after(1)
    assert law.earliest(NO, "notice", debt(), with_fee=True) == after(14)


def test_a_soft_reminder_may_always_go_and_never_costs():
    assert law.may_send(NO, "soft", debt(), after(-3)).allowed
    assert not law.fee(NO, "soft", debt(), after(30)).allowed
    assert law.may_send(None, "soft", debt(), after(-3)).allowed


@pytest.mark.parametrize(
    ("sent", "reminder", "demand"),
    [
        # Letters about a claim of before 2020-10-01: a tenth, three tenths.
        (date(2015, 6, 1), "65", "195"),
        (date(2016, 12, 31), "67", "201"),
        (date(2017, 1, 1), "70", "210"),
        (date(2020, 9, 30), "70", "210"),
    ],
)
def test_fees_of_old_claims(sent, reminder, demand):
    due = sent - 60 * DAY
    notice = Notice("notice", sent - 30 * DAY, deadline=sent - 10 * DAY)
    assert law.fee(NO, "reminder", debt(due=due), sent).amount == Decimal(reminder)
    assert law.fee(NO, "demand", debt(notice, due=due), sent).amount == Decimal(demand)


@pytest.mark.parametrize(
    ("due", "sent", "amount"),
    [
        # The share goes by the due date, the inkassosats by the day of sending.
        (date(2020, 9, 30), date(2020, 10, 20), "70"),
        (date(2020, 10, 1), date(2020, 10, 20), "35"),
        (date(2020, 9, 30), date(2026, 1, 1), "75"),
        (date(2025, 12, 1), date(2025, 12, 31), "35"),
        (date(2025, 12, 1), date(2026, 1, 1), "38"),
    ],
)
def test_which_day_decides_the_fee(due, sent, amount):
    assert law.fee(NO, "reminder", debt(due=due), sent).amount == Decimal(amount)


def test_half_a_krone_is_rounded_up_since_2026_and_the_demand_too():
    notice = Notice("notice", after(14), deadline=after(28))
    assert law.fee(NO, "demand", debt(notice), after(29)).amount == 113


def test_all_own_letters_of_2026_come_to_189_kroner():
    claim, total = debt(), Decimal(0)
    for kind, days in (("reminder", 14), ("notice", 29), ("demand", 44)):
        verdict = law.fee(NO, kind, claim, after(days))
        total += verdict.amount
        letter = fee_letter(after(days), kind, verdict.amount)
        claim = replace(claim, notices=(*claim.notices, letter))
    assert total == 189


# === INKASSOFORSKRIFTEN § 1-3: HOW MANY === #


@pytest.mark.parametrize(
    ("days", "allowed"), [(27, False), (28, False), (29, True), (30, True)]
)
def test_a_second_fee_waits_for_the_end_of_the_deadlines_last_day(days, allowed):
    claim = debt(fee_letter(after(14)))
    verdict = law.fee(NO, "reminder", claim, after(days))
    assert verdict.allowed is allowed
    if not allowed:
        assert codes(verdict) == {"deadline_running"}
        assert verdict.from_day == after(29)


@pytest.mark.parametrize(("given", "allowed"), [(None, False), (13, False), (14, True)])
def test_a_second_fee_needs_a_first_letter_with_fourteen_days(given, allowed):
    claim = debt(fee_letter(after(14), days=given))
    verdict = law.fee(NO, "reminder", claim, after(60))
    assert verdict.allowed is allowed
    if not allowed:
        assert codes(verdict) == {"short_deadline_fee"}


def test_a_free_first_letter_does_not_count():
    free = Notice("reminder", after(3), deadline=after(8))
    assert law.fee(NO, "reminder", debt(free), after(14)).amount == 38


def test_a_third_fee_is_refused_and_names_the_paragraph():
    claim = debt(fee_letter(after(14)), fee_letter(after(29)))
    verdict = law.fee(NO, "reminder", claim, after(60))
    assert codes(verdict) == {"fees_used"}
    assert verdict.reasons[0].paragraph == "inkassoforskriften § 1-3 første ledd"


@pytest.mark.parametrize("kind", ["reminder", "notice"])
def test_after_a_notice_with_a_fee_no_further_letter_costs(kind):
    # Two reminders, or a reminder and a notice after it: never a notice first.
    claim = debt(fee_letter(after(14), "notice"))
    assert codes(law.fee(NO, kind, claim, after(60))) == {"fees_used"}


@pytest.mark.parametrize("kind", ["reminder", "notice", "demand"])
def test_after_a_demand_with_a_fee_nothing_costs(kind):
    claim = debt(
        Notice("notice", after(14), deadline=after(28)),
        fee_letter(after(29), "demand", 113),
    )
    assert "fees_used" in codes(law.fee(NO, kind, claim, after(60)))


@pytest.mark.parametrize(
    ("day", "allowed"),
    [
        (date(2027, 3, 29), False),
        (date(2027, 3, 30), False),
        (date(2027, 3, 31), True),
    ],
)
def test_fees_begin_anew_when_six_months_have_gone(day, allowed):
    reviewed = replace(NO, reviewed_through=date(2027, 12, 31))
    claim = debt(fee_letter(after(14)), fee_letter(after(29)))  # the last on 30 Sept
    verdict = law.fee(reviewed, "reminder", claim, day)
    assert verdict.allowed is allowed
    if not allowed:
        assert verdict.from_day == date(2027, 3, 31)


def test_six_months_after_the_last_day_of_august_end_with_february():
    reviewed = replace(NO, reviewed_through=date(2027, 12, 31))
    due = date(2026, 8, 1)
    claim = debt(fee_letter(date(2026, 8, 31), "notice"), due=due)
    assert not law.fee(reviewed, "reminder", claim, date(2027, 2, 28)).allowed
    assert law.fee(reviewed, "reminder", claim, date(2027, 3, 1)).allowed


# === INKASSOLOVEN §§ 9, 10, 17: NOTICE, DEMAND, HANDOVER === #


@pytest.mark.parametrize("kind", ["demand", "handover"])
@pytest.mark.parametrize(
    ("days", "allowed"), [(27, False), (28, False), (29, True), (30, True)]
)
def test_collection_waits_for_the_notice_to_expire(kind, days, allowed):
    claim = debt(Notice("notice", after(14), deadline=after(28)))
    verdict = law.may_send(NO, kind, claim, after(days))
    assert verdict.allowed is allowed
    if not allowed:
        assert verdict.from_day == after(29)


@pytest.mark.parametrize("kind", ["demand", "handover"])
def test_collection_needs_a_notice(kind):
    claim = debt(fee_letter(after(14)))
    verdict = law.may_send(NO, kind, claim, after(90))
    assert codes(verdict) == {"needs_letter"}
    assert verdict.from_day is None
    assert law.earliest(NO, kind, claim) is None


@pytest.mark.parametrize("kind", ["demand", "handover"])
def test_a_notice_with_thirteen_days_carries_no_collection(kind):
    claim = debt(Notice("notice", after(14), deadline=after(27)))
    assert codes(law.may_send(NO, kind, claim, after(90))) == {"short_deadline"}


@pytest.mark.parametrize("kind", ["notice", "demand", "handover"])
def test_collection_rests_while_the_customer_objects(kind):
    claim = debt(Notice("notice", after(14), deadline=after(28)), objected=True)
    verdict = law.may_send(NO, kind, claim, after(60))
    assert codes(verdict) == {"objected"}
    assert verdict.reasons[0].paragraph == "inkassoloven § 17 andre ledd"


@pytest.mark.parametrize("kind", ["reminder", "notice", "demand"])
@pytest.mark.parametrize(
    ("trouble", "code"), [("objected", "objected"), ("delivered", "not_delivered")]
)
def test_nothing_costs_what_is_disputed_or_may_not_have_arrived(kind, trouble, code):
    notices = Notice("notice", after(14), deadline=after(28))
    claim = replace(debt(notices), **{trouble: trouble == "objected"})
    verdict = law.fee(NO, kind, claim, after(60))
    assert codes(verdict) == {code}
    assert verdict.amount == 0


def test_a_reminder_without_fee_may_answer_an_objection():
    assert law.may_send(NO, "reminder", debt(objected=True), after(20)).allowed


def test_nothing_is_sent_about_what_is_paid():
    assert codes(law.may_send(NO, "notice", debt(owed=0), after(20))) == {
        "nothing_owed"
    }


@pytest.mark.parametrize("kind", ["reminder", "notice", "demand"])
def test_letters_say_how_long_their_deadline_must_be(kind):
    claim = debt(Notice("notice", after(14), deadline=after(28)))
    assert law.may_send(NO, kind, claim, after(40)).deadline_days == 14


# === FORSINKELSESRENTELOVEN § 3 A: COMPENSATION === #


@pytest.mark.parametrize(("days", "allowed"), [(0, False), (1, True)])
def test_compensation_is_due_with_the_delay(days, allowed):
    verdict = law.compensation(NO, debt(business=True), after(days))
    assert verdict.allowed is allowed
    assert verdict.amount == (430 if allowed else 0)


def test_a_consumer_owes_no_compensation():
    assert codes(law.compensation(NO, debt(), after(30))) == {"consumer"}


def test_fees_are_taken_off_the_compensation():
    claim = debt(fee_letter(after(14)), business=True)
    assert law.compensation(NO, claim, after(30)).amount == 430 - 38


def test_fees_above_the_compensation_leave_nothing():
    claim = debt(fee_letter(after(14), fee=430), business=True)
    assert codes(law.compensation(NO, claim, after(30))) == {"fees_charged"}


def test_after_compensation_no_fee_and_no_second_one():
    claim = debt(business=True, compensation_claimed=True)
    assert codes(law.fee(NO, "reminder", claim, after(30))) == {"compensation_instead"}
    assert codes(law.compensation(NO, claim, after(30))) == {"compensation_claimed"}


@pytest.mark.parametrize(
    ("due", "day", "amount"),
    [
        # The lower of the half-year of the default and of the claim.
        (date(2026, 6, 1), date(2026, 6, 30), 460),
        (date(2026, 6, 1), date(2026, 7, 1), 430),
        (date(2025, 6, 29), date(2025, 12, 1), 460),
        (date(2025, 6, 30), date(2025, 12, 1), 460),
        (date(2023, 6, 1), date(2024, 2, 1), 410),
    ],
)
def test_which_half_year_decides_the_compensation(due, day, amount):
    assert law.compensation(NO, debt(due=due, business=True), day).amount == amount


@pytest.mark.parametrize(
    ("due", "day"),
    [
        (date(2020, 12, 31), date(2021, 1, 1)),
        (date(2020, 10, 1), date(2021, 6, 30)),
        (date(2021, 3, 1), date(2021, 7, 1)),
        (date(2019, 3, 1), date(2019, 4, 1)),
    ],
)
def test_no_compensation_is_carried_into_a_half_year_nobody_knows(due, day):
    verdict = law.compensation(NO, debt(due=due, business=True), day)
    assert codes(verdict) == {"no_rate"}
    assert verdict.amount == 0


# === THE PACK ITSELF === #


@pytest.mark.parametrize("kind", ["reminder", "notice"])
def test_after_the_day_of_review_nothing_goes_out(kind):
    claim = debt(due=date(2026, 12, 1))
    last = NO.reviewed_through
    assert law.fee(NO, kind, claim, last).allowed
    verdict = law.fee(NO, kind, claim, last + DAY)
    assert codes(verdict) == {"stale"}
    assert verdict.from_day is None
    assert not law.may_send(NO, kind, claim, last + DAY).allowed


def test_the_day_of_review_does_not_hide_when_a_letter_could_go():
    claim = debt(due=date(2026, 12, 25))
    assert law.earliest(NO, "reminder", claim, with_fee=True) == date(2027, 1, 8)


def test_the_law_of_1988_is_in_force_and_that_of_2026_is_not():
    shipped = list(packs().values())
    assert law.choose(shipped, "NO", date(2026, 11, 22)).code == "no_1988"
    assert law.choose(shipped, "NO", date(2027, 6, 1)).code == "no_1988"
    assert law.choose(shipped, "NO", date(2014, 12, 31)) is None
    assert law.choose(shipped, "DK", date(2026, 11, 22)) is None


def test_without_a_law_nothing_but_a_soft_reminder():
    assert codes(law.fee(None, "reminder", debt(), after(20))) == {"no_pack"}
    assert codes(law.may_send(None, "notice", debt(), after(20))) == {"no_pack"}
    assert codes(law.compensation(None, debt(), after(20))) == {"no_pack"}


@pytest.mark.parametrize("ask", [law.may_send, law.fee])
def test_an_unknown_kind_is_an_error(ask):
    with pytest.raises(ValueError, match="letterbomb"):
        ask(NO, "letterbomb", debt(), after(20))


# === THE ACT OF 2026, PREPARED === #


START = date(2027, 1, 1)
NEW = replace(
    packs()["no_2026"], in_force_from=START, reviewed_through=date(2027, 12, 31)
)


def test_the_prepared_law_says_nothing_until_somebody_sets_its_day():
    prepared = packs()["no_2026"]
    assert "not_in_force" in codes(
        law.may_send(prepared, "reminder", debt(), after(20))
    )
    assert law.choose([prepared], "NO", START) is None


def test_the_new_law_replaces_the_old_one_from_its_first_day():
    both = [replace(NO, reviewed_through=date(2027, 12, 31)), NEW]
    assert law.choose(both, "NO", START - DAY).code == "no_1988"
    assert law.choose(both, "NO", START).code == "no_2026"


@pytest.mark.parametrize("kind", ["notice", "demand"])
def test_under_the_new_law_agencies_alone_send_notices(kind):
    claim = debt(due=START)
    verdict = law.may_send(NEW, kind, claim, START + 30 * DAY)
    assert codes(verdict) == {"agency_only"}
    assert "LOV-2026-05-22-19" in verdict.reasons[0].paragraph


def test_under_the_new_law_a_letter_is_free_until_the_fee_is_known():
    claim = debt(due=START)
    day = START + 30 * DAY
    assert law.may_send(NEW, "reminder", claim, day).allowed
    assert codes(law.fee(NEW, "reminder", claim, day)) == {"no_rate"}
    known = replace(NEW, rates=(*NEW.rates, law.Rate("letter_fee", START, Decimal(40))))
    assert law.fee(known, "reminder", claim, day).amount == 40
    assert codes(law.fee(known, "reminder", replace(claim, objected=True), day)) == {
        "objected"
    }


def test_a_fee_of_the_old_law_counts_under_the_new_one():
    known = replace(NEW, rates=(*NEW.rates, law.Rate("letter_fee", START, Decimal(40))))
    claim = debt(fee_letter(date(2026, 12, 20), "demand", 113), due=date(2026, 11, 1))
    assert codes(law.fee(known, "reminder", claim, date(2027, 2, 1))) == {"fees_used"}
