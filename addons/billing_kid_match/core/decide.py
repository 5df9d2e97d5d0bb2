"""What is to be done with a payment, given what the search found.

The first look (:mod:`.look`) settles nearly all payments and says what needs to be
known of the others; the second look decides them with that. Both take payments in order
and keep account of what is still open on each invoice, so that no money is promised
twice.
"""

from collections.abc import Callable, Sequence
from math import exp, log

from odoo.addons.billing_bank_file.core.decision import (
    PARTIAL,
    PROPOSED,
    RECONCILED,
    UNMATCHED,
    Candidate,
    Decision,
    Reason,
    Share,
)

from . import scoring
from .edits import explain
from .look import (
    AMOUNT,
    COVERED,
    CURRENCY,
    NOTHING,
    OWN,
    SHARED,
    SURE,
    UNKNOWN,
    Exact,
    Facts,
    Look,
    Paid,
)
from .reasons import reference_reasons
from .scoring import Invoice, Scored, Surroundings
from .weights import Policy, Weights


class Ledger:
    """What is still open on the invoices while a batch is decided."""

    def __init__(self):
        self._taken: dict[int, int] = {}

    def left(self, invoice: Invoice) -> int:
        return invoice.residual - self._taken.get(invoice.move_id, 0)

    def take(self, move_id: int, amount: int):
        self._taken[move_id] = self._taken.get(move_id, 0) + amount

    def give_back(self, move_id: int, amount: int):
        self._taken[move_id] -= amount


