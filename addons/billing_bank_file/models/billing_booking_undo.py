from odoo import Command, api, models

from ..core import decision, resolution
from .billing_booking import PLAIN_ITEM


class BillingBooking(models.AbstractModel):
    """Takes payments off their invoices again."""

    _inherit = "billing.booking"

    # === BUSINESS METHODS === #

    @api.model
    def _unbook(self, payments):
        """Take payments off their invoices; each then stands alone on suspense.

        :param payments: ``billing.payment`` records that were booked
        """
        payments_sudo = payments.sudo().with_context(billing_booking=True)
        replaced = payments_sudo.filtered(
            lambda payment: payment.resolution in resolution.ELSEWHERE
        )
        self.sudo().with_context(billing_booking=True)._bring_in(replaced)
        payments_sudo -= replaced
        payments_sudo.env["account.partial.reconcile"].search(
            [("billing_payment_id", "in", payments_sudo.ids)]
        ).unlink()
        fixed = payments_sudo.filtered(
            lambda payment: (
                payment.is_collective or self._is_closed(payment.statement_line_id)
            )
        )
        single = payments_sudo - fixed
        self._release(single.counterpart_line_ids)
        single.statement_line_id.action_undo_reconciliation()
        if fixed:
            self.sudo().with_context(billing_booking=True)._take_out(fixed)

    @api.model
    def _is_closed(self, line):
        """Whether Odoo lets nobody rewrite a statement line: its period is locked, or
        its entry is sealed with a hash."""
        move = line.move_id
        return bool(
            move.inalterable_hash
            or move._get_violated_lock_dates(move.date, has_tax=False)
        )

    def _take_out(self, payments):
        """Book payments out of the statement lines they are on, onto ones of their own.

        :param payments: ``billing.payment`` records that are some of several items, or
            whose lines cannot be changed any more

        Lines are not rewritten. A second line for each takes the sum back from the
        customers, further ones bring it in again on the suspense account; on the bank
        account they add up to nothing. Odoo dates all of them after a locked period.
        """
        for line, chunk in payments.grouped("statement_line_id").items():
            self._give_back(line, chunk)
        self._bring_in(payments)

    def _bring_in(self, payments):
        """Give payments statement lines of their own, on the suspense account."""
        for _key, chunk in payments.grouped(
            lambda payment: (payment.journal_id, payment.currency_id)
        ).items():
            context = self._booking_context(chunk.journal_id, chunk.currency_id)
            lines = (
                self.env["account.bank.statement.line"]
                .with_context(**context, billing_plain_items=True)
                .create(
                    [
                        self._prepare_statement_line(
                            payment,
                            decision.Decision(payment.id, decision.UNMATCHED),
                            {},
                        )
                        for payment in chunk
                    ]
                )
            )
            self._link(chunk, dict(zip(chunk.ids, lines.ids, strict=True)), False)

    def _cancel_out(self, payment):
        """Take a payment that waits off the bank account, by a line against its own.

        Both lines are settled then: what waited on suspense, which may know no
        reconciliation, goes to the account between banks first. A line that nobody may
        rewrite keeps its suspense item.

        :param payment: ``billing.payment`` whose money nobody has used, all rights
        :raises UserError: somebody used the money in Odoo's own screens
        """
        self._check_free(payment)
        line = payment.statement_line_id
        suspense = line._seek_for_lines()[1]
        between = payment.company_id.transfer_account_id
        if suspense and between and not self._is_closed(line):
            line.with_context(force_delete=True, skip_readonly_check=True).write(
                {
                    "line_ids": [
                        Command.delete(suspense.id),
                        Command.create(
                            {
                                "name": suspense.name,
                                "account_id": between.id,
                                "partner_id": suspense.partner_id.id,
                                "currency_id": suspense.currency_id.id,
                                "amount_currency": suspense.amount_currency,
                                "balance": suspense.balance,
                            }
                        ),
                    ]
                }
            )
        self._give_back(line, payment)

    def _give_back(self, line, payments):
        """Take the money of payments off a statement line, by a line against it."""
        items = payments.counterpart_line_ids
        if not payments[0].is_collective:
            _bank, suspense, others = line._seek_for_lines()
            items = suspense + others
        items = items.sorted("id")
        self._remove_reconciliation(items)
        journal = line.journal_id
        currency = payments.currency_id
        label = self.env._("Taken out of %(entry)s", entry=line.move_id.name)
        opposite = [
            {
                **PLAIN_ITEM,
                "name": label,
                "account_id": item.account_id.id,
                "partner_id": item.partner_id.id,
                "currency_id": item.currency_id.id,
                "amount_currency": -item.amount_currency,
                "balance": -item.balance,
            }
            for item in items
        ]
        amount = currency.round(sum(items.mapped("amount_currency")))
        bank = {
            **PLAIN_ITEM,
            "name": label,
            "account_id": journal.default_account_id.id,
            "currency_id": currency.id,
            "amount_currency": amount,
            "balance": sum(items.mapped("balance")),
        }
        values = {
            "journal_id": journal.id,
            "date": payments[0].booking_date,
            "payment_ref": label,
            "amount": amount,
        }
        if len(items.partner_id) == 1:
            values["partner_id"] = bank["partner_id"] = items.partner_id.id
        values["line_ids"] = [Command.create(vals) for vals in (bank, *opposite)]
        context = self._booking_context(journal, currency)
        back = (
            self.env["account.bank.statement.line"]
            .with_context(**context, skip_account_move_synchronization=True)
            .create(values)
        )
        _bank, suspense, others = back._seek_for_lines()
        pairs = zip(items, (suspense + others).sorted("id"), strict=True)
        lines = self.env["account.move.line"].with_context(
            **context, billing_booking=True
        )
        together = (items + suspense + others).ids
        lines._reconcile_plan(
            [
                lines.browse((item + other).ids).with_prefetch(together)
                for item, other in pairs
                if item.account_id.reconcile
            ]
        )
        self._release(items)

    # === HELPERS === #

    @api.model
    def _remove_reconciliation(self, items):
        """Take journal items off whatever they are reconciled with."""
        # Odoo asks for the registered payments of each pair; read for all at once.
        partials = items.matched_debit_ids + items.matched_credit_ids
        both = partials.debit_move_id + partials.credit_move_id
        both.mapped("move_id.matched_payment_ids")
        items.remove_move_reconcile()

    @api.model
    def _release(self, items):
        """Part journal items from their bank payments."""
        # Odoo looks at this for each item that is changed; read for all at once.
        items.mapped("matching_number")
        items.billing_payment_id = False
