from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..core import charge as core_charge
from .billing_charge import LIVE

#: Kinds of which no more than the larger of both is charged.
STACKING = (core_charge.FEE, core_charge.COMPENSATION)


class BillingCharge(models.Model):
    """Charges that are dropped, and the undoing of that."""

    _inherit = "billing.charge"

    # === ACTIONS === #

    def action_restore(self):
        """Charge again what was dropped (button for billing staff).

        :raises UserError: it was not dropped, or the credit has been used
        """
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about charges."))
        self.check_access("read")
        self._restore()

    # === BUSINESS METHODS === #

    def _waive(self, reason, decision=None):
        """Drop the charges: reverse them exactly, paid or not.

        A credit note takes each back. What was paid of it is the customer's: it stays
        as credit, or somebody gets the task to pay it back, as the company has it.

        :param str reason: for staff and the history
        :param dict decision: what JSON can hold of the decision, kept with the charge
        :return: None
        :raises UserError: one of them is dropped or taken back already
        """
        self._take_back("waived", reason, decision)
        self._log_taken_back("charge.waived", reason)

    def _reverse(self, reason):
        """Take the charges back, since they should not stand (any more).

        :param str reason: for staff and the history
        :return: None
        :raises UserError: one of them is dropped or taken back already
        """
        self._take_back("reversed", reason, None)
        self._log_taken_back("charge.reversed", reason)

    def _restore(self):
        """Undo :meth:`_waive` and :meth:`_reverse`: the books are as before, to the
        cent.

        The credit note is reversed in its turn, so that the document of the charge is
        open again by as much as it was.

        :return: None
        :raises UserError: one of them stands, or its credit has been used for
            something else
        """
        charges_sudo = self.sudo()
        charges_sudo._lock()
        for charge_sudo in charges_sudo:
            charge_sudo._check_restorable()
        for company, own_sudo in charges_sudo.grouped("company_id").items():
            own_sudo = own_sudo.with_company(company)
            own_sudo.credit_id._reverse_moves(
                [
                    charge_sudo._prepare_reversal(charge_sudo.credit_id)
                    for charge_sudo in own_sudo
                ],
                cancel=True,
            )
        for charge_sudo in charges_sudo:
            charge_sudo.state = "paid" if charge_sudo._is_settled() else "booked"
        charges_sudo.write(
            {
                "credit_id": False,
                "waive_reason": False,
                "decision": False,
                "waived_at": False,
                "waived_by_id": False,
            }
        )
        self._log("charge.restored", actor=self._actor())

    def _note_reversed(self, refunds):
        """Note the charges whose document somebody credited in full by hand.

        :param refunds: credit notes that were just posted
        :return: None
        """
        for charge_sudo in self.sudo().search(
            [
                ("document_id", "in", refunds.reversed_entry_id.ids),
                ("state", "in", LIVE),
            ]
        ):
            credit_sudo = refunds.filtered(
                lambda move, charge=charge_sudo: (
                    move.reversed_entry_id == charge.document_id
                )
            )[:1].sudo()
            if credit_sudo.currency_id.compare_amounts(
                credit_sudo.amount_total, charge_sudo.amount
            ):
                continue
            reason = credit_sudo.ref or self.env._("Its document was credited.")
            charge_sudo.write(
                {
                    "state": "reversed",
                    "credit_id": credit_sudo.id,
                    "waive_reason": reason,
                    "waived_at": fields.Datetime.now(),
                    "waived_by_id": self.env.uid,
                }
            )
            credit_sudo.billing_claim_id = charge_sudo.move_id
            charge_sudo._log_taken_back("charge.reversed", reason)

    # === HELPERS === #

    def _take_back(self, state, reason, decision):
        """Reverse the documents of the charges, and let these be in ``state``."""
        charges_sudo = self.sudo()
        charges_sudo._lock()
        gone_sudo = charges_sudo.filtered(lambda charge: charge.state not in LIVE)
        if gone_sudo:
            raise UserError(
                self.env._(
                    "%(charge)s is dropped or taken back already.",
                    charge=gone_sudo[0].display_name,
                )
            )
        # First, so that the credit note is no payment of the charge.
        charges_sudo.write(
            {
                "state": state,
                "waive_reason": reason,
                "decision": decision,
                "waived_at": fields.Datetime.now(),
                "waived_by_id": self.env.uid,
            }
        )
        for company, own_sudo in charges_sudo.grouped("company_id").items():
            own_sudo = own_sudo.with_company(company)
            # Payments stay where they are: only what is open of a document is settled
            # by its credit note, the rest of that is the customer's.
            credits_sudo = own_sudo.document_id._reverse_moves(
                [
                    charge_sudo._prepare_reversal(charge_sudo.document_id)
                    for charge_sudo in own_sudo
                ]
            )
            credits_sudo._post(soft=False)
            for charge_sudo, credit_sudo in zip(own_sudo, credits_sudo, strict=True):
                charge_sudo.credit_id = credit_sudo
            if company.billing_fee_paid_waiver == "refund":
                credits_sudo._billing_ask_for_refund()

    def _prepare_reversal(self, document_sudo):
        """Return the values of the reversal of a document of the charge."""
        self.ensure_one()
        today = self.company_id._billing_today()
        return {
            "date": today,
            "invoice_date": today,
            "invoice_date_due": today,
            # The very amounts of the document, also in the company's own currency.
            "invoice_currency_rate": document_sudo.invoice_currency_rate,
            "invoice_origin": document_sudo.name,
            # No new number is used up for what nobody pays.
            "payment_reference": self.document_id.payment_reference,
            "ref": self.move_id.name,
            "billing_claim_id": self.move_id.id,
        }

    def _check_restorable(self):
        """Refuse what cannot be undone.

        :raises UserError: the charge stands, or its credit has been used
        """
        self.ensure_one()
        if self.state in LIVE or not self.credit_id:
            raise UserError(
                self.env._("%(charge)s was not dropped.", charge=self.display_name)
            )
        self._check_room()
        lines = self.credit_id.line_ids
        others = (
            lines.matched_debit_ids.debit_move_id
            | lines.matched_credit_ids.credit_move_id
        ).move_id - (self.document_id | self.credit_id)
        others -= lines.matched_debit_ids.exchange_move_id
        if others:
            raise UserError(
                self.env._(
                    "The credit of %(charge)s has been used for %(other)s, so that it "
                    "cannot be charged again.",
                    charge=self.display_name,
                    other=others[0].display_name,
                )
            )

    def _check_room(self):
        """Refuse what would stack with what was charged meanwhile.

        :raises UserError: compensation, other fees or interest of the same days stand
        """
        others = self.search([("move_id", "=", self.move_id.id), ("id", "!=", self.id)])
        others = others.filtered(lambda charge: charge.currency_id == self.currency_id)
        if self.kind == core_charge.INTEREST:
            clashing = others.filtered(
                lambda charge: (
                    charge.kind == core_charge.INTEREST
                    and charge.state != "reversed"
                    and charge.date_from <= self.date_to
                    and self.date_from <= charge.date_to
                )
            )
        else:
            clashing = others.filtered(
                lambda charge: charge.state in LIVE and charge.kind in STACKING
            )
            left = core_charge.left_to_charge(
                self.kind,
                self._to_booked().gross,
                [charge._to_booked() for charge in clashing],
            )
            if self.currency_id.compare_amounts(float(left), self.amount) >= 0:
                return
        if clashing:
            raise UserError(
                self.env._(
                    "%(charge)s cannot be charged again beside %(other)s.",
                    charge=self.display_name,
                    other=clashing[0].display_name,
                )
            )

    def _lock(self):
        """Let nobody else drop or restore the charges meanwhile.

        :raises LockError: somebody does just that
        """
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state", "credit_id"])

    def _actor(self):
        return "system" if self.env.su or self.env.user._is_public() else "staff"

    def _log_taken_back(self, kind, reason):
        self._log(kind, actor=self._actor(), reason=reason)
