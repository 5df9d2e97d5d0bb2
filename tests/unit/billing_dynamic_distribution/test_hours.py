from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import hours
from odoo.addons.billing_dynamic_distribution.core.clock import Calendar, to_local

OSLO = Calendar(zone="Europe/Oslo", country="NO")
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31))


@pytest.mark.parametrize(
    "hour, band",
    [(7, "other"), (8, "morning"), (11, "midday"), (17, "afternoon"), (21, "other")],
)
def test_bands(hour, band):
    assert hours.band_of(hour) == band


@given(moments, st.sampled_from(hours.WINDOWS))
def test_a_wish_never_loses_a_day_and_keeps_quiet_hours(at, window):
    at = OSLO.next_allowed(at)
    found = hours.wished(OSLO, at, window)
    assert at <= found <= at + timedelta(hours=24)
    assert OSLO.is_allowed(found)
    if found != at:
        assert hours.band_of(to_local(found, OSLO.zone).hour) == window


def test_a_wish_is_met_the_same_day_or_the_next():
    # Monday 2026-02-02, 12:00 in Oslo
    noon = datetime(2026, 2, 2, 11)
    assert hours.wished(OSLO, noon, "midday") == noon
    assert hours.wished(OSLO, noon, "evening") == datetime(2026, 2, 2, 17)
    assert hours.wished(OSLO, noon, "morning") == datetime(2026, 2, 3, 7)
    # On Saturday evenings nobody is written to, on Sundays neither
    saturday = datetime(2026, 2, 7, 11)
    assert hours.wished(OSLO, saturday, "evening") == saturday
    assert hours.wished(OSLO, noon, "any") == noon
