"""When a channel counts as down, and when it is tried again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import trouble

counts = st.integers(min_value=1, max_value=60)


def test_one_failure_among_many_is_no_trouble():
    assert not trouble.is_down([True] + [False] * 19, 20)


def test_all_of_the_latest_failing_is():
    assert trouble.is_down([True] * 20, 20)


def test_too_little_is_known():
    assert not trouble.is_down([True] * 19, 20)


@given(st.lists(st.booleans(), max_size=60))
def test_nobody_asked_for_it(failed):
    assert not trouble.is_down(failed, 0)


@given(st.lists(st.booleans(), max_size=60), counts)
def test_more_failures_never_make_a_channel_better(failed, count):
    worse = [True, *failed[1:]] if failed else failed
    assert trouble.is_down(worse, count) >= trouble.is_down(failed, count)


def test_a_text_that_fails_for_all_of_a_batch_is_broken():
    assert trouble.is_broken(failed=2, prepared=0, count=20)
    assert not trouble.is_broken(failed=1, prepared=0, count=20)
    assert not trouble.is_broken(failed=2, prepared=1, count=20)


def test_a_text_that_fails_often_enough_is_broken_whoever_got_it():
    assert trouble.is_broken(failed=20, prepared=30, count=20)
    assert not trouble.is_broken(failed=19, prepared=1, count=20)


@given(st.integers(0, 50), st.integers(0, 50))
def test_no_text_is_broken_where_nobody_asked_for_it(failed, prepared):
    assert not trouble.is_broken(failed, prepared, 0)


@given(st.integers(0, 10_000))
def test_waits_grow_and_end(probes):
    first, second = trouble.wait(probes), trouble.wait(probes + 1)
    assert timedelta(minutes=15) <= first <= second <= timedelta(hours=4)
