import dataclasses

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from odoo.addons.billing_bank_file.core import decision

# Candidates shown in the list for one payment; the form shows all that were kept.
CANDIDATES_IN_LIST = 3


class BillingPayment(models.Model):
    _inherit = "billing.payment"

    candidate_ids = fields.One2many(
        comodel_name="billing.payment.candidate",
        inverse_name="payment_id",
        readonly=True,
    )
    best_candidate_id = fields.Many2one(
        comodel_name="billing.payment.candidate",
        compute="_compute_best_candidate_id",
    )
    candidates_html = fields.Html(
        string="Candidates", compute="_compute_candidates_html", sanitize=False
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "candidate_ids.reasons")
    def _compute_reason_text(self):
        return super()._compute_reason_text()

    @api.depends("candidate_ids.is_open")
    def _compute_best_candidate_id(self):
        for payment in self:
            payment.best_candidate_id = payment.candidate_ids.filtered("is_open")[:1]

    @api.depends("candidate_ids.reference_html", "candidate_ids.is_open")
    @api.depends_context("lang")
    def _compute_candidates_html(self):
        for payment in self:
            payment.candidates_html = Markup("").join(
                Markup(
                    '<div class="o_billing_candidate">%s <b>%s</b> · %s · %s · %s</div>'
                )
                % (
                    candidate.reference_html,
                    candidate.move_id.name,
                    candidate.currency_id.format(candidate.amount_residual),
                    candidate.partner_id.name or "",
                    f"{formatLang(self.env, candidate.probability * 100, digits=1)}%",
                )
                for candidate in payment.candidate_ids.filtered("is_open")[
                    :CANDIDATES_IN_LIST
                ]
            )

    # === ACTIONS === #

    def action_accept(self):
        """Reconcile each payment with its best candidate that is still open.

        The button names the candidate it showed in ``billing_candidate`` of the
        context: nobody accepts an invoice that took another's place unseen.

        :raises UserError: a payment has no candidate, was decided meanwhile, or has
            another best candidate than was shown
        """
        shown = self.env.context.get("billing_candidate")
        for payment in self:
            payment._check_undecided()
            if not payment.best_candidate_id:
                raise UserError(
                    self.env._(
                        "No open invoice is proposed for %(payment)s.",
                        payment=payment.display_name,
                    )
                )
            # Without a word of what was shown, it was the first of all.
            expected = shown or payment.candidate_ids[:1].id
            if payment.best_candidate_id.id != expected:
                raise UserError(
                    self.env._(
                        "The candidates of %(payment)s have changed meanwhile. "
                        "Please look again.",
                        payment=payment.display_name,
                    )
                )
            payment.best_candidate_id.action_accept()
        return True

    # === BUSINESS METHODS === #

    def _accept(self, move):
        """Reconcile a payment that waits for a person with an invoice.

        :param move: the ``account.move``
        :raises UserError: the payment was decided meanwhile, or nothing is open
        """
        self.ensure_one()
        settled = min(self.amount, move.amount_residual)
        if self.is_undecided and self.currency_id.compare_amounts(settled, 0) <= 0:
            raise self._nothing_open(move)
        return self._accept_shares({move.id: settled})

    def _decide(self):
        """Match with open invoices, within what the company lets happen unseen."""
        decisions = self.env["billing.matcher"]._decide(self.ids)
        if self.env.company.billing_match_repair:
            return decisions
        return [
            dataclasses.replace(
                item,
                outcome=decision.PROPOSED,
                shares=(),
                reasons=(decision.Reason("repair_off"), *item.reasons),
            )
            if item.outcome in decision.BOOKED and item.candidates[0].distance > 0
            else item
            for item in decisions
        ]

    def _record_decisions(self, decisions, actor="system"):
        res = super()._record_decisions(decisions, actor)
        self._store_candidates(
            [
                item
                for item in decisions
                # What was read exactly needs no explanation.
                if item.outcome not in decision.BOOKED
                or any(candidate.distance for candidate in item.candidates[:1])
            ]
            # A person decides with the candidates there are.
            if actor != "staff"
            else []
        )
        return res

    def _store_candidates(self, decisions):
        """Keep the candidates of decisions, in one statement.

        :param decisions: list of :class:`Decision` of ``billing_bank_file``
        """
        self.env["billing.payment.candidate"].search(
            [("payment_id", "in", [item.payment_id for item in decisions])]
        ).unlink()
        self.env["billing.payment.candidate"].create(
            [
                {
                    "payment_id": item.payment_id,
                    "sequence": sequence,
                    "move_id": candidate.move_id,
                    "probability": candidate.probability,
                    "distance": candidate.distance,
                    "reference": candidate.reference,
                    "reasons": [self._reason_to_json(r) for r in candidate.reasons],
                }
                for item in decisions
                for sequence, candidate in enumerate(item.candidates)
            ]
        )
        self.invalidate_model(["candidate_ids"])

    def _set_undone(self):
        """Propose anew what the payments may belong to; a person decides now."""
        res = super()._set_undone()
        for company, payments in self.sudo().grouped("company_id").items():
            payments = payments.with_company(company)
            decisions = [
                dataclasses.replace(
                    item,
                    outcome=decision.PROPOSED
                    if item.candidates
                    else decision.UNMATCHED,
                    shares=(),
                    reasons=(
                        decision.Reason("undone", (("user", self.env.user.name),)),
                    ),
                )
                for item in self.env["billing.matcher"].sudo()._decide(payments.ids)
            ]
            super(BillingPayment, payments)._record_decisions(decisions)
            payments._store_candidates(decisions)
        return res

    # === HELPERS === #

    @api.model
    def _reason_texts(self):
        """Extend `billing_bank_file` with the words of matching."""
        _ = self.env._
        return {
            **super()._reason_texts(),
            # The reference
            "reference_exact": _("reference exact"),
            "cleaned": _("spaces or words around the reference"),
            "leading_zeros": _("leading zeros differ"),
            "digit_missing": _("digit %(position)s missing (%(digit)s)"),
            "digit_extra": _("digit %(position)s too many (%(digit)s)"),
            "digit_wrong": _("digit %(position)s wrong (%(was)s for %(should)s)"),
            "digits_swapped": _("digits swapped from %(position)s (%(was)s)"),
            "reference_in_text": _("reference found in the message"),
            "reference_unknown": _("no invoice has a reference like %(reference)s"),
            "reference_paid": _("reference %(reference)s is not open any more"),
            "already_covered": _(
                "reference %(reference)s is settled by another payment"
            ),
            "reference_shared": _("%(count)s invoices carry this reference"),
            "several_references": _(
                "%(count)s invoices are named, their sum is another amount"
            ),
            "neighbour_same_amount": _(
                "the open invoice with reference %(reference)s is one digit away "
                "and has this amount"
            ),
            "dense_references": _("references lie too close to each other"),
            "no_reference": _("no reference"),
            "reference_earlier": _("reference of another invoice of this customer"),
            "reference_foreign": _("the reference says nothing of this invoice"),
            # What the message says
            "number_in_text": _("%(number)s is named in the message"),
            "customer_in_text": _("customer number %(number)s in the message"),
            "meter_in_text": _("installation %(number)s in the message"),
            "phone_in_text": _("telephone number %(number)s in the message"),
            # The payer
            "name_exact": _("same name, borne by %(count)s"),
            "name_part": _("nearly the same name: %(name)s"),
            "name_initials": _("same name by its initials: %(name)s"),
            "name_typo": _("same name but for a slip: %(name)s"),
            "name_surname": _("same surname: %(name)s"),
            "name_other": _("another name: %(name)s"),
            "name_seen": _("%(name)s has paid for this customer before"),
            "account_seen": _("the account has paid for this customer before"),
            "account_shared": _(
                "the account has paid for this customer and for others before"
            ),
            "account_other": _("the account has paid for other customers only"),
            "account_new": _("this customer used to pay from another account"),
            "several_customers": _("for %(count)s customers at once"),
            "customer_set": _("this customer is set on the statement line"),
            "customer_set_other": _("another customer is set on the statement line"),
            # The day
            "day": _("the day says nothing"),
            "day_before": _("days before the due date: %(days)s"),
            "day_due": _("paid on the due date"),
            "day_after": _("days after the due date: %(days)s"),
            # The amount
            "amount_exact": _("amount exact"),
            "amount_differs": _("amount differs"),
            "others_same_amount": _(
                "other open invoices with just this amount: %(count)s"
            ),
            "amount_smaller": _("paid %(paid)s of %(open)s"),
            "amount_larger": _("paid %(paid)s for %(open)s"),
            "amount_rounded": _("paid %(paid)s of %(open)s, rounded"),
            "amount_instalment": _("paid %(paid)s of %(open)s, one of %(parts)s parts"),
            "amount_sum": _("sum of %(count)s open items"),
            "fee_included": _("amount exact with a reminder fee of %(fee)s"),
            "fee_left_out": _("amount exact without a reminder fee of %(fee)s"),
            "overpaid": _("%(rest)s stays as the customer's credit"),
            "other_currency": _("the invoice is in another currency"),
            "money_out": _("money out"),
            # The choice
            "same_customer": _("same customer"),
            "customer_reference": _("reference of the customer, not of one invoice"),
            "oldest_first": _("oldest invoices first: %(count)s"),
            "customer_certain": _("the customer is certain, the invoice is not"),
            "part_of_sum": _("together with others: %(count)s in all"),
            "several_candidates": _("%(count)s invoices are possible"),
            "repair_off": _("repaired references are left to people"),
            "not_sure_enough": _("not certain enough"),
            "open_invoices": _("open invoices in all: %(count)s"),
            "calibration": _("what cases like this turned out to be"),
            "search_limited": _("too many similar references to look at all"),
            "changed_meanwhile": _("the invoice changed meanwhile"),
            "accepted": _("accepted by %(user)s"),
            "undone": _("taken off by %(user)s"),
        }

    def _telling_reasons(self):
        """Extend `billing_bank_file` with the evidence for the best candidate.

        How many invoices are open weighs for all payments alike, and so does what such
        cases turned out to be; both are shown with the candidates only.
        """
        reasons = super()._telling_reasons()
        known = [reason["code"] for reason in reasons]
        # Whom a person credits may be another than the engine thought of.
        if self.state in (decision.PROPOSED, decision.ASSIGNED) and (
            "assigned_by" not in known
        ):
            reasons = reasons + [
                reason
                for reason in self.candidate_ids[:1].reasons or []
                if reason["code"] not in known
            ]
        alike = ("open_invoices", "calibration")
        return [reason for reason in reasons if reason["code"] not in alike]

    def _outcome_invoices(self):
        settled = super()._outcome_invoices()
        if self.state in (decision.PROPOSED, decision.ASSIGNED) and not settled:
            return self.candidate_ids.move_id
        return settled
