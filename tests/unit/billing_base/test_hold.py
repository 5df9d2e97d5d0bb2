from datetime import date

import pytest

from odoo.addons.billing_base.core.hold import BLOCKS, Hold, blocking

SINCE = date(2026, 11, 20)


def test_hold_stops_everything_unless_told_otherwise():
    hold = Hold("dispute", "Disputed", SINCE)
    assert hold.blocks == BLOCKS == {"fee", "reminder", "handover", "distribution"}


def test_last_day_is_part_of_the_hold():
    hold = Hold("promise", "Promised", SINCE, date(2026, 12, 1))
    assert not hold.is_active(date(2026, 11, 19))
    assert hold.is_active(SINCE)
    assert hold.is_active(date(2026, 12, 1))
    assert not hold.is_active(date(2026, 12, 2))


def test_hold_without_end_lasts():
    assert Hold("x", "X", SINCE).is_active(date(2099, 1, 1))


def test_any_iterable_of_blocks_becomes_a_frozenset():
    assert Hold("x", "X", SINCE, blocks=["fee"]).blocks == frozenset({"fee"})


@pytest.mark.parametrize("blocks", [(), ("fees",), ("fee", "all")])
def test_unknown_or_missing_blocks_are_refused(blocks):
    with pytest.raises(ValueError, match="blocks must be some of"):
        Hold("x", "X", SINCE, blocks=blocks)


def test_hold_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="cannot end"):
        Hold("x", "X", SINCE, date(2026, 11, 19))


def test_blocking_picks_by_what_is_stopped():
    fee = Hold("a", "A", SINCE, blocks={"fee"})
    both = Hold("b", "B", SINCE, blocks={"fee", "reminder"})
    assert blocking([fee, both], "fee") == [fee, both]
    assert blocking([fee, both], "reminder") == [both]
    assert blocking([fee, both], "handover") == []
    with pytest.raises(ValueError, match="'everything' is not one of"):
        blocking([fee], "everything")
