"""How long an answer takes, as one may honestly tell a customer who is about to ask."""

import math
from collections.abc import Iterable
from statistics import median

#: From how many answers on their median says something about the next one.
FEWEST_ANSWERS = 5
#: What is told, in minutes of opening hours: nobody plans by the minute.
_STEPS = (5, 10, 15, 30, 45, 60)


def honest_wait(answered: Iterable[int], waiting: Iterable[int] = ()) -> int | None:
    """Return how long a customer who asks now has to wait, by experience.

    The median of what recent customers waited. Those who still wait have waited too:
    whoever already does so for longer than that median counts with what it is by now.
    Otherwise the figure would stay fine while a queue builds up, since those who wait
    longest come into it last.

    :param answered: minutes that recent customers waited for their answer
    :param waiting: minutes that customers have waited who have no answer yet
    :return: minutes; None with too few answers to say
    """
    answered = list(answered)
    if len(answered) < FEWEST_ANSWERS:
        return None
    usual = median(answered)
    return math.ceil(median(answered + [w for w in waiting if w > usual]))


def in_words(minutes: int, minutes_a_day: int) -> tuple[str, int]:
    """Return a wait as one tells it: rounded up, in the greatest unit that fits.

    :param minutes: of opening hours
    :param minutes_a_day: of opening hours that a usual day has
    :return: unit (``minutes``, ``hours`` or ``days``) and how many of them
    :raises ValueError: a day without opening hours
    """
    if minutes_a_day <= 0:
        raise ValueError("a day needs opening hours")
    if minutes > minutes_a_day:
        return "days", math.ceil(minutes / minutes_a_day)
    for step in _STEPS[:-1]:
        if minutes <= step:
            return "minutes", step
    return "hours", math.ceil(minutes / 60)
