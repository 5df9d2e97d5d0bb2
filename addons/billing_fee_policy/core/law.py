"""What the law allows a creditor to send and to charge, day by day.

:func:`may_send`, :func:`fee` and :func:`compensation` answer about one overdue claim,
and never say only no: each reason names its paragraph and, where there is one, the
first day on which it is gone. Nothing here knows a number of its own. Without a rate
for a day, or after the day the pack was reviewed through, the answer is no.
"""

from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from .statute import (
    FEE_KINDS,
    KINDS,
    Agreement,
    Debt,
    Notice,
    Pack,
    Rate,
    Reason,
    Rule,
    Verdict,
    add_months,
    choose,
    not_in_force,
)

__all__ = [
    "FEE_KINDS",
    "KINDS",
    "Agreement",
    "Debt",
    "Notice",
    "Pack",
    "Rate",
    "Reason",
    "Rule",
    "Verdict",
    "choose",
    "compensation",
    "earliest",
    "fee",
    "fee_amount",
    "interest_from",
    "may_send",
]

_ONE_DAY = timedelta(days=1)
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


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
    rate, amount, missing = fee_amount(pack, rule, debt, day)
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

    It comes after all letters sent so far. That somebody has to look at the law again
    before that day does not count.

    :param with_fee: ask for the first day of a fee
    """
    ask = fee if with_fee else may_send
    day = max([debt.due, *(notice.sent for notice in debt.notices)])
    while True:
        verdict = ask(pack, kind, debt, day)
        days = [r.from_day for r in verdict.reasons if r.code != "stale"]
        if verdict.allowed or not days:
            return day
        if None in days:
            return None
        day = max(*days, day + _ONE_DAY)


def interest_from(pack: Pack, due: date) -> date:
    """Return the first day that bears late interest when ``due`` was agreed."""
    return due + timedelta(days=pack.interest_first_day)


# === WHAT SPEAKS AGAINST IT === #


def _against_pack(pack, kind, day):
    """Return why the pack itself says nothing on ``day``."""
    if pack is None:
        return [Reason("no_pack")]
    reasons = []
    if kind is not None and kind not in pack.rules:
        reasons.append(Reason("no_rule", values={"kind": kind}))
    outside = not_in_force(pack, day)
    if outside:
        reasons.append(outside)
    if day > pack.reviewed_through:
        reasons.append(Reason("stale", values={"reviewed": pack.reviewed_through}))
    return reasons


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
        values = {"kind": rule.kind}
        reasons.append(Reason("agency_only", rule.paragraph, values))
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
    in_group = [n for n in charged if _group(pack, n) in (rule.fee_group, None)]
    closed = any(_closes(pack, n) == "group" for n in in_group) or (
        rule.kind in KINDS and any(_closes(pack, n) == "letters" for n in charged)
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


def _group(pack, notice):
    """Return the group a letter with a fee counts in; None, every one, if unknown."""
    rule = pack.rules.get(notice.kind)
    return (rule.fee_group or None) if rule else None


def _closes(pack, notice):
    """Return what a letter with a fee ends in its round."""
    rule = pack.rules.get(notice.kind)
    return rule.closes if rule else ""


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


def fee_amount(pack, rule, debt, day):
    """Return rate, amount and the reasons why there is none, whatever else forbids it.

    The rate is the one of the day of sending, the share goes by the due date
    (Norway: inkassoforskriften § 1-2 last paragraph; FOR-2020-06-19-1248).
    """
    rate = pack.rate_on(rule.fee_code, day)
    if rate is None:
        return None, _ZERO, [_no_rate(rule.fee_code, day, rule.fee_paragraph)]
    amount = rate.value
    if rule.fraction_code:
        share = pack.rate_on(rule.fraction_code, debt.due)
        if share is None:
            missing = _no_rate(rule.fraction_code, debt.due, rule.fee_paragraph)
            return rate, _ZERO, [missing]
        amount *= share.value
    step = pack.rate_on(pack.rounding_code, day) if pack.rounding_code else None
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
        rate = pack.rate_on(pack.compensation_code, which)
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
