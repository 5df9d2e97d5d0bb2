import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import waiting

minutes = st.integers(0, 20_000)
enough = st.lists(minutes, min_size=waiting.FEWEST_ANSWERS, max_size=40)


def test_too_few_answers_say_nothing():
    assert waiting.honest_wait([5] * (waiting.FEWEST_ANSWERS - 1)) is None
    assert waiting.honest_wait([]) is None


def test_one_slow_answer_is_not_what_is_usual():
    assert waiting.honest_wait([4, 5, 6, 7, 900]) == 6


def test_a_queue_that_builds_up_shows_before_it_is_answered():
    assert waiting.honest_wait([5] * 5, [120] * 10) == 120


def test_those_who_just_came_do_not_make_it_look_better():
    assert waiting.honest_wait([60] * 5, [1] * 50) == 60


@given(answered=enough, still=st.lists(minutes, max_size=40))
def test_those_who_wait_never_shorten_what_is_told(answered, still):
    assert waiting.honest_wait(answered, still) >= waiting.honest_wait(answered)


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (0, ("minutes", 5)),
        (5, ("minutes", 5)),
        (6, ("minutes", 10)),
        (31, ("minutes", 45)),
        (46, ("hours", 1)),
        (61, ("hours", 2)),
        (480, ("hours", 8)),
        (481, ("days", 2)),
        (961, ("days", 3)),
    ],
)
def test_it_is_told_in_the_greatest_unit(wait, told):
    assert waiting.in_words(wait, 480) == told


@given(wait=minutes, day=st.integers(60, 1440))
def test_nobody_is_promised_less_than_it_takes(wait, day):
    unit, count = waiting.in_words(wait, day)
    assert count >= 1
    assert count * {"minutes": 1, "hours": 60, "days": day}[unit] >= wait
    assert count <= max(math.ceil(wait / day), 60)


def test_a_day_needs_hours():
    with pytest.raises(ValueError, match="opening hours"):
        waiting.in_words(5, 0)
