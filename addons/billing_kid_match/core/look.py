"""The payment as matching sees it, and the first look at it.

The first look knows only the invoices that carry the paid reference, and settles nearly
all payments. What it makes of the others says what the second look needs to know
(:mod:`.decide`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from .edits import Explanation, explain
from .scoring import Invoice, Surroundings

# What the first look makes of a payment
SURE = "sure"  # its own invoices, the open amount
COVERED = "covered"  # as sure, but another payment of the batch was first
AMOUNT = "amount"  # its own invoice, another amount or one that a twin has too
OWN = "own"  # the customer's own reference, on all his invoices
SHARED = "shared"  # several invoices carry the reference
CLOSED = "closed"  # the reference of an invoice that is not open
CURRENCY = "currency"  # the reference of an invoice in another currency
UNKNOWN = "unknown"  # nobody's reference
NOTHING = "nothing"  # no reference, or no money in

#: Digits from which a number in a message identifies its invoice by itself.
MIN_TELLING_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Query:
    """One reference that a payment states.

    :param key: bare reference, the prefix words gone
    :param raw: as the payer wrote it
    :param in_text: found in the message, not in a reference field
    :param also: the same with its prefix words, when there were any; an invoice may
        carry them
    """

    key: str
    raw: str
    in_text: bool = False
    also: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key, self.also) if self.also else (self.key,)


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as far as matching looks at it.

    :param amount: minor units, above zero for money in
    :param unit: minor units of one whole, such as 100
    :param queries: the references it states, the most telling first
    :param payer_name: as the bank gives it, empty when it gives none
    :param payer_account: letters and digits only, empty when the bank gives none
    :param day: booking date
    :param text: message of the payer and other free text
    :param told: customer whom a person or another bank module set on the statement
        line, 0 for none
    """

    payment_id: int
    company_id: int
    currency_id: int
    amount: int
    unit: int
    queries: tuple[Query, ...]
    payer_name: str = ""
    payer_account: str = ""
    day: date | None = None
    text: str = ""
    told: int = 0


class Exact(NamedTuple):
    """A payment whose one reference and amount are just those of an open invoice, and
    whose reference no other invoice of the company carries: nearly all payments.

    The books can tell them by comparing alone. What :func:`first_look` would call
    sure, it may be spared.

    :param amount: minor units, of the payment and still open
    :param reference: as stated and as issued, digits only but for a MOD11 dash
    """

    payment_id: int
    company_id: int
    move_id: int
    partner_id: int
    amount: int
    reference: str


@dataclass(slots=True)
class Look:
    """First look at a payment.

    :param kind: one of the constants of this module
    :param invoices: the invoices it is about
    :param query: the reference that led there
    :param explanation: how the paid reference differs from the issued one
    """

    kind: str
    invoices: tuple[Invoice, ...] = ()
    query: Query | None = None
    explanation: Explanation = Explanation()


@dataclass(slots=True)
class Facts:
    """What the second look knows beside the first.

    :param near: invoices up to two edits away, open or not
    :param around: how many invoices are open and share the amount
    :param dense: other customers' references one base digit away
    :param customer: open invoices of the customers of the first look, oldest first
    """

    near: Sequence[Invoice] = ()
    around: Surroundings = Surroundings(1, 0)
    dense: float = 0.0
    customer: Sequence[Invoice] = ()


def first_look(paid: Paid, hits: Sequence[Invoice]) -> Look:
    """Sort a payment by the invoices that carry its reference.

    :param hits: all customer invoices, in whatever state, whose reference equals one
        of the payment's but for leading zeros
    """
    if paid.amount <= 0 or not paid.queries:
        return Look(NOTHING)
    if len(hits) == 1 and len(paid.queries) == 1:
        # nearly all payments
        hit, query = hits[0], paid.queries[0]
        if (
            hit.key == query.key
            and hit.is_open
            and hit.residual == paid.amount
            and hit.currency_id == paid.currency_id
            and not query.in_text
        ):
            return Look(SURE, (hit,), query)
    if len(paid.queries) > 1 and not paid.queries[0].in_text:
        look = _look_at_several(paid, hits)
        if look:
            return look
    for query in paid.queries:
        found = [hit for hit in hits if hit.key in query.keys]
        explanation = Explanation()
        if not found:
            # an unknown number of zeros at the front is still the same number
            close = [(hit, explain(query.key, hit.key)) for hit in hits]
            found = [hit for hit, how in close if how and not how.distance]
            if found:
                explanation = explain(query.key, found[0].key)
        if found:
            if query.also and not explanation.zeros and found[0].key == query.also:
                # the invoice was issued with the word as part of its reference
                query = replace(query, key=query.also)
            look = _look_at(paid, query, found, explanation)
            if explanation.zeros and look.kind in (SURE, AMOUNT):
                # one zero less may as well be another digit less of a neighbour
                look.kind = UNKNOWN
            return look
    return Look(UNKNOWN, query=paid.queries[0])


def _look_at(paid, query, found, explanation) -> Look:
    here = [hit for hit in found if hit.currency_id == paid.currency_id]
    still_open = [hit for hit in here if hit.is_open]
    customers = {hit.partner_id for hit in found}
    if not still_open:
        kind = CURRENCY if any(hit.is_open for hit in found) else CLOSED
        return Look(kind, tuple(found), query, explanation)
    if len(customers) > 1:
        return Look(SHARED, tuple(still_open), query, explanation)
    if len(still_open) > 1:
        if query.in_text:
            return Look(SHARED, tuple(still_open), query, explanation)
        return Look(OWN, tuple(here), query, explanation)
    # a short number in a message may be anything
    telling = not query.in_text or len(query.key) >= MIN_TELLING_DIGITS
    if still_open[0].residual == paid.amount and telling:
        return Look(SURE, tuple(still_open), query, explanation)
    if len(found) > 1:
        return Look(SHARED, tuple(still_open), query, explanation)
    return Look(AMOUNT, tuple(still_open), query, explanation)


def _look_at_several(paid, hits) -> Look | None:
    """A payment that states several references: all it names, or a person."""
    by_key: dict[str, list[Invoice]] = {}
    for hit in hits:
        by_key.setdefault(hit.key, []).append(hit)
    groups = [
        [hit for key in query.keys for hit in by_key.get(key, ())]
        for query in paid.queries
    ]
    found = {
        hit.move_id: hit
        for group in groups
        for hit in group
        if hit.is_open and hit.currency_id == paid.currency_id
    }
    if not found:
        return None
    query = next(q for q, group in zip(paid.queries, groups, strict=True) if group)
    alone = all(len(group) < 2 for group in groups)
    if alone and sum(hit.residual for hit in found.values()) == paid.amount:
        return Look(SURE, tuple(found.values()), query)
    return Look(SHARED, tuple(found.values()), query)
