"""When money comes to a customer's account, learnt from what was paid and what failed.

A payment on the 25th says that there was money on the 25th, and probably still on the
days after; a little it speaks against all other days, since the payer could have chosen
them. A debit that failed on the 20th says that there was no money, and probably none on
the days just before. Each customer tells little, so that it is weighed against what is
known of all customers of the company, and all customers against knowing nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from odoo.addons.billing_base.core.bank_days import BankCalendar

#: Days of the longest month; index 0 is the 1st.
DAYS = 31
#: What nothing is known of: as likely as not.
UNKNOWN = (0.5,) * DAYS
#: How much a day tells of the days beside it, nearest first.
_ECHO = (1.0, 0.6, 0.36, 0.2)
#: Observations on a day that weigh as much as what was known before.
PRIOR_STRENGTH = 2.0
#: What a day of waiting costs, as a chance that there is money.
IMPATIENCE = 0.01
#: How far above the other days a day has to stand to be called the pay-day.
_CLEARLY = 0.15


def count(days: Iterable[date]) -> tuple[int, ...]:
    """Return how many of ``days`` are on each day of the month, from the 1st."""
    counts = [0] * DAYS
    for day in days:
        counts[day.day - 1] += 1
    return tuple(counts)


def chances(
    paid: Sequence[int],
    failed: Sequence[int],
    before: Sequence[float] = UNKNOWN,
    strength: float = PRIOR_STRENGTH,
) -> tuple[float, ...]:
    """Return for each day of the month the chance that there is money.

    :param paid: payments on each day of the month, see :func:`count`
    :param failed: debits on it that failed for want of money
    :param before: what was known before, as this function returns it
    :param strength: observations that ``before`` is worth, above 0
    :return: 31 chances from 0 to 1, the 1st of the month first
    """
    there = [0.0] * DAYS
    # Payments on any day whatever leave it as likely as not.
    missing = [sum(paid) * sum(_ECHO) / DAYS] * DAYS
    for day in range(DAYS):
        for distance, weight in enumerate(_ECHO):
            # Months follow each other: after the 31st comes the 1st.
            there[(day + distance) % DAYS] += weight * paid[day]
            missing[(day - distance) % DAYS] += weight * failed[day]
    return tuple(
        (there[day] + strength * before[day]) / (there[day] + missing[day] + strength)
        for day in range(DAYS)
    )


def best_day(
    chance: Sequence[float],
    calendar: BankCalendar,
    earliest: date,
    latest: date,
    impatience: float = IMPATIENCE,
    is_possible=lambda day: True,
) -> date | None:
    """Return the bank day on which a debit is most likely to go through.

    A later day has to be worth its wait; of days that are worth the same, the first.

    :param chance: as :func:`chances` returns it
    :param calendar: bank days
    :param earliest: first day
    :param latest: last day
    :param impatience: what a day of waiting costs, as a chance
    :param is_possible: called with a bank day, whether it may be chosen
    :return: None when no day may be chosen
    """
    best = None
    highest = 0.0
    for offset in range((latest - earliest).days + 1):
        day = earliest + timedelta(days=offset)
        if not calendar.is_bank_day(day) or not is_possible(day):
            continue
        worth = chance[day.day - 1] - impatience * offset
        if best is None or worth > highest:
            best, highest = day, worth
    return best


def pay_day(chance: Sequence[float]) -> int | None:
    """Return the day of the month on which money comes, None when no day stands out.

    :param chance: as :func:`chances` returns it
    """
    highest = max(chance)
    if highest - sum(chance) / DAYS < _CLEARLY:
        return None
    return chance.index(highest) + 1
