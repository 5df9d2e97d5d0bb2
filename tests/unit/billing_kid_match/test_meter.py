import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_kid_match.core.meter import Meter

counts = st.integers(0, 10_000_000)


@given(counts, counts, counts, counts, st.floats(0, 120))
def test_before_is_after_and_what_was_saved(exact, repaired, staff, waiting, minutes):
    meter = Meter(exact + repaired, repaired, staff, waiting, minutes)
    assert meter.minutes_saved == pytest.approx(repaired * minutes)
    assert meter.minutes_before == pytest.approx(
        meter.minutes_after + meter.minutes_saved
    )
    assert 0 <= meter.share <= 1


def test_exact_references_save_nothing():
    assert Meter(5000, 0, 0, 0, 6.0).minutes_saved == 0


def test_nine_cases_in_ten_need_nobody():
    meter = Meter(1000, 90, 7, 3, 6.0)
    assert meter.share == pytest.approx(0.9)
    assert meter.minutes_before == 600
    assert meter.minutes_after == 60


def test_an_empty_day_has_no_share():
    assert Meter(0, 0, 0, 0, 6.0).share == 0


@pytest.mark.parametrize(
    "numbers", [(-1, 0, 0, 0, 6.0), (1, 2, 0, 0, 6.0), (1, 0, 0, 0, -6.0)]
)
def test_impossible_numbers_are_refused(numbers):
    with pytest.raises(ValueError):
        Meter(*numbers)
