"""Says what would have become of an invoice under other steps."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from .. import plan, state
from ..hours import wished
from ..plan import Step
from .fares import Model
from .story import Estimate, Story, recorded
from .walk import Walk, place


def replay(
    story: Story, steps: Sequence[Step], model: Model | None, until: datetime
) -> Estimate:
    """Say what would have become of an invoice under other steps.

    :param steps: of the version in question, in order
    :param model: None = give the recorded figures with ``is_exact`` False where they
        would be estimated
    :param until: UTC, end of what is recorded
    """
    walk = Walk(story, until)
    moment = walk.go(steps)
    over = story.over_at
    if moment is None or moment > until or (over and over <= moment):
        return walk.result()
    if model is None:
        return replace(walk.result(), is_exact=False)
    return Branch(walk, model, moment).run(steps)


class Branch:
    """Estimates the rest of a story from the moment it would have gone otherwise."""

    def __init__(self, walk, model, moment):
        self.walk, self.model, self.moment = walk, model, moment
        self.story = story = walk.story
        seen = [m.state(moment) for m in walk.taken]
        self.unopened = 0.0 if state.OPENED in seen else 1.0
        self.undelivered = 1.0
        if plan.Seen.of(
            zip(seen, (m.reports for m in walk.taken), strict=True)
        ).delivered:
            self.undelivered = 0.0
        self.at = moment
        # Messages that may still be opened: channel, part of the day, when, for whom.
        self.pending = [
            (m.channel, story.band(m.at), m.at, 1.0)
            for m in walk.taken
            if not m.failed_at
        ]
        self.opened_in_time = None
        if any(
            m.opened_at and m.opened_at <= min(moment, story.due_at)
            for m in story.messages
        ):
            self.opened_in_time = 1.0
        self.messages = defaultdict(float)
        self.cost = 0.0
        for message in (*walk.taken, *walk.foreign):
            self.messages[message.channel] += message.weight
            self.cost += message.cost

    def run(self, steps):
        """Go through the rest of the steps with shares of an invoice.

        :rtype: Estimate
        """
        story, calendar = self.story, self.story.calendar
        over = story.over_at
        coming = self.walk.next_of(steps)
        planned = coming.at
        rest = steps[place(steps, coming.step) :] if coming.kind == plan.WAIT else ()
        for step in rest:
            if planned > self.walk.until or (over and over <= planned):
                break
            self._pass_time(planned)
            self._send(step, planned)
            later = place(steps, step) + 1
            if later < len(steps):
                planned = calendar.after(planned, steps[later].wait, steps[later].unit)
                planned = wished(calendar, planned, steps[later].window)
        self._pass_time(max(story.due_at, self.at))
        return self._result()

    def _send(self, step, at):
        share = {
            plan.NOT_OPENED: self.unopened,
            plan.NOT_DELIVERED: self.undelivered,
        }.get(step.condition, 1.0)
        if not share:
            return
        segment = self.story.segment
        channel = self.model.channel(segment, step.channel)
        self.messages[channel] += share
        self.cost += share * self.model.costs.get(channel, 0.0)
        # Of those who have not opened anything, how many get it?
        reached = self.undelivered if step.condition == plan.NOT_DELIVERED else 1.0
        self.pending.append((channel, self.story.band(at), at, reached))
        self.undelivered *= 1 - self.model.arrives(segment, channel) * (
            1.0 if step.condition == plan.NOT_DELIVERED else share
        )

    def _pass_time(self, until):
        """Let what was sent be opened up to a moment."""
        due = self.story.due_at
        if self.opened_in_time is None and until >= due:
            self._open(due)
            self.opened_in_time = 1 - self.unopened
        self._open(until)

    def _open(self, until):
        if until <= self.at:
            return
        for channel, band, sent, reached in self.pending:
            before = self._share(channel, band, self.at - sent)
            after = self._share(channel, band, until - sent)
            if before < 1:
                self.unopened *= 1 - reached * (after - before) / (1 - before)
        self.at = until

    def _share(self, channel, band, elapsed):
        hours = elapsed.total_seconds() / 3600
        return self.model.opened(self.story.segment, channel, band, hours)

    def _result(self):
        segment = self.story.segment
        before = recorded(self.story, self.walk.until)
        opened = self.opened_in_time
        # Whose due date was past by then has opened in time, or has not.
        if self.moment > self.story.due_at:
            opened = before.opened
        gained, lost = self.model.lift(segment)
        change = opened - before.opened
        late = self.model.fees.get(segment, 0.0)
        if before.paid:
            gain = min(change, 0.0) * lost
            fees = -gain * late
        else:
            gain = max(change, 0.0) * gained
            fees = before.fees * (1 - gain)
        return Estimate(
            messages=dict(self.messages),
            cost=self.cost,
            opened=opened,
            paid=before.paid + gain,
            paid_low=before.paid + min(gain, 0.0),
            fees=fees,
            fees_high=max(fees, before.fees),
            is_exact=False,
            departures=tuple(self.walk.departures),
        )
