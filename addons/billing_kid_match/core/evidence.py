"""Whose payment it is, and for what, when the reference alone does not say.

Every explanation of a payment is weighed: this customer pays this invoice, or a part
of it, or several at once; pays something that is not open; a stranger pays; somebody
nobody thought of pays one of the other open invoices with just this amount. Each piece
of evidence says how much better an explanation accounts for what was seen than «a
stranger» does, as a log-likelihood ratio in nats. All explanations together have
probability one, so what speaks for one speaks against the others.

The frequencies are those of the very value: a name that 300 customers share says less
than one of its own, 599,00 less than 1 448,70.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import exp, log

from rapidfuzz.distance import OSA

from odoo.addons.billing_bank_file.core.decision import (
    ASSIGNED,
    PARTIAL,
    PROPOSED,
    RECONCILED,
    UNMATCHED,
    Candidate,
    Decision,
    Reason,
    Share,
)

from . import names, scoring
from .decide import Paid, Query, reference_reasons
from .edits import MAX_EDITS, Explanation, explain
from .scoring import Invoice
from .subsets import ALL, OLDEST, subsets
from .weights import (
    ACCOUNT_NEW,
    ACCOUNT_OTHER,
    ACCOUNT_SAME,
    DELAY_STEPS,
    NAME_EXACT,
    NAME_INITIALS,
    NAME_OTHER,
    NAME_PART,
    NAME_SURNAME,
    NAME_TYPO,
    Policy,
    Weights,
)

# Chance that somebody else's name agrees in this way. What agrees more is counted.
_BY_CHANCE = {NAME_SURNAME: 0.004, NAME_INITIALS: 2e-4, NAME_TYPO: 2e-5}
_SAME_PERSON = (NAME_EXACT, NAME_PART, NAME_INITIALS, NAME_TYPO)
#: What speaks against the customer being the payer.
_STRANGE_PAYER = frozenset({"name_other", "account_other", "account_new"})
#: What speaks for him.
_FAMILIAR_PAYER = frozenset(
    {"name_exact", "name_part", "name_initials", "name_typo", "name_surname"}
    | {"name_seen", "account_seen", "account_shared"}
)
#: Share of strangers' payments without any reference.
_STRANGER_BARE = 0.5
#: Share of strangers who pay from an account that is known for a customer.
_STRANGER_KNOWN = 0.03
#: Payments after which an account is half as likely to pay for somebody new.
_ACCOUNT_TRUST = 10
#: Share of customers' payments that state a number which is nothing of ours.
_FOREIGN = 0.0005
_FOREIGN_IN_TEXT = 0.3
#: Invoices of a customer whose reference may be stated for a later one.
_EARLIER = 6
#: Share of odd amounts that are one of a few equal parts.
_INSTALMENT = 0.15
#: How the amounts of payments for several invoices are put together.
_SET_SHARES = {ALL: 0.55, OLDEST: 0.25}
#: People whose names could come up by chance, however small the book is.
_POPULATION = 20_000
#: Invoices issued at least, of which a payer may take the wrong reference.
_ISSUED_BEFORE = 100
#: What speaks for a customer, amount and day apart, before money goes to his account:
#: that nobody else is in sight is not enough.
_TELLING = log(10_000)
#: Reminder fees that payers add or leave out, in minor units by country: the rate of
#: the year and the one before, once and twice (inkassoforskriften § 1-2; lag 1981:739).
REMINDER_FEES = {"NO": (3500, 3800, 7000, 7600), "SE": (6000,)}


@dataclass(frozen=True, slots=True)
class Item:
    """An open invoice or credit note of a customer.

    :param invoice: ``residual`` is below zero for a credit note
    :param due: due date
    :param mention: log-likelihood ratio of what the texts say of it
    :param mentioned: the words for it, empty when nothing is said
    """

    invoice: Invoice
    due: date | None = None
    mention: float = 0.0
    mentioned: tuple[Reason, ...] = ()


@dataclass(slots=True)
class Customer:
    """A customer who may have paid.

    :param names: his names in the books
    :param open: his open items, oldest first
    :param closed: invoices of his that are paid, as far as they matter here
    :param accounts: number of accounts known to have paid for him
    :param account_share: share of the payments from the payer's account that were for
        him, 0–1
    :param name_share: the same for payments under the payer's name
    :param namesakes: customers that share the payer's words with him, himself included
    :param kin: customers that share one word with the payer's name and him, 0 when too
        many to count
    :param delay: mean days from due date to payment, None when unknown
    :param mention: log-likelihood ratio of what the texts say of him
    :param mentioned: the words for it
    """

    partner_id: int
    names: tuple[str, ...] = ()
    open: list[Item] = field(default_factory=list)
    closed: list[Item] = field(default_factory=list)
    accounts: int = 0
    account_share: float = 0.0
    name_share: float = 0.0
    namesakes: int = 1
    kin: int = 0
    delay: float | None = None
    mention: float = 0.0
    mentioned: tuple[Reason, ...] = ()


@dataclass(slots=True)
class Scene:
    """What is known around one payment.

    :param open_count: open invoices of the company
    :param sharing: those of them with just the paid amount
    :param customers: all who may have paid
    :param account_known: the payer's account paid for some customer before
    :param account_total: number of payments it made
    :param namesakes: customers who bear the payer's name
    :param fees: amounts in minor units by which an invoice grows when it is reminded
    """

    open_count: int
    sharing: int
    customers: Sequence[Customer]
    account_known: bool = False
    account_total: int = 0
    namesakes: int = 0
    fees: tuple[int, ...] = ()


@dataclass(slots=True)
class Explained:
    """One explanation of a payment: who pays what.

    :param shares: minor units by invoice; empty for something that is not open
    :param value: log of its joint weight
    :param parts: the evidence in words, with its weights
    :param is_whole: everything it settles is settled to the last digit
    :param distance: edits between the paid and the issued reference, -1 when the
        reference took no part
    :param is_named: the texts name what it settles
    :param closed: the paid invoice that it pays again
    :param telling: what name, account, reference and texts say of the customer, in nats
    """

    customer: Customer | None
    shares: tuple[tuple[Invoice, int], ...]
    value: float
    parts: tuple[Reason, ...] = ()
    is_whole: bool = False
    distance: int = -1
    is_named: bool = False
    closed: Invoice | None = None
    telling: float = 0.0
    probability: float = 0.0


class Weigher:
    """Weighs all explanations of payments.

    :param weights: what the evidence is worth
    :param policy: when it is enough
    :param policy_of: policy of a customer by partner id, when his group has its own
    """

    def __init__(
        self,
        weights: Weights,
        policy: Policy,
        policy_of: Callable[[int], Policy] | None = None,
    ):
        self.weights = weights
        self.policy = policy
        self.policy_of = policy_of or (lambda partner_id: policy)
        self._hazards = _hazards(weights.delays)

    # Weighing

    def weigh(self, paid: Paid, query: Query | None, scene: Scene) -> list[Explained]:
        """All explanations of a payment, the likeliest first.

        :param query: the reference it states, None without one
        """
        base = _Base(self.weights, paid, query, scene)
        found = [self._stranger(base)]
        found += self._others(base)
        for customer in scene.customers:
            found += self._of_customer(base, customer)
        found += self._of_several_customers(base)
        top = max(item.value for item in found)
        total = top + log(sum(exp(item.value - top) for item in found))
        for item in found:
            item.probability = exp(item.value - total)
        found.sort(key=lambda item: -item.probability)
        return found

    def _stranger(self, base) -> Explained:
        weights = self.weights
        in_text = base.query is not None and base.query.in_text
        share = weights.stranger_in_text if in_text else weights.stranger
        return Explained(None, (), log(share))

    def _others(self, base) -> list[Explained]:
        """Customers nobody thought of.

        One of the other invoices with just this amount, another invoice, or something
        that is not open; under a name and from an account that tell nothing.
        """
        weights = self.weights
        scene = base.scene
        who = self._unknown_payer(base)
        loaded = sum(
            item.invoice.residual == base.paid.amount
            for customer in scene.customers
            for item in customer.open
        )
        left = max(scene.sharing - loaded, 0)
        each = log(weights.open / base.count)
        found = []
        if left:
            amount = log(weights.amount_equal) - base.log_amount
            found.append(
                Explained(None, (), each + log(left) + who + base.no_reference + amount)
            )
        elsewhere = log(
            weights.open * weights.amount_other + weights.known + weights.absent
        )
        found.append(Explained(None, (), elsewhere + who + base.no_reference))
        return found

    def _unknown_payer(self, base) -> float:
        """Name and account of a customer who is not among those looked at."""
        weights = self.weights
        result = 0.0
        if base.names:
            result += log(
                weights.names[NAME_OTHER]
                + weights.names[NAME_SURNAME]
                + weights.names[NAME_TYPO]
                + weights.names[NAME_INITIALS]
            )
        if base.paid.payer_account:
            has, new = weights.remembered, weights.accounts[ACCOUNT_NEW]
            if base.scene.account_known:
                result += base.account_other
            else:
                known = 1 - _STRANGER_KNOWN
                result += log((has * new + (1 - has) * known) / known)
        return result

    def _of_customer(self, base, customer: Customer) -> list[Explained]:
        """All that one customer may be paying."""
        weights = self.weights
        who, parts = self._who(base, customer)
        references = {}
        for item in (*customer.open, *customer.closed):
            references[item.invoice.move_id] = self._reference(base, item.invoice)
        # a reference of his that was stated for something else
        stale = base.no_reference
        for value, how in references.values():
            if how is not None:
                other = value + log(weights.stale / weights.exact / _EARLIER)
                stale = max(stale, other)
        found = []
        debts = [item for item in customer.open if item.invoice.residual > 0]
        for item in debts:
            found.append(
                self._single(base, customer, item, who, parts, references, stale)
            )
        found += self._sets(base, customer, who, parts, references, stale)
        # something that is not open: an invoice again, or nothing in the books
        per_customer = log((weights.known * 0.5 + weights.absent) / base.customers)
        nothing = base.no_reference
        for item in customer.closed:
            value, how = references[item.invoice.move_id]
            if how is not None:
                nothing = max(nothing, value + log(weights.stale / _EARLIER))
        found.append(
            Explained(
                customer,
                (),
                per_customer + who + nothing,
                parts,
                telling=who + max(stale, 0.0),
            )
        )
        for item in customer.closed:
            found.append(self._again(base, customer, item, who, parts, references))
        return found

    def _who(self, base, customer) -> tuple[float, tuple[Reason, ...]]:
        """What name, account and texts say of a customer."""
        weights = self.weights
        value = customer.mention
        parts = list(customer.mentioned)
        name = self._name(base, customer)
        if name is not None:
            value += name.weight
            parts.append(name)
        account = self._account(base, customer)
        if account is not None:
            value += account.weight
            parts.append(account)
        prior = log(weights.open / base.count) - log(weights.stranger)
        return value, (
            Reason("open_invoices", (("count", base.scene.open_count),), prior),
            *parts,
        )

    def is_strange(
        self, paid: Paid, query: Query | None, scene: Scene, partner_id: int
    ) -> bool:
        """Whether nothing but the reference speaks for a customer as the payer."""
        base = _Base(self.weights, paid, query, scene)
        customer = next(
            (item for item in scene.customers if item.partner_id == partner_id), None
        )
        if customer is None or not (base.names or paid.payer_account):
            return False
        codes = {part.code for part in self._who(base, customer)[1]}
        return bool(codes & _STRANGE_PAYER) and not codes & _FAMILIAR_PAYER

    def _name(self, base, customer) -> Reason | None:
        if not base.names:
            return None
        weights = self.weights
        best = None
        for paid in base.names:
            for known in customer.names:
                how = names.compare(paid, known)
                if how in (NAME_EXACT, NAME_PART):
                    chance = max(customer.namesakes, 1) / base.population
                else:
                    chance = _BY_CHANCE.get(how, 0.98)
                    if how == NAME_SURNAME and customer.kin:
                        chance = customer.kin / base.population
                chance = min(chance, 0.98)
                weight = log(weights.names[how] / len(base.names)) - log(chance)
                if best is None or weight > best.weight:
                    values = (("name", known),)
                    if how == NAME_EXACT:
                        values += (("count", max(customer.namesakes, 1)),)
                    best = Reason(f"name_{how}", values, weight)
        if customer.name_share:
            weight = log(weights.names[NAME_OTHER] * customer.name_share)
            weight += log(base.population / max(base.scene.namesakes, 1))
            if best is None or weight > best.weight:
                best = Reason("name_seen", (("name", base.names[0]),), weight)
        return best

    def _account(self, base, customer) -> Reason | None:
        account = base.paid.payer_account
        if not account:
            return None
        weights = self.weights
        if customer.account_share:
            weight = log(weights.accounts[ACCOUNT_SAME] * customer.account_share)
            weight += log(base.population / _STRANGER_KNOWN)
            code = "account_seen" if customer.account_share > 0.95 else "account_shared"
            return Reason(code, (("account", account),), weight)
        if base.scene.account_known:
            if not customer.accounts:
                return None
            return Reason("account_other", (("account", account),), base.account_other)
        if customer.accounts:
            weight = log(weights.accounts[ACCOUNT_NEW] / (1 - _STRANGER_KNOWN))
            return Reason("account_new", (("account", account),), weight)
        return None

    def _reference(self, base, invoice: Invoice) -> tuple[float, Explanation | None]:
        """What the stated reference says of an invoice."""
        how = base.explain(invoice.key)
        if how is None:
            return base.no_reference, None
        seen = scoring.log_reference(how, len(invoice.key), self.weights)
        return seen - base.log_reference, how

    def _single(self, base, customer, item, who, parts, references, stale):
        """The customer pays one invoice, or a part of it, or more than it."""
        weights = self.weights
        invoice = item.invoice
        reference, how = references[invoice.move_id]
        is_stale = stale > reference
        if is_stale:
            # likelier than that he damaged this very one
            reference, how = stale, None
        amount, code, share = self._amount(base, invoice)
        day = self._day(base, customer, item)
        value = (
            log(weights.open / base.count)
            + who
            + reference
            + item.mention
            + amount.weight
            + day.weight
        )
        seen = self._reference_parts(base, how, reference, is_stale)
        return Explained(
            customer,
            ((invoice, share),),
            value,
            (parts[0], *seen, *item.mentioned, *parts[1:], amount, day),
            is_whole=code in ("amount_exact", "amount_rounded", "fee_included"),
            distance=-1 if how is None else how.distance,
            is_named=bool(item.mentioned) and item.mention > 6,
            telling=who + max(reference, 0.0) + item.mention,
        )

    def _reference_parts(self, base, how, weight, is_stale) -> list[Reason]:
        if base.query is None:
            return []
        if how is not None:
            return reference_reasons(how, weight)
        code = "reference_earlier" if is_stale else "reference_foreign"
        return [Reason(code, (("reference", base.query.key),), weight)]

    def _amount(self, base, invoice) -> tuple[Reason, str, int]:
        """How well the paid amount fits an invoice.

        :return: reason, its code, and the minor units that settle the invoice
        """
        weights = self.weights
        paid, residual = base.paid, invoice.residual
        values = (
            ("paid", paid.amount / paid.unit),
            ("open", residual / paid.unit),
        )
        if paid.amount == residual:
            chance, code, values = weights.amount_equal, "amount_exact", ()
        elif paid.amount - residual in base.scene.fees:
            chance, code = weights.fee / len(base.scene.fees), "fee_included"
            values = (("fee", (paid.amount - residual) / paid.unit),)
        elif residual - paid.amount in base.scene.fees:
            chance, code = weights.fee / len(base.scene.fees), "fee_left_out"
            values = (("fee", (residual - paid.amount) / paid.unit),)
        else:
            chance = weights.odd_amount(paid.amount, residual, paid.unit)
            if (
                chance >= weights.part * 0.25
                and abs(residual - paid.amount) < paid.unit
            ):
                code = "amount_rounded"
            elif paid.amount < residual:
                code = "amount_smaller"
            else:
                code = "amount_larger"
        weight = log(max(chance, 1e-12)) - base.log_amount
        return Reason(code, values, weight), code, min(paid.amount, residual)

    def _day(self, base, customer, item) -> Reason:
        """How usual it is to pay an invoice so many days from its due date."""
        if base.paid.day is None or item.due is None:
            return Reason("day", (("days", 0),), 0.0)
        days = (base.paid.day - item.due).days
        shifted = days
        if customer.delay is not None:
            # his own habit counts half: people also change
            shifted = days - round(customer.delay / 2)
        weight = self._hazards[_step(shifted)]
        if days < 0:
            return Reason("day_before", (("days", -days),), weight)
        if days:
            return Reason("day_after", (("days", days),), weight)
        return Reason("day_due", (), weight)

    def _sets(self, base, customer, who, parts, references, stale):
        """The customer pays several invoices at once, credit notes set off."""
        weights = self.weights
        items = customer.open
        amounts = [item.invoice.residual for item in items]
        found = []
        for subset in subsets(amounts, base.paid.amount):
            chosen = [items[at] for at in subset.places]
            if sum(item.invoice.residual > 0 for item in chosen) == 0:
                continue
            share = _SET_SHARES.get(subset.kind)
            if share is None:
                share = 0.2 / max(subset.tried, 1)
            own = [references[item.invoice.move_id] for item in chosen]
            reference, how = max(own, key=lambda pair: pair[0])
            if how is None:
                reference = max(reference, stale)
            mention = sum(item.mention for item in chosen)
            amount = Reason(
                "amount_sum", (("count", len(chosen)),), log(share) - base.log_amount
            )
            value = log(weights.several / base.customers) + who + reference + mention
            value += amount.weight
            seen = self._reference_parts(base, how, reference, how is None)
            said = tuple(reason for item in chosen for reason in item.mentioned)
            found.append(
                Explained(
                    customer,
                    tuple((item.invoice, item.invoice.residual) for item in chosen),
                    value,
                    (parts[0], *seen, *said, *parts[1:], amount),
                    is_whole=True,
                    distance=-1 if how is None else how.distance,
                    telling=who + max(reference, 0.0) + mention,
                )
            )
        return found

    def _again(self, base, customer, item, who, parts, references) -> Explained:
        """The customer pays an invoice that is paid."""
        weights = self.weights
        invoice = item.invoice
        reference, how = references[invoice.move_id]
        if base.paid.amount == invoice.total:
            amount = log(weights.amount_equal) - base.log_amount
        else:
            amount = log(weights.amount_other)
        value = log(weights.again / _EARLIER / base.customers) + who + reference
        value += amount + item.mention + _again_after(base.paid.day, item.due)
        distance = -1 if how is None else how.distance
        return Explained(
            customer,
            (),
            value,
            parts,
            distance=distance,
            closed=invoice,
            telling=who + max(reference, 0.0),
        )

    def _of_several_customers(self, base) -> list[Explained]:
        """Somebody pays for several customers at once: an employer, a housing
        association, a parent.

        Looked at when the payer's account has paid for several customers, or the texts
        name several.
        """
        weights = self.weights
        payers = [
            customer
            for customer in base.scene.customers
            if 0 < customer.account_share < 1
            or customer.name_share
            or any(item.mentioned for item in customer.open)
        ]
        if len(payers) < 2:
            return []
        found = []
        groups = [
            [item for customer in payers for item in customer.open],
            [customer.open[0] for customer in payers if customer.open],
            [item for customer in payers for item in customer.open if item.mentioned],
        ]
        seen = set()
        for group in groups:
            moves = frozenset(item.invoice.move_id for item in group)
            total = sum(item.invoice.residual for item in group)
            if len(group) < 2 or total != base.paid.amount or moves in seen:
                continue
            seen.add(moves)
            known = any(customer.account_share for customer in payers)
            who = log(1 / _STRANGER_KNOWN) if known else 0.0
            who += max((item.mention for item in group), default=0.0)
            amount = Reason(
                "amount_sum",
                (("count", len(group)),),
                log(weights.shared / 3) - base.log_amount,
            )
            reference = base.no_reference
            code = "several_customers"
            found.append(
                Explained(
                    None,
                    tuple((item.invoice, item.invoice.residual) for item in group),
                    amount.weight + who + reference,
                    (Reason(code, (("count", len(payers)),), who), amount),
                    is_whole=True,
                )
            )
        return found

    # Deciding

    def decide(
        self, paid: Paid, query: Query | None, scene: Scene, before: Decision
    ) -> Decision:
        """Decide a payment by all its evidence.

        :param before: what the reference alone led to; its reason is kept when the
            evidence settles nothing
        """
        found = self.weigh(paid, query, scene)
        candidates = self._candidates(found)
        best = next((item for item in found if item.shares), None)
        if best is not None and self._is_enough(query, best, found):
            return self._settle(paid, best, candidates)
        sure, customer = self._sure_customer(found)
        policy = self.policy_of(customer.partner_id) if customer else self.policy
        reasons = before.reasons
        partner_id = 0
        if customer is not None and sure >= (policy.customer or self.policy.customer):
            partner_id = customer.partner_id
            again = next(
                (
                    item
                    for item in found[:1]
                    if item.closed is not None and item.customer is customer
                ),
                None,
            )
            if again is not None:
                values = (("reference", again.closed.reference),)
                reasons = (Reason("reference_paid", values),)
        if partner_id and policy.customer and not self._is_paid_again(reasons, found):
            return Decision(
                paid.payment_id,
                ASSIGNED,
                (),
                sure,
                (Reason("customer_certain", ()), *reasons),
                candidates,
                partner_id=partner_id,
            )
        # what a certain customer owes is worth a look however unlikely
        worth = tuple(
            item
            for item in candidates
            if item.probability >= self.policy.propose
            or (partner_id and item.partner_id == partner_id)
        )
        return Decision(
            paid.payment_id,
            PROPOSED if worth else UNMATCHED,
            (),
            worth[0].probability if worth else 0.0,
            reasons,
            worth,
            partner_id=partner_id,
        )

    @staticmethod
    def _is_paid_again(reasons, found) -> bool:
        """Whether the customer most likely pays something that is paid already: the
        company's own rule for that decides, not this."""
        return any(reason.code == "reference_paid" for reason in reasons) and not (
            found and found[0].shares
        )

    def _is_enough(
        self, query: Query | None, best: Explained, found: Sequence[Explained]
    ) -> bool:
        owner = best.customer
        policy = self.policy_of(owner.partner_id) if owner else self.policy
        asked = policy.evidence
        if best.distance == 0 and query is not None and not query.in_text:
            # the invoice's own reference with another amount: by whom decides
            strange = any(part.code in _STRANGE_PAYER for part in best.parts)
            asked = policy.two_edits if strange else policy.other_amount
        if not policy.by_evidence or best.probability < asked:
            return False
        if owner is not None and best.telling <= 0:
            return False  # amount and day alone never book
        rest = max(
            (item.probability for item in found if item is not best), default=0.0
        )
        if best.probability < policy.margin * rest:
            return False
        # one strong witness beside the probability, so that a wrong guess at how
        # usual something is cannot book by itself
        return best.is_whole or 0 <= best.distance <= 1 or best.is_named

    def _settle(self, paid, best: Explained, candidates) -> Decision:
        shares = tuple(
            Share(invoice.move_id, amount) for invoice, amount in best.shares
        )
        settled = all(amount == invoice.residual for invoice, amount in best.shares)
        parts = [part for part in best.parts if part.code != "open_invoices"]
        rest = paid.amount - sum(share.amount for share in shares)
        if rest > 0:
            parts.append(Reason("overpaid", (("rest", rest / paid.unit),)))
        return Decision(
            paid.payment_id,
            RECONCILED if settled else PARTIAL,
            shares,
            best.probability,
            tuple(parts),
            candidates,
        )

    def _sure_customer(self, found) -> tuple[float, Customer | None]:
        """The likeliest customer, whatever he pays."""
        sums: dict[int, float] = {}
        told: dict[int, list[float]] = {}
        owners = {}
        for item in found:
            if item.customer is not None:
                key = item.customer.partner_id
                sums[key] = sums.get(key, 0.0) + item.probability
                told.setdefault(key, []).append(item.telling)
                owners[key] = item.customer
        if not sums:
            return 0.0, None
        key = max(sums, key=sums.__getitem__)
        if max(told[key]) < _TELLING:
            return 0.0, None
        return sums[key], owners[key]

    def _candidates(self, found) -> tuple[Candidate, ...]:
        """The invoices in the explanations, the likeliest first."""
        chances: dict[int, float] = {}
        best: dict[int, Explained] = {}
        invoices = {}
        for item in found:
            for invoice, _amount in item.shares:
                if invoice.residual <= 0:
                    continue
                move = invoice.move_id
                chances[move] = chances.get(move, 0.0) + item.probability
                best.setdefault(move, item)
                invoices[move] = invoice
        # among equals the oldest stays first
        order = sorted(chances, key=lambda move: -chances[move])
        return tuple(
            Candidate(
                move,
                invoices[move].partner_id,
                min(chances[move], 1.0),
                invoices[move].residual,
                invoices[move].reference,
                best[move].distance,
                best[move].parts
                if len(best[move].shares) == 1
                else (
                    *best[move].parts,
                    Reason("part_of_sum", (("count", len(best[move].shares)),)),
                ),
            )
            for move in order[: self.policy.candidates]
        )