class Decider:
    """Decides the payments of one batch.

    :param weights: what the evidence is worth
    :param policy: when it is enough
    :param open_counts: number of open invoices by company
    """

    def __init__(
        self,
        weights: Weights,
        policy: Policy,
        open_counts: dict[int, int],
    ):
        self.weights = weights
        self.policy = policy
        self.open_counts = open_counts
        self.ledger = Ledger()
        self._exact_cache: dict[tuple, tuple[float, Reason]] = {}
        self._exact_reasons: dict[tuple, tuple[float, tuple[Reason, ...]]] = {}
        self._amount_exact = Reason(
            "amount_exact",
            (),
            # the worst case, so that nobody has to be asked how usual the amount is
            log(weights.amount_equal) - weights.log_amount(100, 50, 1000),
        )

    # First look

    def settle_exact(self, found: Exact) -> Decision:
        """Decide a payment that the books answer by themselves.

        No other payment of the batch may be sure of its invoice.
        """
        reference = found.reference
        kind = (len(reference), len(reference.lstrip("0")), found.company_id)
        known = self._exact_reasons.get(kind)
        if known is None:
            probability, reason = self._exact_evidence(
                reference, False, found.company_id
            )
            known = probability, (reason, self._amount_exact)
            self._exact_reasons[kind] = known
        probability, reasons = known
        move_id, amount = found.move_id, found.amount
        self.ledger.take(move_id, amount)
        return Decision(
            found.payment_id,
            RECONCILED,
            (Share(move_id, amount),),
            probability,
            reasons,
            (
                Candidate(
                    move_id,
                    found.partner_id,
                    probability,
                    amount,
                    reference,
                    0,
                    reasons,
                ),
            ),
        )

    def settle_sure(self, paid: Paid, look: Look) -> Decision | None:
        """Decide a payment whose first look is :data:`SURE`.

        :return: None, and the look turned to :data:`COVERED`, when payments before
            this one have taken the money's place
        """
        invoices = look.invoices
        for invoice in invoices:
            if self.ledger.left(invoice) != invoice.residual:
                look.kind = COVERED
                return None
        probability, reference = self._stated_evidence(paid, look)
        reasons = (reference, *self._cleaned(look), self._amount_exact)
        shares = []
        candidates = []
        for invoice in invoices:
            self.ledger.take(invoice.move_id, invoice.residual)
            shares.append(Share(invoice.move_id, invoice.residual))
            candidates.append(self._candidate(invoice, probability, reasons))
        return Decision(
            paid.payment_id,
            RECONCILED,
            tuple(shares),
            probability,
            reasons,
            tuple(candidates),
        )

    # Second look

    def settle(self, paid: Paid, look: Look, facts: Facts) -> Decision:
        """Decide a payment that the first look could not settle."""
        if look.kind == NOTHING:
            return self._settle_nothing(paid)
        if look.kind == AMOUNT:
            return self._settle_amount(paid, look, facts)
        if look.kind == UNKNOWN:
            return self._settle_unknown(paid, look, facts)
        return self._settle_elsewhere(paid, look, facts)

    def _settle_nothing(self, paid: Paid) -> Decision:
        code = "money_out" if paid.amount <= 0 else "no_reference"
        return Decision(paid.payment_id, UNMATCHED, (), 0.0, (Reason(code),), ())

    def _settle_elsewhere(self, paid: Paid, look: Look, facts: Facts) -> Decision:
        """The reference is known, and still a person has to look."""
        if look.kind == OWN:
            decision = self._settle_oldest_first(paid, look, facts)
            if decision:
                return decision
        if look.kind == SHARED:
            several = len({invoice.key for invoice in look.invoices}) > 1
            code = "several_references" if several else "reference_shared"
            reason = Reason(code, (("count", len(look.invoices)),))
            pool = look.invoices
        elif look.kind == CURRENCY:
            reason, pool = Reason("other_currency"), ()
        elif look.kind == COVERED:
            reason = Reason("already_covered", (("reference", look.query.key),))
            pool = facts.customer
        else:
            values = (("reference", look.invoices[0].reference),)
            reason, pool = Reason("reference_paid", values), facts.customer
        pool = [invoice for invoice in pool if self.ledger.left(invoice) > 0]
        candidates = self._rank_by_amount(paid, look, facts, pool)
        return Decision(
            paid.payment_id,
            PROPOSED if candidates else UNMATCHED,
            (),
            max((item.probability for item in candidates), default=0.0),
            (reason, *self._cleaned(look)),
            tuple(candidates),
        )

    def _settle_oldest_first(
        self, paid: Paid, look: Look, facts: Facts
    ) -> Decision | None:
        """The customer's own reference, the same on all of his invoices.

        The invoice with just the amount, else the oldest ones as far as the money goes.

        :return: None when nothing of his is open any more, or just this was paid before
        """
        key = look.invoices[0].key
        debts = [
            item
            for item in facts.customer
            if item.key == key and self.ledger.left(item) > 0
        ]
        equal = [item for item in debts if self.ledger.left(item) == paid.amount]
        if not equal and any(
            not item.is_open and item.total == paid.amount for item in look.invoices
        ):
            return None  # looks like one that is paid already
        shares = []
        rest = paid.amount
        for invoice in equal[:1] or debts:
            taken = min(rest, self.ledger.left(invoice))
            if taken > 0:
                shares.append((invoice, taken, self.ledger.left(invoice)))
                rest -= taken
        if not shares:
            return None
        probability, reference = self._stated_evidence(paid, look)
        reasons = [reference, Reason("customer_reference"), *self._cleaned(look)]
        if equal:
            reasons.append(self._amount_exact)
        else:
            reasons.append(Reason("oldest_first", (("count", len(shares)),)))
        if rest > 0:
            reasons.append(Reason("overpaid", (("rest", rest / paid.unit),)))
        for invoice, taken, _left in shares:
            self.ledger.take(invoice.move_id, taken)
        settled = all(taken == left for _, taken, left in shares)
        return Decision(
            paid.payment_id,
            RECONCILED if settled else PARTIAL,
            tuple(Share(invoice.move_id, taken) for invoice, taken, _ in shares),
            probability,
            tuple(reasons),
            tuple(
                self._candidate(invoice, probability, tuple(reasons))
                for invoice, _, _ in shares[: self.policy.candidates]
            ),
        )

    def _settle_amount(self, paid: Paid, look: Look, facts: Facts) -> Decision:
        """The reference of an open invoice, but not its amount."""
        invoice = look.invoices[0]
        left = self.ledger.left(invoice)
        if left <= 0:
            return self._settle_elsewhere(paid, _turned(look, COVERED), facts)
        probability, reference = self._stated_evidence(paid, look)
        reasons = [reference, *self._cleaned(look), *self._amount_reasons(paid, left)]
        rivals = [
            other
            for other in facts.near
            if other.move_id != invoice.move_id
            and other.is_open
            and other.currency_id == paid.currency_id
            and self.ledger.left(other) == paid.amount
            and explain(look.query.key, other.key)
        ]
        doubts = []
        if rivals:
            doubts.append(
                Reason("neighbour_same_amount", (("reference", rivals[0].reference),))
            )
        if self._is_crossed(paid, left, facts.around):
            count = facts.around.sharing
            doubts.append(Reason("others_same_amount", (("count", count),)))
        if facts.dense >= self.policy.dense:
            doubts.append(Reason("dense_references"))
        if look.query.in_text:
            doubts.append(Reason("reference_in_text"))
        if not doubts:
            taken = min(left, paid.amount)
            self.ledger.take(invoice.move_id, taken)
            candidate = self._candidate(invoice, probability, tuple(reasons))
            return Decision(
                paid.payment_id,
                RECONCILED if paid.amount >= left else PARTIAL,
                (Share(invoice.move_id, taken),),
                probability,
                tuple(reasons),
                (candidate,),
            )
        scored = scoring.score(
            look.query.key,
            paid.amount,
            [self._as_left(item) for item in (invoice, *rivals)],
            facts.around,
            self.weights,
        )
        return Decision(
            paid.payment_id,
            PROPOSED,
            (),
            scored[0].probability,
            tuple(doubts + reasons),
            self._candidates(paid, look, scored),
        )

    def _is_crossed(self, paid: Paid, left: int, around: Surroundings) -> bool:
        """Whether the amount tells of another invoice, so that the reference may be
        the wrong one."""
        if paid.amount == left:
            return False
        straight = self.weights.odd_amount(paid.amount, left, paid.unit)
        crossed = self.weights.crossed * around.sharing / max(around.open_count, 1)
        return straight < self.policy.other_amount * (straight + crossed)

    def _settle_unknown(self, paid: Paid, look: Look, facts: Facts) -> Decision:
        """Nobody's reference: repair it, or show what it may have been."""
        near = {inv.move_id: inv for inv in (*look.invoices, *facts.near)}.values()
        pool = [
            self._as_left(invoice)
            for invoice in near
            if invoice.currency_id == paid.currency_id
        ]
        covered = [
            invoice
            for invoice in near
            if invoice.is_open and self.ledger.left(invoice) < invoice.residual
        ]
        scored = scoring.score(
            look.query.key, paid.amount, pool, facts.around, self.weights
        )
        worth = [item for item in scored if item.probability >= self.policy.propose]
        best = scored[0] if scored else None
        if best and self._is_enough(paid, look, facts, scored, covered):
            invoice = best.invoice
            self.ledger.take(invoice.move_id, paid.amount)
            candidates = self._candidates(paid, look, scored[:1])
            return Decision(
                paid.payment_id,
                RECONCILED,
                (Share(invoice.move_id, paid.amount),),
                best.probability,
                candidates[0].reasons,
                candidates,
            )
        reasons = [self._why_not(paid, look, facts, scored, covered)]
        if facts.around.limited:
            reasons.append(Reason("search_limited"))
        return Decision(
            paid.payment_id,
            PROPOSED if worth else UNMATCHED,
            (),
            best.probability if worth else 0.0,
            tuple(reasons),
            self._candidates(paid, look, worth),
        )

    def _is_enough(
        self,
        paid: Paid,
        look: Look,
        facts: Facts,
        scored: Sequence[Scored],
        covered: Sequence[Invoice],
    ) -> bool:
        """Whether the likeliest repair may be booked."""
        best = scored[0]
        if not best.is_amount_equal or best.invoice.residual != paid.amount:
            return False
        if any(_rivals(best, item, look.query.key) for item in covered):
            return False
        if best.explanation.distance < 2:
            return best.probability >= self.policy.one_edit
        # both slips must leave enough behind, and nothing else may be near
        key = look.query.key
        return (
            best.probability >= self.policy.two_edits
            and not best.explanation.zeros
            and min(len(key.lstrip("0")), len(best.invoice.key.lstrip("0")))
            >= self.policy.two_edits_length
            and not facts.around.limited
            and all(
                invoice.move_id == best.invoice.move_id or not explain(key, invoice.key)
                for invoice in facts.near
            )
        )

    def _why_not(self, paid, look, facts, scored, covered) -> Reason:
        if not scored:
            if covered:
                return Reason("already_covered", (("reference", covered[0].reference),))
            return Reason("reference_unknown", (("reference", look.query.key),))
        if sum(item.probability >= self.policy.propose for item in scored) > 1:
            return Reason("several_candidates", (("count", len(scored)),))
        if not scored[0].is_amount_equal:
            return Reason("amount_differs")
        return Reason("not_sure_enough")

    # Evidence in words

    def _exact_evidence(
        self, key: str, in_text: bool, company_id: int
    ) -> tuple[float, Reason]:
        """Probability of an exact reference, and what it weighs."""
        open_count = self.open_counts.get(company_id, 1)
        cache_key = (len(key), len(key.lstrip("0")), in_text, company_id)
        if cache_key not in self._exact_cache:
            weights = self.weights
            seen = log(weights.exact)
            nothing = scoring.log_nothing_open(key, True, in_text, weights)
            null = log(weights.absent + weights.stranger)
            odds = log(weights.open / max(open_count, 1)) + seen - nothing
            probability = 1 / (1 + exp(-odds)) if odds > -50 else 0.0
            self._exact_cache[cache_key] = (
                probability,
                Reason("reference_exact", (), seen - nothing + null),
            )
        return self._exact_cache[cache_key]

    def _stated_evidence(self, paid: Paid, look: Look) -> tuple[float, Reason]:
        query = look.query
        return self._exact_evidence(query.key, query.in_text, paid.company_id)

    def _cleaned(self, look: Look) -> tuple[Reason, ...]:
        """That spaces or words were left out before comparing."""
        query = look.query
        if query and query.raw.strip() != query.key:
            return (Reason("cleaned", (("raw", query.raw.strip()),)),)
        return ()

    def _amount_reasons(self, paid: Paid, left: int) -> list[Reason]:
        values = (("paid", paid.amount / paid.unit), ("open", left / paid.unit))
        if paid.amount == left:
            return [self._amount_exact]
        weight = log(self.weights.amount_other)
        if paid.amount < left:
            return [Reason("amount_smaller", values, weight)]
        rest = (("rest", (paid.amount - left) / paid.unit),)
        return [Reason("amount_larger", values, weight), Reason("overpaid", rest)]

    def _candidates(
        self, paid: Paid, look: Look, scored: Sequence[Scored]
    ) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                item.invoice.move_id,
                item.invoice.partner_id,
                item.probability,
                item.invoice.residual,
                item.invoice.reference,
                item.explanation.distance,
                tuple(self._parts(paid, look, item)),
            )
            for item in scored[: self.policy.candidates]
        )

    def _parts(self, paid: Paid, look: Look, item: Scored) -> list[Reason]:
        """The evidence on one candidate, in the order people look at it."""
        parts = reference_reasons(item.explanation, item.reference)
        parts += self._cleaned(look)
        if item.invoice.residual == paid.amount:
            parts.append(Reason("amount_exact", (), item.amount))
        else:
            values = (
                ("paid", paid.amount / paid.unit),
                ("open", item.invoice.residual / paid.unit),
            )
            smaller = paid.amount < item.invoice.residual
            code = "amount_smaller" if smaller else "amount_larger"
            parts.append(Reason(code, values, item.amount))
        count = self.open_counts.get(paid.company_id, 1)
        parts.append(Reason("open_invoices", (("count", count),), item.prior))
        return parts

    def _candidate(self, invoice, probability, reasons) -> Candidate:
        return Candidate(
            invoice.move_id,
            invoice.partner_id,
            probability,
            invoice.residual,
            invoice.reference,
            0,
            reasons,
        )

    def _rank_by_amount(
        self, paid: Paid, look: Look, facts: Facts, pool: Sequence[Invoice]
    ) -> list[Candidate]:
        """Open invoices of a known customer, the likeliest by amount first.

        Equals stay in the order given, the oldest first.
        """
        weights = self.weights
        around = facts.around
        log_amount = weights.log_amount(paid.amount, around.sharing, around.open_count)
        equal = exp(log(weights.amount_equal) - log_amount)
        shares = [
            equal if self.ledger.left(item) == paid.amount else weights.amount_other
            for item in pool
        ]
        # next to these the customer may pay something that is not open
        total = sum(shares) + len(pool)
        ranked = []
        for share, invoice in zip(shares, pool, strict=True):
            left = self.ledger.left(invoice)
            reasons = [Reason("same_customer"), *self._amount_reasons(paid, left)]
            if look.kind == SHARED:
                reasons[0] = Reason("reference_exact")
            ranked.append(
                Candidate(
                    invoice.move_id,
                    invoice.partner_id,
                    share / total,
                    invoice.residual,
                    invoice.reference,
                    look.explanation.distance if look.kind == SHARED else -1,
                    tuple(reason for reason in reasons if reason.code != "overpaid"),
                )
            )
        ranked.sort(key=lambda item: -item.probability)
        return ranked[: self.policy.candidates]

    def _as_left(self, invoice: Invoice) -> Invoice:
        """The invoice as it stands after the payments decided before."""
        left = self.ledger.left(invoice)
        if left == invoice.residual:
            return invoice
        return Invoice(
            invoice.move_id,
            invoice.partner_id,
            invoice.key,
            invoice.reference,
            left,
            invoice.total,
            invoice.is_open and left > 0,
            invoice.currency_id,
        )


