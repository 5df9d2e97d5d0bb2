"""What somebody has to look up before the law can be used further."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from .law import fee_amount
from .statute import KINDS, Debt, Pack, add_months, choose

_ONE_DAY = timedelta(days=1)
#: A claim this old when a letter goes out is an ordinary one.
_ORDINARY_AGE = timedelta(days=14)


def used_codes(pack: Pack) -> frozenset[str]:
    """Return the codes of the rates without which the law charges nothing."""
    codes = {rule.fee_code for rule in pack.rules.values()}
    codes |= {rule.fraction_code for rule in pack.rules.values()}
    codes |= {pack.compensation_code, pack.interest_code, pack.interest_addition_code}
    return frozenset(codes - {""})


def shortfalls(pack: Pack, day: date, through: date) -> dict[str, date]:
    """Return which rates are not known for some day from ``day`` through ``through``.

    :return: the first day without a rate, by code
    """
    found = {}
    for code in sorted(used_codes(pack)):
        asked = day
        while asked <= through:
            rate = pack.rate_on(code, asked)
            if rate is None:
                found[code] = asked
                break
            if rate.expires is None:
                break
            asked = rate.expires + _ONE_DAY
    return found


def fee_sizes(packs: Sequence[Pack], country: str, day: date) -> list[Decimal]:
    """Return what letters about ordinary claims cost in the year before ``day``.

    Smallest first. Instalment plans are left out: nobody adds them to a payment
    unasked.
    """
    first = add_months(day, -12)
    days = {first, day}
    for pack in packs:
        days |= {rate.valid_from for rate in pack.rates}
    sizes = set()
    for asked in days:
        pack = choose(packs, country, asked) if first <= asked <= day else None
        for rule in pack.rules.values() if pack else ():
            if rule.kind not in KINDS or not rule.fee_code:
                continue
            due = asked - _ORDINARY_AGE
            __, amount, missing = fee_amount(
                pack, rule, Debt(due, due, Decimal(1)), asked
            )
            if not missing:
                sizes.add(amount)
    return sorted(sizes)
