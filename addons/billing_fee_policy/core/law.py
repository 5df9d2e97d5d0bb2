"""What the law allows a creditor to send and to charge, day by day.

A :class:`Pack` is the law of one country at one time as data: which letters there are,
when the creditor may send them, what they may cost, and until which day somebody has
looked whether that still holds. The functions here answer two questions about one
overdue claim, :func:`may_send` and :func:`fee`, and never say only no: each reason names
its paragraph and, where there is one, the first day on which it is gone.

Nothing here knows a number of its own. Without a rate for a day, or after the day the
pack was reviewed through, the answer is no.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

#: Letters to the customer, mildest first, and the handover to an agency.
KINDS = ("soft", "reminder", "notice", "demand", "handover")
#: What can be charged for: the letters, and an instalment plan (Sweden).
FEE_KINDS = (*KINDS, "instalment")

_ONE_DAY = timedelta(days=1)
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Rate:
    """One amount, percentage or share that the law sets from a day on.

    :param code: what it is, such as ``inkassosats`` or ``late_interest``
    :param valid_from: first day
    :param value: in ``unit``
    :param unit: ``currency`` (of the country), ``percent`` a year, ``points``
        (percentage points a year) or ``share``
    :param source: where it stands, for staff
    :param expires: last day, None = until the next rate. What is set for a half-year
        has one: it must not be carried forward when the next was not entered.
    """

    code: str
    valid_from: date
    value: Decimal
    unit: str = "currency"
    source: str = ""
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one kind of letter.

    :param kind: one of :data:`KINDS`, or ``instalment``
    :param paragraph: that governs the letter
    :param sendable: whether the creditor may send it at all
    :param days_after_due: days after the due date of the first day it may go
    :param deadline_days: the shortest deadline it has to give, in days from sending
    :param needs: kind of letter whose deadline must have passed unpaid before
    :param enforcing: whether it is a step of collection: barred while the customer
        objects, the invoice may not have arrived, or a deadline given before runs
    :param fee_code: code of the rate that is its fee; empty = it is free
    :param fraction_code: code of the share of that rate, which goes by the due date
    :param fee_days_after_due: days after the due date of the first day of a fee
    :param fee_group: letters of one group share ``fee_limit``
    :param fee_limit: how many fees of the group one round may have
    :param closes: what a fee for this letter ends in its round: ``group`` = further
        fees of its group, ``all`` = any further fee, empty = nothing
    :param after_deadline: whether a further fee needs that the deadline of the fee
        letter before, no shorter than ``deadline_days``, passed
    :param agreed: whether the fee must have been agreed when the debt arose
    :param fee_paragraph: that allows the fee
    :param limit_paragraph: that limits how many and how often
    """

    kind: str
    paragraph: str = ""
    sendable: bool = True
    days_after_due: int = 1
    deadline_days: int = 0
    needs: str = ""
    enforcing: bool = False
    fee_code: str = ""
    fraction_code: str = ""
    fee_days_after_due: int = 1
    fee_group: str = ""
    fee_limit: int = 1
    closes: str = ""
    after_deadline: bool = False
    agreed: bool = False
    fee_paragraph: str = ""
    limit_paragraph: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """The law of one country, from one day until another.

    :param code: stable name, such as ``no_1988``
    :param country: ISO 3166-1 alpha-2 code
    :param reviewed_through: last day for which somebody looked that it holds
    :param in_force_from: first day, None = prepared, not in force
    :param in_force_until: last day, None = until the next
    :param currency: ISO 4217 code of the currency of its amounts
    :param rates: all rates of the pack
    :param rules: :class:`Rule` by kind
    :param reset_months: months after the last fee letter until fees may be charged
        anew; 0 = never
    :param compensation_code: code of the rate; empty = the law has none
    :param compensation_rate_on: whose half-year decides the amount: ``default`` (day
        after due), ``claim`` (day it is claimed) or ``lower`` (the lower of both)
    :param compensation_offset: what fees do to it: ``difference`` (they are taken off)
        or ``either`` (none beside a fee)
    :param interest_code: code of the rate of late interest, or of its reference rate
    :param interest_addition_code: code of the points on top of the reference rate
    :param interest_first_day: days after the due date of the first day of interest
    :param day_count: ``actual/365`` or ``actual/actual``
    :param rounding_code: code of the rate to whose multiples fees are rounded, half up
    :param paragraphs: paragraph by subject: ``due``, ``dispute``, ``delivery``,
        ``compensation``, ``offset``, ``interest``
    """

    code: str
    country: str
    reviewed_through: date
    in_force_from: date | None = None
    in_force_until: date | None = None
    currency: str = ""
    rates: tuple[Rate, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    reset_months: int = 0
    compensation_code: str = ""
    compensation_rate_on: str = "lower"
    compensation_offset: str = "either"
    interest_code: str = ""
    interest_addition_code: str = ""
    interest_first_day: int = 1
    day_count: str = "actual/365"
    rounding_code: str = ""
    paragraphs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter that was sent about the claim.

    :param kind: one of :data:`KINDS`
    :param sent: day it was sent
    :param fee: what it cost the customer, 0 where it was free or the fee was dropped
    :param deadline: last day to pay that it gave, None = none
    """

    kind: str
    sent: date
    fee: Decimal = _ZERO
    deadline: date | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Evidence that fees were agreed with the customer.

    :param agreed_on: day of the contract, or of the terms it took in
    :param clause: which clause says so; without one it is no evidence
    """

    agreed_on: date
    clause: str


@dataclass(frozen=True, slots=True)
class Debt:
    """One overdue claim, as far as the law asks.

    :param due: due date
    :param arose: day on which the debt arose: the invoice date, or an earlier one
    :param principal: still owed without fees and interest, in the claim's currency
    :param business: whether the debtor is a business or an authority
    :param notices: letters sent so far, in any order
    :param agreement: evidence of agreed fees
    :param objected: whether the customer objected and that is not settled
    :param delivered: whether the invoice reached the customer as far as is known
    :param compensation_claimed: whether compensation for late payment was charged
    """

    due: date
    arose: date
    principal: Decimal
    business: bool = False
    notices: tuple[Notice, ...] = ()
    agreement: Agreement | None = None
    objected: bool = False
    delivered: bool = True
    compensation_claimed: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is allowed or not; the words are made where it is shown.

    :param code: stable code
    :param paragraph: of the law, as it is quoted
    :param values: days, amounts and numbers for the words
    :param from_day: first day on which this reason is gone; None = not by waiting
    """

    code: str
    paragraph: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    from_day: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question.

    :param allowed: whether it may be done on that day
    :param amount: what may be charged, in the country's currency; 0 where not allowed
    :param rate: the rate the amount comes from
    :param deadline_days: the shortest deadline the letter has to give
    :param reasons: all reasons against it; where allowed, the ground it stands on
    """

    allowed: bool
    amount: Decimal = _ZERO
    rate: Rate | None = None
    deadline_days: int = 0
    reasons: tuple[Reason, ...] = ()

    @property
    def from_day(self) -> date | None:
        """First day on which nothing is against it any more; None = not by waiting."""
        days = [reason.from_day for reason in self.reasons]
        return None if self.allowed or None in days else max(days, default=None)


def choose(packs: Sequence[Pack], country: str, day: date) -> Pack | None:
    """Return the pack of ``country`` that is in force on ``day``, else None.

    Of several, the one that came into force last.
    """
    in_force = [
        pack
        for pack in packs
        if pack.country == country and _not_in_force(pack, day) is None
    ]
    return max(in_force, key=lambda pack: pack.in_force_from, default=None)


def rate_on(pack: Pack, code: str, day: date) -> Rate | None:
    """Return the rate of ``code`` on ``day``; None where there is none or it expired."""
    known = [
        rate for rate in pack.rates if rate.code == code and rate.valid_from <= day
    ]
    rate = max(known, key=lambda rate: rate.valid_from, default=None)
    if rate is None or (rate.expires is not None and rate.expires < day):
        return None
    return rate


def may_send(pack: Pack | None, kind: str, debt: Debt, day: date) -> Verdict:
    """Tell whether a letter of ``kind`` may go out on ``day``, fee or no fee.

    :param kind: one of :data:`KINDS`; ``soft``, a free reminder, always may
    :raises ValueError: unknown kind
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not one of {KINDS}")
    if kind == "soft":
        return Verdict(True, reasons=(Reason("soft"),))
    reasons = _against_pack(pack, kind, day)
    rule = pack.rules.get(kind) if pack else None
    if rule is not None:
        reasons += _against_letter(pack, rule, debt, day)
    if reasons:
        return Verdict(False, reasons=tuple(reasons))
    return Verdict(
        True,
        deadline_days=rule.deadline_days,
        reasons=(Reason("letter", rule.paragraph, {"days": rule.deadline_days}),),
    )


def fee(pack: Pack | None, kind: str, debt: Debt, day: date) -> Verdict:
    """Tell whether a letter of ``kind`` may carry a fee on ``day``, and how much.

    :param kind: one of :data:`FEE_KINDS`
    :raises ValueError: unknown kind
    """
    if kind not in FEE_KINDS:
        raise ValueError(f"{kind!r} is not one of {FEE_KINDS}")
    if kind == "soft":
        return Verdict(False, reasons=(Reason("soft"),))
    reasons = _against_pack(pack, kind, day)
    rule = pack.rules.get(kind) if pack else None
    if rule is None:
        return Verdict(False, reasons=tuple(reasons))
    reasons += _against_letter(pack, rule, debt, day)
    if not rule.fee_code:
        reasons.append(Reason("no_fee", rule.fee_paragraph or rule.paragraph))
        return Verdict(False, reasons=tuple(reasons))
    reasons += _against_fee(pack, rule, debt, day)
    rate, amount, missing = _fee_amount(pack, rule, debt, day)
    reasons += missing
    if reasons:
        return Verdict(False, reasons=_once(reasons))
    return Verdict(
        True,
        amount,
        rate,
        rule.deadline_days,
        (Reason("fee", rule.fee_paragraph, {"amount": amount, "source": rate.source}),),
    )


def compensation(pack: Pack | None, debt: Debt, day: date) -> Verdict:
    """Tell whether compensation for late payment may be claimed, and how much.

    Only among businesses and authorities; it does not stack with fees.
    """
    reasons = _against_pack(pack, None, day)
    if pack is None:
        return Verdict(False, reasons=tuple(reasons))
    paragraph = pack.paragraphs.get("compensation", "")
    if not pack.compensation_code:
        return Verdict(False, reasons=(*reasons, Reason("no_compensation", paragraph)))
    if not debt.business:
        reasons.append(Reason("consumer", paragraph))
    if debt.principal <= 0:
        reasons.append(Reason("nothing_owed"))
    late = interest_from(pack, debt.due)
    if day < late:
        reasons.append(Reason("too_early", paragraph, {"due": debt.due}, late))
    reasons += _against_claim(pack, debt)
    if debt.compensation_claimed:
        reasons.append(Reason("compensation_claimed", paragraph))
    rate, missing = _compensation_rate(pack, debt, day)
    reasons += missing
    amount = rate.value if rate else _ZERO
    fees = sum((notice.fee for notice in debt.notices), _ZERO)
    if fees and (pack.compensation_offset == "either" or (rate and fees >= amount)):
        values = {"fees": fees}
        reasons.append(
            Reason("fees_charged", pack.paragraphs.get("offset", ""), values)
        )
    if reasons:
        return Verdict(False, reasons=_once(reasons))
    values = {"amount": amount - fees, "fees": fees, "source": rate.source}
    return Verdict(
        True, amount - fees, rate, reasons=(Reason("compensation", paragraph, values),)
    )


def earliest(
    pack: Pack | None, kind: str, debt: Debt, with_fee: bool = False
) -> date | None:
    """Return the first day on which a letter may go, None when waiting does not help.

    That somebody has to look at the law again before that day does not count.

    :param with_fee: ask for the first day of a fee
    """
    if pack is not None:
        pack = replace(pack, reviewed_through=date.max)
    ask = fee if with_fee else may_send
    day = debt.due
    while True:
        verdict = ask(pack, kind, debt, day)
        if verdict.allowed:
            return day
        if verdict.from_day is None:
            return None
        day = max(verdict.from_day, day + _ONE_DAY)


def interest_from(pack: Pack, due: date) -> date:
    """Return the first day that bears late interest when ``due`` was agreed."""
    return due + timedelta(days=pack.interest_first_day)


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later, the last of the month where it has none."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    last = (following - _ONE_DAY).day
    return date(year, month + 1, min(day.day, last))


# === WHAT SPEAKS AGAINST IT === #


def _against_pack(pack, kind, day):
    """Return why the pack itself says nothing on ``day``."""
    if pack is None:
        return [Reason("no_pack")]
    reasons = []
    if kind is not None and kind not in pack.rules:
        reasons.append(Reason("no_rule", values={"kind": kind}))
    not_in_force = _not_in_force(pack, day)
    if not_in_force:
        reasons.append(not_in_force)
    if day > pack.reviewed_through:
        reasons.append(Reason("stale", values={"reviewed": pack.reviewed_through}))
    return reasons


def _not_in_force(pack, day):
    """Return the reason why the pack is not in force on ``day``, else None."""
    if pack.in_force_from is None:
        return Reason("not_in_force")
    if day < pack.in_force_from:
        return Reason(
            "not_in_force",
            values={"from": pack.in_force_from},
            from_day=pack.in_force_from,
        )
    if pack.in_force_until is not None and pack.in_force_until < day:
        return Reason("not_in_force", values={"until": pack.in_force_until})
    return None


def _against_claim(pack, debt):
    """Return what is wrong with the claim itself."""
    reasons = []
    if debt.objected:
        reasons.append(Reason("objected", pack.paragraphs.get("dispute", "")))
    if not debt.delivered:
        reasons.append(Reason("not_delivered", pack.paragraphs.get("delivery", "")))
    return reasons


def _against_letter(pack, rule, debt, day):
    """Return why the letter may not go on ``day``."""
    reasons = []
    if not rule.sendable:
        reasons.append(Reason("agency_only", rule.paragraph))
    if debt.principal <= 0:
        reasons.append(Reason("nothing_owed"))
    first = debt.due + timedelta(days=rule.days_after_due)
    if day < first:
        reasons.append(Reason("too_early", rule.paragraph, {"due": debt.due}, first))
    if rule.enforcing:
        reasons += _against_claim(pack, debt)
        running = _running(debt, rule.paragraph, day)
        if running:
            reasons.append(running)
    if rule.needs:
        reasons += _without_needed(rule, debt, day)
    return reasons


def _running(debt, paragraph, day):
    """Return the reason that a deadline given before runs on ``day``, else None.

    Its last day belongs to the customer: acting on it breaks good collection practice.
    """
    deadlines = [n.deadline for n in debt.notices if n.deadline and n.sent <= day]
    last = max(deadlines, default=None)
    if last is None or last < day:
        return None
    return Reason("deadline_running", paragraph, {"deadline": last}, last + _ONE_DAY)


def _without_needed(rule, debt, day):
    """Return why the letter that must come before does not carry this one."""
    before = [n for n in debt.notices if n.kind == rule.needs and n.sent <= day]
    values = {"kind": rule.needs, "days": rule.deadline_days}
    if not before:
        return [Reason("needs_letter", rule.paragraph, values)]
    full = [n for n in before if _gave(n, rule.deadline_days)]
    if not full:
        return [Reason("short_deadline", rule.paragraph, values)]
    first = min(notice.deadline for notice in full)
    if day <= first:
        values = {"deadline": first}
        return [Reason("deadline_running", rule.paragraph, values, first + _ONE_DAY)]
    return []


def _against_fee(pack, rule, debt, day):
    """Return why a letter that may go must be free on ``day``."""
    reasons = []
    first = debt.due + timedelta(days=rule.fee_days_after_due)
    if day < first:
        values = {"due": debt.due, "days": rule.fee_days_after_due}
        reasons.append(Reason("fee_too_early", rule.fee_paragraph, values, first))
    reasons += _against_claim(pack, debt)
    if debt.compensation_claimed:
        offset = pack.paragraphs.get("offset", "")
        reasons.append(Reason("compensation_instead", offset))
    if rule.agreed:
        reasons += _without_agreement(rule, debt)
    return reasons + _against_another(pack, rule, debt, day)


def _without_agreement(rule, debt):
    """Return why the fee counts as not agreed when the debt arose."""
    agreement = debt.agreement
    if agreement is None:
        return [Reason("no_agreement", rule.fee_paragraph)]
    if not agreement.clause.strip():
        return [Reason("no_clause", rule.fee_paragraph)]
    if agreement.agreed_on > debt.arose:
        values = {"agreed": agreement.agreed_on, "arose": debt.arose}
        return [Reason("agreed_too_late", rule.fee_paragraph, values)]
    return []


def _against_another(pack, rule, debt, day):
    """Return why the fees charged so far leave no room for one more."""
    charged = _round(pack, debt, day)
    if not charged:
        return []
    last = charged[-1]
    anew = (
        add_months(last.sent, pack.reset_months) + _ONE_DAY
        if pack.reset_months
        else None
    )
    in_group = [n for n in charged if _rule(pack, n).fee_group == rule.fee_group]
    closed = any(_rule(pack, n).closes == "all" for n in charged) or any(
        _rule(pack, n).closes == "group" for n in in_group
    )
    if closed or len(in_group) >= rule.fee_limit:
        values = {"count": len(charged), "months": pack.reset_months}
        return [Reason("fees_used", rule.limit_paragraph, values, anew)]
    if not rule.after_deadline:
        return []
    values = {"sent": last.sent, "deadline": last.deadline, "days": rule.deadline_days}
    if not _gave(last, rule.deadline_days):
        return [Reason("short_deadline_fee", rule.limit_paragraph, values, anew)]
    if day <= last.deadline:
        after = last.deadline + _ONE_DAY
        return [Reason("deadline_running", rule.limit_paragraph, values, after)]
    return []


def _round(pack, debt, day):
    """Return the letters with a fee that count together on ``day``, oldest first.

    A new round begins when ``reset_months`` have gone since the last such letter.
    """
    charged = []
    for notice in sorted(debt.notices, key=lambda n: n.sent):
        if notice.fee <= 0 or notice.sent > day:
            continue
        if charged and _reset(pack, charged[-1], notice.sent):
            charged = []
        charged.append(notice)
    return [] if charged and _reset(pack, charged[-1], day) else charged


def _reset(pack, notice, day):
    """Whether the months have gone on ``day`` that let fees be charged anew."""
    return bool(pack.reset_months) and day > add_months(notice.sent, pack.reset_months)


def _rule(pack, notice):
    """Return the rule of a letter; one that the pack does not know counts as any."""
    return pack.rules.get(notice.kind) or Rule(notice.kind)


def _gave(notice, days):
    """Whether the letter gave a deadline of at least ``days`` from its sending."""
    return notice.deadline is not None and (notice.deadline - notice.sent).days >= days


def _once(reasons):
    """Return the reasons, each code and paragraph once, the one that lasts longest."""
    kept = {}
    for reason in reasons:
        key = (reason.code, reason.paragraph)
        other = kept.get(key)
        if (
            other is None
            or other.from_day is not None
            and (reason.from_day is None or reason.from_day > other.from_day)
        ):
            kept[key] = reason
    return tuple(kept.values())


# === AMOUNTS === #


def _fee_amount(pack, rule, debt, day):
    """Return rate, amount and the reasons why there is none.

    The rate is the one of the day of sending, the share goes by the due date
    (Norway: inkassoforskriften § 1-2 last paragraph; FOR-2020-06-19-1248).
    """
    rate = rate_on(pack, rule.fee_code, day)
    if rate is None:
        return None, _ZERO, [_no_rate(rule.fee_code, day, rule.fee_paragraph)]
    amount = rate.value
    if rule.fraction_code:
        share = rate_on(pack, rule.fraction_code, debt.due)
        if share is None:
            missing = _no_rate(rule.fraction_code, debt.due, rule.fee_paragraph)
            return rate, _ZERO, [missing]
        amount *= share.value
    step = rate_on(pack, pack.rounding_code, day) if pack.rounding_code else None
    if step is not None:
        amount = (amount / step.value).quantize(Decimal(1), ROUND_HALF_UP) * step.value
    return rate, amount.quantize(_CENT, ROUND_DOWN), []


def _compensation_rate(pack, debt, day):
    """Return the rate of the compensation and the reasons why there is none."""
    days = {
        "default": (interest_from(pack, debt.due),),
        "claim": (day,),
        "lower": (interest_from(pack, debt.due), day),
    }[pack.compensation_rate_on]
    rates, missing = [], []
    for which in days:
        rate = rate_on(pack, pack.compensation_code, which)
        if rate is None:
            paragraph = pack.paragraphs.get("compensation", "")
            missing.append(_no_rate(pack.compensation_code, which, paragraph))
        else:
            rates.append(rate)
    if missing:
        return None, missing
    return min(rates, key=lambda rate: rate.value), []


def _no_rate(code, day, paragraph):
    return Reason("no_rate", paragraph, {"code": code, "day": day})