class _Base:
    """What a stranger's payment would look like: the measure of all evidence."""

    def __init__(self, weights: Weights, paid: Paid, query: Query | None, scene: Scene):
        self.paid = paid
        self.query = query
        self.scene = scene
        self.count = max(scene.open_count, 1)
        self.customers = max(round(scene.open_count * 0.75), 1)
        self.population = max(self.customers, _POPULATION)
        # An account that has paid for the same people many times is less likely to pay
        # for others now
        trust = _ACCOUNT_TRUST / (_ACCOUNT_TRUST + scene.account_total)
        self.account_other = log(
            weights.accounts[ACCOUNT_OTHER] * trust / _STRANGER_KNOWN
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
                crossed = log(weights.crossed / max(self.count, _ISSUED_BEFORE))
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
        self.no_reference = self._no_reference(weights)

    def _no_reference(self, weights: Weights) -> float:
        """What a reference that is no invoice's of the customer, or none, says."""
        if self.query is None:
            return log(weights.bare / _STRANGER_BARE)
        if self.is_ours:
            return 0.0
        # in a message anything may stand, whoever writes it
        foreign = log(_FOREIGN_IN_TEXT if self.query.in_text else _FOREIGN)
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


def _instalments(amount: int, residual: int) -> int:
    """Of how many equal parts an amount is one, 0 when it is none."""
    for count in (2, 3, 4, 5, 6, 10, 12):
        if abs(amount * count - residual) < count:
            return count
    return 0


def _again_after(day: date | None, due: date | None) -> float:
    """How much less likely an invoice is paid twice the longer ago it was due."""
    if day is None or due is None:
        return 0.0
    days = (day - due).days
    for last, share in ((14, 1.0), (31, 0.4), (62, 0.1)):
        if days <= last:
            return log(share)
    return log(0.02)


def _step(days: int) -> int:
    for at, last in enumerate(DELAY_STEPS):
        if days <= last:
            return at
    return len(DELAY_STEPS) - 1


def _hazards(delays: Sequence[float]) -> list[float]:
    """How much likelier than on an average day an invoice that is still open is paid,
    by step, as logs."""
    left = sum(delays)
    first = DELAY_STEPS[0] - 14
    widths = [
        last - before
        for before, last in zip((first, *DELAY_STEPS), DELAY_STEPS, strict=False)
    ]
    widths[-1] = 60
    hazards = []
    for share, width in zip(delays, widths, strict=True):
        hazards.append(share / width / max(left, share))
        left -= share
    mean = 1 / 40
    return [log(max(value, 1e-5) / mean) for value in hazards]
