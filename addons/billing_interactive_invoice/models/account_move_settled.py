from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL

#: Where a transaction keeps, until it is committed, what it did to invoices.
CREATED = "billing.history.created"
REMOVED = "billing.history.removed"
DUE = "billing.history.due"
#: Beginnings of the events that tell of another due date in better words.
ASKED_FOR = ("deferral", "instalment", "promise")


class AccountMove(models.Model):
    """What is done to an invoice in Odoo's own screens enters the history as well.

    Whatever does it on behalf of a bank file, a plan or a customer's request leaves an
    event of its own, in better words. So it is looked at when the transaction ends: who
    told of it already is believed, and of several steps only the sum is told.
    """

    _inherit = "account.move"

    def write(self, vals):
        """Override of `account`: another due date of a posted invoice is noted."""
        if "invoice_date_due" in vals:
            self._billing_note_due()
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _billing_note_due(self):
        """Note the due dates of posted invoices before they are changed."""
        issued = self.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        )
        if issued:
            waiting = self._billing_history_waiting(DUE)
            for move in issued:
                waiting.setdefault(move.id, move.invoice_date_due)

    @api.model
    def _billing_history_waiting(self, name):
        """Return what a transaction keeps to tell when it is committed."""
        precommit = self.env.cr.precommit
        if not {CREATED, REMOVED, DUE} & precommit.data.keys():
            precommit.add(self.env["account.move"].sudo()._billing_tell_history)
        return precommit.data.setdefault(name, {})

    @api.model
    def _billing_tell_history(self):
        """Leave events of what the transaction did that nobody told of."""
        data = self.env.cr.precommit.data
        created = data.pop(CREATED, {})
        removed = data.pop(REMOVED, {})
        before = data.pop(DUE, {})
        sums = self._billing_settled_sums(created, removed)
        moves = self.browse({move_id for move_id, _kind in sums} | before.keys())
        moves = moves.exists()
        if not moves:
            return
        told = self._billing_told_now(moves)
        vals_list = []
        for move in moves:
            if move.state != "posted":
                continue
            for kind in ("paid", "credited"):
                amount = sums.get((move.id, kind), 0.0)
                event = move._billing_settled_event(kind, amount)
                if event and (move.id, "payment") not in told:
                    vals_list.append(event)
            event = move._billing_due_event(before)
            if event and not {(move.id, kind) for kind in ASKED_FOR} & told:
                vals_list.append(event)
        self.env["billing.event"]._log(vals_list)

    def _billing_settled_event(self, kind, amount):
        """Return the event of what was paid or credited, or taken back again.

        That an invoice is paid in full is told by `billing_base`.

        :param str kind: ``paid`` or ``credited``
        :param float amount: in the currency of the invoice; below 0 when taken back
        :rtype: dict | None
        """
        if self.currency_id.is_zero(amount):
            return None
        is_open = not self.currency_id.is_zero(self.amount_residual)
        if amount > 0 and kind == "credited":
            event = "invoice.credited"
        elif amount > 0 and is_open:
            event = "invoice.part_paid"
        elif amount < 0 and kind == "paid" and is_open:
            event = "invoice.payment_undone"
        else:
            event = None
        return event and {
            "kind": event,
            "move_id": self.id,
            "amount": abs(amount),
            "payload": {"rest": self.amount_residual},
        }

    def _billing_due_event(self, before):
        """Return the event of another due date, or None.

        :param dict before: due dates there were, by id of the invoice
        :rtype: dict | None
        """
        due = self.invoice_date_due
        if not due or before.get(self.id, due) == due:
            return None
        by_hand = self.env.uid != SUPERUSER_ID and self.env.user._is_internal()
        return {
            "kind": "invoice.due_moved",
            "move_id": self.id,
            "actor": "staff" if by_hand else "system",
            "payload": {"due": due, "before": before[self.id] or ""},
        }

    @api.model
    def _billing_settled_sums(self, created, removed):
        """Return what became of invoices by reconciliations made and taken back.

        :param dict created: by id of the reconciliation
        :param dict removed: the same, with what :meth:`_billing_settled_rows` says
        :return: amount in the currency of the invoice, by id of the invoice and
            ``paid`` or ``credited``
        :rtype: dict[tuple[int, str], float]
        """
        # Most payments settle their invoice, which is told of elsewhere.
        there = self._billing_settled_rows(created, open_only=True)
        rows = [(row, 1) for row in there.values()]
        # One that is there again was removed in a step that was taken back.
        again = self._billing_settled_rows(removed)
        rows += [
            (row, -1)
            for partial, row in removed.items()
            if partial not in again and partial not in created
        ]
        sums = {}
        for (move_id, kind, amount), sign in rows:
            sums[move_id, kind] = sums.get((move_id, kind), 0.0) + sign * amount
        return sums

    @api.model
    def _billing_settled_rows(self, partial_ids, open_only=False):
        """Return which invoices reconciliations settle, by how much and with what.

        :param partial_ids: ids of ``account.partial.reconcile``
        :param bool open_only: leave out payments of invoices that are paid by now
        :return: id of the customer invoice, ``paid`` or ``credited``, and the amount,
            by id of the reconciliation; none of those without a customer invoice
        :rtype: dict[int, tuple[int, str, float]]
        """
        if not partial_ids:
            return {}
        self.env["account.partial.reconcile"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT partial.id, invoice.id,
                          CASE WHEN other.move_type = 'out_refund'
                               THEN 'credited' ELSE 'paid' END,
                          partial.debit_amount_currency
                     FROM account_partial_reconcile partial
                     JOIN account_move_line debit ON debit.id = partial.debit_move_id
                     JOIN account_move invoice ON invoice.id = debit.move_id
                     JOIN account_move_line credit ON credit.id = partial.credit_move_id
                     JOIN account_move other ON other.id = credit.move_id
                    WHERE partial.id = ANY(%s)
                      AND invoice.move_type = 'out_invoice'
                      AND partial.exchange_move_id IS DISTINCT FROM other.id
                      %s""",
                list(partial_ids),
                SQL(
                    """AND (other.move_type = 'out_refund'
                       OR invoice.payment_state NOT IN ('paid', 'in_payment'))"""
                )
                if open_only
                else SQL(),
            )
        )
        return {
            partial_id: (move_id, kind, float(amount or 0.0))
            for partial_id, move_id, kind, amount in rows
        }

    @api.model
    def _billing_told_now(self, moves):
        """Return of which invoices this transaction told something already.

        :return: pairs of invoice and what its events begin with
        :rtype: set[tuple[int, str]]
        """
        return set(
            self.env.execute_query(
                SQL(
                    """SELECT move_id, split_part(kind, '.', 1) FROM billing_event
                        WHERE move_id = ANY(%s) AND create_date = %s""",
                    moves.ids,
                    self.env.cr.now(),
                )
            )
        )
