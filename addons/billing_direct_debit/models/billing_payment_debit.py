import dataclasses

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core import decision

from ..core import answers, claim_life

#: Files that name the way each payment came: what is no debit there is none.
TELLING_FORMAT = "ocr_giro"


class BillingPayment(models.Model):
    """Money that a debit brought, and money that the bank took back for a payer."""

    _inherit = "billing.payment"

    # === BUSINESS METHODS === #

    def _book_decisions(self, decisions):
        """Extend with what claims know: the invoice of a debit, and whose money it was
        that the bank gave back."""
        refunded = self._find_refunded()
        decisions = self._explain_by_claims(
            [
                decision.Decision(item.payment_id, decision.UNMATCHED)
                if item.payment_id in refunded
                else item
                for item in decisions
            ]
        )
        res = super()._book_decisions(decisions)
        for payment in self.browse(refunded):
            payment._take_back(refunded[payment.id])
        return res

    def _record_decisions(self, decisions, actor="system"):
        """Extend: the claims that this money settles are paid."""
        res = super()._record_decisions(decisions, actor)
        self._settle_claims()
        return res

    def _set_settled_by_hand(self):
        """Extend: the claims that this money settles are paid."""
        res = super()._set_settled_by_hand()
        self._settle_claims()
        return res

    def _set_undone(self):
        """Extend: a claim is not paid by money that somebody says is another's.

        Where the bank itself says that the money is a debit, the claim stays paid:
        drawing it once more would take the money twice.
        """
        res = super()._set_undone()
        claims_sudo = (
            self.env["billing.debit.claim"]
            .sudo()
            .search([("payment_id", "in", self.ids), ("state", "=", claim_life.PAID)])
        )
        claims_sudo.filtered(
            lambda claim: claim.payment_id.payment_type not in answers.DEBITS
        )._unsettle()
        return res

    # === BUSINESS METHODS - MONEY IN === #

    def _explain_by_claims(self, decisions):
        """Settle the invoice of its claim with money nobody found an invoice for.

        :param decisions: list of :class:`~odoo.addons.billing_bank_file.core.decision.
            Decision`
        :return: the same, with those changed that a claim explains
        """
        undecided = [
            item.payment_id for item in decisions if item.outcome in decision.UNDECIDED
        ]
        if not undecided:
            return decisions
        self.env["account.move"].flush_model(["amount_residual", "payment_state"])
        rows = self._query_claims(
            undecided,
            SQL("claim.state IN %s", claim_life.OUT),
            SQL(
                "claim.amount = payment.amount AND EXISTS ("
                " SELECT FROM account_move AS move WHERE move.id = claim.move_id"
                " AND move.state = 'posted' AND move.currency_id = payment.currency_id"
                " AND move.amount_residual >= payment.amount)"
            ),
        )
        moves = {}
        for payment_id, _claim_id, move_id in rows:
            # Two payments never settle the same claim.
            if move_id not in moves.values():
                moves[payment_id] = move_id
        payments = {payment.id: payment for payment in self}
        return [
            dataclasses.replace(
                item,
                outcome=decision.RECONCILED,
                shares=(
                    decision.Share(
                        moves[item.payment_id],
                        payments[item.payment_id]._in_minor_units(),
                    ),
                ),
                probability=1.0,
                reasons=(decision.Reason("debit_claim"),),
                write_off=0,
                partner_id=0,
            )
            if item.payment_id in moves
            else item
            for item in decisions
        ]

    def _settle_claims(self):
        """Note the claims that the payments settle as paid.

        A debit names its claim by the reference. Money of a file that does not tell how
        it came settles the claim of an invoice when it came on the day of the debit or
        later, on the account of the agreement, and in the same amount.
        """
        claims = self.env["billing.debit.claim"].sudo()
        if not self.ids or not claims.search_count(
            [("company_id", "in", self.company_id.ids)], limit=1
        ):
            return
        open_or_late = (
            *claim_life.OUT,
            claim_life.FAILED,
            claim_life.REJECTED,
            claim_life.CANCELLED,
        )
        found = {
            payment_id: claim_id
            for payment_id, claim_id, _move_id in self._query_claims(
                self.ids, SQL("claim.state IN %s", open_or_late), SQL("TRUE")
            )
        }
        others = [payment_id for payment_id in self.ids if payment_id not in found]
        found.update(self._query_guessed_claims(others))
        payments = self.browse(found)
        claims._settle(
            [
                {
                    "claim_id": found[payment.id],
                    "result": claim_life.PAID,
                    "code": payment.payment_type or "",
                    "reason": False,
                    "date": payment.booking_date,
                    "payment_id": payment.id,
                    "key": f"payment:{payment.id}",
                }
                for payment in payments
            ]
        )

    def _query_claims(self, payment_ids, state, condition):
        """Find the claims whose debits payments are, by type and reference.

        :param state: SQL condition on the claim's state
        :param condition: further SQL condition
        :return: list of (payment id, claim id, invoice id), one for each payment
        """
        self.flush_model()
        self.env["billing.debit.claim"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (payment.id) payment.id, claim.id, claim.move_id
                  FROM billing_payment AS payment
                  JOIN billing_debit_claim AS claim
                    ON claim.company_id = payment.company_id
                   AND ltrim(claim.reference, '0') = ltrim(payment.reference, '0')
                  JOIN billing_mandate AS mandate ON mandate.id = claim.mandate_id
                 WHERE payment.id IN %(ids)s
                   AND payment.payment_type IN %(debits)s
                   AND (payment.payment_type <> %(drawn)s
                        OR mandate.payer_number = payment.mandate_reference)
                   AND payment.amount > 0
                   AND claim.payment_id IS NULL
                   AND NOT EXISTS (SELECT FROM billing_debit_claim AS other
                                    WHERE other.payment_id = payment.id)
                   AND %(state)s
                   AND %(condition)s
                 ORDER BY payment.id, (claim.reference = payment.reference) DESC,
                          (claim.amount = payment.amount) DESC,
                          (claim.state IN %(out)s) DESC,
                          abs(claim.date - payment.booking_date), claim.id DESC
                """,
                ids=tuple(payment_ids),
                debits=answers.DEBITS,
                drawn=answers.DRAWN,
                out=claim_life.OUT,
                state=state,
                condition=condition,
            )
        )

    def _query_guessed_claims(self, payment_ids):
        """Find the claims of the invoices that payments of untold kind have settled.

        :return: dict of payment id to claim id
        """
        if not payment_ids:
            return {}
        self.env["account.move.line"].flush_model(["billing_payment_id"])
        self.env["account.partial.reconcile"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (payment.id) payment.id, claim.id
                  FROM billing_debit_claim AS claim
                  JOIN billing_debit_agreement AS agreement
                    ON agreement.id = claim.agreement_id
                  JOIN account_move_line AS invoice_item
                    ON invoice_item.move_id = claim.move_id
                  JOIN account_partial_reconcile AS partial
                    ON partial.debit_move_id = invoice_item.id
                  JOIN account_move_line AS item ON item.id = partial.credit_move_id
                  JOIN billing_payment AS payment
                    ON payment.id = item.billing_payment_id
             LEFT JOIN billing_bank_file AS file ON file.id = payment.file_id
                 WHERE payment.id IN %(ids)s
                   AND claim.state IN %(out)s
                   AND claim.payment_id IS NULL
                   AND payment.state IN %(booked)s
                   AND payment.amount = claim.amount
                   AND payment.booking_date >= claim.date
                   AND payment.journal_id = agreement.journal_id
                   AND file.format IS DISTINCT FROM %(telling)s
                   AND payment.payment_type IS DISTINCT FROM %(drawn)s
                 ORDER BY payment.id, claim.date, claim.id
                """,
                ids=tuple(payment_ids),
                out=claim_life.OUT,
                booked=tuple(decision.BOOKED),
                telling=TELLING_FORMAT,
                drawn=answers.DRAWN,
            )
        )
        return dict(rows)

    # === BUSINESS METHODS - MONEY BACK === #

    def _find_refunded(self):
        """Find what the bank took back for payers (Autogiro TK77).

        :return: dict of payment id to the ``billing.debit.claim`` whose money it was
        """
        back = self.filtered(
            lambda payment: (
                payment.payment_type == answers.TAKEN_BACK and payment.amount < 0
            )
        )
        if not back:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (payment.id) payment.id, claim.id
                  FROM billing_payment AS payment
                  JOIN billing_debit_claim AS claim
                    ON claim.company_id = payment.company_id
                   AND ltrim(claim.reference, '0') = ltrim(payment.reference, '0')
                   AND claim.amount = -payment.amount
                  JOIN billing_mandate AS mandate ON mandate.id = claim.mandate_id
                 WHERE payment.id IN %(ids)s
                   AND claim.state IN ('paid', 'refunded')
                   AND claim.payment_id IS NOT NULL
                   AND mandate.payer_number = payment.mandate_reference
                 ORDER BY payment.id, (claim.state = 'refunded') DESC,
                          (claim.date = (payment.raw->>'day')::date) DESC,
                          claim.id DESC
                """,
                ids=tuple(back.ids),
            )
        )
        claims = self.env["billing.debit.claim"].sudo()
        return {payment_id: claims.browse(claim_id) for payment_id, claim_id in rows}

    def _take_back(self, claim):
        """Open the invoice of a claim again: the money for it went back to the payer.

        What the debit brought and what the bank took back meet on the customer's
        account, so that both are settled and the invoice alone is owed.

        :param claim: the ``billing.debit.claim`` it is the money of
        """
        self.ensure_one()
        booking = self.env["billing.booking"].with_context(billing_booking=True)
        brought = claim.payment_id.sudo().with_company(self.company_id)
        brought.lock_for_update(allow_referencing=True)
        if brought.is_booked:
            # Not :meth:`_undo`: nobody doubts whose money it was.
            brought._withdraw_refunds()
            booking._unbook(brought)
        both = brought + self
        customer = claim.partner_id.commercial_partner_id
        booking._settle(
            both,
            [
                decision.Decision(
                    payment.id,
                    decision.ASSIGNED,
                    probability=1.0,
                    reasons=(decision.Reason("debit_refunded"),),
                    partner_id=customer.id,
                )
                for payment in both
            ],
        )
        both.counterpart_line_ids.with_context(billing_booking=True).reconcile()
        both.write(
            {
                "state": decision.RECONCILED,
                "reasons": [{"code": "debit_refunded", "values": {}, "weight": 0.0}],
                "partner_id": customer.id,
            }
        )
        claim._tell_refunded()

    def _reason_texts(self):
        """Extend with what claims say of payments."""
        return super()._reason_texts() | {
            "debit_claim": self.env._("it was drawn by direct debit for this invoice"),
            "debit_refunded": self.env._(
                "the bank gave it back to the payer, and the invoice is open again"
            ),
        }
