import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_kid_match.core import calibration

said = st.floats(0, 1, allow_nan=False)


@given(said)
def test_bins_follow_their_bounds(probability):
    lower, upper = calibration.bounds(calibration.bin_of(probability))
    assert lower <= probability <= upper


def test_wilson_as_published():
    # 81 of 263, from Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    low, high = calibration.wilson(81, 263)
    assert low == pytest.approx(0.2553, abs=5e-5)
    assert high == pytest.approx(0.3662, abs=5e-5)
    assert calibration.wilson(0, 20) == (0.0, pytest.approx(0.1611, abs=5e-5))


@given(st.integers(0, 10_000), st.data())
def test_wilson_holds_the_share(count, data):
    right = data.draw(st.integers(0, count))
    low, high = calibration.wilson(right, count)
    assert 0 <= low <= high <= 1
    if count:
        assert low <= right / count <= high


def test_wilson_refuses_more_than_all():
    with pytest.raises(ValueError, match="3 of 2"):
        calibration.wilson(3, 2)


@given(st.lists(st.tuples(said, said, st.integers(0, 50)), max_size=60))
def test_isotonic_rises_and_keeps_the_mean(triples):
    fitted = calibration.isotonic(triples)
    weight = sum(row[2] for row in triples)
    if not weight:
        assert fitted is None
        return
    assert list(fitted.values) == sorted(fitted.values)
    assert list(fitted.starts) == sorted(set(fitted.starts))
    # pools are means, so nothing is made or lost
    assert sum(fitted(row[0]) * row[2] for row in triples) == pytest.approx(
        sum(row[1] * row[2] for row in triples), abs=1e-6
    )


@given(st.lists(st.tuples(said, said, st.integers(1, 50)), min_size=1, max_size=12))
def test_isotonic_is_the_nearest_rising_line(triples):
    fitted = calibration.isotonic(triples)

    def distance(function):
        return sum((function(x) - y) ** 2 * weight for x, y, weight in triples)

    mean = sum(y * weight for _x, y, weight in triples) / sum(
        weight for *_xy, weight in triples
    )
    assert distance(fitted) <= distance(lambda _x: mean) + 1e-9
    assert distance(fitted) <= distance(lambda x: x) + 1e-9


def test_isotonic_pools_what_falls():
    fitted = calibration.isotonic([(0.1, 0.0, 1), (0.5, 1.0, 1), (0.9, 0.5, 1)])
    assert fitted.starts == (0.1, 0.5)
    assert fitted.values == (0.0, 0.75)
    assert fitted(0.05) == 0.0
    assert fitted(0.4) == 0.0
    assert fitted(0.99) == 0.75


probability = st.floats(1e-9, 1 - 1e-9)
points = st.lists(
    st.floats(0.001, 0.999), min_size=2, max_size=8, unique_by=lambda p: round(p, 4)
).map(sorted)


@given(points, st.data())
def test_a_curve_rises_through_its_points(said, data):
    worth = data.draw(
        st.lists(st.floats(0.001, 0.999), min_size=len(said), max_size=len(said)).map(
            sorted
        )
    )
    curve = calibration.Curve(said, worth)
    for probability_said, value in zip(said, worth, strict=True):
        assert curve(probability_said) == pytest.approx(value)
    first, second = sorted((data.draw(probability), data.draw(probability)))
    assert curve(first) <= curve(second) + 1e-12
    assert 0 <= curve(first) <= 1


@given(probability)
def test_a_curve_of_nothing_learned_changes_nothing(said):
    steps = (0.1, 0.9)
    assert calibration.Curve(steps, steps)(said) == said


def test_beyond_its_points_a_curve_goes_on_alike():
    curve = calibration.Curve((0.1, 0.9), (0.05, 0.8))
    assert curve(0.0) == 0.0
    assert curve(1.0) == 1.0
    shift = calibration.log_odds(0.8) - calibration.log_odds(0.9)
    assert calibration.log_odds(curve(0.99)) - calibration.log_odds(
        0.99
    ) == pytest.approx(shift)
