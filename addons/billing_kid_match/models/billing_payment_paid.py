import dataclasses
import logging

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.billing_bank_file.core import decision, resolution

from ..core.queries import stated_references
from .billing_known_payment import Sought

_logger = logging.getLogger(__name__)

#: Reasons that say that the money is for something that is paid already.
PAID_REASONS = frozenset({"reference_paid", "already_covered"})
#: Payments that still have no place in the books.
WAITING = (decision.PROPOSED, decision.UNMATCHED)


class BillingPayment(models.Model):
    """Payments of what is paid already: registered before, or paid twice."""

    _inherit = "billing.payment"

    # === BUSINESS METHODS === #

    def _decide(self):
        """Extend with payments that Odoo knows already, and with the company's rule
        for invoices that are paid twice."""
        decisions = self._recognise_known(super()._decide())
        return self._apply_paid_policy(decisions)

    def _recognise_known(self, decisions):
        """Turn decisions on payments that were registered before into bookings.

        :param decisions: list of :class:`Decision`, in the order of ``self``
        :return: the same, with those reconciled whose registered payment is certain
        """
        sought = []
        for place, (payment, item) in enumerate(zip(self, decisions, strict=True)):
            codes = {reason.code for reason in item.reasons}
            if (
                item.outcome in (*WAITING, decision.ASSIGNED)
                and payment.amount > 0
                and (item.partner_id or codes & PAID_REASONS)
            ):
                sought.append(payment._sought(place, item.partner_id))
        if not sought:
            return decisions
        decisions = list(decisions)
        taken = set()
        found = self.env["billing.known.payment"]._find(sought)
        for place, candidates in found.items():
            # A second payment as good as the first makes both doubtful.
            named = [known for known in candidates if known.is_named] or candidates
            known = named[0]
            if len(named) > 1 or known.payment_id in taken:
                continue
            taken.add(known.payment_id)
            item = decisions[place]
            values = (("name", known.reference), ("date", str(known.date)))
            decisions[place] = dataclasses.replace(
                item,
                outcome=decision.RECONCILED,
                shares=known.shares,
                probability=max(item.probability, 1.0 if known.is_named else 0.0),
                reasons=(decision.Reason("known_payment", values),),
                partner_id=known.partner_id,
            )
        return decisions

    def _sought(self, place, partner_id):
        """What a registered payment must have in common with this one."""
        values = [item.get("value") for item in self.reference_values or ()]
        queries = stated_references(self.reference, filter(None, values), self.text)
        keys = [key for query in queries for key in query.keys]
        return Sought(
            place,
            self.company_id.id,
            self.currency_id.id,
            self._in_minor_units(),
            tuple(filter(None, (*keys, self.end_to_end_id))),
            self.booking_date,
            self.journal_id.id,
            partner_id,
        )

    @api.model
    def _apply_paid_policy(self, decisions):
        """Credit certain customers with what they paid twice, if the company says so.

        Money that may well be for an invoice that is open waits for a person.

        :param decisions: list of :class:`Decision` of the present company
        :return: the same, with those assigned that the company's rule is about
        """
        company = self.env.company
        if company.billing_match_paid_policy == "review":
            return decisions
        likely = company.billing_match_shield_threshold
        return [
            dataclasses.replace(item, outcome=decision.ASSIGNED)
            if item.outcome in WAITING
            and item.partner_id
            and any(reason.code in PAID_REASONS for reason in item.reasons)
            and not any(c.probability >= likely for c in item.candidates)
            else item
            for item in decisions
        ]

    def _book_decisions(self, decisions):
        """Extend with the refunds that the company's rule asks for."""
        res = super()._book_decisions(decisions)
        if self.env.company.billing_match_paid_policy == "refund":
            self.filtered(
                lambda payment: (
                    payment.state == decision.ASSIGNED
                    and payment.resolution in resolution.PAID
                )
            )._propose_refunds_by_rule()
        return res

    def _propose_refunds_by_rule(self):
        """Propose refunds nobody asked for; a credit stays where Odoo refuses."""
        payments = self.filtered(lambda payment: payment._has_refundable_credit())
        if not payments:
            return
        try:
            with self.env.cr.savepoint():
                refunds = payments._draft_refunds()
                self.env["billing.event"]._log(
                    [
                        payment._step(
                            "payment.refund_proposed", refund.amount, "system"
                        )
                        for payment, refund in zip(payments, refunds, strict=True)
                    ]
                )
        except UserError as error:
            if len(payments) == 1:
                _logger.info("No refund of payment %s: %s", payments.id, error)
                return
            # One that Odoo refuses stops no other.
            for payment in payments:
                payment._propose_refunds_by_rule()

    # === HELPERS === #

    @api.model
    def _reason_texts(self):
        _ = self.env._
        return {
            **super()._reason_texts(),
            "known_payment": _("registered before as %(name)s"),
        }
