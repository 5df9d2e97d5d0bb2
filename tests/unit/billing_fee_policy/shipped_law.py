"""The law as it is shipped, read from the addon's own data files."""

import xml.etree.ElementTree as ET
from calendar import monthrange
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from odoo.addons.billing_fee_policy.core import law

DATA = Path(__file__).parents[3] / "addons" / "billing_fee_policy" / "data"
SUBJECTS = ("dispute", "delivery", "compensation", "offset", "interest")
UNITS = {
    "late_interest": "percent",
    "reference_rate": "percent",
    "late_interest_addition": "points",
    "fee_fraction_reminder": "share",
    "fee_fraction_own_demand": "share",
}
#: What is set for a half-year, by country and code.
HALF_YEARLY = {
    ("NO", "late_interest"),
    ("NO", "b2b_compensation"),
    ("SE", "reference_rate"),
}
#: How a text in a data file becomes a value of the evaluator.
RULE_NUMBERS = ("days_after_due", "deadline_days", "fee_days_after_due", "fee_limit")
PACK_NUMBERS = ("reset_months", "interest_first_day")
PACK_TEXTS = (
    "rounding_code",
    "compensation_code",
    "compensation_rate_on",
    "compensation_offset",
    "interest_code",
    "interest_addition_code",
    "day_count",
)


def _records(name):
    for record in ET.parse(DATA / name).getroot().iter("record"):
        values = {}
        for field in record.iter("field"):
            text = field.get("ref") or field.get("eval") or (field.text or "").strip()
            values[field.get("name")] = text
        yield record.get("id"), record.get("model"), values


def _rule(values):
    fields = {name: value for name, value in values.items() if name not in ("pack_id",)}
    for name in RULE_NUMBERS:
        if name in fields:
            fields[name] = int(fields[name])
    for name, value in fields.items():
        if value in ("True", "False"):
            fields[name] = value == "True"
    return law.Rule(**fields)


def _rate(values):
    country = values["country_id"].removeprefix("base.").upper()
    start = date.fromisoformat(values["valid_from"])
    expires = None
    if (country, values["code"]) in HALF_YEARLY:
        month = 6 if start.month < 7 else 12
        expires = date(start.year, month, monthrange(start.year, month)[1])
    return law.Rate(
        values["code"],
        start,
        Decimal(values["value"]),
        UNITS.get(values["code"], "currency"),
        values["source"],
        expires,
    )


@cache
def packs():
    """Return the shipped packs by code."""
    rules, rates, found = {}, [], {}
    for __, __, values in _records("billing_law_rate.xml"):
        rates.append((values["country_id"], values.get("pack_id"), _rate(values)))
    records = list(_records("billing_law_pack.xml"))
    for __, model, values in records:
        if model == "billing.law.rule":
            rules.setdefault(values["pack_id"], []).append(_rule(values))
    for name, model, values in records:
        if model != "billing.law.pack":
            continue
        days = {
            field: date.fromisoformat(values[field]) if values.get(field) else None
            for field in ("in_force_from", "in_force_until", "reviewed_through")
        }
        found[values["code"]] = law.Pack(
            code=values["code"],
            country=values["country_id"].removeprefix("base.").upper(),
            currency=values["currency_id"].removeprefix("base."),
            rates=tuple(
                rate
                for country, pack, rate in rates
                if country == values["country_id"] and pack in (None, name)
            ),
            rules={rule.kind: rule for rule in rules[name]},
            paragraphs={
                subject: values.get(f"{subject}_paragraph", "") for subject in SUBJECTS
            },
            **days,
            **{field: int(values.get(field, 0)) for field in PACK_NUMBERS},
            **{field: values.get(field, "") for field in PACK_TEXTS},
        )
    return found
