"""Parts of a customer's day, and wishes to write in one of them."""

from datetime import datetime, timedelta

from .clock import Calendar, to_local, to_utc

#: Hours that a part of the day holds: the first, and the first no longer.
BANDS = {
    "morning": (8, 11),
    "midday": (11, 15),
    "afternoon": (15, 18),
    "evening": (18, 21),
}
#: Everything outside :data:`BANDS`.
OTHER = "other"

#: No wish.
ANY = "any"
#: The part in which the customer usually opens, where that is known.
LEARNED = "learned"
WINDOWS = (ANY, *BANDS, LEARNED)

#: A wish puts off no longer than this.
LONGEST = timedelta(hours=24)


def band_of(hour: int) -> str:
    """Part of the day that an hour 0–23 of the customer's own clock lies in."""
    for code, (first, end) in BANDS.items():
        if first <= hour < end:
            return code
    return OTHER


def wished(calendar: Calendar, at: datetime, window: str) -> datetime:
    """Return the first moment within a wished part of the day.

    A wish is weaker than the hours in which one may write, and never loses a day: when
    it cannot be met within 24 hours, it is left out.

    :param at: UTC, when the message might go out
    :param window: one of :data:`WINDOWS`
    :return: UTC, ``at`` or later
    """
    if window == LEARNED:
        window = calendar.habit
    if window not in BANDS:
        return at
    first, end = BANDS[window]
    local = to_local(at, calendar.zone)
    for offset in (0, 1):
        midnight = datetime.combine(
            local.date() + timedelta(days=offset), datetime.min.time()
        )
        opens = to_utc(midnight + timedelta(hours=first), calendar.zone)
        closes = to_utc(midnight + timedelta(hours=end), calendar.zone)
        moment = max(at, opens)
        if moment < closes and moment - at <= LONGEST and calendar.is_allowed(moment):
            return moment
    return at
