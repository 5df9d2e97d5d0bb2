"""What accountants do to the books around a payment, and what must hold then."""

from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.billing_bank_file.core.decision import Decision, Share

from tests.integration.billing_kid_match.test_match import ByReferenceCase, swap_digit


class TestHandsOfOthers(ByReferenceCase):
    """People work in Odoo's own screens too."""

    def receivable(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def settle_in_accounting(self, payment, invoice):
        """Reconcile a payment's suspense item, as other reconciliation screens do."""
        line = payment.statement_line_id
        suspense = line._seek_for_lines()[1]
        target = self.receivable(invoice)
        suspense.with_context(skip_account_move_synchronization=True).write(
            {"account_id": target.account_id.id, "partner_id": target.partner_id.id}
        )
        (suspense + target).reconcile()

    def doubtful(self):
        return self.pay(swap_digit(self.reference, 5), self.amount + 333)

    def events(self, kind, moves):
        return self.env["billing.event"].search(
            [("kind", "=", kind), ("move_id", "in", moves.ids)]
        )

    def test_money_used_in_accounting_is_not_used_again(self):
        payment = self.doubtful()
        other = self.invoices[1]
        self.settle_in_accounting(payment, other)
        self.assertEqual(other.payment_state, "paid")
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, other)
        with self.assertRaises(UserError):
            payment.action_accept()
        self.assertEqual(self.events("payment.reconciled", other).amount, 1000)
        self.assertEqual(self.target.payment_state, "not_paid")

    def review(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billing_kid_match.billing_payment_review_action"
        )
        domain = safe_eval(action["domain"])
        clerk = new_test_user(
            self.env,
            f"review_clerk_{self.env['res.users'].search_count([])}",
            groups="billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        return self.payments.with_user(clerk).search(
            [*domain, ("state", "in", ("proposed", "unmatched"))]
        )

    def test_a_supplier_who_pays_back_is_settled_in_accounting(self):
        payment = self.pay("48213", 250)
        refund = self.env["account.move"].create(
            {
                "move_type": "in_refund",
                "partner_id": self.other.id,
                "invoice_date": "2026-10-01",
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 250, "tax_ids": []})
                ],
            }
        )
        refund.action_post()
        self.assertIn(payment, self.review())
        target = refund.line_ids.filtered(
            lambda line: line.account_id.account_type == "liability_payable"
        )
        suspense = payment.statement_line_id._seek_for_lines()[1]
        suspense.with_context(skip_account_move_synchronization=True).write(
            {"account_id": target.account_id.id, "partner_id": self.other.id}
        )
        (suspense + target).reconcile()
        self.assertEqual(refund.payment_state, "paid")
        self.assertEqual(payment.state, "reconciled")

    def test_what_is_written_off_in_accounting_waits_for_nobody(self):
        payment = self.pay("48213", 250)
        self.assertIn(payment, self.review())
        suspense = payment.statement_line_id._seek_for_lines()[1]
        suspense.with_context(
            skip_account_move_synchronization=True
        ).account_id = self.company_data["default_account_revenue"]
        self.assertNotIn(payment, self.review())

    def test_what_was_taken_off_in_accounting_waits(self):
        payment = self.pay(self.reference)
        [partial] = self.target.line_ids.matched_credit_ids
        self.target.js_remove_outstanding_partial(partial.id)
        self.assertIn(payment, self.review())

    def test_credit_used_in_accounting_is_not_used_again(self):
        payment = self.pay(self.reference)
        [partial] = self.target.line_ids.matched_credit_ids
        self.target.js_remove_outstanding_partial(partial.id)
        other = self.invoices[0]
        other.js_assign_outstanding_line(payment.counterpart_line_ids.id)
        with self.assertRaises(UserError):
            payment.candidate_ids.filtered(
                lambda item: item.move_id == self.target
            ).action_accept()
        self.assertEqual(self.target.payment_state, "not_paid")
        self.assertIn(other.payment_state, ("partial", "paid"))

    def test_plain_accountants_keep_their_undo_button(self):
        accountant = new_test_user(
            self.env,
            "plain_undo",
            groups="account.group_account_user,base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        line = self.env["account.bank.statement.line"].create(
            {"journal_id": self.journal.id, "amount": 5, "payment_ref": "x"}
        )
        line.with_user(accountant).action_undo_reconciliation()

    def test_plain_accountants_undo_a_matched_line(self):
        accountant = new_test_user(
            self.env,
            "plain_undo",
            groups="account.group_account_user,base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        payment = self.pay(self.reference)
        payment.statement_line_id.with_user(accountant).action_undo_reconciliation()
        self.assertEqual(self.target.payment_state, "not_paid")
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(payment.undone_by_id, accountant)

    def several(self):
        first, second = self.invoices[0], self.invoices[1]
        file = self.camt(
            [
                self.payment(
                    first.payment_reference,
                    first.amount_residual + second.amount_residual,
                    end=str(self.payments.search_count([])),
                )
            ],
            message_id=f"S{self.payments.search_count([])}",
        )

        def decide(records):
            return [
                Decision(
                    payment.id,
                    "reconciled",
                    tuple(
                        Share(move.id, round(move.amount_residual * 100))
                        for move in (first, second)
                    ),
                    1.0,
                )
                for payment in records
            ]

        with patch.object(type(self.payments), "_decide", decide):
            _file, payment = self.load(file)
        return payment, first, second

    def test_one_invoice_taken_off_leaves_the_other_paid(self):
        payment, first, second = self.several()
        self.assertEqual((first + second).mapped("payment_state"), ["paid", "paid"])
        [partial] = second.line_ids.matched_credit_ids
        second.js_remove_outstanding_partial(partial.id)
        self.assertEqual(first.payment_state, "paid")
        self.assertFalse(self.events("payment.undone", first))
        self.assertEqual(
            self.events("payment.undone", second).amount, second.amount_total
        )
        # the other invoice does not lose its money when somebody decides
        if payment.state in ("proposed", "unmatched"):
            candidate = self.env["billing.payment.candidate"].create(
                {"payment_id": payment.id, "move_id": second.id}
            )
            candidate.action_accept()
        self.assertEqual(first.payment_state, "paid")

    def test_one_payment_for_two_customers(self):
        for collective in (True, False):
            with self.subTest(collective=collective):
                self.journal.billing_collective = collective
                payment, first, second = self.several()
                self.assertNotEqual(first.partner_id, second.partner_id)
                self.assertEqual(
                    {
                        item.partner_id: item.credit
                        for item in payment.counterpart_line_ids
                    },
                    {move.partner_id: move.amount_total for move in first + second},
                )
                self.assertEqual(payment.statement_line_id.amount, payment.amount)
                payment.action_undo()
                self.assertFalse(payment.statement_line_id.is_reconciled)
                candidate = (
                    self.env["billing.payment.candidate"]
                    .sudo()
                    .create({"payment_id": payment.id, "move_id": second.id})
                )
                candidate.sudo(False).action_accept()
                self.assertEqual(
                    payment.counterpart_line_ids.amount_residual,
                    -first.amount_total,
                )
                payment.action_undo()

    def test_a_collective_line_in_a_locked_period(self):
        for lock in ("fiscalyear_lock_date", "hard_lock_date"):
            with self.subTest(lock):
                self.company[lock] = "2026-11-30"
                moves = self.invoices[:3] if lock[0] == "f" else self.invoices[3:6]
                _file, payments = self.load(
                    self.camt(
                        [
                            self.payment(
                                move.payment_reference,
                                move.amount_residual + 10,
                                end=f"{lock}{move.id}",
                            )
                            for move in moves
                        ],
                        message_id=lock,
                    )
                )
                self.assertEqual(moves.mapped("payment_state"), ["paid"] * 3)
                line = payments.statement_line_id
                self.assertEqual(len(line), 1)
                self.assertGreater(str(line.move_id.date), "2026-11-30")
                before = self.bank_balance()
                payments.action_undo()
                self.assertEqual(moves.mapped("payment_state"), ["not_paid"] * 3)
                self.assertEqual(self.bank_balance(), before)
                self.assertFalse(
                    any(payments.statement_line_id.mapped("is_reconciled"))
                )

    def test_a_statement_line_in_draft_takes_no_invoice(self):
        payment = self.doubtful()
        payment.statement_line_id.move_id.button_draft()
        with self.assertRaises(UserError):
            payment.action_accept()
        payment.statement_line_id.move_id.action_post()
        payment.action_accept()
        self.assertEqual(self.target.payment_state, "paid")

    def test_undo_of_several_tells_each_invoice_its_amount(self):
        payment, first, second = self.several()
        payment.action_undo()
        for move in first + second:
            self.assertEqual(move.payment_state, "not_paid")
            self.assertEqual(
                self.events("payment.undone", move).amount, move.amount_total
            )

    def test_undo_of_a_part_payment_tells_what_was_paid(self):
        payment = self.pay(self.reference, 400)
        payment.action_undo()
        self.assertEqual(self.events("payment.undone", self.target).amount, 400)

    def test_undo_of_too_much_tells_what_the_invoice_got(self):
        payment = self.pay(self.reference, self.amount + 50)
        payment.action_undo()
        self.assertEqual(self.events("payment.undone", self.target).amount, self.amount)

    def test_undo_in_a_closed_period(self):
        payment = self.pay(self.reference)
        self.company.fiscalyear_lock_date = "2026-11-30"
        before = self.bank_balance()
        payment.action_undo()
        self.assertEqual(self.target.payment_state, "not_paid")
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(self.bank_balance(), before)
        self.assertFalse(payment.statement_line_id.is_reconciled)
        payment.action_accept()
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(self.bank_balance(), before)

    def test_undo_in_a_hard_locked_period(self):
        payment = self.pay(self.reference)
        self.company.hard_lock_date = "2026-11-30"
        payment.action_undo()
        self.assertEqual(self.target.payment_state, "not_paid")

    def bank_balance(self):
        self.env.flush_all()
        [[total]] = self.env["account.move.line"]._read_group(
            [
                ("account_id", "=", self.journal.default_account_id.id),
                ("parent_state", "=", "posted"),
            ],
            [],
            ["balance:sum"],
        )
        return total

    def test_what_a_hashed_journal_cannot_take_is_kept_with_the_reason(self):
        # Odoo seals an entry when it posts it, and seals no open suspense item.
        self.journal.restrict_mode_hash_table = True
        payment = self.doubtful()
        self.assertEqual(payment.state, "new")
        self.assertTrue(payment.error)
        self.journal.restrict_mode_hash_table = False
        payment.action_retry()
        self.assertEqual(payment.state, "proposed")

    def test_undo_twice(self):
        payment = self.pay(self.reference)
        payment.action_undo()
        with self.assertRaises(UserError):
            payment.action_undo()

    def test_an_invoice_reset_to_draft_is_not_settled(self):
        payment = self.doubtful()
        self.target.button_draft()
        with self.assertRaises(UserError):
            payment.candidate_ids[0].action_accept()
        self.assertIn(payment.state, ("proposed", "unmatched"))

    @mute_logger("odoo.sql_db")
    def test_the_statement_line_of_a_payment_is_not_deleted(self):
        payment = self.doubtful()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            payment.statement_line_id.unlink()
            self.env.flush_all()

    def test_an_instalment_plan(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "halves",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (10, 40)
                ],
            }
        )
        move = self.target.copy({"invoice_payment_term_id": term.id})
        move.invoice_date = "2026-10-01"
        move.action_post()
        self.assertEqual(len(self.receivable(move)), 2)
        half = move.amount_total / 2
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(move.payment_reference, half + 100, end="1"),
                    self.payment(move.payment_reference, half - 100, end="2"),
                ]
            )
        )
        self.assertEqual(payments.mapped("state"), ["partial", "reconciled"])
        self.assertEqual(move.payment_state, "paid")
        payments[0].action_undo()
        self.assertEqual(move.amount_residual, half + 100)

    def test_receivable_items_on_two_accounts(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "halves",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (10, 40)
                ],
            }
        )
        move = self.target.copy({"invoice_payment_term_id": term.id})
        move.invoice_date = "2026-10-01"
        move.action_post()
        items = self.receivable(move)
        items[1].account_id = items[0].account_id.copy({"code": "1598"})
        other = self.invoices[0]
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(move.payment_reference, move.amount_total, end="1"),
                    self.payment(
                        other.payment_reference, other.amount_residual, end="2"
                    ),
                ]
            )
        )
        self.assertEqual(payments[1].state, "reconciled")
        self.assertIn(payments[0].state, ("proposed", "reconciled"))
        if payments[0].state == "reconciled":
            self.assertEqual(move.payment_state, "paid")

    @mute_logger("odoo.addons.billing_bank_file.models.billing_payment_processing")
    def test_a_programming_error_in_one_payment_stops_no_other(self):
        booking = type(self.env["billing.booking"])
        original = booking._customer_items

        def fail(model, payment, item, open_items):
            if payment.reference == self.reference:
                raise KeyError("boom")
            return original(model, payment, item, open_items)

        with (
            patch.object(booking, "_customer_items", fail),
            patch.object(booking, "_prepare_statement_line", self.fail_for_target()),
        ):
            _file, payments = self.load(
                self.camt(
                    [
                        self.payment(
                            move.payment_reference, move.amount_residual, end=str(at)
                        )
                        for at, move in enumerate(self.invoices[3:6])
                    ]
                )
            )
        self.assertEqual(payments.mapped("state"), ["reconciled", "new", "reconciled"])
        self.assertIn("boom", payments[1].error)
        payments[1].action_retry()
        self.assertEqual(self.target.payment_state, "paid")

    def fail_for_target(self):
        original = type(self.env["billing.booking"])._prepare_statement_line

        def fail(model, payment, item, open_items):
            if payment.reference == self.reference:
                raise KeyError("boom")
            return original(model, payment, item, open_items)

        return fail
