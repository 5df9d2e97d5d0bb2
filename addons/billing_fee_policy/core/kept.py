"""Verdicts of the law as they are kept with what was decided by them.

A reminder says years later on which ground its fee stood, with the amounts and days of
then: the law's rates may have been corrected since. JSON knows neither days nor exact
amounts, so these are marked.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from .law import Rate, Reason, Verdict


def to_json(verdict: Verdict) -> dict:
    """Return ``verdict`` in a form that JSON can hold; see :func:`from_json`."""
    rate = verdict.rate
    return {
        "allowed": verdict.allowed,
        "amount": str(verdict.amount),
        "deadline_days": verdict.deadline_days,
        "rate": rate
        and {
            "code": rate.code,
            "valid_from": rate.valid_from.isoformat(),
            "value": str(rate.value),
            "unit": rate.unit,
            "source": rate.source,
            "expires": rate.expires and rate.expires.isoformat(),
        },
        "reasons": [
            {
                "code": reason.code,
                "paragraph": reason.paragraph,
                "values": {
                    name: _to_json(value) for name, value in reason.values.items()
                },
                "from_day": reason.from_day and reason.from_day.isoformat(),
            }
            for reason in verdict.reasons
        ],
    }


def from_json(kept: Mapping) -> Verdict:
    """Return the verdict that :func:`to_json` made ``kept`` from."""
    rate = kept["rate"]
    return Verdict(
        allowed=kept["allowed"],
        amount=Decimal(kept["amount"]),
        deadline_days=kept["deadline_days"],
        rate=rate
        and Rate(
            code=rate["code"],
            valid_from=date.fromisoformat(rate["valid_from"]),
            value=Decimal(rate["value"]),
            unit=rate["unit"],
            source=rate["source"],
            expires=_day(rate["expires"]),
        ),
        reasons=tuple(
            Reason(
                code=reason["code"],
                paragraph=reason["paragraph"],
                values={
                    name: _from_json(value) for name, value in reason["values"].items()
                },
                from_day=_day(reason["from_day"]),
            )
            for reason in kept["reasons"]
        ),
    )


def _to_json(value):
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Decimal):
        return {"number": str(value)}
    return value


def _from_json(value):
    if isinstance(value, Mapping):
        if "day" in value:
            return date.fromisoformat(value["day"])
        return Decimal(value["number"])
    return value


def _day(text):
    return date.fromisoformat(text) if text else None
