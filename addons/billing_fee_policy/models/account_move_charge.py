from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.billing_base.core.card import Card

from .billing_charge import LIVE

#: Code of the card about fees on the customer's page.
ABOUT_FEE = "about_fee"


class AccountMove(models.Model):
    """Fees and interest on top of invoices, and the documents they stand on."""

    _inherit = "account.move"

    billing_claim_id = fields.Many2one(
        "account.move",
        string="On Top Of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The overdue invoice that this fee or interest came on top of.",
    )
    billing_charge_ids = fields.One2many(
        "billing.charge",
        "move_id",
        string="Fees and Interest",
        readonly=True,
        groups="billing_base.group_billing_user",
    )
    billing_charged_open = fields.Monetary(
        string="Fees and Interest to Pay",
        compute="_compute_billing_charged",
        groups="billing_base.group_billing_user",
        help="On top of the invoice, and not paid yet.",
    )
    billing_charged = fields.Monetary(
        string="Fees and Interest Charged",
        compute="_compute_billing_charged",
        groups="billing_base.group_billing_user",
        help="On top of the invoice, without what was dropped or taken back.",
    )
    billing_total_open = fields.Monetary(
        string="To Pay with Fees",
        compute="_compute_billing_charged",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_charged(self):
        additions = self._billing_additions()
        for move in self:
            own = additions.get(move.id, ())
            move.billing_charged = sum(float(item.amount) for item in own)
            move.billing_charged_open = sum(float(item.open_amount) for item in own)
            move.billing_total_open = move.amount_residual + move.billing_charged_open

    # === ACTIONS === #

    def action_billing_charges(self):
        """Open the fees and the interest that came on top of the invoices."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_charge_action"
        )
        action["domain"] = [("move_id", "in", self.ids)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS - LIFE CYCLE === #

    def _post(self, soft=True):
        """Override of `account`: of an invoice that is credited no fee is owed."""
        posted = super()._post(soft)
        refunds = posted.filtered(lambda move: move.move_type == "out_refund")
        credited = refunds.reversed_entry_id
        if credited:
            self.env["billing.charge"].sudo()._note_reversed(refunds)
            credited.filtered(
                lambda move: (
                    not move.billing_claim_id and move.payment_state == "reversed"
                )
            )._billing_take_back_charges(self.env._("The invoice was credited."))
        return posted

    def _invoice_paid_hook(self):
        """Override of `account`: fees that are paid are known as such."""
        result = super()._invoice_paid_hook()
        documents = self.filtered("billing_claim_id")
        if documents:
            self.env["billing.charge"].sudo().search(
                [("document_id", "in", documents.ids)]
            )._note_paid()
        return result

    def button_draft(self):
        """Override of `account`: documents of fees are dropped, not changed.

        :raises UserError: a document of a charge is among the records
        """
        if self.filtered("billing_claim_id"):
            raise UserError(
                self.env._(
                    "Documents of fees and interest are not changed. Drop the fee on "
                    "the invoice that it came on top of."
                )
            )
        return super().button_draft()

    def button_cancel(self):
        """Override of `account`: of an invoice that is void no fee is owed."""
        result = super().button_cancel()
        self._billing_take_back_charges(self.env._("The invoice was cancelled."))
        return result

    def _billing_log_customer_invoices(self, kind, get_vals):
        """Extend `billing_base`: what becomes of a fee is told on its invoice."""
        own = self.filtered(lambda move: not move.billing_claim_id)
        return super(AccountMove, own)._billing_log_customer_invoices(kind, get_vals)

    # === BUSINESS METHODS - CHARGES === #

    def _billing_additions(self, all_states=False):
        """Return what came on top of the invoices, in batch, the first charged first.

        :param bool all_states: also what was dropped or taken back
        :return: by id of the invoice, without those that nothing came on top of
        :rtype: dict[int, list[core.charge.Addition]]
        """
        domain = [("move_id", "in", self.ids)]
        if not all_states:
            domain.append(("state", "in", LIVE))
        charges_sudo = self.env["billing.charge"].sudo()
        return {
            move.id: [charge_sudo._to_addition() for charge_sudo in own_sudo]
            for move, own_sudo in charges_sudo.search(domain, order="day, id")
            .grouped("move_id")
            .items()
        }

    def _billing_compensation_claimed(self):
        """Extension: for which invoices compensation stands."""
        charges_sudo = (
            self.env["billing.charge"]
            .sudo()
            .search(
                [
                    ("move_id", "in", self.ids),
                    ("kind", "=", "compensation"),
                    ("state", "in", LIVE),
                ]
            )
        )
        return super()._billing_compensation_claimed() | set(charges_sudo.move_id.ids)

    def _billing_objected(self):
        """Extension: to whose fees the customer objects."""
        return super()._billing_objected() | self._billing_fee_objections().keys()

    def _billing_fee_objections(self):
        """Return the objections to fees that nobody has answered yet, in batch.

        :return: by id of the invoice, in superuser mode
        :rtype: dict[int, billing.charge.objection]
        """
        objections_sudo = self.env["billing.charge.objection"].sudo()
        return {
            objection_sudo.move_id.id: objection_sudo
            for objection_sudo in objections_sudo.search(
                [("move_id", "in", self.ids), ("state", "=", "open")]
            )
        }

    def _billing_take_back_charges(self, reason):
        """Take back what stands on top of the invoices and is not paid yet or is.

        :param str reason: for the history
        :return: None
        """
        charges_sudo = (
            self.env["billing.charge"]
            .sudo()
            .search([("move_id", "in", self.ids), ("state", "in", LIVE)])
        )
        if charges_sudo:
            charges_sudo._reverse(reason)

    def _billing_ask_for_refund(self):
        """Give somebody the task to pay back what is left of the credit notes.

        :return: None
        """
        for credit_sudo in self.sudo():
            if credit_sudo.currency_id.is_zero(credit_sudo.amount_residual):
                continue
            claim_sudo = credit_sudo.billing_claim_id
            credit_sudo.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Pay back a fee that was dropped"),
                note=self.env._(
                    "%(amount)s to %(customer)s",
                    amount=credit_sudo.currency_id.format(credit_sudo.amount_residual),
                    customer=credit_sudo.partner_id.display_name,
                ),
                user_id=claim_sudo.invoice_user_id.id or self.env.uid,
            )

    # === BUSINESS METHODS - CUSTOMER CARDS === #

    def _billing_customer_cards(self):
        """Extend `billing_base`: why fees came on top, and how to object to them.

        On the page of the invoice, and on that of a fee's own document.
        """
        cards = super()._billing_customer_cards()
        claims = self.browse({(move.billing_claim_id or move).id for move in self})
        additions = claims._billing_additions(all_states=True)
        if not additions:
            return cards
        objections = self.env["billing.charge.objection"].sudo()._latest(claims)
        for move in self:
            claim_sudo = (move.billing_claim_id or move).sudo()
            shown = [
                item
                for item in additions.get(claim_sudo.id, ())
                # What was taken back is gone; what was dropped is a kindness.
                if item.state != "reversed"
            ]
            if not shown:
                continue
            cards[move.id].append(
                Card(
                    "billing_fee_policy.charge_card",
                    claim_sudo._billing_charge_card_values(
                        shown, objections.get(claim_sudo.id)
                    ),
                    sequence=20,
                    code=ABOUT_FEE,
                )
            )
        return cards

    def _billing_charge_card_values(self, additions, objection_sudo):
        """Return what the card about fees is drawn from.

        :param additions: ``core.charge.Addition`` objects
        :param objection_sudo: the customer's latest objection, or None
        """
        self.ensure_one()
        charges = self.env["billing.charge"]
        money = self.currency_id.format
        is_open = any(item.open_amount for item in additions)
        left = sum(float(item.open_amount) for item in additions)
        return {
            "claim": self,
            "rows": [
                {
                    "addition": item,
                    "amount": money(float(item.amount)),
                    "is_dropped": item.state == "waived",
                    "is_paid": item.state == "paid",
                    "details": [
                        charges._period_text(period, self.currency_id)
                        for period in item.periods
                    ],
                    # The reference is said only where it is another one.
                    "reference": item.reference
                    if item.open_amount and item.reference != self.payment_reference
                    else "",
                }
                for item in additions
            ],
            "left": money(left) if is_open else "",
            "together": money(left + self.amount_residual)
            if is_open and self.amount_residual
            else "",
            "objection": objection_sudo,
            "may_object": any(item.state in LIVE for item in additions)
            and not (objection_sudo and objection_sudo.state == "open"),
        }
