"""What another plan would have done with the invoices of the past.

A replay walks through each invoice's recorded story with the steps of the plan in
question. As long as these say what was done, what was recorded is what happens: the
moment it was sent, whether it arrived, whether it was opened, what it cost. Where they
first say something else, and the invoice was still open and its run alive at that
moment, the rest is estimated from how messages on that channel fared in that segment.

Payment is the careful part. Nobody knows when the customer would have paid. The day of
payment is therefore kept as it was, which is the low estimate; the high one lets those
who open because of the new plan pay as those do who open (association, not proof: only
a try with a holdout can tell).

Replaying the plan that really ran estimates nothing: it gives back the recorded figures
to the last message and amount, and names every invoice in which the record departs from
the rules.
"""

from .branch import replay
from .fares import HIGH, LOW, MEAN, Model, observe
from .story import Estimate, Message, Story, Total, recorded
from .walk import EARLY, FOREIGN, MISSING, UNASKED

__all__ = [
    "EARLY",
    "FOREIGN",
    "HIGH",
    "LOW",
    "MEAN",
    "MISSING",
    "UNASKED",
    "Estimate",
    "Message",
    "Model",
    "Story",
    "Total",
    "observe",
    "recorded",
    "replay",
]
