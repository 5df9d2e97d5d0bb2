"""What a stranger's payment would look like: the measure of all evidence on one."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from math import exp, log

from rapidfuzz.distance import OSA

from . import names, scoring
from .edits import MAX_EDITS, Explanation, explain
from .look import Paid, Query
from .scene import Scene
from .weights import (
    ACCOUNT_OTHER,
    ACCOUNT_SAME,
    AGAIN_STEPS,
    DELAY_STEPS,
    NAME_EXACT,
    NAME_INITIALS,
    NAME_PART,
    NAME_TYPO,
    Weights,
)

_SAME_PERSON = (NAME_EXACT, NAME_PART, NAME_INITIALS, NAME_TYPO)
#: People whose names could come up by chance, however small the book is.
_POPULATION = 20_000
#: Invoices issued at least, of which a payer may take the wrong reference.
_ISSUED_BEFORE = 100


class Measure:
    """What a stranger's payment would look like: the measure of all evidence."""

    def __init__(self, weights: Weights, paid: Paid, query: Query | None, scene: Scene):
        self.paid = paid
        self.query = query
        self.scene = scene
        self.count = max(scene.open_count, 1)
        self.customers = max(round(scene.open_count * 0.75), 1)
        self.population = max(self.customers, _POPULATION)
        self._issued = max(self.count, _ISSUED_BEFORE)
        # An account that has paid for the same people many times is less likely to pay
        # for others now
        trust = weights.trust / (weights.trust + scene.account_total)
        self.account_other = log(
            weights.accounts[ACCOUNT_OTHER] * trust / weights.stranger_known
        )
        # somebody it has paid for, of the many who were not all looked at
        own = weights.accounts[ACCOUNT_SAME] * scene.account_unseen
        self.account_unlisted = log(
            exp(self.account_other) + own / weights.stranger_known
        )
        self.log_amount = weights.log_amount(
            paid.amount, scene.sharing, scene.open_count
        )
        # A number that is some invoice's reference is no chance: the payer took it from
        # a wrong invoice, or means it
        self.is_ours = query is not None and any(
            item.invoice.key == query.key
            for customer in scene.customers
            for item in (*customer.open, *customer.closed)
        )
        self.log_reference = 0.0
        if query is not None:
            self.log_reference = log(weights.length_share) - scoring.information(
                query.key
            )
            if self.is_ours:
                crossed = log(weights.crossed_absent / self._issued)
                self.log_reference = max(self.log_reference, crossed)
        # Whose account it is says whose name it is: then the name is no second witness
        is_identified = any(
            customer.account_share > 0
            and any(
                names.compare(paid.payer_name, known) in _SAME_PERSON
                for known in customer.names
            )
            for customer in scene.customers
        )
        behalf = names.on_behalf_of(paid.payer_name) + names.on_behalf_of(paid.text)
        payer = [paid.payer_name] if names.name_key(paid.payer_name) else []
        self.names = tuple(dict.fromkeys(behalf if is_identified else payer + behalf))
        self.no_reference = self._no_reference(weights, weights.crossed)
        self.no_reference_absent = self._no_reference(weights, weights.crossed_absent)

    def _no_reference(self, weights: Weights, crossed: float) -> float:
        """What a reference that is no invoice's of the customer, or none, says.

        :param crossed: share of such payments that state another's reference
        """
        if self.query is None:
            return log(weights.bare / weights.stranger_bare)
        if self.is_ours:
            return log(crossed / self._issued) - self.log_reference
        # in a message anything may stand, whoever writes it
        foreign = log(
            weights.foreign_in_text if self.query.in_text else weights.foreign
        )
        # or one of our own that is damaged beyond what was searched: leading zeros are
        # no accident then
        key = self.query.key
        own = scoring.information(key) - scoring.information(key.lstrip("0") or "0")
        damaged = log(weights.edits[1] / weights.length_share) + own
        return max(foreign, damaged)

    def explain(self, issued: str) -> Explanation | None:
        """How the stated reference became what it is, were ``issued`` meant."""
        if self.query is None or not issued:
            return None
        key = self.query.key
        if OSA.distance(key, issued, score_cutoff=MAX_EDITS) > MAX_EDITS and (
            OSA.distance(key.lstrip("0"), issued.lstrip("0"), score_cutoff=MAX_EDITS)
            > MAX_EDITS
        ):
            return None
        return explain(key, issued)


def again_after(weights: Weights, day: date | None, due: date | None) -> float:
    """How much less likely an invoice is paid twice the longer ago it was due."""
    if day is None or due is None:
        return 0.0
    return log(weights.again_after[_place((day - due).days, AGAIN_STEPS)])


def step(days: int) -> int:
    """Which of the steps of the delays so many days from the due date are."""
    return _place(days, DELAY_STEPS)


def _place(days: int, steps: Sequence[int]) -> int:
    return min(bisect_left(steps, days), len(steps) - 1)


def hazards(delays: Sequence[float]) -> list[float]:
    """How much likelier than on an average day an invoice that is still open is paid,
    by step, as logs."""
    left = sum(delays)
    first = DELAY_STEPS[0] - 14
    widths = [
        last - before
        for before, last in zip((first, *DELAY_STEPS), DELAY_STEPS, strict=False)
    ]
    widths[-1] = 60
    found = []
    for share, width in zip(delays, widths, strict=True):
        found.append(share / width / max(left, share))
        left -= share
    mean = 1 / 40
    return [log(max(value, 1e-5) / mean) for value in found]
