"""Queries of a batch do not grow with the payments in it.

Odoo itself writes rows by the hundred, so batches of up to a hundred journal items are
compared first. A statement line of its own is named by Odoo, with queries for each.
"""

from unittest.mock import patch

from odoo.addons.billing_bank_file.core import decision

from .common import BankFileCase

#: Odoo's numbering asks and writes three times for each statement line, and its fiscal
#: positions once for each customer.
PER_STATEMENT_LINE = 4
#: Statements Odoo sends for each further hundred rows of what a batch writes.
HUNDREDS = 4


class TestQueryCounts(BankFileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].create(
            [{"name": f"Kunde {number}"} for number in range(20)]
        )
        cls.moves = cls.open_invoices(
            *((1000.0, cls.customers[number % 20]) for number in range(205))
        )
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.open = list(self.moves)
        self.startPatcher(
            patch.object(type(self.payments), "_decide", _decide_by_reference)
        )
        # What a process reads once, and Odoo's look at the books before the first name.
        self._queries(20)

    def _queries(self, count):
        """Take a file of ``count`` payments of one bank entry in one batch.

        :return: number of queries of the batch, all that it leaves to write included
        """
        moves = [self.open.pop() for _ in range(count)]
        file, _seen = self.files._import(
            self.camt(
                [
                    self.payment(move.payment_reference, end=str(move.id))
                    for move in moves
                ],
                message_id=f"M{moves[0].id}",
            ),
            "bank.xml",
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        done, remaining = self.payments._process_next(file)
        self.env.flush_all()
        queries = self.env.cr.sql_log_count - before
        self.assertEqual((done, remaining), (count, 0))
        self.assertEqual(set(file.payment_ids.mapped("state")), {"reconciled"})
        self.assertEqual({move.payment_state for move in moves}, {"paid"})
        return queries

    def test_collective_batches_cost_the_same_whatever_their_size(self):
        few, many = self._queries(20), self._queries(45)
        self.assertEqual(few, many)
        # 240 items instead of 90: Odoo writes some tables three times instead of once.
        self.assertLessEqual(self._queries(120), few + HUNDREDS * 3)

    def test_own_statement_lines_cost_only_odoos_own_queries(self):
        self.journal.billing_collective = False
        few, many = self._queries(10), self._queries(60)
        self.assertLessEqual(many - few, 50 * PER_STATEMENT_LINE)

    def test_undoing_a_collective_line_costs_only_odoos_own_queries(self):
        few, many = self._undo_queries(10), self._undo_queries(60)
        # Each payment gets a statement line of its own again.
        self.assertLessEqual(many - few, 50 * PER_STATEMENT_LINE + HUNDREDS)

    def test_settling_lines_that_are_there_costs_the_same_however_many(self):
        self._settle_queries(10)
        few, many = self._settle_queries(10), self._settle_queries(60)
        self.assertLessEqual(many - few, HUNDREDS)

    def _settle_queries(self, count):
        """Settle invoices of ``count`` payments on lines of another importer."""
        moves = self.env["account.move"].concat(
            *(self.open.pop() for _ in range(count))
        )
        lines = self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": self.journal.id,
                    "date": "2026-11-03",
                    "payment_ref": move.payment_reference,
                    "amount": 1000.0,
                }
                for move in moves
            ]
        )
        payments = self.payments.sudo()._adopt_lines(self.journal)
        self.assertEqual(payments.statement_line_id, lines)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        done, _remaining = self.payments._process_next()
        self.env.flush_all()
        queries = self.env.cr.sql_log_count - before
        self.assertEqual(done, count)
        self.assertEqual(set(payments.mapped("state")), {"reconciled"})
        self.assertEqual(set(moves.mapped("payment_state")), {"paid"})
        for payment in payments:
            line = payment.statement_line_id
            bank = line._seek_for_lines()[0]
            customer = payment.counterpart_line_ids.partner_id
            self.assertEqual(payment.invoice_ids.partner_id, customer)
            self.assertEqual(line.partner_id | bank.partner_id, customer)
            self.assertEqual(line.move_id.partner_id, customer)
            self.assertTrue(line.is_reconciled)
        return queries

    def test_a_file_whose_money_is_there_costs_the_same_however_long(self):
        def queries(count):
            moves = [self.open.pop() for _ in range(count)]
            self.env["account.bank.statement.line"].create(
                [
                    {
                        "journal_id": self.journal.id,
                        "date": "2026-11-02",
                        "payment_ref": move.payment_reference,
                        "amount": 1000.0,
                    }
                    for move in moves
                ]
            )
            self.payments.sudo()._adopt_lines(self.journal)
            content = self.camt(
                [
                    self.payment(move.payment_reference, end=str(move.id))
                    for move in moves
                ],
                message_id=f"T{moves[0].id}",
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            file, _seen = self.files._import(content, "bank.xml")
            self.env.flush_all()
            count_queries = self.env.cr.sql_log_count - before
            self.assertEqual(file.duplicate_count, count)
            return count_queries

        queries(3)
        self.assertEqual(queries(5), queries(40))

    def _undo_queries(self, count):
        """Take ``count`` payments out of the collective line they are on."""
        self._queries(count)
        payments = self.payments.search([], order="id desc", limit=count)
        self.assertEqual(len(payments.statement_line_id), 1)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.env["billing.booking"]._unbook(payments)
        self.env.flush_all()
        queries = self.env.cr.sql_log_count - before
        self.assertEqual(len(payments.statement_line_id), count)
        self.assertFalse(payments.counterpart_line_ids)
        return queries


def _decide_by_reference(payments):
    """Decide as a matcher does that knows exact references only; one query."""
    moves = payments.env["account.move"].search_fetch(
        [("payment_reference", "in", payments.mapped("reference"))],
        ["payment_reference"],
    )
    by_reference = {move.payment_reference: move.id for move in moves}
    return [
        decision.Decision(
            payment.id,
            decision.RECONCILED,
            shares=(
                decision.Share(
                    by_reference[payment.reference], round(payment.amount * 100)
                ),
            ),
            probability=1.0,
        )
        for payment in payments
    ]