def decide_in_order(
    decider: Decider,
    payments: Sequence[Paid],
    looks: Sequence[Look],
    gather: Callable[[list[int]], dict[int, Facts]],
) -> list[Decision]:
    """Decide a batch: sure payments first, then those with a known reference.

    Money that names its invoice exactly comes before money whose reference had to be
    repaired, wherever they stand; among equals the order of the batch holds.

    :param gather: called once with the places of the payments that need more, returns
        their facts by place
    """
    decisions: dict[int, Decision] = {}
    waiting = []
    for at, (paid, look) in enumerate(zip(payments, looks, strict=True)):
        decision = decider.settle_sure(paid, look) if look.kind == SURE else None
        if decision is None:
            waiting.append(at)
        else:
            decisions[at] = decision
    facts = gather([at for at in waiting if looks[at].kind != NOTHING])
    waiting.sort(key=lambda at: (looks[at].kind == UNKNOWN, at))
    for at in waiting:
        decisions[at] = decider.settle(payments[at], looks[at], facts.get(at, Facts()))
    return [decisions[at] for at in range(len(payments))]


def _rivals(best: Scored, covered: Invoice, key: str) -> bool:
    """Whether an invoice that is paid already explains the reference as well."""
    if covered.move_id == best.invoice.move_id:
        return True
    other = explain(key, covered.key)
    return other is not None and other.distance <= best.explanation.distance


def _turned(look: Look, kind: str) -> Look:
    return Look(kind, look.invoices, look.query, look.explanation)
