"""How messages fared, learned from what was recorded."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..pooling import Beta, Pool, pool
from .story import Story, is_open

#: Hours after sending at which opening is counted.
_DELAYS = (1, 3, 6, 12, 24, 36, 48, 72, 96, 120, 168, 240, 336)
#: Messages younger than this may still be opened, so they teach nothing.
_RIPE = timedelta(hours=_DELAYS[-1])

LOW, MEAN, HIGH = "low", "mean", "high"
_LEVELS = {LOW: 0.05, HIGH: 0.95}


@dataclass(slots=True)
class Model:
    """How messages fare in each segment; see :func:`observe`."""

    delays: Sequence[Pool]
    reached: Pool
    costs: Mapping[str, float]
    usual: Mapping[tuple[str, str], str]
    lifts: Mapping[str, tuple[Beta, Beta]]
    fees: Mapping[str, float]
    level: str = MEAN
    _curves: dict = field(default_factory=dict)

    def at(self, level: str) -> "Model":
        """The same, at the lower or upper limit of what the data allow."""
        return Model(
            self.delays,
            self.reached,
            self.costs,
            self.usual,
            self.lifts,
            self.fees,
            level,
        )

    def opened(self, segment: str, channel: str, band: str, hours: float) -> float:
        """Share of messages opened within so many hours after sending."""
        curve = self._curve(segment, channel, band)
        if hours <= 0:
            return 0.0
        at = bisect_left(_DELAYS, hours)
        if at == len(_DELAYS):
            return curve[-1]
        before_at = _DELAYS[at - 1] if at else 0
        before = curve[at - 1] if at else 0.0
        return before + (curve[at] - before) * (hours - before_at) / (
            _DELAYS[at] - before_at
        )

    def arrives(self, segment: str, channel: str) -> float:
        """Share of messages that arrive."""
        return self.reached.belief((segment, channel)).mean

    def channel(self, segment: str, code: str) -> str:
        """Real channel that a virtual one usually means in a segment."""
        return self.usual.get((segment, code), code)

    def lift(self, segment: str) -> tuple[float, float]:
        """What opening in time has to do with paying in time.

        :return: of those who did not pay in time without opening, the share that does
            with it; of those who paid in time, the share that does not without
        """
        if segment not in self.lifts:
            return 0.0, 0.0
        opened, unopened = (belief.mean for belief in self.lifts[segment])
        more = max(opened - unopened, 0.0)
        return more / (1 - unopened), more / opened

    def _curve(self, segment, channel, band):
        key = (segment, channel, band)
        if key not in self._curves:
            curve, most = [], 0.0
            for known in self.delays:
                belief = known.belief(key)
                share = (
                    belief.mean
                    if self.level == MEAN
                    else belief.quantile(_LEVELS[self.level])
                )
                most = max(most, share)
                curve.append(most)
            self._curves[key] = curve
        return self._curves[key]


def observe(stories: Iterable[Story], until: datetime) -> Model:
    """Learn from recorded stories how messages fare.

    :param until: UTC, end of what is recorded; what is not over by then teaches nothing
    """
    opened: list[dict] = [defaultdict(_pair) for _delay in _DELAYS]
    arrived: dict = defaultdict(_pair)
    costs: dict = defaultdict(_pair)
    usual: dict = defaultdict(lambda: defaultdict(int))
    paid: dict = defaultdict(lambda: (_pair(), _pair()))
    fees: dict = defaultdict(_pair)
    for story in stories:
        channels = {step.id: step.channel for step in story.steps}
        for message in story.messages:
            _add(costs[message.channel], message.cost, message.weight)
            code = channels.get(message.step, message.channel)
            usual[story.segment, code][message.channel] += 1
            if message.at > until - _RIPE:
                continue
            _add(arrived[story.segment, message.channel], message.failed_at is None, 1)
            key = (story.segment, message.channel, story.band(message.at))
            for delay, cells in zip(_DELAYS, opened, strict=True):
                limit = message.at + timedelta(hours=delay)
                _add(
                    cells[key],
                    message.opened_at is not None and message.opened_at <= limit,
                    1,
                )
        if story.paid_by <= until and story.messages:
            _add(
                paid[story.segment][not story.is_opened_in_time],
                story.is_paid_in_time,
                1,
            )
        if story.fee_at <= until and not story.is_paid_in_time:
            _add(fees[story.segment], is_open(story, story.fee_at), 1)
    return Model(
        delays=[_pool(cells) for cells in opened],
        reached=_pool(arrived),
        costs={code: total / count for code, (total, count) in costs.items() if count},
        usual={
            key: max(sorted(counts), key=counts.__getitem__)
            for key, counts in usual.items()
        },
        lifts=_lifts(paid),
        fees={
            segment: (hits + 1) / (count + 2) for segment, (hits, count) in fees.items()
        },
    )


def _pair():
    return [0.0, 0.0]


def _add(cell, hit, count):
    cell[0] += hit
    cell[1] += count


def _pool(cells):
    return pool({key: (hits, count) for key, (hits, count) in cells.items()})


def _lifts(paid):
    """Belief about paying in time, by segment, of those who opened and who did not.

    Each segment is drawn towards what all segments say.
    """
    known = pool(
        {
            (segment, part): tuple(cell)
            for segment, cells in paid.items()
            for part, cell in zip(("opened", "unopened"), cells, strict=True)
        }
    )
    return {
        segment: (
            known.belief((segment, "opened")),
            known.belief((segment, "unopened")),
        )
        for segment in paid
    }
