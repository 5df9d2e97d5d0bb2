"""When a channel as a whole is in trouble, and when to try it again."""

from collections.abc import Sequence
from datetime import timedelta

#: Share of the latest messages that have to fail.
SHARE = 0.9
#: Messages that try whether it works again.
PROBES = 5
#: Only messages of so long ago say how a channel is now.
MEMORY = timedelta(days=1)
_FIRST_WAIT = timedelta(minutes=15)
_LONGEST_WAIT = timedelta(hours=4)


def is_down(failed: Sequence[bool], count: int) -> bool:
    """Whether a channel fails for everybody, and not for some.

    :param failed: of the latest messages whether they failed, at most ``count``
    :param count: messages that have to be known of; 0 = it never counts as down
    """
    if not count or len(failed) < count:
        return False
    return sum(failed) >= SHARE * len(failed)


def is_broken(failed: int, prepared: int, count: int) -> bool:
    """Whether a text fails by its own fault, and not by that of one invoice.

    :param failed: messages with the text that could not be prepared
    :param prepared: messages with the text that could, in the same batch
    :param count: failures that are enough whatever else went well; 0 = never
    """
    if not count or not failed:
        return False
    return failed >= count or (failed > 1 and not prepared)


def wait(probes: int) -> timedelta:
    """Return how long to wait before the next probe.

    :param probes: that failed so far
    """
    # Two to the fifth of a quarter of an hour is more than the longest.
    return min(_FIRST_WAIT * 2 ** min(probes, 5), _LONGEST_WAIT)
