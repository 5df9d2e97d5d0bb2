"""What is done with a payment, once all its explanations are weighed."""

from collections.abc import Callable, Sequence
from math import log

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

from .calibration import Curve, log_odds
from .evidence import FAMILIAR_PAYER, STRANGE_PAYER, Weigher
from .look import Paid, Query
from .scene import Customer, Explained, Scene
from .waterfall import CALIBRATION
from .weights import SAID_STEPS, Policy

#: What speaks for a customer, amount and day apart, before money goes to his account:
#: that nobody else is in sight is not enough.
_TELLING = log(10_000)


class Judge:
    """Decides payments by all their evidence.

    What is asked of probabilities is asked of what they turned out to be worth
    (:attr:`~.weights.Weights.calibrated`); how much likelier one explanation is than
    another, of the evidence as it is.

    :param weigher: weighs it
    :param policy: when it is enough
    :param policy_of: policy of a customer by partner id, when his group has its own
    """

    def __init__(
        self,
        weigher: Weigher,
        policy: Policy,
        policy_of: Callable[[int], Policy] | None = None,
    ):
        self.weigher = weigher
        self.policy = policy
        self.policy_of = policy_of or (lambda partner_id: policy)
        self._worth = Curve(SAID_STEPS, weigher.weights.calibrated)

    def decide(
        self, paid: Paid, query: Query | None, scene: Scene, before: Decision
    ) -> Decision:
        """Decide a payment by all its evidence.

        :param before: what the reference alone led to; its reason is kept when the
            evidence settles nothing
        """
        found = self.weigher.weigh(paid, query, scene)
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
            asked = policy.other_amount if self._is_his(best) else policy.two_edits
        elif best.distance > 0 and not self._is_his(best):
            # as much as is asked where reference and amount are all there is
            alone = policy.one_edit if best.distance < 2 else policy.two_edits
            asked = max(asked, alone)
        if not policy.by_evidence or self._worth(best.probability) < asked:
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
        return (
            best.is_whole
            or 0 <= best.distance <= 1
            or best.is_named
            # two slips leave enough of the reference when its customer pays
            or (best.distance == 2 and self._is_his(best))
        )

    @staticmethod
    def _is_his(explained: Explained) -> bool:
        """Whether name or account speak for the customer as the payer, none against.

        A surname alone does not: strangers share it too.
        """
        codes = {part.code for part in explained.parts}
        own = codes & FAMILIAR_PAYER - {"name_surname"}
        return bool(own) and not codes & STRANGE_PAYER

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
            self._worth(best.probability),
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
            self._candidate(invoices[move], best[move], min(chances[move], 1.0))
            for move in order[: self.policy.candidates]
        )

    def _candidate(self, invoice, explained: Explained, chance: float) -> Candidate:
        worth = self._worth(chance)
        reasons = list(explained.parts)
        said = explained.probability
        if self._worth(said) != said:
            learned = log_odds(self._worth(said)) - log_odds(said)
            reasons.append(Reason(CALIBRATION, (), learned))
        if len(explained.shares) > 1:
            moves = tuple(found.move_id for found, _amount in explained.shares)
            values = (("count", len(moves)), ("move_ids", moves))
            reasons.append(Reason("part_of_sum", values))
        return Candidate(
            invoice.move_id,
            invoice.partner_id,
            worth,
            invoice.residual,
            invoice.reference,
            explained.distance,
            tuple(reasons),
        )
