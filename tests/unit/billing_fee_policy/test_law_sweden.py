"""The Swedish law paragraph by paragraph, each with the days on its border."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from odoo.addons.billing_fee_policy.core import law
from odoo.addons.billing_fee_policy.core.law import Agreement, Debt, Notice

from .shipped_law import packs

SE = packs()["se_1981"]
DUE = date(2026, 9, 1)
AROSE = date(2026, 8, 2)
DAY = timedelta(days=1)
AGREED = Agreement(AROSE, "Villkor 2025, punkt 7.3")


def debt(*notices, agreement=AGREED, **values):
    return Debt(
        DUE, AROSE, Decimal(1000), notices=notices, agreement=agreement, **values
    )


def after(days):
    return DUE + days * DAY


def codes(verdict):
    return {reason.code for reason in verdict.reasons}


# === LAGEN (1981:739): WHAT A LETTER MAY COST === #


@pytest.mark.parametrize(("days", "allowed"), [(0, False), (1, True), (14, True)])
@pytest.mark.parametrize("kind", ["reminder", "notice"])
def test_an_agreed_reminder_costs_sixty_kronor_without_waiting(kind, days, allowed):
    verdict = law.fee(SE, kind, debt(), after(days))
    assert verdict.allowed is allowed
    assert verdict.amount == (60 if allowed else 0)


@pytest.mark.parametrize(
    ("agreement", "code"),
    [
        (None, "no_agreement"),
        (Agreement(AROSE + DAY, "7.3"), "agreed_too_late"),
        (Agreement(AROSE, " "), "no_clause"),
    ],
)
def test_without_evidence_that_it_was_agreed_the_reminder_is_free(agreement, code):
    claim = debt(agreement=agreement)
    verdict = law.fee(SE, "reminder", claim, after(10))
    assert codes(verdict) == {code}
    assert verdict.amount == 0
    assert verdict.from_day is None
    assert verdict.reasons[0].paragraph == "lagen (1981:739) 2 § och 4 §"
    assert law.may_send(SE, "reminder", claim, after(10)).allowed


@pytest.mark.parametrize("agreed", [AROSE, AROSE - DAY, date(2019, 1, 1)])
def test_agreed_on_the_day_the_debt_arose_is_in_time(agreed):
    claim = debt(agreement=Agreement(agreed, "7.3"))
    assert law.fee(SE, "reminder", claim, after(1)).amount == 60


def test_a_business_needs_to_have_agreed_too():
    claim = debt(agreement=None, business=True)
    assert codes(law.fee(SE, "reminder", claim, after(10))) == {"no_agreement"}


@pytest.mark.parametrize("kind", ["reminder", "notice"])
def test_one_reminder_fee_for_each_claim_and_never_anew(kind):
    claim = debt(Notice(kind, after(1), Decimal(60), after(11)))
    late = date(2026, 12, 31)
    verdict = law.fee(SE, "reminder", claim, late)
    assert codes(verdict) == {"fees_used"}
    assert verdict.from_day is None


@pytest.mark.parametrize("agreement", [None, AGREED])
def test_a_collection_demand_costs_180_agreed_or_not(agreement):
    verdict = law.fee(SE, "demand", debt(agreement=agreement), after(1))
    assert verdict.amount == 180
    assert verdict.deadline_days == 8
    assert verdict.reasons[0].paragraph == "lagen (1981:739) 3 § 1 och 4 §"


@pytest.mark.parametrize(("days", "allowed"), [(10, False), (11, False), (12, True)])
def test_the_demand_waits_for_the_end_of_the_reminders_deadline(days, allowed):
    claim = debt(Notice("reminder", after(1), Decimal(60), after(11)))
    assert law.may_send(SE, "demand", claim, after(days)).allowed is allowed
    assert law.fee(SE, "demand", claim, after(days)).allowed is allowed


def test_after_the_demand_no_further_letter_costs():
    claim = debt(Notice("demand", after(1), Decimal(180), after(9)))
    for kind in ("reminder", "notice", "demand"):
        assert "fees_used" in codes(law.fee(SE, kind, claim, after(30)))


@pytest.mark.parametrize("sent", [None, "demand"])
def test_an_instalment_plan_costs_170_before_and_after_a_demand(sent):
    notices = [Notice(sent, after(1), Decimal(180), after(9))] if sent else []
    claim = debt(*notices, agreement=None)
    assert law.fee(SE, "instalment", claim, after(30)).amount == 170
    taken = replace(
        claim, notices=(*claim.notices, Notice("instalment", after(31), Decimal(170)))
    )
    assert codes(law.fee(SE, "instalment", taken, after(60))) == {"fees_used"}


# === INKASSOLAGEN (1974:182) === #


@pytest.mark.parametrize("kind", ["notice", "demand", "handover"])
@pytest.mark.parametrize(
    ("trouble", "code"), [("objected", "objected"), ("delivered", "not_delivered")]
)
def test_collection_rests_on_an_objection_or_a_lost_invoice(kind, trouble, code):
    claim = replace(debt(), **{trouble: trouble == "objected"})
    assert codes(law.may_send(SE, kind, claim, after(30))) == {code}


@pytest.mark.parametrize("kind", ["demand", "handover"])
def test_no_letter_has_to_come_before(kind):
    assert law.earliest(SE, kind, debt()) == after(1)


# === 4 A §: COMPENSATION === #


@pytest.mark.parametrize(("days", "allowed"), [(0, False), (1, True)])
def test_a_business_owes_450_from_the_delay_on(days, allowed):
    verdict = law.compensation(SE, debt(business=True), after(days))
    assert verdict.amount == (450 if allowed else 0)


def test_compensation_and_fees_exclude_each_other():
    charged = debt(Notice("reminder", after(1), Decimal(60), after(9)), business=True)
    assert codes(law.compensation(SE, charged, after(30))) == {"fees_charged"}
    claimed = debt(business=True, compensation_claimed=True)
    for kind in ("reminder", "demand", "instalment"):
        assert codes(law.fee(SE, kind, claimed, after(30))) == {"compensation_instead"}


def test_a_consumer_owes_none():
    assert codes(law.compensation(SE, debt(), after(30))) == {"consumer"}


@pytest.mark.parametrize(
    ("day", "found"), [(date(2013, 3, 15), False), (date(2013, 3, 16), True)]
)
def test_the_law_is_on_record_since_the_amounts_of_2013(day, found):
    assert (law.choose([SE], "SE", day) is not None) is found
