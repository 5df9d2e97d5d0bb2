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

from math import exp, log

from odoo.addons.billing_bank_file.core.decision import Reason

from . import names, scoring
from .edits import Explanation
from .look import Paid, Query
from .measure import Measure, again_after, hazards, step
from .reasons import reference_reasons
from .scene import Customer, Explained, Scene
from .scoring import Invoice
from .subsets import SOME, subsets
from .weights import (
    ACCOUNT_NEW,
    ACCOUNT_SAME,
    NAME_EXACT,
    NAME_INITIALS,
    NAME_OTHER,
    NAME_PART,
    NAME_SURNAME,
    NAME_TYPO,
    Weights,
    equal_parts,
)

#: What speaks against the customer being the payer.
STRANGE_PAYER = frozenset(
    {"name_other", "account_other", "account_new", "customer_set_other"}
)
#: What speaks for him.
FAMILIAR_PAYER = frozenset(
    {"name_exact", "name_part", "name_initials", "name_typo", "name_surname"}
    | {"name_seen", "account_seen", "account_shared", "customer_set"}
)
#: Amounts that tell of their invoice to the last digit.
WITNESSES = frozenset(
    {"amount_exact", "amount_rounded", "amount_instalment", "fee_included"}
)


class Weigher:
    """Weighs all explanations of payments.

    :param weights: what the evidence is worth
    """

    def __init__(self, weights: Weights):
        self.weights = weights
        self._hazards = hazards(weights.delays)

    def weigh(self, paid: Paid, query: Query | None, scene: Scene) -> list[Explained]:
        """All explanations of a payment, the likeliest first.

        :param query: the reference it states, None without one
        """
        base = Measure(self.weights, paid, query, scene)
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
        for share, reference in (
            (weights.open * weights.amount_other, base.no_reference),
            (weights.known + weights.absent, base.no_reference_absent),
        ):
            found.append(Explained(None, (), log(share) + who + reference))
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
                result += base.account_unlisted
            else:
                known = 1 - weights.stranger_known
                result += log((has * new + (1 - has) * known) / known)
        if base.paid.told:
            result += log(1 - weights.told)
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
                other = value + log(weights.stale / weights.exact / weights.earlier)
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
        nothing = base.no_reference_absent
        for item in customer.closed:
            value, how = references[item.invoice.move_id]
            if how is not None:
                nothing = max(nothing, value + log(weights.stale / weights.earlier))
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
        found = [self._name(base, customer), self._account(base, customer)]
        payer = [part for part in found if part is not None]
        told = self._told(base, customer)
        if told is not None:
            # whoever set the customer may have gone by name or account: the same
            # thing is not said twice
            if told.weight < 0:
                payer.append(told)
            elif told.weight > sum(part.weight for part in payer):
                payer = [told]
        parts = [*customer.mentioned, *payer]
        value = customer.mention + sum(part.weight for part in payer)
        prior = log(weights.open / base.count) - log(weights.stranger)
        return value, (
            Reason("open_invoices", (("count", base.scene.open_count),), prior),
            *parts,
        )

    def is_strange(
        self, paid: Paid, query: Query | None, scene: Scene, partner_id: int
    ) -> bool:
        """Whether nothing but the reference speaks for a customer as the payer."""
        base = Measure(self.weights, paid, query, scene)
        customer = next(
            (item for item in scene.customers if item.partner_id == partner_id), None
        )
        if customer is None or not (base.names or paid.payer_account):
            return False
        codes = {part.code for part in self._who(base, customer)[1]}
        return bool(codes & STRANGE_PAYER) and not codes & FAMILIAR_PAYER

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
                    chance = weights.by_chance.get(how, 0.98)
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
            weight += log(base.population / weights.stranger_known)
            code = "account_seen" if customer.account_share > 0.95 else "account_shared"
            return Reason(code, (("account", account),), weight)
        if base.scene.account_known:
            if not customer.accounts:
                return None
            return Reason("account_other", (("account", account),), base.account_other)
        if customer.accounts:
            weight = log(weights.accounts[ACCOUNT_NEW] / (1 - weights.stranger_known))
            return Reason("account_new", (("account", account),), weight)
        return None

    def _told(self, base, customer) -> Reason | None:
        """What the customer that somebody set on the statement line says."""
        if not base.paid.told:
            return None
        if base.paid.told == customer.partner_id:
            weight = log(self.weights.told * base.population)
            return Reason("customer_set", (), weight)
        return Reason("customer_set_other", (), log(1 - self.weights.told))

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
            is_whole=code in WITNESSES,
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
            elif equal_parts(paid.amount, residual):
                code = "amount_instalment"
                values += (("parts", equal_parts(paid.amount, residual)),)
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
        weight = self._hazards[step(shifted)]
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
            share = weights.sets[subset.kind]
            if subset.kind == SOME:
                share /= max(subset.tried, 1)
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
        value = log(weights.again / weights.earlier / base.customers) + who + reference
        value += amount + item.mention + again_after(weights, base.paid.day, item.due)
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
            who = log(1 / weights.stranger_known) if known else 0.0
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
