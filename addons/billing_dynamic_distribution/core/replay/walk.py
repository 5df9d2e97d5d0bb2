"""Follows what was recorded of an invoice for as long as other steps say the same."""

from collections import defaultdict
from dataclasses import fields, replace
from datetime import timedelta

from .. import plan, state
from ..hours import LEARNED, LONGEST
from .story import recorded

#: How a record may depart from the rules of its plan.
EARLY = "early"
MISSING = "missing"
UNASKED = "unasked"
FOREIGN = "foreign"

#: A job that starts on the minute may act on what is due within it.
_SLACK = timedelta(minutes=1)
#: What is due may wait so long for the next job before it counts as missing.
_PATIENCE = timedelta(hours=1)


class Walk:
    """Follows a story along the steps that really ran.

    The rules are those of ``core.plan``, by which the invoices run.
    """

    def __init__(self, story, until):
        self.story, self.until = story, until
        self.by_step = defaultdict(list)
        for message in story.messages:
            self.by_step[message.step].append(message)
        known = {step.id for step in story.steps}
        self.foreign = [m for m in story.messages if m.step not in known]
        self.departures = [(m.step, FOREIGN) for m in self.foreign if m.step]
        self.taken = []
        # What was last: step, outcome, when.
        self.last = None

    def go(self, steps):
        """Go as far as other steps say the same.

        :return: UTC, when they first say something else; None = never
        """
        story = self.story
        same = common(story.steps, steps)
        while True:
            coming = self._next(story.steps)
            if coming.kind != plan.WAIT or place(story.steps, coming.step) >= same:
                return self._parting(steps, coming)
            if not self._take(coming):
                return None

    def next_of(self, steps):
        """What other steps say comes next, after what was last."""
        return self._next(
            steps, {o.id: s.id for o, s in zip(self.story.steps, steps, strict=False)}
        )

    def _next(self, steps, ids=None):
        calendar = self.story.calendar
        if self.last is None:
            return plan.start(steps, self.story.trigger_at, calendar)
        step, outcome, at = self.last
        step_id = ids[step.id] if ids else step.id
        return plan.after(steps, step_id, outcome, at, self._seen(at), calendar)

    def _parting(self, steps, own):
        """When the steps first say something else than what was recorded."""
        other = self.next_of(steps)
        moments = [coming.at for coming in (own, other) if coming.kind == plan.WAIT]
        if own.kind == plan.WAIT:
            moments += [m.at for m in self.by_step[own.step.id]]
        return min(moments, default=None)

    def _take(self, coming):
        """Go one step; False when the run is over before it."""
        step, planned = coming.step, coming.at
        messages = self.by_step[step.id]
        if messages:
            first, last = messages[0], messages[-1]
            if first.at < planned - _SLACK and not first.is_by_hand:
                self.departures.append((step.id, EARLY))
            # What was opened while it was handed over came too late to stop it.
            seen = self._seen(first.at - _SLACK)
            if not plan.is_needed(step, seen) and not first.is_by_hand:
                self.departures.append((step.id, UNASKED))
            self.taken += messages
            self.last = (step, state.SENT, last.at)
            if last.failed_at:
                # Failed in time to make the next step come earlier?
                coming = self._next(self.story.steps)
                if coming.kind != plan.WAIT or last.failed_at <= coming.at:
                    self.last = (step, state.FAILED_HARD, last.failed_at)
            return True
        if step.id in self.story.skipped:
            self.last = (step, plan.SKIPPED, self.story.skipped[step.id])
            return True
        # The end of the run may come while a step waits for its hour.
        over, late = self.story.over_at, self._latest(step, planned)
        if planned > self.until or (over and over <= planned):
            return False
        needless = self._needless_from(step, planned)
        if needless and needless <= min(late + _PATIENCE, self.until):
            self.last = (step, plan.NOT_NEEDED, needless)
            return True
        if not over and late + _PATIENCE <= self.until:
            self.departures.append((step.id, MISSING))
        return False

    def _needless_from(self, step, planned):
        """From when on, once it is due, the condition of a step does not hold."""
        moments = {planned}
        for message in self.taken:
            moments |= {message.opened_at, message.delivered_at}
        return min(
            (
                at
                for at in moments
                if at and at >= planned and not plan.is_needed(step, self._seen(at))
            ),
            default=None,
        )

    def _latest(self, step, planned):
        """When a step that is due should have come, all its reasons to wait over."""
        if step.id in self.story.waited:
            return self.until
        if step.window == LEARNED:
            # What was known of the customer then is not known any more.
            return planned + LONGEST
        return planned

    def _seen(self, at):
        return plan.Seen.of((m.state(at), m.reports) for m in self.taken)

    def result(self):
        """The recorded figures, with what departs from the rules."""
        return replace(
            recorded(self.story, self.until), departures=tuple(self.departures)
        )


def _rule(step):
    """What a step says; equal steps of two versions have different ids."""
    return tuple(getattr(step, f.name) for f in fields(step) if f.name != "id")


def common(ours, others):
    """How many steps two versions have in common at their beginning."""
    count = 0
    for one, other in zip(ours, others, strict=False):
        if _rule(one) != _rule(other):
            break
        count += 1
    return count


def place(steps, step):
    return next(at for at, other in enumerate(steps) if other.id == step.id)
