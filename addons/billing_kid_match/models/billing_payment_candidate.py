from markupsafe import Markup

from odoo import api, fields, models

from odoo.addons.billing_base.core.reference import compact

from ..core import edits
from ..core.queries import stated_references


class BillingPaymentCandidate(models.Model):
    """One invoice a payment may belong to, with the evidence for and against."""

    _name = "billing.payment.candidate"
    _description = "Candidate Invoice"
    _order = "sequence, id"

    payment_id = fields.Many2one(
        comodel_name="billing.payment",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="payment_id.company_id", store=True, readonly=True
    )
    sequence = fields.Integer(readonly=True)
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        string="Customer", related="move_id.commercial_partner_id"
    )
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_residual = fields.Monetary(related="move_id.amount_residual")
    is_open = fields.Boolean(compute="_compute_is_open")
    is_shielding = fields.Boolean(
        string="Fee Shield",
        compute="_compute_is_shielding",
        help="The invoice gets no fee, reminder or collection until the payment is "
        "decided on.",
    )
    invoice_date_due = fields.Date(related="move_id.invoice_date_due")
    probability = fields.Float(digits=(6, 5), readonly=True, aggregator=None)
    distance = fields.Integer(
        help="Wrong digits between the paid reference and the one on the invoice.",
        readonly=True,
        aggregator=None,
    )
    reference = fields.Char(string="KID/OCR", readonly=True)
    reasons = fields.Json(readonly=True)
    reason_text = fields.Char(string="Why", compute="_compute_reason_text")
    reference_html = fields.Html(
        string="Reference", compute="_compute_reference_html", sanitize=False
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id.state", "move_id.amount_residual")
    def _compute_is_open(self):
        for candidate in self:
            candidate.is_open = (
                candidate.move_id.state == "posted" and candidate.amount_residual > 0
            )

    @api.depends("probability", "is_open", "payment_id.state")
    def _compute_is_shielding(self):
        shielding = {
            shield.candidate_id
            for shields in self.sudo().move_id._billing_shields().values()
            for shield in shields
        }
        for candidate in self:
            candidate.is_shielding = candidate.id in shielding

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        for candidate in self:
            candidate.reason_text = ", ".join(
                candidate.payment_id._reasons_in_words(candidate.reasons)
            )

    @api.depends("reference", "distance", "payment_id")
    @api.depends_context("lang")
    def _compute_reference_html(self):
        for candidate in self:
            candidate.reference_html = candidate._mark_difference()

    # === ACTIONS === #

    def action_accept(self):
        """Reconcile the payment with this invoice, or with all of its sum.

        :raises UserError: when the payment was decided meanwhile or an invoice has
            nothing open any more
        """
        self.ensure_one()
        moves = self._together().exists()
        if len(moves) == 1:
            return self.payment_id._accept(moves)
        return self.payment_id._accept_shares(
            {
                move.id: self.env["billing.review.desk"]._open_amount(move)
                for move in moves
            }
        )

    # === HELPERS === #

    def _together(self):
        """The invoices the payment pays with this one, as they make its amount.

        :return: ``account.move`` records, this one among them
        """
        self.ensure_one()
        for reason in self.reasons or []:
            if reason["code"] == "part_of_sum":
                ids = reason["values"].get("move_ids") or []
                return self.move_id.browse(ids) | self.move_id
        return self.move_id

    def _mark_difference(self):
        """The invoice's reference with the digits marked that were paid differently.

        :return: Markup
        """
        self.ensure_one()
        issued = self.reference or ""
        explained = self.distance >= 0 and self._explain(self.payment_id, issued)
        parts = [Markup("%s") % issued]
        if explained:
            paid, explanation = explained
            parts = [
                self._mark(*pair) for pair in edits.alignment(paid, issued, explanation)
            ]
        return Markup('<span class="o_billing_reference">%s</span>') % Markup("").join(
            parts
        )

    @api.model
    def _explain(self, payment, issued):
        """Which of the references a payment states became the issued one, and how.

        :return: (paid reference, :class:`~..core.edits.Explanation`) or None
        """
        for query in stated_references(payment.reference, (), payment.text):
            explanation = edits.explain(query.key, compact(issued))
            if explanation:
                return query.key, explanation
        return None

    def _mark(self, was, should, kind):
        """One character of the issued reference, marked unless it was paid so."""
        if kind == edits.SAME:
            return Markup("%s") % should
        titles = {
            edits.MISSING: self.env._("missing in the payment"),
            edits.EXTRA: self.env._("only in the payment"),
            edits.WRONG: self.env._("paid as %(digit)s", digit=was),
            edits.SWAPPED: self.env._("swapped in the payment"),
            edits.ZERO: self.env._("leading zero"),
        }
        return Markup(
            '<mark class="o_billing_digit o_billing_digit_%s" title="%s">%s</mark>'
        ) % (kind, titles[kind], should or was)
