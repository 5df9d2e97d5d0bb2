"""Matching and the OCA's reconciliation, side by side.

Run by ``tests/operations/test_oca_bridge.py``, which fetches the OCA's addon.
"""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.billing_bank_file.core import decision

REFERENCE = "001234567890128"


@tagged("standard", "post_install", "-at_install")
class TestReconcile(AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("billing_base.group_billing_user")
        # Without this the OCA's addon reconciles nothing by itself in tests.
        cls.env = cls.env(
            context={**cls.env.context, "_test_account_reconcile_oca": True}
        )
        cls.journal = cls.company_data["default_journal_bank"].with_env(cls.env)
        cls.payments = cls.env["billing.payment"].sudo()
        cls.invoice = cls.open_invoice(1000.0, REFERENCE)

    @classmethod
    def open_invoice(cls, amount, reference, partner=None):
        invoice = cls.init_invoice(
            "out_invoice",
            partner=partner or cls.partner_a,
            invoice_date="2026-10-01",
            amounts=[amount],
            taxes=[],
        ).with_env(cls.env)
        invoice.payment_reference = reference
        invoice.action_post()
        return invoice

    def line(self, label, amount=1000.0, **values):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal.id,
                "date": "2026-11-02",
                "payment_ref": label,
                "amount": amount,
                **values,
            }
        )

    def adopt(self, line, *moves, probability=0.9, reasons=()):
        """Let matching propose invoices for a line of another importer."""
        payment = self.payments._adopt_lines(self.journal)
        self.assertEqual(payment.statement_line_id, line)
        item = decision.Decision(
            payment.id,
            decision.PROPOSED if moves else decision.UNMATCHED,
            candidates=tuple(
                decision.Candidate(
                    move.id,
                    move.partner_id.id,
                    probability,
                    round(move.amount_residual * 100),
                    move.payment_reference or "",
                    1,
                    tuple(reasons),
                )
                for move in moves
            ),
        )
        payment._book_decisions([item])
        line.invalidate_recordset()
        return payment

    def counterparts(self, line):
        return {
            item_id
            for data in line.reconcile_data_info["data"]
            for item_id in data.get("counterpart_line_ids", [])
        }

    def receivable(self, *invoices):
        return {
            item.id
            for invoice in invoices
            for item in invoice.line_ids
            if item.account_id.account_type == "asset_receivable"
        }

    def test_the_oca_reconciles_a_line_of_its_own(self):
        """What the other tests keep it from does happen without Kvitt."""
        self.journal.billing_match_lines = False
        self.assertTrue(self.line(REFERENCE).is_reconciled)

    def test_lines_kvitt_books_are_not_reconciled_again(self):
        payment = self.payments.create(
            {
                "journal_id": self.journal.id,
                "company_id": self.journal.company_id.id,
                "currency_id": self.journal.company_id.currency_id.id,
                "amount": 1000.0,
                "booking_date": "2026-11-02",
                "reference": REFERENCE,
                "payer_name": self.partner_b.name,
                "import_key": "x",
            }
        )
        payment._book_decisions([decision.Decision(payment.id, decision.UNMATCHED)])
        line = payment.statement_line_id
        self.assertEqual(line.payment_ref, REFERENCE)
        self.assertFalse(line.is_reconciled)
        self.assertFalse(line.partner_id)
        self.assertEqual(self.invoice.payment_state, "not_paid")
        # nor when somebody looks at it
        line._auto_reconcile()
        self.assertFalse(line.is_reconciled)

    def test_the_likely_candidate_is_filled_in_and_booked_by_a_click(self):
        line = self.line("betaling")
        payment = self.adopt(line, self.invoice)
        self.assertEqual(self.counterparts(line), self.receivable(self.invoice))
        self.assertEqual(line.billing_candidate_ids.move_id, self.invoice)
        self.assertTrue(line.can_reconcile)
        line.reconcile_bank_line()
        self.assertTrue(line.is_reconciled)
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, self.invoice)
        line.unreconcile_bank_line()
        self.assertEqual(self.invoice.payment_state, "not_paid")
        self.assertIn(payment.state, ("proposed", "unmatched"))

    def together(self, *moves):
        """The reason that candidates carry which one payment pays."""
        ids = tuple(move.id for move in moves)
        values = (("count", len(ids)), ("move_ids", ids))
        return [decision.Reason("part_of_sum", values)]

    def test_invoices_paid_together_are_filled_in_together(self):
        other = self.open_invoice(500.0, "ABC")
        # Another sum that was thought of, and an invoice alone.
        rival = self.open_invoice(1500.0, "DEF")
        line = self.line("betaling", 1500.0)
        payment = self.adopt(
            line, self.invoice, rival, reasons=self.together(self.invoice, other)
        )
        self.assertEqual(self.counterparts(line), self.receivable(self.invoice, other))
        self.assertTrue(line.can_reconcile)
        line.reconcile_bank_line()
        self.assertEqual(payment.invoice_ids, self.invoice + other)
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(rival.payment_state, "not_paid")

    def test_a_credit_note_is_filled_in_with_its_invoice(self):
        refund = self.init_invoice(
            "out_refund",
            partner=self.partner_a,
            invoice_date="2026-10-20",
            amounts=[200.0],
            taxes=[],
            post=True,
        )
        line = self.line("betaling", 800.0)
        self.adopt(line, self.invoice, reasons=self.together(self.invoice, refund))
        self.assertEqual(self.counterparts(line), self.receivable(self.invoice, refund))
        self.assertTrue(line.can_reconcile)
        line.reconcile_bank_line()
        moves = self.invoice + refund
        self.assertEqual(moves.mapped("payment_state"), ["paid", "paid"])

    def test_a_sum_of_which_one_was_paid_meanwhile_is_not_filled_in(self):
        other = self.open_invoice(500.0, "ABC")
        line = self.line("betaling", 1500.0)
        self.adopt(line, self.invoice, reasons=self.together(self.invoice, other))
        other.button_draft()
        other.button_cancel()
        line.reconcile_data = False
        line.invalidate_recordset()
        self.assertFalse(self.counterparts(line))

    def test_use_takes_all_that_is_paid_together(self):
        other = self.open_invoice(500.0, "ABC")
        line = self.line("betaling", 1500.0)
        self.adopt(
            line,
            self.invoice,
            probability=0.2,
            reasons=self.together(self.invoice, other),
        )
        self.assertFalse(self.counterparts(line))
        line.billing_candidate_ids.action_use_in_reconciliation()
        self.assertEqual(self.counterparts(line), self.receivable(self.invoice, other))
        self.assertTrue(line.can_reconcile)

    def test_an_unlikely_candidate_is_listed_and_used_on_request(self):
        line = self.line("betaling")
        self.adopt(line, self.invoice, probability=0.2)
        self.assertFalse(self.counterparts(line))
        candidate = line.billing_candidate_ids
        self.assertEqual(candidate.move_id, self.invoice)
        candidate.action_use_in_reconciliation()
        self.assertEqual(self.counterparts(line), self.receivable(self.invoice))
        line.reconcile_bank_line()
        self.assertEqual(self.invoice.payment_state, "paid")
        with self.assertRaises(UserError):
            candidate.action_use_in_reconciliation()

    def test_another_candidate_takes_the_place_of_the_likely_one(self):
        other = self.open_invoice(1000.0, "ABC")
        line = self.line("betaling")
        self.adopt(line, self.invoice, other)
        self.assertEqual(self.counterparts(line), self.receivable(self.invoice))
        line.billing_candidate_ids[1].action_use_in_reconciliation()
        self.assertEqual(self.counterparts(line), self.receivable(other))
        line.billing_candidate_ids[1].action_use_in_reconciliation()
        self.assertEqual(self.counterparts(line), self.receivable(other))

    def test_settling_on_the_review_desk_shows_in_the_screen(self):
        line = self.line("betaling")
        payment = self.adopt(line, self.invoice)
        payment.action_accept()
        line.invalidate_recordset()
        self.assertTrue(line.is_reconciled)
        self.assertEqual(payment.state, "reconciled")
        data = line.reconcile_data_info["data"]
        self.assertIn(self.invoice.id, [item["move_id"] for item in data])
